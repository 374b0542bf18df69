//! Items: functions, types, modules, imports, and the names that they bind.

use super::Lowering;
use super::types::file_of;
use crate::ir::{Expr as Ir, ExprId, Span, Stmt as IrStmt};
use syn::punctuated::Punctuated;
use syn::{Expr, FnArg, Item, Lit, UseTree};

/// Whether an attribute puts a function where the loader calls it by itself.
fn is_start_section(attribute: &syn::Attribute) -> bool {
    const SECTIONS: [&str; 5] = [
        "init_array",
        "fini_array",
        ".ctors",
        "mod_init_func",
        ".CRT$X",
    ];
    let text = match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("link_section") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => text.value(),
                _ => return false,
            },
            _ => return false,
        },
        // `unsafe(link_section = "…")`, `cfg_attr(…, link_section = "…")`.
        syn::Meta::List(list) => list.tokens.to_string(),
        _ => return false,
    };
    let here = attribute.path().is_ident("link_section") || text.contains("link_section");
    here && SECTIONS.iter().any(|section| text.contains(section))
}

impl Lowering {
    /// The items of a file.
    pub(super) fn file(&mut self, items: Vec<Item>) {
        let items = self.expanded(items, 0);
        self.types.declare(&items, 0);
        self.items(&items);
    }

    pub(super) fn items(&mut self, items: &[Item]) {
        for item in items {
            let _ = self.deeper(|this| this.item(item));
        }
    }

    pub(super) fn item(&mut self, item: &Item) {
        let at = self.span(item);
        match item {
            Item::Fn(function) => {
                let name = function.sig.ident.to_string();
                let generics = self.enter_generics(&function.sig.generics);
                let id = self.function(&name, &function.sig.inputs, &function.block, at);
                self.generics.truncate(generics);
                let symbol = self.builder.declare(&name);
                self.builder.value(symbol, id);
                let marked = |names: &[&str]| {
                    function.attrs.iter().any(|attribute| {
                        let last = attribute.path().segments.last();
                        last.is_some_and(|segment| names.iter().any(|name| segment.ident == name))
                    })
                };
                let is_macro = marked(&["proc_macro", "proc_macro_derive", "proc_macro_attribute"]);
                if marked(&["ctor", "dtor"]) {
                    self.builder.starter(id);
                }
                if is_macro {
                    // The compiler calls it, and compiles what it gives.
                    if let Ir::Function(function) = self.builder.program().expr(id) {
                        self.builder.expander(function);
                    }
                    let call = self.builder.call(id, &[], false, at);
                    self.body.push(IrStmt::Expr(call));
                }
            }
            Item::Use(tree) => self.imported(&tree.tree, String::new(), at),
            Item::Const(constant) => {
                let value = self.expression(&constant.expr);
                self.assign_name(&constant.ident.to_string(), value, at);
            }
            Item::Static(constant) => {
                let value = self.expression(&constant.expr);
                if constant.attrs.iter().any(is_start_section) {
                    self.builder.starter(value);
                }
                self.assign_name(&constant.ident.to_string(), value, at);
            }
            Item::Mod(module) => match &module.content {
                Some((_, items)) => self.items(items),
                None => {
                    let name = module.ident.to_string();
                    let value = self.builder.import(&file_of(module), at);
                    self.assign_name(&name, value, at);
                }
            },
            Item::Impl(block) => self.implemented(block, at),
            Item::Trait(made) => self.by_default(made, at),
            Item::ForeignMod(block) => self.foreign(block),
            Item::Type(alias) => {
                if let syn::Type::Path(path) = &*alias.ty
                    && path.qself.is_none()
                {
                    let value = self.path(&path.path, at);
                    self.assign_name(&alias.ident.to_string(), value, at);
                }
            }
            Item::Macro(call) if self.rules_of(call) => {}
            Item::Macro(call) => {
                self.included(&call.mac);
                let value = self.macro_call(&call.mac, at);
                self.body.push(IrStmt::Expr(value));
            }
            _ => {}
        }
    }

    pub(super) fn assign_name(&mut self, name: &str, value: ExprId, at: Span) {
        self.builder.declare(name);
        let target = self.builder.name(name, at);
        let assigned = self.builder.assign(target, value, at);
        self.body.push(IrStmt::Expr(assigned));
    }

    fn imported(&mut self, tree: &UseTree, prefix: String, at: Span) {
        let join = |name: &str| {
            if prefix.is_empty() {
                name.to_owned()
            } else {
                format!("{prefix}.{name}")
            }
        };
        match tree {
            UseTree::Path(path) => self.imported(&path.tree, join(&path.ident.to_string()), at),
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                if name == "cmd" {
                    self.commands_of = Some(prefix.clone());
                }
                if name == "self" {
                    let last = prefix.rsplit('.').next().unwrap_or(&prefix).to_owned();
                    self.path_alias(&last, &prefix.clone(), at);
                } else {
                    self.path_alias(&name.clone(), &join(&name), at);
                }
            }
            UseTree::Rename(rename) => self.path_alias(
                &rename.rename.to_string(),
                &join(&rename.ident.to_string()),
                at,
            ),
            // All names of a module of the package.
            UseTree::Glob(_) => {
                let module = prefix.rsplit('.').next().unwrap_or_default();
                let is_plain = prefix
                    .split('.')
                    .all(|part| part == module || matches!(part, "crate" | "self" | "super"));
                if let Some(file) = self.types.file(module).filter(|_| is_plain) {
                    let file = file.to_owned();
                    self.builder.star(&file);
                } else if prefix == "super" {
                    self.builder.star("super");
                }
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.imported(tree, prefix.clone(), at);
                }
            }
        }
    }

    fn path_alias(&mut self, name: &str, path: &str, at: Span) {
        // What is named from the crate itself is found under its own name.
        let mut path = path;
        while let Some((first, rest)) = path.split_once('.')
            && (matches!(first, "crate" | "self" | "super") || self.types.is_module(first))
        {
            path = rest;
        }
        if path == name || matches!(path, "crate" | "self" | "super") {
            return;
        }
        let value = self.dotted(path, at);
        self.assign_name(name, value, at);
    }

    pub(super) fn function(
        &mut self,
        name: &str,
        inputs: &Punctuated<FnArg, syn::Token![,]>,
        block: &syn::Block,
        at: Span,
    ) -> ExprId {
        let (id, back) = self.builder.enter_function(Some(name), false);
        let around = std::mem::take(&mut self.body);
        let mut position = 0_u16;
        for input in inputs {
            match input {
                FnArg::Receiver(_) => {
                    let value = self.builder.add(Ir::This(id), at);
                    self.assign_name("self", value, at);
                }
                FnArg::Typed(typed) => {
                    let value = self.builder.add(Ir::Param(id, position), at);
                    position = position.saturating_add(1);
                    self.bind(&typed.pat, value, at);
                }
            }
        }
        self.builder.function_mut(id).params = position;
        let last = self.statements(&block.stmts);
        if let Some(last) = last {
            self.builder.function_mut(id).returns.push(last);
            self.give(last);
        }
        let body = std::mem::replace(&mut self.body, around);
        self.builder.set_body(id, body);
        self.builder.leave(back);
        self.builder.add(Ir::Function(id), at)
    }
}
