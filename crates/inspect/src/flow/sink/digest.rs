//! Downloads that are compared with a digest of the package's own.
//!
//! A check counts for the bytes that it hashed, and for no other download of the file: who
//! checks a decoy has checked nothing. Where what is hashed comes from cannot be told, it counts
//! for the file, since an honest check must not be missed for a value that is not followed.

use super::guarded::{Check, Standing};
use crate::flow::index::Guard;
use crate::flow::label::{Label, Step};
use crate::flow::{Analysis, Trail};
use crate::ir::{Binary, Expr, ExprId, Logic, Program, Span, Unary};
use crate::pure::{FileId, Value};
use customs_model::SourceKind;
use std::rc::Rc;

/// Steps from a digest to what it is made of.
const LEVELS: u8 = 8;

/// Where bytes were fetched: the request, and the calls of the package's own functions that
/// handed them on. Two downloads by one function differ in the second.
type Fetched = Vec<(FileId, Span)>;

/// What a check hashes.
#[derive(Debug, Default)]
struct Hashed {
    fetched: Vec<Fetched>,
    /// Something whose origin is not known, and which is no constant.
    unknown: bool,
}

impl Hashed {
    /// Whether the bytes of a label are among what is hashed. The hash may be taken before they
    /// are handed on, or after.
    fn covers(&self, label: &Label) -> bool {
        if self.fetched.is_empty() {
            return self.unknown;
        }
        let wanted = fetched(label);
        self.fetched
            .iter()
            .any(|known| known.iter().zip(&wanted).all(|(one, other)| one == other))
    }
}

/// The comparison, with what it says where the digest is another one.
const fn fails(check: Check, then: bool) -> Check {
    let then_fails = then != check.turned;
    let [held, failed] = check.branches;
    Check {
        then_fails: Some(then_fails),
        returns: if then_fails { held } else { failed },
        ..check
    }
}

fn fetched(label: &Label) -> Fetched {
    let mut out = Vec::new();
    let mut at: Option<&Rc<Trail>> = Some(&label.trail);
    while let Some(trail) = at {
        let hands_on = matches!(trail.step, Step::Returned(_));
        let begins = matches!(trail.step, Step::Read(_) | Step::Address);
        if hands_on || begins {
            out.push((trail.file, trail.span));
        }
        if begins {
            break;
        }
        at = trail.before.as_ref();
    }
    out.reverse();
    out
}

