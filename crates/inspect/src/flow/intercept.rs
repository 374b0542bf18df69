//! Functions of a package that stand in for those that passwords and keys go through, and what
//! they get to see there: `getpass.getpass = mine`, `axios.interceptors.request.use(mine)`.

use super::label::Label;
use super::{Analysis, Site};
use crate::ir::{Expr, ExprId, FuncId, Language, Program, Store};
use crate::know;
use crate::pure::{FileId, Value};
use customs_model::{SinkKind, SourceKind, Target};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Steps from a value to the parameter that it is taken from.
const STEPS: usize = 8;

/// What functions see that stand in for others.
#[derive(Debug, Default)]
pub(super) struct Intercepted {
    /// Calls of what was there before, which give what somebody types.
    typed: FxHashMap<(FileId, ExprId), Rc<str>>,
    /// Functions that are given the requests of others.
    requests: FxHashMap<(FileId, FuncId), Rc<str>>,
    /// Functions that are given what others send or get, with the position of it.
    sent: FxHashMap<(FileId, FuncId), (u16, Rc<str>)>,
    /// Functions that are given the requests of a client of the package's own, with where it was
    /// made.
    clients: FxHashMap<(FileId, FuncId), Made>,
}

/// A call that makes something.
type Made = (FileId, ExprId);

