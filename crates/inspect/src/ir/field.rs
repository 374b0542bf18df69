//! Fields of the objects of a class, by what a file puts into them.

use super::{Atom, Expr, ExprId, FuncId, Language, Program, Store, SymbolId};

/// A field: the class of its object, and its name. Functions that make objects, and literals,
/// have no class; what is put into fields of theirs is told apart by the name alone.
pub type Field = (Option<ExprId>, Atom);

impl Program {
    /// The class whose objects a function runs on.
    pub fn class_around(&self, mut function: FuncId) -> Option<ExprId> {
        loop {
            let here = self.function(function);
            if here.class.is_some() || !here.arrow {
                return here.class;
            }
            function = here.parent?;
        }
    }

    /// The function on whose object an expression stands for: `this`, and the `self` of a method.
    pub fn own_object(&self, object: ExprId) -> Option<FuncId> {
        match self.expr(object) {
            Expr::This(function) => Some(function),
            Expr::Name(atom, scope) => match self.symbol(self.resolve(atom, scope)?).values[..] {
                [only] => match self.expr(only) {
                    Expr::This(function) => Some(function),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// The field of the own object that something is put into.
    pub fn own_field(&self, store: &Store) -> Option<Field> {
        let function = self.own_object(store.object)?;
        Some((self.class_around(function), store.key?))
    }

    /// What values of the types of a file of Rust are made with: `A { a: 1 }`, `A(1)`.
    pub fn made_fields(&self) -> Vec<(Field, ExprId)> {
        let mut out = Vec::new();
        if self.language != Language::Rust {
            return out;
        }
        for expr in &self.exprs {
            match *expr {
                Expr::Object(entries) => {
                    let pairs = self.list(entries).chunks_exact(2);
                    let class = pairs.clone().find_map(|pair| match self.expr(pair[0]) {
                        Expr::Spread(made) => self.made_class(made),
                        _ => None,
                    });
                    let Some(class) = class else {
                        continue;
                    };
                    for pair in pairs {
                        if let Some(name) = self.text(pair[0]).and_then(|name| self.atom(name)) {
                            out.push(((Some(class), name), pair[1]));
                        }
                    }
                }
                Expr::Call { callee, args, .. } => {
                    let Some(class) = self.class_named(callee) else {
                        continue;
                    };
                    for (position, arg) in self.list(args).iter().enumerate() {
                        if let Some(name) = self.atom(&position.to_string()) {
                            out.push(((Some(class), name), *arg));
                        }
                    }
                }
                _ => {}
            }
        }
        out
    }

    /// The class of what a call makes.
    fn made_class(&self, made: ExprId) -> Option<ExprId> {
        match self.expr(made) {
            Expr::Call { callee, .. } => self.class_named(callee),
            _ => None,
        }
    }

    fn class_named(&self, name: ExprId) -> Option<ExprId> {
        let Expr::Name(atom, scope) = self.expr(name) else {
            return None;
        };
        let symbol: SymbolId = self.resolve(atom, scope)?;
        let mut values = self.symbol(symbol).values.iter().copied();
        values.find(|value| matches!(self.expr(*value), Expr::Class(_)))
    }
}
