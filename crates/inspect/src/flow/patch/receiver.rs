//! The receiver of a transaction, where code puts a constant in its place.

use super::is_address;
use crate::flow::Analysis;
use crate::ir::{Expr, ExprId, FuncId, Program};
use crate::pure::{FileId, Value};
use std::rc::Rc;

/// Objects within each other that are looked into.
const LEVELS: u8 = 3;

/// Functions of a table that are looked at.
const HANDLERS: usize = 8;
/// Elements of a list, and values that a function gives, that are looked at.
const PARTS: usize = 4;

/// Whether a property says who receives.
pub(super) fn is_receiver(key: &str) -> bool {
    matches!(
        key,
        "to" | "recipient"
            | "destination"
            | "toAddress"
            | "toPubkey"
            | "address"
            | "spender"
            | "pubkey"
    )
}

/// The name of a method of a wallet's class, where nobody knows which library the class is of:
/// `found.Wallet.prototype.sendTransaction`. A class of the package itself is known.
pub(super) fn method_of_wallet(program: &Program, object: ExprId, key: &str) -> Option<String> {
    let sends = matches!(
        key,
        "sendTransaction" | "signTransaction" | "signAndSendTransaction" | "signAllTransactions"
    );
    if matches!(key, "sendTrx" | "sendToken") {
        return is_builder(program, object, LEVELS).then(|| format!("transactionBuilder.{key}"));
    }
    let Expr::Member(class, prototype) = program.expr(object) else {
        return None;
    };
    if !sends || program.name(prototype) != "prototype" {
        return None;
    }
    let name = match program.expr(class) {
        Expr::Member(_, name) | Expr::Name(name, _) => program.name(name),
        _ => return None,
    };
    Some(format!("{name}.prototype.{key}"))
}

/// Whether an address has the mark of its chain: Ethereum's, Bitcoin's, Tron's.
fn is_marked(address: &str) -> bool {
    address.starts_with("0x")
        || address.starts_with("bc1")
        || address.starts_with('T') && address.len() == 34
}

/// Whether it is what a client of Tron makes its transfers with.
fn is_builder(program: &Program, object: ExprId, levels: u8) -> bool {
    match program.expr(object) {
        Expr::Member(_, name) => program.name(name) == "transactionBuilder",
        Expr::Name(atom, scope) if levels > 0 => {
            let symbol = program.resolve(atom, scope);
            symbol.is_some_and(|symbol| {
                let mut values = program.symbol(symbol).values.iter();
                values.any(|value| is_builder(program, *value, levels - 1))
            })
        }
        _ => false,
    }
}

