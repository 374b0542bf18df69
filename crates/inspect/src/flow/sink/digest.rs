//! Downloads that are compared with a digest of the package's own.

use crate::flow::Analysis;
use crate::ir::{Binary, Expr, ExprId, Program};
use crate::pure::{FileId, Value};
use std::rc::Rc;

impl Analysis<'_> {
    /// Whether a choice in the file ends something when a digest of foreign bytes is not
    /// one that stands in the package.
    pub(in crate::flow) fn guarded_by_digest(&mut self, file: FileId) -> bool {
        let (Some(program), Some(index)) = (self.program(file), self.index(file)) else {
            return false;
        };
        // An assertion ends the program.
        for (call, _) in program.calls.clone() {
            let Expr::Call { callee, args, .. } = program.expr(call) else {
                continue;
            };
            let asserts = matches!(program.expr(callee), Expr::Name(name, _) if program.name(name) == "assert_eq!");
            if let [left, right, ..] = program.list(args)[..]
                && asserts
                && (self.is_digest(&program, file, left, 0)
                    && self.is_pinned(&program, file, right)
                    || self.is_digest(&program, file, right, 0)
                        && self.is_pinned(&program, file, left))
            {
                return true;
            }
        }
        let mut tests: Vec<ExprId> = index.guards.clone();
        let mut seen = 0;
        while let Some(test) = tests.pop() {
            seen += 1;
            if seen > 2_000 {
                return false;
            }
            match program.expr(test) {
                Expr::Binary(Binary::Eq | Binary::Ne, left, right) => {
                    for (digest, known) in [(left, right), (right, left)] {
                        if self.is_digest(&program, file, digest, 0)
                            && self.is_pinned(&program, file, known)
                        {
                            return true;
                        }
                    }
                }
                Expr::Unary(_, inner) => tests.push(inner),
                Expr::Logic(_, left, right) => tests.extend([left, right]),
                Expr::Call { callee, args, .. } => {
                    // `digest.equals(expected)`, `timingSafeEqual(a, b)`.
                    tests.extend(program.list(args));
                    if let Expr::Member(object, name) = program.expr(callee)
                        && matches!(
                            program.name(name),
                            "equals"
                                | "compare"
                                | "compare_digest"
                                | "timingSafeEqual"
                                | "includes"
                        )
                    {
                        let args = program.list(args).to_vec();
                        let sides: Vec<ExprId> = args.iter().copied().chain([object]).collect();
                        let digest = sides
                            .iter()
                            .any(|side| self.is_digest(&program, file, *side, 0));
                        let pinned = sides
                            .iter()
                            .any(|side| self.is_pinned(&program, file, *side));
                        if digest && pinned {
                            return true;
                        }
                    }
                }
                _ => {}
            }
        }
        false
    }

    pub(super) fn is_digest(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        level: u8,
    ) -> bool {
        if level > 6 {
            return false;
        }
        if let Value::Native(native) = self.machine.fold(file, expr) {
            let path = &native.path;
            if path.contains("createHash()")
                || path.contains("hashlib.")
                || path.contains("Sha256")
                || path.contains("sha2.")
            {
                return true;
            }
        }
        match program.expr(expr) {
            Expr::Name(atom, scope) => program.resolve(atom, scope).is_some_and(|symbol| {
                let values = program.symbol(symbol).values.clone();
                values
                    .iter()
                    .take(8)
                    .any(|value| self.is_digest(program, file, *value, level + 1))
            }),
            Expr::Call { callee, .. } => {
                if let Value::Function(closure) = self.machine.fold(file, callee)
                    && let Some(inner) = self.program(closure.file)
                {
                    let returns = inner.function(closure.function).returns.clone();
                    return returns
                        .iter()
                        .take(8)
                        .any(|value| self.is_digest(&inner, closure.file, *value, level + 1));
                }
                match program.expr(callee) {
                    Expr::Member(object, _) => self.is_digest(program, file, object, level + 1),
                    _ => false,
                }
            }
            Expr::Await(inner) | Expr::Member(inner, _) => {
                self.is_digest(program, file, inner, level + 1)
            }
            Expr::Concat(items) => program
                .list(items)
                .to_vec()
                .into_iter()
                .any(|item| self.is_digest(program, file, item, level + 1)),
            _ => false,
        }
    }

    /// A digest that stands in the package, alone or in a table of them.
    pub(super) fn is_pinned(&mut self, program: &Rc<Program>, file: FileId, expr: ExprId) -> bool {
        let pinned = |value: &Value| match value {
            Value::Text(text) => {
                text.len() >= 32
                    && text.chars().filter(char::is_ascii_hexdigit).count() * 10 >= text.len() * 6
            }
            Value::Bytes(bytes) => bytes.borrow().len() >= 16,
            _ => false,
        };
        if pinned(&self.machine.fold(file, expr)) {
            return true;
        }
        // One of a table, by platform.
        let mut at = expr;
        for _ in 0..6 {
            match program.expr(at) {
                Expr::Index(object, _) | Expr::Member(object, _) => {
                    let table = self.machine.fold(file, object);
                    if let Value::Object(object) = &table
                        && object.entries.borrow().iter().any(|(_, value)| pinned(value) || matches!(value, Value::Object(inner) if inner.entries.borrow().iter().any(|(_, value)| pinned(value))))
                    {
                        return true;
                    }
                    at = object;
                }
                Expr::Name(atom, scope) => match program
                    .resolve(atom, scope)
                    .and_then(|symbol| program.symbol(symbol).values.first().copied())
                {
                    Some(value) if value != at => at = value,
                    _ => return false,
                },
                Expr::Logic(_, left, _) => at = left,
                _ => return false,
            }
        }
        false
    }
}
