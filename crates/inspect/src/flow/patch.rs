//! Functions of the platform that are replaced by a package's own, which hand on
//! something else than they were given.

mod receiver;

use super::label::{Label, Step};
use super::{Analysis, Site};
use crate::ir::{Const, Expr, ExprId, FuncId, Program, Span, Store};
use crate::pure::{FileId, HOLE_END, HOLE_START, Surroundings, Value};
use customs_model::{SinkKind, SourceKind, Target};
use std::rc::Rc;

/// What is worth replacing: the ways of a request, a transaction, a signature.
fn is_patched(path: &str) -> bool {
    const WHOLE: [&str; 12] = [
        "fetch",
        "XMLHttpRequest.prototype.send",
        "XMLHttpRequest.prototype.open",
        "XMLHttpRequest",
        "WebSocket.prototype.send",
        "navigator.clipboard.writeText",
        "navigator.clipboard.readText",
        "http.request",
        "https.request",
        "ethereum.request",
        "ethereum.send",
        "ethereum.sendAsync",
    ];
    WHOLE.contains(&path)
        || path.ends_with(".prototype.addOutput")
        || path.ends_with("transactionBuilder.sendTrx")
        || path.ends_with("transactionBuilder.sendToken")
        || path.contains("ethereum")
        || path.contains("solana")
        || [
            "signTransaction",
            "signAndSendTransaction",
            "sendTransaction",
            "signAllTransactions",
            "signMessage",
        ]
        .iter()
        .any(|name| path.ends_with(name))
        || path.contains("web3.js") && path.contains(".prototype.")
}