impl Analysis<'_> {
    /// Whether a choice in the file ends something when the digest of these bytes is not one
    /// that stands in the package, before they are run at a place.
    pub(in crate::flow) fn guarded_by_digest(
        &mut self,
        file: FileId,
        label: &Label,
        used: Option<(FileId, ExprId)>,
    ) -> Standing {
        let mut best = Standing::Nothing;
        if label.kind != SourceKind::Remote {
            return best;
        }
        let Some(program) = self.program(file) else {
            return best;
        };
        for (digest, check) in self.compared_digests(&program, file) {
            if best == Standing::Stops {
                break;
            }
            let mut hashed = Hashed::default();
            self.hashed(&program, file, digest, 0, &mut hashed);
            if hashed.covers(label) {
                best = best.max(self.standing(file, check, label, used));
            }
        }
        best
    }

    /// The digests of a file that are compared with one that stands in the package, where the
    /// comparison ends something.
    fn compared_digests(&mut self, program: &Rc<Program>, file: FileId) -> Vec<(ExprId, Check)> {
        let Some(index) = self.index(file) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        // An assertion ends the program.
        for (call, function) in program.calls.clone() {
            let Expr::Call { callee, args, .. } = program.expr(call) else {
                continue;
            };
            let asserts = matches!(program.expr(callee), Expr::Name(name, _) if program.name(name) == "assert_eq!");
            if let [left, right, ..] = program.list(args)[..]
                && asserts
            {
                let check = Check {
                    function,
                    at: call,
                    returns: false,
                    branches: [false; 2],
                    partly: false,
                    turned: false,
                    then_fails: None,
                };
                self.compared(program, file, &[left, right], check, &mut out);
            }
        }
        let whole = index.guards.iter().map(|guard| {
            let check = Check {
                function: guard.function,
                at: guard.test,
                returns: false,
                branches: [guard.held_returns, guard.failed_returns],
                partly: false,
                turned: false,
                then_fails: None,
            };
            (*guard, check)
        });
        let mut tests: Vec<(Guard, Check)> = whole.collect();
        let mut seen = 0;
        while let Some((guard, check)) = tests.pop() {
            seen += 1;
            if seen > 2_000 {
                break;
            }
            let of = |test: ExprId| (Guard { test, ..guard }, check);
            match program.expr(guard.test) {
                // What ends where both are the same checks nothing.
                Expr::Binary(Binary::Ne, left, right) if guard.held => {
                    self.compared(program, file, &[left, right], fails(check, true), &mut out);
                }
                Expr::Binary(Binary::Eq, left, right) if guard.failed => {
                    self.compared(program, file, &[left, right], fails(check, false), &mut out);
                }
                Expr::Unary(Unary::Not, inner) => {
                    let turned = Guard {
                        test: inner,
                        held: guard.failed,
                        failed: guard.held,
                        ..guard
                    };
                    let check = Check {
                        turned: !check.turned,
                        ..check
                    };
                    tests.push((turned, check));
                }
                Expr::Unary(_, inner) => tests.push(of(inner)),
                // `const same = sum === expected; if (!same) throw`.
                Expr::Name(atom, scope) => {
                    let symbol = program.resolve(atom, scope);
                    let values = symbol.map(|symbol| &program.symbol(symbol).values[..]);
                    if let Some([only]) = values
                        && matches!(
                            program.expr(*only),
                            Expr::Binary(..) | Expr::Call { .. } | Expr::Unary(..)
                        )
                    {
                        tests.push(of(*only));
                    }
                }
                Expr::Logic(how, left, right) => {
                    // `if (asked && sum !== expected) throw`: the other side has a say.
                    let lets_through = match how {
                        Logic::And => guard.held,
                        Logic::Or => guard.failed,
                        Logic::Nullish => true,
                    };
                    for (side, other) in [(left, right), (right, left)] {
                        let asks_the_table = self.asks_for(program, file, other);
                        let check = Check {
                            partly: check.partly || lets_through && !asks_the_table,
                            ..check
                        };
                        tests.push((
                            Guard {
                                test: side,
                                ..guard
                            },
                            check,
                        ));
                    }
                }
                Expr::Call { callee, args, .. } => {
                    // `digest.equals(expected)`, `timingSafeEqual(a, b)`.
                    tests.extend(program.list(args).iter().copied().map(of));
                    if let Expr::Member(object, name) = program.expr(callee)
                        && match program.name(name) {
                            "equals" | "compare_digest" | "timingSafeEqual" | "includes" => {
                                guard.failed
                            }
                            "compare" => guard.held,
                            _ => false,
                        }
                    {
                        let args = program.list(args).to_vec();
                        let sides: Vec<ExprId> = args.iter().copied().chain([object]).collect();
                        let fails_then = program.name(name) == "compare";
                        self.compared(program, file, &sides, fails(check, fails_then), &mut out);
                    }
                }
                _ => {}
            }
        }
        out
    }

    /// Whether a test asks no more than whether there is a digest in the package to compare with.
    fn asks_for(&mut self, program: &Rc<Program>, file: FileId, test: ExprId) -> bool {
        match program.expr(test) {
            Expr::Unary(_, inner) => self.asks_for(program, file, inner),
            _ => self.is_pinned(program, file, test),
        }
    }

    /// Adds the digests among some sides, of which another one stands in the package.
    fn compared(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        sides: &[ExprId],
        check: Check,
        out: &mut Vec<(ExprId, Check)>,
    ) {
        for side in sides {
            let digest = self.is_digest(program, file, *side, 0);
            let known = sides
                .iter()
                .any(|other| other != side && self.is_pinned(program, file, *other));
            if digest && known {
                out.push((*side, check));
            }
        }
    }

    /// Gathers what a digest is made of.
    fn hashed(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        level: u8,
        into: &mut Hashed,
    ) {
        if level > LEVELS {
            into.unknown = true;
            return;
        }
        match program.expr(expr) {
            Expr::Name(atom, scope) => {
                let Some(symbol) = program.resolve(atom, scope) else {
                    return;
                };
                for value in program.symbol(symbol).values.iter().take(8) {
                    self.hashed(program, file, *value, level + 1, into);
                }
                // `hash.update(bytes)` in a line of its own.
                let index = self.index(file);
                let fed = index
                    .as_ref()
                    .and_then(|index| index.mutations.get(&symbol));
                for value in fed.map(Vec::as_slice).unwrap_or_default().iter().take(16) {
                    self.fed(program, file, *value, level, into);
                }
                // `stream.pipe(hash)`.
                for (call, _) in &program.calls {
                    let Expr::Call { callee, args, .. } = program.expr(*call) else {
                        continue;
                    };
                    let takes = program.list(args).iter().any(|arg| {
                        matches!(program.expr(*arg), Expr::Name(atom, scope) if program.resolve(atom, scope) == Some(symbol))
                    });
                    if takes
                        && let Expr::Member(stream, name) = program.expr(callee)
                        && matches!(program.name(name), "pipe" | "copy" | "pipeline")
                    {
                        self.fed(program, file, stream, level, into);
                    }
                }
            }
            Expr::Call { callee, args, .. } => {
                for arg in program.list(args) {
                    self.fed(program, file, *arg, level, into);
                }
                if let Value::Function(closure) = self.machine.fold(file, callee)
                    && let Some(inner) = self.program(closure.file)
                {
                    let returns = inner.function(closure.function).returns.clone();
                    for value in returns.iter().take(8) {
                        self.hashed(&inner, closure.file, *value, level + 1, into);
                    }
                } else if let Expr::Member(object, _) = program.expr(callee) {
                    self.hashed(program, file, object, level + 1, into);
                }
            }
            Expr::Await(inner) | Expr::Member(inner, _) => {
                self.hashed(program, file, inner, level + 1, into);
            }
            Expr::Concat(items) => {
                for item in program.list(items) {
                    self.fed(program, file, *item, level, into);
                }
            }
            _ => {}
        }
    }

    /// Something that goes into a hash, or a hash within another expression.
    fn fed(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        level: u8,
        into: &mut Hashed,
    ) {
        if matches!(program.expr(expr), Expr::Function(_)) {
            return;
        }
        if self.is_digest(program, file, expr, 0) {
            self.hashed(program, file, expr, level + 1, into);
            return;
        }
        let labels = self.labels(file, expr, None);
        let remote = |label: &&Label| label.kind == SourceKind::Remote;
        let before = into.fetched.len();
        into.fetched
            .extend(labels.iter().filter(remote).map(fetched));
        // A constant or a file of the package is no download: its digest says nothing of one.
        let own = |label: &Label| matches!(label.kind, SourceKind::OwnFile | SourceKind::Decoded);
        let decoy = self.is_constant(program, file, expr, 0)
            || !labels.is_empty() && labels.iter().all(own);
        into.unknown |= into.fetched.len() == before && !decoy;
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
            Expr::Call { callee, args, .. } => {
                let called = self.machine.fold(file, callee);
                if let Value::Function(closure) = &called
                    && let Some(inner) = self.program(closure.file)
                {
                    let returns = inner.function(closure.function).returns.clone();
                    return returns
                        .iter()
                        .take(8)
                        .any(|value| self.is_digest(&inner, closure.file, *value, level + 1));
                }
                // The same digest in letters.
                if called.path().is_some_and(writes_bytes)
                    && let [bytes, ..] = program.list(args)[..]
                {
                    return self.is_digest(program, file, bytes, level + 1);
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

/// Functions that write the bytes that they are given in letters.
fn writes_bytes(path: &str) -> bool {
    matches!(
        path,
        "hex.encode"
            | "hex.encode_upper"
            | "base16ct.lower.encode_string"
            | "faster_hex.hex_string"
            | "base64.encode"
            | "base64.b64encode"
            | "base64.b16encode"
            | "binascii.hexlify"
            | "binascii.b2a_hex"
    )
}
