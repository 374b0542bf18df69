//! What is made of constants, and where these stand.

use crate::flow::Analysis;
use crate::ir::{Atom, Const, Expr, ExprId, FuncId, Program, Span};
use crate::know::{self, Role};
use crate::limit::evaluating;
use crate::pure::{FileId, Value};
use std::rc::Rc;

impl Analysis<'_> {
    /// Whether a value is made of what stands in the package.
    pub(in crate::flow) fn is_constant(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        level: u8,
    ) -> bool {
        if level == 0 {
            self.looks = evaluating::LOOKS;
        }
        self.looks = self.looks.saturating_sub(1);
        if self.looks == 0 {
            return false;
        }
        match self.look_at(file, expr, None) {
            Value::Text(text) => return !text.contains(crate::pure::HOLE_START),
            Value::Bytes(_) | Value::Number(_) => return true,
            _ => {}
        }
        if level > 6 {
            return false;
        }
        match program.expr(expr) {
            Expr::Const(constant) => {
                matches!(program.constant(constant), Const::Text(_) | Const::Bytes(_))
            }
            Expr::Name(atom, scope) => program.resolve(atom, scope).is_some_and(|symbol| {
                let values = program.symbol(symbol).values.clone();
                !values.is_empty()
                    && values
                        .iter()
                        .take(8)
                        .all(|value| self.is_constant(program, file, *value, level + 1))
            }),
            Expr::Array(items) | Expr::Concat(items) => program
                .list(items)
                .to_vec()
                .into_iter()
                .take(64)
                .all(|item| self.is_constant(program, file, item, level + 1)),
            Expr::Binary(_, left, right) => {
                self.is_constant(program, file, left, level + 1)
                    && self.is_constant(program, file, right, level + 1)
            }
            Expr::Call { callee, args, .. } => {
                let object = match program.expr(callee) {
                    Expr::Member(object, _) => Some(object),
                    _ => None,
                };
                let args = program.list(args).to_vec();
                // What is in a file that is opened is not made of the name of the file.
                if object.is_none()
                    && let Value::Function(closure) = self.look_at(file, callee, None)
                    && self.only_opens(closure.file, closure.function)
                {
                    return false;
                }
                if object.is_none()
                    && let Value::Native(native) = self.look_at(file, callee, None)
                    && !computes(&native.path)
                    && !matches!(
                        &*native.path,
                        "atob"
                            | "unescape"
                            | "decodeURIComponent"
                            | "parseInt"
                            | "chr"
                            | "map"
                            | "list"
                            | "reversed"
                            | "range"
                            | "zip"
                            | "enumerate"
                    )
                {
                    return false;
                }
                object.is_none_or(|object| {
                    matches!(self.look_at(file, object, None), Value::Native(native) if computes(&native.path))
                        || self.is_constant(program, file, object, level + 1)
                }) && (object.is_some() || !args.is_empty())
                    && args.into_iter().all(|arg| {
                        matches!(program.expr(arg), Expr::Function(_))
                            || self.is_constant(program, file, arg, level + 1)
                    })
            }
            Expr::Member(object, _)
            | Expr::Index(object, _)
            | Expr::Slice(object, _)
            | Expr::Element(object) => self.is_constant(program, file, object, level + 1),
            _ => false,
        }
    }

    /// Whether a function of the package gives a file that it opens; where there is none it may
    /// give a text that is written out in it.
    fn only_opens(&mut self, file: FileId, function: FuncId) -> bool {
        const MOST: usize = 8;
        let Some(program) = self.program(file) else {
            return false;
        };
        let returns = &program.function(function).returns;
        let mut opens = false;
        for value in returns {
            let Expr::Call { callee, args, .. } = program.expr(*value) else {
                if matches!(program.expr(*value), Expr::Const(_)) {
                    continue;
                }
                return false;
            };
            let Value::Native(native) = self.look_at(file, callee, None) else {
                return false;
            };
            let is_literal = |arg: &ExprId| matches!(program.expr(*arg), Expr::Const(_));
            match &*native.path {
                "io.StringIO" | "io.BytesIO" if program.list(args).iter().all(is_literal) => {}
                "tokenize.open" => opens = true,
                path if know::role(program.language, path) == Role::OpenFile => opens = true,
                _ => return false,
            }
        }
        opens && returns.len() <= MOST
    }

    /// Where the constant stands that a value is made of.
    pub(in crate::flow) fn origin(
        &mut self,
        file: FileId,
        expr: ExprId,
        level: u8,
    ) -> Option<(FileId, Span)> {
        if level == 0 {
            self.traced = evaluating::LOOKS;
        }
        self.traced = self.traced.checked_sub(1)?;
        if level > 10 {
            return None;
        }
        let program = self.program(file)?;
        match program.expr(expr) {
            Expr::Const(constant) => {
                matches!(program.constant(constant), Const::Text(text) if text.len() > 7)
                    .then(|| (file, program.span(expr)))
                    .or_else(|| {
                        matches!(program.constant(constant), Const::Bytes(_))
                            .then(|| (file, program.span(expr)))
                    })
            }
            Expr::Array(_) | Expr::Object(_) => Some((file, program.span(expr))),
            Expr::Name(atom, scope) => {
                let symbol = program.resolve(atom, scope)?;
                let values = program.symbol(symbol).values.clone();
                values
                    .iter()
                    .take(4)
                    .find_map(|value| self.origin(file, *value, level + 1))
            }
            Expr::Param(function, position) => {
                let called = self.callers.get(&(file, function));
                let Some(site) = called.and_then(|sites| sites.first().copied()) else {
                    return self.origin_of_given(file, function, level);
                };
                let caller = self.program(site.file)?;
                let args = self.arguments(&caller, site);
                let arg = self.argument(site.file, &args, file, function, position)?;
                self.origin(site.file, arg, level + 1)
            }
            Expr::Concat(parts) | Expr::Sequence(parts) => program
                .list(parts)
                .to_vec()
                .into_iter()
                .find_map(|part| self.origin(file, part, level + 1)),
            Expr::Binary(_, left, right) | Expr::Logic(_, left, right) => self
                .origin(file, left, level + 1)
                .or_else(|| self.origin(file, right, level + 1)),
            Expr::Module(atom) => {
                let target = self.package.resolves(file, program.name(atom))?;
                Some((target, self.largest_constant(target)))
            }
            Expr::Call { callee, args, .. } => {
                let args = program.list(args).to_vec();
                if let Value::Native(native) = self.look_at(file, callee, None)
                    && matches!(&*native.path, "require" | "fs.readFileSync" | "open")
                    && let Some(text) = args
                        .first()
                        .and_then(|arg| self.look_at(file, *arg, None).as_text())
                {
                    let inside = text
                        .strip_prefix("\u{fdd0}package/")
                        .map(|rest| rest.replace('\u{fdd1}', ""));
                    let target = match inside {
                        Some(path) => self.package.find(&path),
                        None => self.package.resolves(file, &text),
                    };
                    if let Some(target) = target {
                        return Some((target, self.largest_constant(target)));
                    }
                }
                let object = match program.expr(callee) {
                    Expr::Member(object, _) | Expr::Index(object, _) => Some(object),
                    _ => None,
                };
                object
                    .and_then(|object| self.origin(file, object, level + 1))
                    .or_else(|| {
                        args.into_iter()
                            .find_map(|arg| self.origin(file, arg, level + 1))
                    })
            }
            Expr::Member(object, name) => {
                let found = self.origin(file, object, level + 1);
                found.or_else(|| {
                    let value = own_export(&program, object, name)?;
                    self.origin(file, value, level + 1)
                })
            }
            // What is decoded bit by bit begins with something small.
            Expr::Cond(_, then, other) => self
                .origin(file, other, level + 1)
                .or_else(|| self.origin(file, then, level + 1)),
            Expr::Index(object, _)
            | Expr::Slice(object, _)
            | Expr::Element(object)
            | Expr::Spread(object)
            | Expr::Await(object) => self.origin(file, object, level + 1),
            _ => None,
        }
    }

    /// The same of what a call gives to a function that it is handed: `text.map(decode)`.
    fn origin_of_given(
        &mut self,
        file: FileId,
        function: FuncId,
        level: u8,
    ) -> Option<(FileId, Span)> {
        let site = *self.passed.get(&(file, function))?.first()?;
        let program = self.program(site.file)?;
        let Expr::Call { callee, args, .. } = program.expr(site.expr) else {
            return None;
        };
        if let Expr::Member(object, _) = program.expr(callee)
            && let Some(found) = self.origin(site.file, object, level + 1)
        {
            return Some(found);
        }
        let args = program.list(args).to_vec();
        args.into_iter()
            .filter(|arg| !matches!(program.expr(*arg), Expr::Function(_)))
            .find_map(|arg| self.origin(site.file, arg, level + 1))
    }

    /// The largest text of a file: what the file was made for, if it is required for data.
    pub(super) fn largest_constant(&self, file: FileId) -> Span {
        let Some(program) = self.program(file) else {
            return Span::default();
        };
        let texts = (0..program.size()).filter_map(|number| {
            let id = ExprId(number as u32);
            program.text(id).map(|text| (text.len(), program.span(id)))
        });
        texts
            .max_by_key(|(length, _)| *length)
            .map(|(_, span)| span)
            .unwrap_or_default()
    }
}