impl Analysis<'_> {
    /// Finds the functions that stand in for others. Next to no file has one.
    pub(super) fn intercepts(&mut self) {
        let mut files: Vec<FileId> = self.zones.keys().map(|(file, _)| *file).collect();
        files.sort_unstable();
        files.dedup();
        for file in files {
            let Some(program) = self.program(file) else {
                continue;
            };
            let names = know::intercepted_names(program.language);
            if !names.iter().any(|name| program.atom(name).is_some()) {
                continue;
            }
            for store in program.stores.clone() {
                let Some(key) = store.key.map(|key| program.name(key).to_owned()) else {
                    continue;
                };
                if !names.contains(&key.as_str()) {
                    continue;
                }
                let Value::Native(object) = self.machine.fold(file, store.object) else {
                    continue;
                };
                let path = match &*object.path {
                    "globalThis" => key,
                    path => format!("{path}.{key}"),
                };
                self.stands_in(&program, file, &path, store.value);
            }
            if program.language == Language::JavaScript {
                self.interceptors(&program, file);
            }
        }
    }

    /// `axios.interceptors.request.use(f)`: of what everybody in the process shares. A client that
    /// the package makes for itself has requests of its own.
    fn interceptors(&mut self, program: &Rc<Program>, file: FileId) {
        if program.atom("interceptors").is_none() {
            return;
        }
        for (call, _) in program.calls.clone() {
            let Expr::Call { callee, args, .. } = program.expr(call) else {
                continue;
            };
            let is_use = matches!(program.expr(callee), Expr::Member(_, name) if program.name(name) == "use");
            let Some(first) = program.list(args).first().copied().filter(|_| is_use) else {
                continue;
            };
            let value = self.machine.fold(file, callee);
            if let Value::Native(native) = &value
                && &*native.path == "axios.create().interceptors.request.use"
                && let Some(made) = native.made_at
                && let Value::Function(closure) = self.machine.fold(file, first)
            {
                let clients = &mut self.intercepted.clients;
                clients.insert((closure.file, closure.function), made);
            }
            let Expr::Member(interceptors, _) = program.expr(callee) else {
                continue;
            };
            if (value.is_unknown() || value.path().is_some_and(is_of_all_clients))
                && let Some(which) = interceptors_of(program, interceptors)
                && let Value::Function(closure) = self.machine.fold(file, first)
            {
                let name = format!("what is given to interceptors.{which}.use").into();
                let sent = &mut self.intercepted.sent;
                sent.insert((closure.file, closure.function), (0, name));
            }
            if let Some(
                path
                @ ("axios.interceptors.request.use" | "axios.default.interceptors.request.use"),
            ) = value.path()
                && let Value::Function(closure) = self.machine.fold(file, first)
            {
                let name = format!("what is given to {path}").into();
                let requests = &mut self.intercepted.requests;
                requests.insert((closure.file, closure.function), name);
            }
        }
    }

    fn stands_in(&mut self, program: &Rc<Program>, file: FileId, path: &str, value: ExprId) {
        let Some(seen) = know::intercepted(program.language, path) else {
            return;
        };
        let Value::Function(closure) = self.machine.fold(file, value) else {
            return;
        };
        let name: Rc<str> = format!("what is given to {path}").into();
        match seen {
            know::Seen::Sent(position) => {
                let sent = &mut self.intercepted.sent;
                sent.insert((closure.file, closure.function), (position, name));
            }
            know::Seen::Requests => {
                let requests = &mut self.intercepted.requests;
                requests.insert((closure.file, closure.function), name);
            }
            know::Seen::Typed => {
                let Some(inner) = self.program(closure.file) else {
                    return;
                };
                for function in self.inside(&inner, closure.file, closure.function) {
                    let index = self.index(closure.file);
                    let calls =
                        index.and_then(|index| index.calls.get(&function).map(<[ExprId]>::to_vec));
                    for call in calls.unwrap_or_default() {
                        let Expr::Call { callee, .. } = inner.expr(call) else {
                            continue;
                        };
                        let called = self.machine.fold(closure.file, callee);
                        let plain = |path: &str| path.trim_start_matches("builtins.").to_owned();
                        if called.path().map(plain) == Some(plain(path)) {
                            let typed = &mut self.intercepted.typed;
                            typed.insert((closure.file, call), Rc::clone(&name));
                        }
                    }
                }
            }
        }
    }

    /// What somebody types who is asked by a function that stands in for the library's.
    pub(super) fn typed_there(&self, file: FileId, call: ExprId) -> Option<Label> {
        let name = self.intercepted.typed.get(&(file, call))?;
        Some(self.label_at(SourceKind::Intercepted, name, site(file, call)))
    }

    /// What others send or get, which a function is given that stands in for the one they call.
    pub(super) fn sent_by_others(
        &self,
        program: &Program,
        file: FileId,
        function: FuncId,
        position: u16,
    ) -> Option<Label> {
        let (at, name) = self.intercepted.sent.get(&(file, function))?;
        if position != *at {
            return None;
        }
        let is_it = |expr: &Expr| match expr {
            Expr::Param(of, number) => *of == function && *number == position,
            Expr::Rest(of, from) => *of == function && *from <= position,
            _ => false,
        };
        let place = program.exprs.iter().position(is_it)? as u32;
        Some(self.label_at(SourceKind::Intercepted, name, site(file, ExprId(place))))
    }

    /// Whether a function stands in for another one, or is put on a client: it is given requests that
    /// are sent, and not one that is answered.
    pub(super) fn is_given_requests(&self, file: FileId, function: FuncId) -> bool {
        let place = (file, function);
        self.intercepted.sent.contains_key(&place)
            || self.intercepted.requests.contains_key(&place)
            || self.intercepted.clients.contains_key(&place)
    }

    /// `request.getHeader('authorization')` of what a function that stands in for `http.request` made.
    pub(super) fn header_of_others(
        &mut self,
        program: &Program,
        file: FileId,
        expr: ExprId,
        callee: ExprId,
        args: &[ExprId],
    ) -> Option<Vec<Label>> {
        let Expr::Member(request, get) = program.expr(callee) else {
            return None;
        };
        if self.intercepted.sent.is_empty() || program.name(get) != "getHeader" {
            return None;
        }
        let key = args.first().and_then(|arg| program.text(*arg))?;
        let stands = self.intercepted.sent.iter();
        let stands = stands.filter(|((of, _), _)| *of == file);
        let ((_, _), (_, name)) = stands.min_by_key(|(place, _)| **place)?;
        if is_key(key) {
            let name = Rc::clone(name);
            return Some(vec![self.label_at(
                SourceKind::Intercepted,
                &name,
                site(file, expr),
            )]);
        }
        // Other headers say nothing of who asks; a method of the package's own has its own.
        if matches!(self.look_at(file, callee, None), Value::Function(_)) {
            return None;
        }
        let mut labels = self.labels(file, request, None).to_vec();
        labels.retain(|label| label.kind != SourceKind::Intercepted);
        Some(labels)
    }

    /// The key in the headers of somebody else's request, which a function that stands in for the
    /// library's is given: `request.headers.Authorization`, `request.headers.get("Cookie")`.
    pub(super) fn key_of_request(
        &self,
        program: &Program,
        file: FileId,
        expr: ExprId,
        headers: ExprId,
        key: &str,
    ) -> Option<Label> {
        if self.intercepted.requests.is_empty() || !is_key(key) {
            return None;
        }
        let function = given_to(program, headers)?;
        let name = self.intercepted.requests.get(&(file, function))?;
        Some(self.label_at(SourceKind::Intercepted, name, site(file, expr)))
    }

    /// The whole environment, which is put into each request of a client that was made for a host:
    /// `api.interceptors.request.use((c) => { c.headers.x = all; return c })`.
    pub(super) fn put_into_requests(&mut self, program: &Rc<Program>, file: FileId, store: Store) {
        if self.intercepted.clients.is_empty() {
            return;
        }
        let Some(function) = given_to(program, store.object) else {
            return;
        };
        let Some((place, made)) = self.intercepted.clients.get(&(file, function)).copied() else {
            return;
        };
        let labels = self.labels(file, store.value, None);
        let whole = labels
            .iter()
            .find(|label| label.kind == SourceKind::Environment);
        let Some(whole) = whole.cloned() else {
            return;
        };
        let Some(Expr::Call { args, .. }) = self.program(place).map(|maker| maker.expr(made))
        else {
            return;
        };
        let Some(maker) = self.program(place) else {
            return;
        };
        let host = maker.list(args).first().copied().and_then(|settings| {
            let settings = self.machine.fold(place, settings);
            self.host_in(&settings, 0)
        });
        if let Some(host) = host {
            let zone = self.zone_of(file, store.function);
            self.flow(
                &whole,
                SinkKind::Network,
                "axios.create().interceptors.request.use",
                Target::Constant(host),
                zone,
                file,
                store.value,
                Vec::new(),
            );
        }
    }
}

