//! Where a value comes from.

mod address;
pub(in crate::flow) mod answer;
mod argument;
pub(in crate::flow) mod call;
mod channel;
mod constant;
mod content;
mod exported;
mod import;
mod lent;
mod member;
mod memo;
mod messages;
mod step;
mod visitor;

use crate::flow::{Analysis, Context};
use crate::ir::{Binary, Expr, ExprId, Language, Program, Span, SymbolId, Unary};
use crate::know;
use crate::limit::evaluating;
use crate::pure::{FileId, HOLE_START, Value};
use customs_model::SourceKind;
pub(in crate::flow) use import::Imports;
use memo::Question;
pub(in crate::flow) use memo::{Asking, Memo};
use std::collections::hash_map::Entry;
use std::rc::Rc;
pub(in crate::flow) use step::Step;

/// What a value is, with the way it came.
#[derive(Debug, Clone)]
pub(super) struct Label {
    pub kind: SourceKind,
    pub name: Rc<str>,
    pub trail: Rc<Trail>,
}

/// The way of a value, last hop first.
#[derive(Debug)]
pub(super) struct Trail {
    pub step: Step,
    pub file: FileId,
    pub span: Span,
    pub before: Option<Rc<Trail>>,
    pub length: u8,
}

pub(super) type Labels = Rc<[Label]>;

impl Label {
    /// What is read at a place.
    pub fn read(kind: SourceKind, name: &str, file: FileId, span: Span) -> Self {
        let name: Rc<str> = name.into();
        let trail = Rc::new(Trail {
            step: Step::Read(Rc::clone(&name)),
            file,
            span,
            before: None,
            length: 0,
        });
        Self { kind, name, trail }
    }
}

/// Kinds and names that are told apart at one place.
const MOST: usize = 8;

/// Rounds through code that leads back to itself.
const ROUNDS: u32 = 4;

/// Hops that are kept of a way.
const HOPS: u8 = 24;

pub(super) fn union(into: &mut Vec<Label>, more: &[Label]) {
    for label in more {
        let known = into.iter().any(|known| {
            known.kind == label.kind
                && (known.name == label.name
                    || !matches!(
                        label.kind,
                        SourceKind::NamedSecret | SourceKind::CredentialFile | SourceKind::Identity
                    ))
        });
        if !known && into.len() < MOST {
            into.push(label.clone());
        }
    }
}

