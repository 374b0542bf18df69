//! What parameters are: arguments of callers, and what callbacks are given.

use super::{Label, Step, union};
use crate::flow::{Analysis, Context, Site};
use crate::ir::{Expr, ExprId, FuncId, Program};
use crate::know;
use crate::know::Role;
use crate::pure::{FileId, Value};
use customs_model::SourceKind;
use std::rc::Rc;

impl Analysis<'_> {
    pub(super) fn parameter(
        &mut self,
        file: FileId,
        function: FuncId,
        position: u16,
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let mut labels = self.parameter_here(file, function, position, context);
        self.asking.contextual = true;
        if let Some(label) = self.given_key(file, function, position) {
            union(&mut labels, &[label]);
        }
        if let Some(program) = self.program(file)
            && let Some(label) = self.sent_by_others(&program, file, function, position)
        {
            union(&mut labels, &[label]);
        }
        labels
    }

    /// The key of a wallet, which callers give to the function that makes an account of it.
    fn given_key(&mut self, file: FileId, function: FuncId, position: u16) -> Option<Label> {
        let program = self.program(file)?;
        let index = self.index(file)?;
        let maker = index.key_makers.get(&function).filter(|_| position < 2);
        let name = match maker {
            Some(name) => program.name(*name).to_owned(),
            // `sign(message, private_key)`.
            None => {
                let own = *index.key_parameters.get(&(function, position))?;
                format!("a function as its {}", program.name(own))
            }
        };
        let symbol = index.parameters.get(&(function, position));
        let mut values = symbol
            .into_iter()
            .flat_map(|symbol| &program.symbol(*symbol).values);
        let span = values
            .find(|value| program.expr(**value) == Expr::Param(function, position))
            .map(|value| program.span(*value))
            .unwrap_or_default();
        let what = format!("the key that is given to {name}");
        Some(self.new_label(SourceKind::Intercepted, &what, file, span))
    }

    fn parameter_here(
        &mut self,
        file: FileId,
        function: FuncId,
        position: u16,
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        if let Some(context) = context.filter(|c| c.file == file && c.function == function) {
            let caller = context.caller.clone();
            let Some(arg) =
                self.argument(context.caller_file, &context.args, file, function, position)
            else {
                return Vec::new();
            };
            let labels = self
                .labels(context.caller_file, arg, caller.as_ref())
                .to_vec();
            let span = self
                .program(context.caller_file)
                .map(|p| p.span(arg))
                .unwrap_or_default();
            let step = Step::Passed(self.function_name(file, function));
            return self.hop(labels, &step, context.caller_file, span);
        }
        let mut out = Vec::new();
        let callers = self
            .callers
            .get(&(file, function))
            .cloned()
            .unwrap_or_default();
        for site in callers.iter().take(24) {
            let Some(program) = self.program(site.file) else {
                continue;
            };
            let args = self.arguments(&program, *site);
            if let Some(arg) = self.argument(site.file, &args, file, function, position) {
                let labels = self.labels(site.file, arg, None).to_vec();
                let step = Step::Passed(self.function_name(file, function));
                let labels = self.hop(labels, &step, site.file, program.span(arg));
                union(&mut out, &labels);
            }
        }
        let passed = self
            .passed
            .get(&(file, function))
            .cloned()
            .unwrap_or_default();
        for site in passed.iter().take(24) {
            let labels = self.given_to_callback(*site, position);
            union(&mut out, &labels);
        }
        if out.is_empty() && position == 0 {
            out = self.given_to_handler(file, function);
        }
        out
    }

    /// What comes over the network to a function that is put on a connection:
    /// `socket.onmessage = event => …`.
    fn given_to_handler(&mut self, file: FileId, function: FuncId) -> Vec<Label> {
        let index = self.index(file);
        let Some(object) = index.and_then(|index| index.handlers.get(&function).copied()) else {
            return Vec::new();
        };
        let labels = self.labels(file, object, None);
        let labels = labels
            .iter()
            .filter(|label| label.kind == SourceKind::Remote);
        labels.cloned().collect()
    }

    pub(super) fn function_name(&self, file: FileId, function: FuncId) -> Option<Rc<str>> {
        let program = self.program(file)?;
        let name = program.function(function).name?;
        Some(program.name(name).into())
    }

    /// The argument for a parameter: by position, or by name.
    pub(in crate::flow) fn argument(
        &self,
        caller: FileId,
        args: &[ExprId],
        file: FileId,
        function: FuncId,
        position: u16,
    ) -> Option<ExprId> {
        let program = self.program(caller)?;
        let callee = self.program(file)?;
        if let Some(last) = args.last()
            && let Expr::Keywords(entries) = program.expr(*last)
            && let Some(name) = callee
                .function(function)
                .param_names
                .get(usize::from(position))
        {
            for pair in program.list(entries).chunks_exact(2) {
                if program.text(pair[0]) == Some(callee.name(*name)) {
                    return Some(pair[1]);
                }
            }
        }
        args.get(usize::from(position)).copied().or_else(|| {
            // Behind a spread nobody knows the position.
            args.iter()
                .copied()
                .find(|arg| matches!(program.expr(*arg), Expr::Spread(_)))
        })
    }

    /// What a call gives to a function that it was handed.
    pub(in crate::flow) fn given_to_callback(&mut self, site: Site, position: u16) -> Vec<Label> {
        let Some(program) = self.program(site.file) else {
            return Vec::new();
        };
        let Expr::Call { callee, args, .. } = program.expr(site.expr) else {
            return Vec::new();
        };
        let args = program.list(args).to_vec();
        let mut value = self.look_at(site.file, callee, None);
        let span = program.span(site.expr);
        // A function that is called on what somebody hands in: one way of getting there.
        let mut context = None;
        if value.is_unknown() {
            context = self
                .contexts(site.file, site.function, 0)
                .iter()
                .flatten()
                .next()
                .cloned();
            if let Some(context) = &context {
                value = self.look_at(site.file, callee, Some(context));
            }
        }
        if let Value::Native(native) = &value {
            let path = Rc::clone(&native.path);
            match self.role(program.language, &path) {
                Role::Network(_) | Role::Receive | Role::Lookup => {
                    let context = context.as_ref();
                    return vec![self.answer(site.file, &value, callee, &args, span, context)];
                }
                Role::ReadFile => {
                    let first = args.first().copied();
                    return self.file_content(site.file, first, span, context.as_ref());
                }
                Role::None if path.ends_with("addEventListener") => {
                    let event = args.first().map(|arg| self.look_at(site.file, *arg, None));
                    let event = event
                        .as_ref()
                        .and_then(Value::known_text)
                        .unwrap_or_default();
                    let of_page =
                        matches!(&*path, "document.addEventListener" | "addEventListener");
                    let is_of_form = of_page && know::is_of_form(event);
                    if is_of_form
                        || matches!(event, "keydown" | "keypress" | "keyup" | "paste" | "copy")
                    {
                        // Keys that are pressed in one field are for who made it.
                        let anywhere = of_page && (is_of_form || event.starts_with("key"));
                        let name = match anywhere {
                            true => format!("the event {event} {}", know::ANYWHERE),
                            false => format!("the event {event}"),
                        };
                        return vec![self.new_label(
                            SourceKind::InputDevice,
                            &name,
                            site.file,
                            span,
                        )];
                    }
                }
                Role::Source(kind) => return vec![self.new_label(kind, &path, site.file, span)],
                Role::Shell | Role::Spawn => {
                    // (error, stdout, stderr)
                    return if position == 0 {
                        Vec::new()
                    } else {
                        self.output_of(site.file, &args, span, None)
                    };
                }
                Role::Decode | Role::Decrypt => return self.all(site.file, &args, None),
                Role::Digest => return Vec::new(),
                // What somebody else's function gives is its own affair: `.then`, `.map`
                // and events hand on what they are called on.
                _ => {}
            }
            if let Some(labels) = self.message(&program, site, &path, &value, &args) {
                return labels;
            }
            // What a process writes.
            if path.contains(".stdout") || path.contains(".stderr") {
                return self.written_by_process(&value);
            }
            // Lines of what is read line by line.
            if path.starts_with("readline")
                && path.contains("createInterface().")
                && let Expr::Member(object, _) = program.expr(callee)
            {
                return self.labels(site.file, object, None).to_vec();
            }
            // An event by its name.
            let is_promised = path.starts_with("Promise()");
            if (path.ends_with(".on") || path.ends_with(".once")) && !is_promised {
                return self.emitted(&program, site, &args);
            }
        }
        // A promise, a list, an event: what it is called on.
        let mut out = match program.expr(callee) {
            Expr::Member(object, _) | Expr::Index(object, _) => {
                self.labels(site.file, object, None).to_vec()
            }
            _ => Vec::new(),
        };
        if let Value::Function(_) = value {
            // A function of the package that calls what it is handed: what it gives it.
            out.extend(self.handed_on(&program, site, &args, position));
            return out;
        }
        if let Expr::Member(_, name) = program.expr(callee)
            && matches!(
                program.name(name),
                "on" | "once" | "addEventListener" | "addListener"
            )
        {
            out.extend(self.emitted(&program, site, &args));
        }
        let rest: Vec<ExprId> = args
            .iter()
            .copied()
            .filter(|arg| !matches!(program.expr(*arg), Expr::Function(_)))
            .collect();
        let labels = self.all(site.file, &rest, None);
        union(&mut out, &labels);
        out
    }

    /// What a process that was started here gives.
    fn written_by_process(&mut self, value: &Value) -> Vec<Label> {
        let Value::Native(native) = value else {
            return Vec::new();
        };
        let Some((file, made)) = native.made_at else {
            return Vec::new();
        };
        let Some(program) = self.program(file) else {
            return Vec::new();
        };
        let Expr::Call { args, .. } = program.expr(made) else {
            return Vec::new();
        };
        let args = program.list(args).to_vec();
        self.output_of(file, &args, program.span(made), None)
    }

    /// What a function of the package calls its parameter with.
    pub(super) fn handed_on(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        args: &[ExprId],
        position: u16,
    ) -> Vec<Label> {
        let Some(Value::Function(closure)) = self.callees.get(&(site.file, site.expr)).cloned()
        else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for (number, arg) in args.iter().enumerate() {
            let is_function = matches!(program.expr(*arg), Expr::Function(_) | Expr::Name(..));
            if !is_function {
                continue;
            }
            let Some(index) = self.index(closure.file) else {
                continue;
            };
            let Some(symbol) = index
                .parameters
                .get(&(closure.function, number as u16))
                .copied()
            else {
                continue;
            };
            let Some(inner) = self.program(closure.file) else {
                continue;
            };
            for call in index
                .calls_of
                .get(&symbol)
                .map(Vec::as_slice)
                .unwrap_or_default()
                .iter()
                .take(8)
            {
                if let Expr::Call { args, .. } = inner.expr(*call)
                    && let Some(arg) = inner.list(args).get(usize::from(position)).copied()
                {
                    let labels = self.labels(closure.file, arg, None);
                    union(&mut out, &labels);
                }
            }
        }
        out
    }

    /// The name of the event that a call is about, written out or not.
    fn event_name(&mut self, program: &Program, file: FileId, args: &[ExprId]) -> Option<String> {
        let first = *args.first()?;
        match program.text(first) {
            Some(text) => Some(text.to_owned()),
            None => self
                .look_at(file, first, None)
                .known_text()
                .map(str::to_owned),
        }
    }

    /// What is emitted under the name of an event, anywhere in the file.
    pub(super) fn emitted(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        args: &[ExprId],
    ) -> Vec<Label> {
        let Some(name) = self.event_name(program, site.file, args) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for (call, _) in program.calls.clone() {
            let Expr::Call { callee, args, .. } = program.expr(call) else {
                continue;
            };
            let Expr::Member(_, method) = program.expr(callee) else {
                continue;
            };
            let args = program.list(args);
            // `target.dispatchEvent(new CustomEvent(name, { detail }))`.
            if program.name(method) == "dispatchEvent"
                && let Some(Expr::Call { args: event, .. }) =
                    args.first().map(|event| program.expr(*event))
                && let Some((_, rest)) = program.list(event).split_first()
                && self
                    .event_name(program, site.file, program.list(event))
                    .as_ref()
                    == Some(&name)
            {
                let labels = self.all(site.file, rest, None);
                union(&mut out, &labels);
            }
            if program.name(method) == "emit"
                && self.event_name(program, site.file, args).as_ref() == Some(&name)
            {
                let rest = args[1..].to_vec();
                let labels = self.all(site.file, &rest, None);
                union(&mut out, &labels);
            }
        }
        for (file, rest) in self.emitted_elsewhere(program, site, &name) {
            let labels = self.all(file, &rest, None);
            union(&mut out, &labels);
        }
        out
    }

    /// What other files emit under the name of an event, on the emitter that a call listens to.
    fn emitted_elsewhere(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        name: &str,
    ) -> Vec<(FileId, Vec<ExprId>)> {
        const MOST: usize = 8;
        let emitter_of = |program: &Program, call: ExprId| match program.expr(call) {
            Expr::Call { callee, .. } => match program.expr(callee) {
                Expr::Member(emitter, _) => Some(emitter),
                _ => None,
            },
            _ => None,
        };
        let Some(listened) = emitter_of(program, site.expr) else {
            return Vec::new();
        };
        let mut emits: Vec<(FileId, ExprId)> = Vec::new();
        for (file, index) in &self.indices {
            let named = index.emits.iter().filter(|(event, _)| **event == *name);
            emits.extend(named.map(|(_, call)| (*file, *call)));
        }
        emits.retain(|(file, _)| *file != site.file);
        if emits.is_empty() {
            return Vec::new();
        }
        emits.sort_unstable();
        let made_at = |value: Value| match value {
            Value::Native(native) => native.made_at,
            _ => None,
        };
        let Some(made) = made_at(self.look_at(site.file, listened, None)) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (file, call) in emits.into_iter().take(MOST) {
            let Some(other) = self.program(file) else {
                continue;
            };
            let Some(emitter) = emitter_of(&other, call) else {
                continue;
            };
            if made_at(self.look_at(file, emitter, None)) == Some(made)
                && let Expr::Call { args, .. } = other.expr(call)
                && let Some((_, rest)) = other.list(args).split_first()
            {
                found.push((file, rest.to_vec()));
            }
        }
        found
    }
}