impl Analysis<'_> {
    pub(super) fn patches(&mut self) {
        let mut files: Vec<FileId> = self.zones.keys().map(|(file, _)| *file).collect();
        files.sort_unstable();
        files.dedup();
        for file in files {
            let Some(program) = self.package.program(file) else {
                continue;
            };
            for function in program.expanders.clone() {
                for value in program.function(function).returns.clone() {
                    let labels = self.labels(file, value, None);
                    for label in labels.iter().filter(|label| super::is_foreign(label.kind)) {
                        let zone = self.zone_of(file, function);
                        let target = Target::Constant(label.name.to_string());
                        self.flow(
                            label,
                            SinkKind::DynamicCode,
                            "the expansion of a macro",
                            target,
                            zone,
                            file,
                            value,
                            Vec::new(),
                        );
                    }
                }
            }
            for store in program.stores.clone() {
                self.stored_patch(&program, file, store);
                self.script_element(&program, file, store);
                self.asked_for(&program, file, store);
                self.put_into_requests(&program, file, store);
                self.leads_elsewhere(&program, file, store);
            }
            for (call, function) in program.calls.clone() {
                self.defined_patch(&program, file, call, function);
            }
        }
    }

    /// `script.text = code`: the browser runs it.
    fn script_element(&mut self, program: &Rc<Program>, file: FileId, store: Store) {
        if !store.key.is_some_and(|key| {
            matches!(
                program.name(key),
                "text" | "textContent" | "innerText" | "innerHTML"
            )
        }) {
            return;
        }
        let Value::Native(native) = self.machine.fold(file, store.object) else {
            return;
        };
        let Some((made_file, made)) = native
            .made_at
            .filter(|_| &*native.path == "document.createElement()")
        else {
            return;
        };
        let Some(maker) = self.package.program(made_file) else {
            return;
        };
        let Expr::Call { args, .. } = maker.expr(made) else {
            return;
        };
        let makes_script = maker
            .list(args)
            .first()
            .is_some_and(|arg| self.machine.fold(made_file, *arg).known_text() == Some("script"));
        if !makes_script {
            return;
        }
        let zone = self.zone_of(file, store.function);
        let labels = self.labels(file, store.value, None);
        for label in labels.iter().filter(|label| super::is_foreign(label.kind)) {
            self.flow(
                label,
                SinkKind::DynamicCode,
                "a script element",
                Target::Constant(label.name.to_string()),
                zone,
                file,
                store.value,
                Vec::new(),
            );
        }
    }

    /// `object.name = function`, under each of the names that it can have.
    fn stored_patch(&mut self, program: &Rc<Program>, file: FileId, store: Store) {
        if store.key.is_none() && !matches!(self.machine.fold(file, store.object), Value::Native(_))
        {
            return;
        }
        let keys: Vec<String> = match (store.key, store.computed) {
            (Some(key), _) => vec![program.name(key).to_owned()],
            (None, Some(computed)) => self
                .possible(file, computed, 0)
                .iter()
                .filter_map(Value::known_text)
                .map(str::to_owned)
                .collect(),
            (None, None) => return,
        };
        for key in keys {
            let (object, value) = (store.object, store.value);
            self.patch(program, file, object, &key, value, store.function);
        }
    }

    /// `Object.defineProperty(object, name, {value: function})`.
    fn defined_patch(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        call: ExprId,
        function: FuncId,
    ) {
        let defines = self
            .callees
            .get(&(file, call))
            .and_then(Value::path)
            .is_some_and(|path| {
                matches!(
                    path,
                    "Object.defineProperty" | "Reflect.defineProperty" | "Reflect.set"
                )
            });
        if !defines {
            return;
        }
        let Expr::Call { args, .. } = program.expr(call) else {
            return;
        };
        let [object, key, value, ..] = program.list(args)[..] else {
            return;
        };
        let Some(key) = self.machine.fold(file, key).known_text().map(str::to_owned) else {
            return;
        };
        let value = match program.expr(value) {
            Expr::Object(entries) => program
                .list(entries)
                .chunks_exact(2)
                .find(|pair| matches!(program.text(pair[0]), Some("value" | "get")))
                .map(|pair| pair[1]),
            _ => Some(value),
        };
        if let Some(value) = value {
            self.patch(program, file, object, &key, value, function);
        }
    }

    /// A function that is put on something of the platform or of a library.
    fn patch(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        key: &str,
        value: ExprId,
        function: FuncId,
    ) {
        let path = match self.machine.fold(file, object) {
            Value::Native(native) if &*native.path == "globalThis" => key.to_owned(),
            Value::Native(native) => format!("{}.{key}", native.path),
            Value::Unknown => match receiver::method_of_wallet(program, object, key) {
                Some(path) => path,
                // `hook(window.ethereum)`: who calls says what it is put on.
                None => match self.put_on_handed(file, object, function) {
                    Some(path) => format!("{path}.{key}"),
                    None => return,
                },
            },
            _ => return,
        };
        if !is_patched(&path) {
            return;
        }
        let closure = match self.machine.fold(file, value) {
            Value::Function(closure) => closure,
            // `new Proxy(fetch, {apply() {…}})`.
            _ => match self.trap(program, file, value) {
                Some(closure) => closure,
                None => return,
            },
        };
        let zone = self
            .zone_of(file, function)
            .max(self.zone_of(closure.file, closure.function));
        let Some(inner) = self.package.program(closure.file) else {
            return;
        };
        if let Some((at, with)) = self.replaces(&inner, closure.file, closure.function) {
            let site = Site {
                file: closure.file,
                expr: at,
                function: closure.function,
            };
            let (with, stands) = match with {
                Some(known) => (Some(known), None),
                None => self
                    .address_near(&inner, closure.file)
                    .map_or((None, None), |(near, place)| (Some(near), Some(place))),
            };
            let name = format!("what is given to {path}");
            let label = self.replaced_label(SourceKind::Intercepted, &name, site, stands);
            let target = with.map_or(Target::Opaque, Target::Constant);
            self.flow(
                &label,
                SinkKind::Replacement,
                &path,
                target,
                zone,
                closure.file,
                at,
                Vec::new(),
            );
        }
    }

    /// The thing of a library that the first caller of a function hands in, by its path.
    fn put_on_handed(&mut self, file: FileId, object: ExprId, function: FuncId) -> Option<String> {
        let way = self.first_context(file, function)?;
        let value = self.look_at(file, object, Some(&way));
        value.path().map(str::to_owned)
    }

    /// An address that stands in a file, or in one that it imports, and where.
    pub(super) fn address_near(
        &self,
        program: &Program,
        file: FileId,
    ) -> Option<(String, (FileId, Span))> {
        let stands = |program: &Program, file: FileId| {
            an_address(program).map(|(address, span)| (address, (file, span)))
        };
        stands(program, file).or_else(|| {
            program.imports.iter().take(32).find_map(|(specifier, _)| {
                let target = self.package.resolves(file, program.name(*specifier))?;
                stands(self.package.program(target)?.as_ref(), target)
            })
        })
    }

    /// The label of what is replaced. Where the address that takes its place stands in another
    /// file, the way begins there: nobody would look for it at the call.
    pub(super) fn replaced_label(
        &self,
        kind: SourceKind,
        name: &str,
        site: Site,
        address: Option<(FileId, Span)>,
    ) -> Label {
        let here = self.label_at(kind, name, site);
        let Some((file, span)) = address.filter(|(file, _)| *file != site.file) else {
            return here;
        };
        let address = self.new_label(kind, "the address that takes its place", file, span);
        let step = Step::Through(name.into());
        let mut labels = self.hop(vec![address], &step, site.file, here.trail.span);
        labels.pop().map_or(here, |label| Label {
            name: name.into(),
            ..label
        })
    }

    /// The function of a proxy that stands in for calls.
    fn trap(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        value: ExprId,
    ) -> Option<Rc<crate::pure::Closure>> {
        let (program, file, value) = self.given_by_maker(program, file, value);
        let Expr::Call {
            args, new: true, ..
        } = program.expr(value)
        else {
            return None;
        };
        let handler = *program.list(args).get(1)?;
        let Value::Object(handler) = self.machine.fold(file, handler) else {
            return None;
        };
        let entries = handler.entries.borrow();
        entries.iter().find_map(|(key, value)| match value {
            Value::Function(closure) if matches!(&**key, "apply" | "get" | "construct") => {
                Some(Rc::clone(closure))
            }
            _ => None,
        })
    }

    /// What a function of the package gives that only gives one thing: `wrap(ethereum)`.
    fn given_by_maker(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        value: ExprId,
    ) -> (Rc<Program>, FileId, ExprId) {
        if let Expr::Call { callee, new, .. } = program.expr(value)
            && !new
            && let Value::Function(closure) = self.machine.fold(file, callee)
            && let Some(inner) = self.program(closure.file)
            && let [only] = inner.function(closure.function).returns[..]
        {
            return (inner, closure.file, only);
        }
        (Rc::clone(program), file, value)
    }

    /// Where a function or one within it puts an address or a constant in the place of
    /// what it was given.
    fn replaces(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        function: FuncId,
    ) -> Option<(ExprId, Option<String>)> {
        let inside = self.inside(program, file, function);
        for (call, owner) in program.calls.clone() {
            if !inside.contains(&owner) {
                continue;
            }
            let Expr::Call { callee, args, .. } = program.expr(call) else {
                continue;
            };
            let replaces = match program.expr(callee) {
                Expr::Member(_, name) => {
                    matches!(program.name(name), "replace" | "replaceAll")
                }
                Expr::Index(_, name) => matches!(
                    self.machine.fold(file, name).known_text(),
                    Some("replace" | "replaceAll")
                ),
                _ => false,
            };
            if !replaces {
                continue;
            }
            let args = program.list(args).to_vec();
            let Some(pattern) = args.first().map(|arg| self.machine.fold(file, *arg)) else {
                continue;
            };
            if is_address_pattern(&pattern) {
                let with = args.get(1).and_then(|arg| {
                    self.machine
                        .fold(file, *arg)
                        .known_text()
                        .map(str::to_owned)
                });
                return Some((call, with));
            }
        }
        if let Some(found) = self.receiver_in_objects(program, file, &inside) {
            return Some(found);
        }
        if let Some(found) = self.chosen_address(program, file, function) {
            return Some(found);
        }
        for store in program.stores.clone() {
            if !inside.contains(&store.function) {
                continue;
            }
            let key = store.key.map(|key| program.name(key)).unwrap_or_default();
            if key != "data" && !receiver::is_receiver(key) {
                continue;
            }
            let value = self.machine.fold(file, store.value);
            if let Some(text) = self.address_of(&value) {
                return Some((store.value, Some(text)));
            }
            if key == "data"
                && let Some(word) = value.any_text().and_then(word_in_call_data)
            {
                return Some((store.value, Some(word)));
            }
        }
        None
    }

    /// A function, those within it, and those of the file that it calls.
    pub(super) fn inside(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        function: FuncId,
    ) -> Vec<FuncId> {
        let mut inside = vec![function];
        let mut at = 0;
        while at < inside.len() && inside.len() < 64 {
            let here = inside[at];
            at += 1;
            for (number, other) in program.functions.iter().enumerate() {
                let other_id = FuncId(number as u32);
                if other.parent == Some(here) && !inside.contains(&other_id) {
                    inside.push(other_id);
                }
            }
            for (call, owner) in &program.calls {
                if *owner == here
                    && let Expr::Call { callee, .. } = program.expr(*call)
                    && let Value::Function(closure) = self.machine.fold(file, callee)
                    && closure.file == file
                    && !inside.contains(&closure.function)
                {
                    inside.push(closure.function);
                }
            }
        }
        inside
    }
}

