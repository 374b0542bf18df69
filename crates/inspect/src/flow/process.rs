//! Names that all code of a process sees, whatever file it stands in.

use crate::ir::{Expr, ExprId, Language, Program, Store};

/// What all code of a process sees.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Shared {
    /// A property of the global object.
    Global(Box<str>),
    /// A variable of the environment.
    Environment(Box<str>),
}

impl Shared {
    /// Where something is put, if all code sees it there.
    pub(super) fn stored(program: &Program, store: &Store) -> Option<Self> {
        let key = match (store.key, store.computed) {
            (Some(key), _) => program.name(key),
            (None, Some(computed)) => program.text(computed)?,
            (None, None) => return None,
        };
        Self::of(program, store.object, key)
    }

    /// What a property is, if all code sees it.
    pub fn of(program: &Program, object: ExprId, key: &str) -> Option<Self> {
        if program.language != Language::JavaScript {
            return None;
        }
        let is_free = |object: ExprId, names: &[&str]| match program.expr(object) {
            Expr::Name(name, scope) => {
                names.contains(&program.name(name)) && program.resolve(name, scope).is_none()
            }
            _ => false,
        };
        match program.expr(object) {
            Expr::Name(..) if is_free(object, &["global", "globalThis", "self", "window"]) => {
                Some(Self::Global(key.into()))
            }
            Expr::Member(process, env)
                if program.name(env) == "env" && is_free(process, &["process"]) =>
            {
                Some(Self::Environment(key.into()))
            }
            _ => None,
        }
    }
}
