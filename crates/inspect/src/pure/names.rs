//! Names put in the place of what makes them. Which ones says somebody else ([`Names`]); here
//! is where they may stand in a program.

use crate::ir::{Atom, Const, ConstId, Expr, ExprId, Program};

/// Whoever knows what makes a name.
pub(crate) trait Names {
    /// The name that an expression makes.
    fn name(&mut self, expr: ExprId) -> Option<String>;
    /// The same of the second argument of a call, where what is called gives members by name.
    fn member(&mut self, callee: ExprId, key: ExprId) -> Option<String>;
}

/// What becomes of an expression.
enum Plain {
    /// A member of an object.
    Member(ExprId, String),
    /// A text.
    Text(String),
}

/// What is put into a program.
#[derive(Default)]
pub(crate) struct Changes {
    exprs: Vec<(ExprId, Plain)>,
    /// The names of what is stored into properties.
    stores: Vec<(usize, String)>,
}

impl Changes {
    /// All that may be put into a program.
    pub(crate) fn of(program: &Program, names: &mut impl Names) -> Self {
        let mut changes = Self::default();
        for at in 0..program.size() {
            let id = ExprId(at as u32);
            match program.expr(id) {
                Expr::Index(object, key) => {
                    if let Some(name) = names.name(key) {
                        changes.exprs.push((id, Plain::Member(object, name)));
                    }
                }
                Expr::Call {
                    callee,
                    args,
                    new: false,
                } => changes.call(id, callee, program.list(args), names),
                _ => {}
            }
        }
        for (at, store) in program.stores.iter().enumerate() {
            if let Some(key) = store.computed
                && let Some(name) = names.name(key)
            {
                changes.stores.push((at, name));
            }
        }
        changes
    }

    fn call(&mut self, id: ExprId, callee: ExprId, args: &[ExprId], names: &mut impl Names) {
        if let [object, key] = args
            && let Some(name) = names.member(callee, *key)
        {
            self.exprs.push((id, Plain::Member(*object, name)));
            return;
        }
        for arg in args {
            if let Some(name) = names.name(*arg) {
                self.exprs.push((*arg, Plain::Text(name)));
            }
        }
    }

    /// Whether there is nothing to be done.
    pub(crate) fn is_empty(&self) -> bool {
        self.exprs.is_empty() && self.stores.is_empty()
    }

    /// Puts them into the program that they were found in.
    pub(crate) fn put_into(self, program: &mut Program) {
        for (at, change) in self.exprs {
            let plain = match change {
                Plain::Member(object, name) => Expr::Member(object, atom(program, &name)),
                Plain::Text(text) => {
                    program.consts.push(Const::Text(text.into()));
                    Expr::Const(ConstId(program.consts.len() as u32 - 1))
                }
            };
            if let Some(expr) = program.exprs.get_mut(at.at()) {
                *expr = plain;
            }
        }
        for (at, name) in self.stores {
            let atom = atom(program, &name);
            if let Some(store) = program.stores.get_mut(at) {
                store.key = Some(atom);
                store.computed = None;
            }
        }
    }
}

fn atom(program: &mut Program, name: &str) -> Atom {
    if let Some(atom) = program.atom(name) {
        return atom;
    }
    let atom = Atom(program.names.len() as u32);
    program.names.push(name.into());
    program.atoms.insert(name, atom.0);
    atom
}