/// Whether a file holds a pattern of addresses of a chain.
pub(super) fn holds_address_pattern(program: &Program) -> bool {
    program.consts.iter().any(|constant| match constant {
        Const::Regex(regex) => is_address_regex(&regex.pattern),
        Const::Text(text) => is_address_regex(text),
        _ => false,
    })
}

pub(super) fn is_address_pattern(value: &Value) -> bool {
    match value {
        Value::Regex(regex) => is_address_regex(&regex.pattern),
        Value::Text(text) => is_address_regex(text),
        _ => false,
    }
}

/// Patterns of addresses (Ethereum, Bitcoin, Tron, Solana and others): a class of letters
/// and digits, 25 to 95 of them.
fn is_address_regex(pattern: &str) -> bool {
    if pattern.len() > 600 {
        return false;
    }
    let mut rest = pattern;
    while let Some(at) = rest.find("]{") {
        let class = rest[..at].rfind('[').map_or("", |open| &rest[open + 1..at]);
        let count = rest[at + 2..].split('}').next().unwrap_or_default();
        let least: u32 = count
            .split(',')
            .next()
            .and_then(|n| n.parse().ok())
            .unwrap_or(0);
        let letters_and_digits = class.chars().any(|c| c.is_ascii_digit())
            && class.chars().any(|c| c.is_ascii_alphabetic());
        if (25..=95).contains(&least) && letters_and_digits && is_chain(pattern, class, least) {
            return true;
        }
        rest = &rest[at + 2..];
    }
    false
}

