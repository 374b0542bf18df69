//! Paths and what is made by them: values of types of the file, variants, methods by the name of
//! a trait.

use super::Lowering;
use super::types::{Shape, type_name};
use crate::ir::{Expr as Ir, ExprId, Span};
use syn::Expr;

impl Lowering {
    /// The names of a path, as they are found in the file.
    pub(super) fn names(&self, path: &syn::Path) -> Vec<String> {
        let last = path.segments.len().saturating_sub(1);
        let mut names: Vec<String> = Vec::with_capacity(path.segments.len());
        for (at, segment) in path.segments.iter().enumerate() {
            let name = segment.ident.to_string();
            let is_around = matches!(name.as_str(), "crate" | "self" | "super")
                || at < last && self.types.is_module(&name);
            if names.is_empty() && is_around {
                continue;
            }
            match (&self.own, name.as_str()) {
                (Some(own), "Self") => names.push(own.clone()),
                _ => names.push(name),
            }
        }
        names
    }

    /// A path that is not called.
    pub(super) fn path(&mut self, path: &syn::Path, at: Span) -> ExprId {
        let names = self.names(path);
        match &names[..] {
            [] => self.builder.name("self", at),
            [name] if self.types.shape(name) == Some(Shape::Unit) => self.make(name, &[], at),
            [of, variant] if self.types.has_variant(of, variant) => self.make(of, &[], at),
            names => self.named(names, at),
        }
    }

    fn named(&mut self, names: &[String], at: Span) -> ExprId {
        // A method of a type that is not known here.
        if let [of, method] = names
            && self.generics.contains(of)
        {
            return self.builder.name(&format!("method {method}"), at);
        }
        self.dotted(&names.join("."), at)
    }

    /// A path that is called, where something of the file is made or a trait names the method.
    /// None for any other one.
    pub(super) fn called(
        &mut self,
        path: &syn::ExprPath,
        args: &[ExprId],
        at: Span,
    ) -> Option<ExprId> {
        let names = self.names(&path.path);
        // `<A as T>::f()`.
        if let (Some(of), [.., method]) = (&path.qself, &names[..]) {
            let of = match type_name(&of.ty)? {
                own if own == "Self" => self.own.clone()?,
                of => of,
            };
            let callee = self.named(&[of, method.clone()], at);
            return Some(self.builder.call(callee, args, false, at));
        }
        match &names[..] {
            [name] if self.types.shape(name) == Some(Shape::Tuple) => {
                Some(self.make(name, args, at))
            }
            [of, variant] if self.types.has_variant(of, variant) => Some(self.make(of, args, at)),
            // `T::f(a)`: of whatever `a` is.
            [of, method] if self.types.shape(of) == Some(Shape::Trait) => {
                let (first, rest) = args.split_first()?;
                if self.own.as_ref() == Some(of) {
                    return None;
                }
                let callee = self.builder.member(*first, method, at);
                Some(self.builder.call(callee, rest, false, at))
            }
            _ => None,
        }
    }

    /// A value that is made with its fields.
    pub(super) fn with_fields(&mut self, made: &syn::ExprStruct, at: Span) -> ExprId {
        let mut entries = Vec::new();
        if let Some(rest) = &made.rest {
            let rest = self.expression(rest);
            entries.push(self.builder.add(Ir::Spread(rest), at));
            entries.push(rest);
        }
        let names = self.names(&made.path);
        let of = match &names[..] {
            [of, variant] if self.types.has_variant(of, variant) => Some(of.clone()),
            [of] if self.types.is_type(of) => Some(of.clone()),
            _ => None,
        };
        let mut fields = Vec::new();
        // Whoever has the value may call a closure that it holds.
        let mut closures = Vec::new();
        for field in &made.fields {
            let name = match &field.member {
                syn::Member::Named(name) => name.to_string(),
                syn::Member::Unnamed(index) => index.index.to_string(),
            };
            fields.push(self.builder.text(&name, at));
            let value = self.expression(&field.expr);
            if matches!(self.builder.program().expr(value), Ir::Function(_)) {
                closures.push(value);
            }
            fields.push(value);
        }
        if let Some(of) = of {
            let value = self.make(&of, &closures, at);
            entries.push(self.builder.add(Ir::Spread(value), at));
            entries.push(value);
        }
        entries.extend(fields);
        let entries = self.builder.list(&entries);
        self.builder.add(Ir::Object(entries), at)
    }

    /// What something that the library only wraps is: `Box::new(a)`.
    pub(super) fn wrapped(path: &syn::Path, args: &[ExprId]) -> Option<ExprId> {
        let [only] = args else {
            return None;
        };
        let mut names = path.segments.iter().rev();
        let last = names.next()?.ident.to_string();
        let of = names.next().map(|segment| segment.ident.to_string());
        let wraps = matches!(
            (of.as_deref(), last.as_str()),
            (_, "Some" | "Ok" | "Box" | "Err")
                | (
                    Some("Box" | "Rc" | "Arc" | "Mutex" | "RwLock" | "RefCell" | "Pin" | "CString"),
                    "new"
                )
                | (Some("Box"), "pin")
        );
        wraps.then_some(*only)
    }
}

/// Whether a method gives what it is called on as C takes it.
pub(super) fn is_for_c(name: &str) -> bool {
    matches!(
        name,
        "as_ptr" | "as_mut_ptr" | "into_raw" | "as_c_str" | "cast" | "as_bytes_with_nul"
    )
}

/// What a method call is called on, without what only borrows.
pub(super) fn plain(receiver: &Expr) -> &Expr {
    match receiver {
        Expr::Paren(inner) => plain(&inner.expr),
        Expr::Group(inner) => plain(&inner.expr),
        Expr::Reference(inner) => plain(&inner.expr),
        other => other,
    }
}
