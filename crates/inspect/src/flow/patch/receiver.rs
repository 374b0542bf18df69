//! The receiver of a transaction, where code puts a constant in its place.

use super::is_address;
use crate::flow::Analysis;
use crate::ir::{Expr, ExprId, FuncId, Program};
use crate::pure::{FileId, Value};
use std::rc::Rc;

/// Objects within each other that are looked into.
const LEVELS: u8 = 3;

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
            let Expr::Call { args, .. } = program.expr(call) else {
                continue;
            };
            for arg in program.list(args).to_vec() {
                if let Some((at, address)) = self.receiver_in(program, file, arg, 0) {
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
    ) -> Option<(ExprId, String)> {
        if level > LEVELS {
            return None;
        }
        match program.expr(object) {
            Expr::Object(entries) => {
                // One that holds nothing of what was given replaces nothing of it.
                let pairs = program.list(entries).to_vec();
                let keeps = pairs
                    .chunks_exact(2)
                    .any(|pair| matches!(program.expr(pair[0]), Expr::Spread(_)));
                pairs.chunks_exact(2).find_map(|pair| {
                    let key = program.text(pair[0])?;
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
                    .find_map(|arg| self.receiver_in(program, file, arg, level + 1))
            }
            _ => None,
        }
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