impl Analysis<'_> {
    /// The labels of an expression, in a context of calls or in any.
    pub(super) fn labels(
        &mut self,
        file: FileId,
        expr: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Labels {
        if self.steps == 0 || self.depth >= evaluating::FLOW_DEPTH {
            self.asking.short = true;
            return self.memo.nothing();
        }
        self.steps -= 1;
        let Some(program) = self.program(file) else {
            return self.memo.nothing();
        };
        if matches!(
            program.expr(expr),
            Expr::Const(_)
                | Expr::Function(_)
                | Expr::Class(_)
                | Expr::This(_)
                | Expr::Update { .. }
        ) {
            // What a function sees around it is another matter.
            self.asking.contextual |=
                matches!(program.expr(expr), Expr::Function(_) | Expr::Class(_));
            return self.memo.nothing();
        }
        let question = Question {
            file,
            expr,
            way: context.map(|context| context.id),
        };
        if let Some(known) = self.memo.answer(question, self.depth, &mut self.asking) {
            return known;
        }
        let here = self.active.len() as u32;
        match self.active.entry((file, expr)) {
            // It is being asked already: what comes of it comes from its other parts.
            Entry::Occupied(asked) => {
                self.asking.cut = self.asking.cut.min(*asked.get());
                return self.memo.so_far(question, &mut self.asking);
            }
            Entry::Vacant(free) => {
                free.insert(here);
            }
        }
        let outer = std::mem::take(&mut self.asking);
        let opened = self.memo.open();
        let depth = self.depth;
        self.depth += 1;
        let mut round = 0;
        let labels = loop {
            self.asking = Asking::default();
            let labels = self.labels_here(&program, file, expr, context);
            let labels = match labels.is_empty() {
                true => self.memo.nothing(),
                false => Labels::from(labels),
            };
            round += 1;
            let left = self.steps > 0;
            let bounds = (depth, left, left && round < ROUNDS);
            let asking = &mut self.asking;
            if self
                .memo
                .close(question, here, &labels, asking, opened, bounds)
            {
                break labels;
            }
        };
        self.depth -= 1;
        self.active.remove(&(file, expr));
        self.asking.join(outer, here);
        labels
    }

    fn all(&mut self, file: FileId, exprs: &[ExprId], context: Option<&Rc<Context>>) -> Vec<Label> {
        let mut out = Vec::new();
        for expr in exprs {
            let labels = self.labels(file, *expr, context);
            union(&mut out, &labels);
        }
        out
    }

    fn labels_here(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        match program.expr(expr) {
            Expr::Const(_)
            | Expr::Function(_)
            | Expr::Class(_)
            | Expr::This(_)
            | Expr::Update { .. } => Vec::new(),
            Expr::Module(_) | Expr::Import(_) => self
                .imported_labels(program, file, expr, None, context)
                .unwrap_or_default(),
            Expr::Name(atom, scope) => match program.resolve(atom, scope) {
                Some(symbol) => self.variable(program, file, symbol, context),
                None => match self.library(program, file, expr) {
                    labels if labels.is_empty() => self.starred_labels(program, file, expr),
                    labels => labels,
                },
            },
            Expr::Param(function, position) => self.parameter(file, function, position, context),
            Expr::Rest(function, position) => {
                let mut out = Vec::new();
                for position in position..position.saturating_add(6) {
                    union(&mut out, &self.parameter(file, function, position, context));
                }
                out
            }
            Expr::Member(object, name) => self.member(
                program,
                file,
                expr,
                object,
                Some(program.name(name)),
                context,
            ),
            Expr::Index(object, key) => match self.look_at(file, key, None) {
                // Of a name that is known in part nobody knows which one it is.
                Value::Text(text) if !text.contains(HOLE_START) => {
                    self.member(program, file, expr, object, Some(&text), context)
                }
                _ => self.member(program, file, expr, object, None, context),
            },
            Expr::Element(object) | Expr::Key(object) => {
                let mut out = self.all(file, &[object], context);
                // What does not begin with that word is left out.
                if out
                    .iter()
                    .any(|label| label.kind == SourceKind::Environment)
                    && let Some(name) = self.chosen_of(file, object)
                {
                    out.retain(|label| label.kind != SourceKind::Environment);
                    let span = program.span(expr);
                    out.push(self.new_label(SourceKind::NamedSecret, &name, file, span));
                }
                if out.is_empty() && matches!(program.expr(expr), Expr::Element(_)) {
                    out = self.iterated(program, file, object);
                }
                out
            }
            Expr::Slice(object, _) | Expr::Await(object) | Expr::Spread(object) => {
                self.all(file, &[object], context)
            }
            // What it gives away, and what comes in for it.
            Expr::Yield(object) => {
                let mut out = self.all(file, &[object], context);
                let sent = self.index(file).map(|index| index.sent.clone());
                for value in sent.into_iter().flatten().take(16) {
                    let labels = self.labels(file, value, None);
                    union(&mut out, &labels);
                }
                out
            }
            Expr::Call { callee, args, .. } => {
                self.call_labels(program, file, expr, callee, program.list(args), context)
            }
            Expr::Array(items) | Expr::Concat(items) | Expr::Other(items) => {
                self.all(file, program.list(items), context)
            }
            Expr::Object(entries) | Expr::Keywords(entries) => {
                let mut out = Vec::new();
                for pair in program.list(entries).chunks_exact(2) {
                    let labels = self.labels(file, pair[1], context);
                    union(&mut out, &labels);
                    // `{ [text]: 1 }`: whoever asks for the keys has the text.
                    if !matches!(program.expr(pair[0]), Expr::Const(_) | Expr::Spread(_)) {
                        let keys = self.labels(file, pair[0], context);
                        let keys = keys.iter().filter(|key| key.kind == SourceKind::Remote);
                        let keys: Vec<Label> = keys.cloned().collect();
                        union(&mut out, &keys);
                    }
                }
                out
            }
            Expr::Unary(Unary::Not | Unary::TypeOf | Unary::Void | Unary::Delete, _) => Vec::new(),
            Expr::Unary(_, value) => self.all(file, &[value], context),
            Expr::Binary(operator, left, right) => match operator {
                Binary::Eq
                | Binary::Ne
                | Binary::Lt
                | Binary::Le
                | Binary::Gt
                | Binary::Ge
                | Binary::In
                | Binary::Is => Vec::new(),
                _ => self.all(file, &[left, right], context),
            },
            Expr::Logic(_, left, right) => self.all(file, &[left, right], context),
            Expr::Cond(_, then, other) => self.all(file, &[then, other], context),
            Expr::Assign(_, value) => self.all(file, &[value], context),
            Expr::Sequence(items) => match program.list(items).last() {
                Some(last) => self.all(file, &[*last], context),
                None => Vec::new(),
            },
            Expr::Comprehend(parts) => {
                let parts = program.list(parts);
                self.all(file, &parts[1..parts.len().min(3)], context)
            }
        }
    }

    pub(super) fn new_label(
        &self,
        kind: SourceKind,
        name: &str,
        file: FileId,
        span: Span,
    ) -> Label {
        Label::read(kind, name, file, span)
    }

    /// The same labels, one hop on.
    pub(super) fn hop(
        &self,
        labels: Vec<Label>,
        step: &Step,
        file: FileId,
        span: Span,
    ) -> Vec<Label> {
        labels
            .into_iter()
            .map(|label| {
                if label.trail.length >= HOPS
                    || label.trail.span == span && label.trail.file == file
                {
                    return label;
                }
                let trail = Rc::new(Trail {
                    step: step.clone(),
                    file,
                    span,
                    length: label.trail.length + 1,
                    before: Some(label.trail),
                });
                Label { trail, ..label }
            })
            .collect()
    }

    /// Something of the library, by its path.
    fn library(&mut self, program: &Rc<Program>, file: FileId, expr: ExprId) -> Vec<Label> {
        let Value::Native(native) = self.look_at(file, expr, None) else {
            return Vec::new();
        };
        let path = Rc::clone(&native.path);
        let span = program.span(expr);
        if let Some(kind) = know::value_source(program.language, &path) {
            return vec![self.new_label(kind, &path, file, span)];
        }
        if let Some(name) = know::environment_name(program.language, &path) {
            return self.environment_variable(name, file, span);
        }
        if let Some(what) = know::page_source(&path).filter(|_| is_of_browser(program)) {
            return vec![self.new_label(SourceKind::InputDevice, what, file, span)];
        }
        if &*path == messages::WORKER_DATA {
            return self.worker_data(file);
        }
        self.given_in_line(&path, file, span)
    }

    /// What a text is given by the command line that runs it: `process.argv[1]`.
    pub(super) fn given_in_line(&self, path: &str, file: FileId, span: Span) -> Vec<Label> {
        let is_argument = ["process.argv", "sys.argv"]
            .iter()
            .filter_map(|list| path.strip_prefix(list))
            .any(|rest| rest.is_empty() || rest.starts_with('.'));
        let given = self.outer.given.iter().filter(|_| is_argument);
        given
            .map(|(kind, name)| self.new_label(*kind, name, file, span))
            .collect()
    }

    pub(super) fn environment_variable(&self, name: &str, file: FileId, span: Span) -> Vec<Label> {
        if know::named_secret(name) {
            vec![self.new_label(SourceKind::NamedSecret, name, file, span)]
        } else if matches!(
            name,
            "USER"
                | "USERNAME"
                | "LOGNAME"
                | "HOSTNAME"
                | "COMPUTERNAME"
                | "HOME"
                | "USERPROFILE"
                | "USERDOMAIN"
                | "PWD"
                | "INIT_CWD"
                | "GITHUB_REPOSITORY"
        ) {
            vec![self.new_label(SourceKind::Identity, name, file, span)]
        } else {
            Vec::new()
        }
    }

    fn variable(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        symbol: SymbolId,
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let mut out = Vec::new();
        for value in program.symbol(symbol).values.iter().take(32) {
            let labels = self.labels(file, *value, context);
            union(&mut out, &labels);
        }
        let Some(index) = self.index(file) else {
            return out;
        };
        for value in index
            .mutations
            .get(&symbol)
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .take(64)
        {
            let labels = self.labels(file, *value, context);
            union(&mut out, &labels);
        }
        for store in index
            .stores
            .get(&symbol)
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .take(64)
        {
            let labels = self.labels(file, store.value, context);
            union(&mut out, &labels);
        }
        if let Some(calls) = index.packs.get(&symbol) {
            let labels = self.put_into(file, calls);
            union(&mut out, &labels);
        }
        let filled = self.filled_labels(file, symbol);
        union(&mut out, &filled);
        if program.language == Language::Python {
            let put = self.put_into_lent(program, file, symbol);
            union(&mut out, &put);
        }
        if let Some(labels) = self.attached.get(&(file, symbol)) {
            let labels = labels.clone();
            union(&mut out, &labels);
        }
        out
    }
}

/// Whether names of a browser's library may mean something in a file.
fn is_of_browser(program: &Program) -> bool {
    program.language == Language::JavaScript
}

/// A piece of source for people, short.
pub(super) fn snippet(analysis: &Analysis<'_>, file: FileId, span: Span) -> String {
    let Some(source) = analysis.package.source(file) else {
        return "a call".to_owned();
    };
    let text = source
        .get(span.start as usize..span.end as usize)
        .unwrap_or(b"a call");
    // A character has at most four bytes.
    let text = String::from_utf8_lossy(&text[..text.len().min(4 * 48)]);
    let short: String = text.chars().filter(|c| !c.is_control()).take(48).collect();
    format!("`{short}`")
}
