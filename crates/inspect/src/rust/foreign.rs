//! What stands in `impl` and `trait`, and functions of C's library that a file declares.

use super::Lowering;
use super::types::type_name;
use crate::ir::{ExprId, Span};
use syn::{Expr, ForeignItem, ImplItem, Lit, TraitItem};

/// Functions of C's library that start something.
const STARTS: [&str; 10] = [
    "system",
    "popen",
    "execl",
    "execlp",
    "execle",
    "execv",
    "execvp",
    "execve",
    "posix_spawn",
    "posix_spawnp",
];

impl Lowering {
    /// The methods and constants of an `impl`.
    pub(super) fn implemented(&mut self, block: &syn::ItemImpl, at: Span) {
        let of = type_name(&block.self_ty);
        let outer = std::mem::replace(&mut self.own, of.clone());
        let generics = self.enter_generics(&block.generics);
        let by = block.trait_.as_ref().and_then(|(_, path, _)| {
            let last = path.segments.last();
            last.map(|segment| segment.ident.to_string())
        });
        if let (Some(of), Some(by)) = (&of, &by) {
            self.types.has_trait(of, by);
        }
        for item in &block.items {
            match item {
                ImplItem::Fn(method) => {
                    let name = method.sig.ident.to_string();
                    let inner = self.enter_generics(&method.sig.generics);
                    let id = self.function(&name, &method.sig.inputs, &method.block, at);
                    self.generics.truncate(inner);
                    self.types.method(of.as_deref(), &name, id);
                    self.types.give(of.as_deref(), &name, id, by.as_deref());
                }
                ImplItem::Const(constant) => {
                    let value = self.expression(&constant.expr);
                    let name = constant.ident.to_string();
                    self.types.give(of.as_deref(), &name, value, None);
                }
                _ => {}
            }
        }
        self.generics.truncate(generics);
        self.own = outer;
    }

    /// The methods that a trait has of its own.
    pub(super) fn by_default(&mut self, made: &syn::ItemTrait, at: Span) {
        let name = made.ident.to_string();
        let outer = self.own.replace(name.clone());
        let generics = self.enter_generics(&made.generics);
        for item in &made.items {
            match item {
                TraitItem::Fn(method) => {
                    let Some(block) = &method.default else {
                        continue;
                    };
                    let called = method.sig.ident.to_string();
                    let inner = self.enter_generics(&method.sig.generics);
                    let id = self.function(&called, &method.sig.inputs, block, at);
                    self.generics.truncate(inner);
                    self.types.method(None, &called, id);
                    self.types.give(Some(&name), &called, id, None);
                }
                TraitItem::Const(constant) => {
                    if let Some((_, value)) = &constant.default {
                        let value = self.expression(value);
                        let called = constant.ident.to_string();
                        self.types.give(Some(&name), &called, value, None);
                    }
                }
                _ => {}
            }
        }
        self.generics.truncate(generics);
        self.own = outer;
    }

    /// Functions of C that are declared here and stand in its library.
    pub(super) fn foreign(&mut self, block: &syn::ItemForeignMod) {
        for item in &block.items {
            let ForeignItem::Fn(function) = item else {
                continue;
            };
            let name = function.sig.ident.to_string();
            let linked = function
                .attrs
                .iter()
                .find_map(|attribute| match &attribute.meta {
                    syn::Meta::NameValue(pair) if pair.path.is_ident("link_name") => {
                        match &pair.value {
                            Expr::Lit(literal) => match &literal.lit {
                                Lit::Str(text) => Some(text.value()),
                                _ => None,
                            },
                            _ => None,
                        }
                    }
                    _ => None,
                });
            let meant = linked.unwrap_or_else(|| name.clone());
            if STARTS.contains(&meant.as_str()) {
                let at = self.span(function);
                let value = self.dotted(&format!("libc.{meant}"), at);
                self.assign_name(&name, value, at);
            }
        }
    }

    /// Notes the types that a function or a type is made for; gives how many there were before.
    pub(super) fn enter_generics(&mut self, generics: &syn::Generics) -> usize {
        let before = self.generics.len();
        let names = generics.type_params().map(|param| param.ident.to_string());
        self.generics.extend(names);
        before
    }

    /// A text as C has it, without the end that it is written with.
    pub(super) fn without_end(text: &str) -> &str {
        let plain = text.trim_end_matches('\0');
        if plain
            .chars()
            .all(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        {
            plain
        } else {
            text
        }
    }

    /// `A::from(a)` and its like, where a value of a type of the file is made by what a name is
    /// declared as: `let a: A = b.into()`.
    pub(super) fn made_for(&mut self, of: &syn::Type, init: &Expr, value: ExprId) -> ExprId {
        let Some(name) = type_name(of).filter(|name| self.types.is_type(name)) else {
            return value;
        };
        let Some((by, given)) = maker(init) else {
            return value;
        };
        let at = self.builder.program().span(value);
        let class = self.builder.name(&name, at);
        let callee = self.builder.member(class, by, at);
        let args: &[ExprId] = if given { &[value] } else { &[] };
        self.types.made(&name);
        self.builder.call(callee, args, false, at)
    }
}

/// What makes a value of whatever type is wanted, and whether it is given something.
fn maker(init: &Expr) -> Option<(&'static str, bool)> {
    match init {
        Expr::Try(inner) => maker(&inner.expr),
        Expr::Paren(inner) => maker(&inner.expr),
        Expr::Group(inner) => maker(&inner.expr),
        Expr::MethodCall(call) => match call.method.to_string().as_str() {
            "unwrap" | "expect" | "unwrap_or_default" => maker(&call.receiver),
            "into" => Some(("from", true)),
            "try_into" => Some(("try_from", true)),
            "parse" => Some(("from_str", true)),
            "collect" => Some(("from_iter", true)),
            _ => None,
        },
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => {
                let mut names = path.path.segments.iter().rev();
                let (last, of) = (names.next()?, names.next()?);
                match (
                    of.ident.to_string().as_str(),
                    last.ident.to_string().as_str(),
                ) {
                    ("Default", "default") => Some(("default", false)),
                    ("From", "from") => Some(("from", true)),
                    ("FromStr", "from_str") => Some(("from_str", true)),
                    _ => None,
                }
            }
            _ => None,
        },
        _ => None,
    }
}