/// Digests and identifiers have such patterns as well: an address has a mark in front of
/// it, or an alphabet without the letters that are mistaken for digits.
fn is_chain(pattern: &str, class: &str, least: u32) -> bool {
    let without_mistakes = ["A-HJ-NP-Z", "a-km-z"]
        .iter()
        .any(|part| class.contains(part));
    let marked = [
        "0x", "bc1", "ltc1", "addr1", "[13]", "T[", "[LM", "[123]", "cosmos", "D[",
    ]
    .iter()
    .any(|mark| pattern.contains(mark));
    without_mistakes
        || marked && (least == 40 || !class.contains("a-f") || class.contains("a-fA-F"))
}

/// A word of 32 bytes with an address in it, which is put between pieces of the call data
/// that was there: what a contract is asked for is the same, whom it serves is another.
fn word_in_call_data(text: &str) -> Option<String> {
    let mut pieces = text.split([HOLE_START, HOLE_END]);
    // Text and hole by turns: something of the old data must stay around it.
    if !text.starts_with(HOLE_START) || !text.ends_with(HOLE_END) {
        return None;
    }
    pieces
        .find(|piece| {
            piece.len() == 64
                && piece.chars().all(|c| c.is_ascii_hexdigit())
                && piece.starts_with("000000000000000000000000")
                && piece[24..]
                    .chars()
                    .any(|c| c != '0' && c != 'f' && c != 'F')
        })
        .map(str::to_owned)
}

/// An address that stands in a file: one of a list that is chosen from.
fn an_address(program: &Program) -> Option<(String, Span)> {
    (0..program.size()).find_map(|number| {
        let id = ExprId(number as u32);
        let text = program.text(id).filter(|text| is_address(text))?;
        Some((text.to_owned(), program.span(id)))
    })
}

/// An address of a chain.
pub(super) fn is_address(text: &str) -> bool {
    let hex = text
        .strip_prefix("0x")
        .is_some_and(|rest| rest.len() == 40 && rest.chars().all(|c| c.is_ascii_hexdigit()));
    let base58 = (26..=44).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
        && text.chars().any(|c| c.is_ascii_digit())
        && text.chars().any(|c| c.is_ascii_uppercase());
    hex || base58 || text.starts_with("bc1")
}

#[cfg(test)]
mod tests;
