//! Where clients of services go, and which files a message takes along.

use crate::flow::label::{Label, union};
use crate::flow::{Analysis, Context, Site};
use crate::ir::{Expr, ExprId, Program};
use crate::know::{self, Client, Slot};
use crate::pure::{FileId, Value};
use customs_model::Target;
use std::rc::Rc;

/// Calls that the client of a client is handed through: `ref(getDatabase(initializeApp(…)))`.
const LEVELS: u8 = 5;
/// Arguments of a call that may say where it goes.
const ARGUMENTS: usize = 4;
/// Entries of a message that name files.
const FILES: usize = 16;

impl Analysis<'_> {
    /// Where a call of a client of a service goes; none where it is no such call. What neither
    /// names a host nor holds a key that stands in the package is the caller's.
    pub(super) fn client_target(
        &mut self,
        file: FileId,
        value: &Value,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Option<Target> {
        let Value::Native(native) = value else {
            return None;
        };
        let language = self.package.language(file)?;
        let client = know::client(language, &native.path)?;
        let made = native.made_at.and_then(|(made_file, made)| {
            let program = self.program(made_file)?;
            match program.expr(made) {
                Expr::Call { args, .. } => Some((made_file, program.list(args).to_vec())),
                _ => None,
            }
        });
        // A function is given what it sends as well: a text among its arguments is no host.
        let (place, given) = made.unwrap_or_else(|| {
            let mut given = args.to_vec();
            given.retain(|arg| !matches!(self.machine.fold(file, *arg), Value::Text(_)));
            (file, given)
        });
        let context = context.filter(|context| context.file == place);
        Some(
            self.client_host(place, &given, &client, context, 0)
                .map_or(Target::Caller, Target::Constant),
        )
    }

    fn client_host(
        &mut self,
        file: FileId,
        given: &[ExprId],
        client: &Client,
        context: Option<&Rc<Context>>,
        level: u8,
    ) -> Option<String> {
        if level > LEVELS {
            return None;
        }
        let values: Vec<Value> = given
            .iter()
            .take(ARGUMENTS)
            .map(|arg| self.fold_value(file, *arg, context))
            .collect();
        for value in &values {
            if let Some(host) = self.host_of_settings(value, client, 0) {
                return Some(host);
            }
        }
        // Whose account it is, says the key: one of the package's is no caller's.
        if let Some(service) = client.service {
            let is_key = |value: &Value| value.known_text().is_some_and(|text| text.len() > 3);
            let constant = match client.keys {
                [] => values.first().is_some_and(is_key),
                keys => values.iter().any(|value| has_key(value, keys, 0)),
            };
            if constant {
                return Some(service.to_owned());
            }
        }
        // A client that is made of another one.
        for value in &values {
            if let Value::Native(native) = value
                && let Some((made_file, made)) = native.made_at
                && let Some(program) = self.program(made_file)
                && let Expr::Call { args, .. } = program.expr(made)
            {
                let args = program.list(args).to_vec();
                let host = self.client_host(made_file, &args, client, None, level + 1);
                if host.is_some() {
                    return host;
                }
            }
        }
        None
    }

    fn host_of_settings(&mut self, value: &Value, client: &Client, level: u8) -> Option<String> {
        match value {
            Value::Text(text) if client.service.is_none() || level > 0 => {
                let host = self.host_in(value, 0)?;
                // `redis://user:key@host`, `host=db.example user=me`.
                Some(text.split_once("host=").map_or(host, |(_, rest)| {
                    rest.split([' ', '&', ';'])
                        .next()
                        .unwrap_or(rest)
                        .to_owned()
                }))
            }
            Value::Array(items) if level < 2 => {
                let first = items.borrow().first().cloned()?;
                self.host_of_settings(&first, client, level + 1)
            }
            Value::Object(object) if level < 3 => {
                let entries: Vec<Value> = object
                    .entries
                    .borrow()
                    .iter()
                    .filter(|(key, _)| client.hosts.contains(&&**key))
                    .map(|(_, value)| value.clone())
                    .collect();
                entries
                    .iter()
                    .find_map(|value| self.host_of_settings(value, client, level + 1))
            }
            Value::Native(native) if level > 0 && native.made_at.is_some() => {
                self.host_in(value, 0)
            }
            _ => None,
        }
    }

    /// The name of the server that a connection under a cipher is to have.
    pub(super) fn server_name(&mut self, file: FileId, args: &[ExprId]) -> Option<String> {
        let program = self.program(file)?;
        let Some(Expr::Keywords(entries)) = args.last().map(|last| program.expr(*last)) else {
            return None;
        };
        let pairs = program.list(entries).to_vec();
        let name = pairs
            .chunks_exact(2)
            .find(|pair| program.text(pair[0]) == Some("server_hostname"))?[1];
        let value = self.fold_value(file, name, None);
        self.host_in(&value, 0)
    }

    /// What is in the files that a message takes along: `attachments: [{ path }]`.
    pub(super) fn attached_files(&mut self, site: Site, path: &str, args: &[ExprId]) -> Vec<Label> {
        let mut out = Vec::new();
        if !know::takes_files(path) {
            return out;
        }
        let Some(program) = self.program(site.file) else {
            return out;
        };
        let listed = self.part_of_call(site.file, args, Slot::In(0, &["attachments"]));
        let mut messages = Vec::new();
        if let Some(listed) = listed {
            entries_of(&program, listed, 0, &mut messages);
        }
        for entries in messages {
            for pair in entries.chunks_exact(2) {
                if matches!(program.text(pair[0]), Some("path" | "href")) {
                    let span = program.span(pair[1]);
                    let labels = self.file_content(site.file, Some(pair[1]), span, None);
                    union(&mut out, &labels);
                }
            }
        }
        out
    }
}

fn has_key(value: &Value, keys: &[&str], level: u8) -> bool {
    match value {
        Value::Object(object) if level < 3 => {
            let entries = object.entries.borrow();
            entries.iter().any(|(key, value)| {
                keys.contains(&&**key)
                    && match value.known_text() {
                        Some(text) => text.len() > 3,
                        None => has_key(value, keys, level + 1),
                    }
            })
        }
        _ => false,
    }
}

/// The objects that are written out as the entries of a list, whether it is written out itself or
/// made by a function of each of another one.
fn entries_of(program: &Program, list: ExprId, level: u8, out: &mut Vec<Vec<ExprId>>) {
    if level > LEVELS || out.len() >= FILES {
        return;
    }
    let mut each = |exprs: &[ExprId]| {
        for expr in exprs.iter().take(FILES) {
            entries_of(program, *expr, level + 1, out);
        }
    };
    match program.expr(list) {
        Expr::Object(entries) => out.push(program.list(entries).to_vec()),
        Expr::Array(items) => each(program.list(items)),
        Expr::Name(atom, scope) => {
            if let Some(symbol) = program.resolve(atom, scope) {
                each(&program.symbol(symbol).values);
            }
        }
        Expr::Call { callee, args, .. } => {
            if let Expr::Member(_, name) = program.expr(callee)
                && matches!(program.name(name), "map" | "flatMap")
                && let Some(Expr::Function(function)) =
                    program.list(args).first().map(|arg| program.expr(*arg))
            {
                each(&program.function(function).returns);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