impl Analysis<'_> {
    /// A constant receiver in an object that a call of some functions is given:
    /// `send.call(this, {...tx, to: ADDRESS})`.
    pub(super) fn receiver_in_objects(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        inside: &[FuncId],
    ) -> Option<(ExprId, Option<String>)> {
        for (call, owner) in program.calls.clone() {
            if !inside.contains(&owner) {
                continue;
            }
            let Expr::Call { callee, args, .. } = program.expr(call) else {
                continue;
            };
            // A transfer of its own, which nobody asked for, needs nothing of what was given.
            let callee = self.machine.fold(file, callee);
            let pays = callee
                .path()
                .is_some_and(|path| path.ends_with("SystemProgram.transfer"));
            for arg in program.list(args).to_vec() {
                if let Some((at, address)) = self.receiver_in(program, file, arg, u8::from(pays), 0)
                {
                    return Some((at, Some(address)));
                }
            }
        }
        None
    }

    fn receiver_in(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        level: u8,
        depth: u8,
    ) -> Option<(ExprId, String)> {
        if level > LEVELS || depth > LEVELS {
            return None;
        }
        match program.expr(object) {
            Expr::Cond(_, left, right) | Expr::Logic(_, left, right) => [left, right]
                .into_iter()
                .find_map(|side| self.receiver_in(program, file, side, level, depth + 1)),
            Expr::Array(items) => {
                let items = program.list(items).to_vec();
                items
                    .into_iter()
                    .take(PARTS)
                    .find_map(|item| self.receiver_in(program, file, item, level, depth + 1))
            }
            // `handlers[method](given)`.
            Expr::Call { callee, .. } if matches!(program.expr(callee), Expr::Index(..)) => {
                let Expr::Index(table, _) = program.expr(callee) else {
                    return None;
                };
                let Value::Object(table) = self.machine.fold(file, table) else {
                    return None;
                };
                let entries = table.entries.borrow();
                let functions = entries.iter().filter_map(|(_, value)| match value {
                    Value::Function(closure) if closure.file == file => Some(closure.function),
                    _ => None,
                });
                let functions: Vec<FuncId> = functions.take(HANDLERS).collect();
                drop(entries);
                functions.into_iter().find_map(|function| {
                    let returns = program.function(function).returns.clone();
                    returns
                        .into_iter()
                        .take(PARTS)
                        .find_map(|value| self.receiver_in(program, file, value, level, depth + 1))
                })
            }
            Expr::Object(entries) => {
                // One that holds nothing of what was given replaces nothing of it.
                let pairs = program.list(entries).to_vec();
                let keeps = pairs
                    .chunks_exact(2)
                    .any(|pair| matches!(program.expr(pair[0]), Expr::Spread(_)));
                pairs.chunks_exact(2).find_map(|pair| {
                    let key = program.text(pair[0])?;
                    if key == "params" && keeps {
                        return self.receiver_in(program, file, pair[1], level, depth + 1);
                    }
                    if !is_receiver(key) || level == 0 && !keeps {
                        return None;
                    }
                    let value = self.machine.fold(file, pair[1]);
                    Some((pair[1], self.address_of(&value)?))
                })
            }
            // `Object.assign({}, tx, {to: ADDRESS})`.
            Expr::Call { callee, args, .. } => {
                let assigns = self.machine.fold(file, callee);
                if assigns.path() != Some("Object.assign") {
                    return None;
                }
                let args = program.list(args).to_vec();
                args.into_iter()
                    .find_map(|arg| self.receiver_in(program, file, arg, level + 1, depth))
            }
            _ => None,
        }
    }

    /// An address of the package's own that a function chooses instead of what it was given, or puts
    /// under the name of it: `send(isAddress(t) ? MINE : t)`, `params = [{...params[0], to: MINE}]`.
    pub(super) fn chosen_address(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        function: FuncId,
    ) -> Option<(ExprId, Option<String>)> {
        let is_function = |expr: &&Expr| **expr == Expr::Function(function);
        let at = program.exprs.iter().position(|expr| is_function(&expr))?;
        let within = program.span(ExprId(at as u32));
        let has_pattern = super::holds_address_pattern(program);
        for number in 0..program.size() {
            let id = ExprId(number as u32);
            let span = program.span(id);
            if span.start < within.start || span.end > within.end {
                continue;
            }
            match program.expr(id) {
                // Where it is asked whether an address was given, or for what was given itself.
                Expr::Cond(_, then, other) => {
                    for (address, kept) in [(then, other), (other, then)] {
                        let named = match program.expr(kept) {
                            Expr::Name(..) | Expr::Member(..) if has_pattern => true,
                            Expr::Name(atom, scope) => {
                                let symbol = program.resolve(atom, scope);
                                symbol.is_some_and(|symbol| {
                                    let mut values = program.symbol(symbol).values.iter();
                                    values.any(|value| {
                                        matches!(program.expr(*value), Expr::Param(of, _) if of == function)
                                    })
                                })
                            }
                            _ => false,
                        };
                        if named
                            && let Some(text) = self.own_address(file, address)
                            && (has_pattern || is_marked(&text))
                        {
                            return Some((address, Some(text)));
                        }
                    }
                }
                Expr::Assign(target, value) => {
                    let Expr::Name(atom, scope) = program.expr(target) else {
                        continue;
                    };
                    let symbol = program.resolve(atom, scope);
                    let given = symbol.is_some_and(|symbol| {
                        let values = &program.symbol(symbol).values;
                        values.iter().any(|value| is_given(program, *value))
                    });
                    if !given {
                        continue;
                    }
                    if has_pattern && let Some(text) = self.own_address(file, value) {
                        return Some((value, Some(text)));
                    }
                    let items = match program.expr(value) {
                        Expr::Array(items) => program.list(items).to_vec(),
                        _ => vec![value],
                    };
                    for item in items {
                        if let Some((at, address)) = self.receiver_in(program, file, item, 0, 0) {
                            return Some((at, Some(address)));
                        }
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// An address that stands in the package, in the letters that only addresses have.
    fn own_address(&mut self, file: FileId, expr: ExprId) -> Option<String> {
        let value = self.machine.fold(file, expr);
        let text = value.known_text().filter(|text| is_address(text))?;
        let is_chain = text.starts_with("0x")
            || text.starts_with("bc1")
            || !text.contains(['0', 'O', 'I', 'l']) && text.len() > 25;
        is_chain.then(|| text.to_owned())
    }

    /// The address that a value is: a text, or a key that a library makes of one.
    pub(super) fn address_of(&mut self, value: &Value) -> Option<String> {
        if let Some(text) = value.known_text() {
            return is_address(text).then(|| text.to_owned());
        }
        let Value::Native(native) = value else {
            return None;
        };
        if !native.path.ends_with("PublicKey()") {
            return None;
        }
        let (file, made) = native.made_at?;
        let program = self.program(file)?;
        let Expr::Call { args, .. } = program.expr(made) else {
            return None;
        };
        let text = self.machine.fold(file, *program.list(args).first()?);
        text.known_text().map(str::to_owned)
    }
}

/// Whether an expression is what a function is given, or a part of it.
fn is_given(program: &Program, expr: ExprId) -> bool {
    let mut at = expr;
    for _ in 0..4 {
        at = match program.expr(at) {
            Expr::Param(..) => return true,
            Expr::Member(object, _) | Expr::Index(object, _) => object,
            Expr::Logic(_, left, _) => left,
            _ => return false,
        };
    }
    false
}