/// Whether the requests of all clients of a process go through it.
fn is_of_all_clients(path: &str) -> bool {
    matches!(
        path,
        "axios.interceptors.response.use" | "axios.default.interceptors.response.use"
    )
}

/// `request` or `response` of `client.interceptors.request`.
fn interceptors_of(program: &Program, expr: ExprId) -> Option<&'static str> {
    let Expr::Member(object, which) = program.expr(expr) else {
        return None;
    };
    let Expr::Member(_, interceptors) = program.expr(object) else {
        return None;
    };
    match (program.name(interceptors), program.name(which)) {
        ("interceptors", "request") => Some("request"),
        ("interceptors", "response") => Some("response"),
        _ => None,
    }
}

/// The function that an expression is a part of an argument of.
fn given_to(program: &Program, expr: ExprId) -> Option<FuncId> {
    let mut at = expr;
    for _ in 0..STEPS {
        at = match program.expr(at) {
            Expr::Member(object, _) | Expr::Index(object, _) | Expr::Await(object) => object,
            Expr::Logic(_, left, _) => left,
            Expr::Name(atom, scope) => {
                let symbol = program.resolve(atom, scope)?;
                *program.symbol(symbol).values.first()?
            }
            Expr::Param(function, _) => return Some(function),
            _ => return None,
        };
    }
    None
}

fn site(file: FileId, expr: ExprId) -> Site {
    Site {
        file,
        expr,
        function: FuncId(0),
    }
}

/// Whether a header says who somebody is.
fn is_key(header: &str) -> bool {
    const KEYS: [&str; 5] = [
        "authorization",
        "proxy-authorization",
        "cookie",
        "x-api-key",
        "x-auth-token",
    ];
    KEYS.iter().any(|key| key.eq_ignore_ascii_case(header))
}

#[cfg(test)]
mod tests;