/// What a file puts under a name of its own `exports`.
fn own_export(program: &Program, object: ExprId, name: Atom) -> Option<ExprId> {
    let is_exports = |object: ExprId| {
        matches!(program.expr(object), Expr::Name(atom, scope)
            if program.name(atom) == "exports" && program.resolve(atom, scope).is_none())
    };
    if !is_exports(object) {
        return None;
    }
    let mut stores = program.stores.iter();
    let stored = stores.find(|store| store.key == Some(name) && is_exports(store.object));
    stored.map(|store| store.value)
}

/// Parts of the libraries whose functions only compute.
pub(super) fn computes(path: &str) -> bool {
    let head = path.split(['.', '(']).next().unwrap_or(path);
    matches!(
        head,
        "String"
            | "Array"
            | "Object"
            | "JSON"
            | "Math"
            | "Number"
            | "Buffer"
            | "Uint8Array"
            | "TextDecoder"
            | "zlib"
            | "base64"
            | "binascii"
            | "codecs"
            | "bytes"
            | "bytearray"
            | "int"
            | "str"
            | "lzma"
            | "bz2"
            | "gzip"
            | "crypto"
            | "marshal"
    )
}

#[cfg(test)]
mod tests {
    use crate::flow::analyse;
    use crate::package::Package;
    use crate::unpack::{Tree, text_file as file};
    use customs_model::SourceKind;

    /// Whether code is run that is made of what the package hides, where a function gives this.
    fn hides(given: &str) -> bool {
        let code = format!(
            "import io, os, tokenize\n\
             def _script(path):\n    if not os.path.exists(path):\n        \
             return io.StringIO('from setuptools import setup; setup()')\n    return {given}\n\
             def run(script='setup.py'):\n    with _script(script) as f:\n        \
             code = f.read().replace('a', 'b')\n    exec(code, locals())\nrun()\n"
        );
        let found = analyse(&Package::new(&Tree {
            entries: vec![
                file("a/__init__.py", &code),
                file("a-1.0.dist-info/METADATA", "Name: a\nVersion: 1.0\n"),
            ],
            ..Tree::default()
        }));
        let mut flows = found.flows.iter();
        flows.any(|flow| flow.source == SourceKind::Opaque)
    }

    #[test]
    fn a_script_that_is_opened_by_its_name_is_not_made_of_the_name() {
        assert!(!hides("tokenize.open(path)"));
        assert!(!hides("open(path)"));
        assert!(hides("tokenize.generate(path)"));
    }
}
