//! All but the names.

use super::{at, read};
use crate::transform::Random;
use crate::transform::edit::{Edits, PRAGMAS, has_word, pieces};
use std::collections::BTreeMap;
use syn::visit::{self, Visit};
use syn::{Item, ReturnType, Stmt};

/// T3: texts that are put together when they are used. Each stays a `&'static str`, so that
/// it fits wherever the literal did.
pub fn encode_all(_path: &str, text: &str, random: &mut Random) -> Option<String> {
    let file = read(text)?;
    let mut literals = Literals::default();
    literals.visit_file(&file);
    let mut edits = Edits::default();
    for (start, end, value, constant) in literals.found {
        if value.len() < 2 || random.chance(1, 8) {
            continue;
        }
        edits.replace(start, end, encode(&value, constant, random));
    }
    edits.apply(text)
}

fn encode(value: &str, constant: bool, random: &mut Random) -> String {
    let parts: Vec<String> = pieces(value, 3, random)
        .iter()
        .map(|piece| format!("{piece:?}"))
        .collect();
    let together = format!("concat!({})", parts.join(", "));
    if constant {
        return together;
    }
    match random.below(4) {
        0 => {
            let bytes: Vec<String> = value.bytes().map(|byte| byte.to_string()).collect();
            format!("std::str::from_utf8(&[{}]).unwrap()", bytes.join(", "))
        }
        1 => {
            let bytes: String = value.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
            format!("std::str::from_utf8(b\"{bytes}\").unwrap()")
        }
        2 => {
            let reversed: String = value.chars().rev().collect();
            format!("&*{reversed:?}.chars().rev().collect::<String>().leak()")
        }
        _ => together,
    }
}

/// The texts of a file that may be written otherwise.
#[derive(Default)]
pub(super) struct Literals {
    /// Start, end, value, and whether it must be known when the code is compiled.
    pub(super) found: Vec<(usize, usize, String, bool)>,
    constant: usize,
}

impl<'ast> Visit<'ast> for Literals {
    fn visit_expr_lit(&mut self, literal: &'ast syn::ExprLit) {
        if let syn::Lit::Str(text) = &literal.lit
            && text.suffix().is_empty()
        {
            let place = at(text);
            self.found
                .push((place.start, place.end, text.value(), self.constant > 0));
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        // `"a".b()` binds closer than `&*a.leak()`: the receiver stays, as far as it is a
        // literal itself.
        if !matches!(&*call.receiver, syn::Expr::Lit(_)) {
            self.visit_expr(&call.receiver);
        }
        for argument in &call.args {
            self.visit_expr(argument);
        }
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.constant += 1;
        visit::visit_item_const(self, item);
        self.constant -= 1;
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.constant += 1;
        visit::visit_item_static(self, item);
        self.constant -= 1;
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.constant += 1;
        visit::visit_impl_item_const(self, item);
        self.constant -= 1;
    }

    fn visit_attribute(&mut self, _attribute: &'ast syn::Attribute) {}

    // A pattern is compared and not run.
    fn visit_pat(&mut self, _pattern: &'ast syn::Pat) {}

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let constant = usize::from(item.sig.constness.is_some());
        self.constant += constant;
        visit::visit_item_fn(self, item);
        self.constant -= constant;
    }
}

/// T4: branches that are never taken and functions that nobody calls.
pub fn dead(_path: &str, text: &str, random: &mut Random) -> Option<String> {
    let file = read(text)?;
    let mut bodies = Functions::default();
    bodies.visit_file(&file);
    let mut edits = Edits::default();
    for function in &bodies.found {
        if !function.constant
            && random.chance(2, 3)
            && let Some(first) = function.statements.first()
        {
            edits.insert(*first, format!("{}\n    ", branch(random)));
        }
    }
    let name = random.name(text);
    edits.insert(
        text.len(),
        format!(
            "\n#[allow(dead_code)]\nfn f{}(a: u32) -> u32 {{\n    {}\n    a.wrapping_mul({})\n}}\n",
            name.trim_matches('_'),
            branch(random),
            random.below(1000)
        ),
    );
    edits.apply(text)
}

fn branch(random: &mut Random) -> String {
    let number = 3 + random.below(90);
    match random.below(3) {
        0 => format!(
            "if ({number} * {number} + {number}) % 2 == 1 {{ eprintln!(\"step {number}\"); }}"
        ),
        1 => format!("if \"{number}\".len() > {number} {{ let _ = vec![{number}; 3]; }}"),
        _ => format!("if Option::<u8>::None.is_some() {{ let _ = String::from(\"{number}\"); }}"),
    }
}

/// A function's body.
struct Body {
    constant: bool,
    /// It takes nothing and gives nothing, and is no macro.
    plain: bool,
    /// Where its statements begin.
    statements: Vec<usize>,
    /// What is between its braces.
    inside: (usize, usize),
}

#[derive(Default)]
struct Functions {
    found: Vec<Body>,
}

impl Functions {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block, plain: bool) {
        let inside = (
            block.brace_token.span.open().byte_range().end,
            block.brace_token.span.close().byte_range().start,
        );
        self.found.push(Body {
            constant: signature.constness.is_some(),
            plain: plain
                && signature.inputs.is_empty()
                && matches!(signature.output, ReturnType::Default)
                && signature.asyncness.is_none()
                && signature.unsafety.is_none()
                && signature.constness.is_none()
                && signature.generics.params.is_empty(),
            statements: block.stmts.iter().map(|s| at(s).start).collect(),
            inside,
        });
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig, &item.block, true);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig, &item.block, false);
        visit::visit_impl_item_fn(self, item);
    }
}

/// T7: what a function does is done in a thread, which is waited for.
pub fn thread(_path: &str, text: &str, random: &mut Random) -> Option<String> {
    let file = read(text)?;
    let mut bodies = Functions::default();
    bodies.visit_file(&file);
    let mut edits = Edits::default();
    let mut done = 0;
    for body in bodies.found.iter().filter(|body| body.plain) {
        let (start, end) = body.inside;
        let inside = text.get(start..end)?;
        // `macro_rules!` and `return` mean the same inside of a closure.
        if body.statements.is_empty() || start < done {
            continue;
        }
        done = end;
        let with = match random.below(3) {
            0 => format!("\n    let _ = std::thread::spawn(move || {{{inside}}}).join();\n"),
            1 => format!(
                "\n    std::thread::scope(|scope| {{\n        scope.spawn(|| {{{inside}}});\n    }});\n"
            ),
            _ => format!(
                "\n    let work = move || {{{inside}}};\n    if let Ok(handle) = std::thread::Builder::new().spawn(work) {{\n        let _ = handle.join();\n    }}\n"
            ),
        };
        edits.replace(start, end, with);
    }
    edits.apply(text)
}

/// T8: modules of the standard library under other names.
pub fn alias(_path: &str, text: &str, random: &mut Random) -> Option<String> {
    let file = read(text)?;
    let mut paths = Paths::default();
    paths.visit_file(&file);
    let mut edits = Edits::default();
    let mut uses = String::new();
    for (module, places) in &paths.found {
        if random.chance(1, 5) {
            continue;
        }
        let name = format!("m{}", random.name(text).trim_matches('_'));
        uses.push_str(&format!("use std::{module} as {name};\n"));
        for (start, end) in places {
            edits.replace(*start, *end, name.clone());
        }
    }
    // `use std::env;` becomes `use std::env as e;` with `env::` as `e::`.
    for (module, after) in &paths.imported {
        let Some(places) = paths.short.get(module) else {
            continue;
        };
        let words = text.matches(module.as_str()).count();
        // Named anywhere else (in a macro, as a variable): it stays.
        if words != places.len() + 1 || random.chance(1, 5) {
            continue;
        }
        let name = format!("n{}", random.name(text).trim_matches('_'));
        edits.insert(*after, format!(" as {name}"));
        for (start, end) in places {
            edits.replace(*start, *end, name.clone());
        }
    }
    if !uses.is_empty() {
        let first = file.items.first().map(|item| at(item).start)?;
        edits.insert(first, uses);
    }
    edits.apply(text)
}

#[derive(Default)]
struct Paths {
    /// `std::env` in `std::env::var`: by the module, where it stands.
    found: BTreeMap<String, Vec<(usize, usize)>>,
    /// `env` in `env::var`.
    short: BTreeMap<String, Vec<(usize, usize)>>,
    /// `use std::env;`: the module and where its name ends.
    imported: Vec<(String, usize)>,
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        let mut segments = path.path.segments.iter();
        let (Some(first), Some(second)) = (segments.next(), segments.next()) else {
            return;
        };
        let third = segments.next();
        if path.qself.is_some() || path.path.leading_colon.is_some() {
            return;
        }
        let is_module = |name: &syn::Ident| {
            name.to_string()
                .starts_with(|c: char| c.is_ascii_lowercase())
        };
        if first.ident == "std" && third.is_some() && is_module(&second.ident) {
            self.found
                .entry(second.ident.to_string())
                .or_default()
                .push((at(&first.ident).start, at(&second.ident).end));
        } else if is_module(&first.ident) && first.arguments.is_empty() {
            let place = at(&first.ident);
            self.short
                .entry(first.ident.to_string())
                .or_default()
                .push((place.start, place.end));
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if let syn::UseTree::Path(path) = &item.tree
            && path.ident == "std"
            && let syn::UseTree::Name(name) = &*path.tree
            && matches!(item.vis, syn::Visibility::Inherited)
        {
            self.imported
                .push((name.ident.to_string(), at(&name.ident).end));
        }
    }

    // In a module of its own the new names would not be there.
    fn visit_item_mod(&mut self, _item: &'ast syn::ItemMod) {}
}

/// T10: comments between statements and items.
pub fn comment(_path: &str, text: &str, random: &mut Random) -> Option<String> {
    let file = read(text)?;
    let mut bodies = Functions::default();
    bodies.visit_file(&file);
    let mut edits = Edits::default();
    let items = file.items.iter().map(|item| at(item).start);
    let statements = bodies.found.iter().flat_map(|body| body.statements.clone());
    for place in items.chain(statements) {
        if random.chance(1, 2) {
            let pragma = random.pick(PRAGMAS).copied().unwrap_or("");
            edits.insert(
                place,
                if random.chance(1, 2) {
                    format!("// {pragma}\n")
                } else {
                    format!("/* {pragma} */ ")
                },
            );
        }
    }
    edits.apply(text)
}

/// T11: statements in closures that are called in their place; functions in another order.
pub fn outline(_path: &str, text: &str, random: &mut Random) -> Option<String> {
    let outlined = closures(text, random);
    let moved = functions_last(outlined.as_deref().unwrap_or(text), random);
    moved.or(outlined)
}

fn closures(text: &str, random: &mut Random) -> Option<String> {
    let file = read(text)?;
    let mut statements = Statements::default();
    statements.visit_file(&file);
    let mut edits = Edits::default();
    let mut done = 0;
    for (start, end) in statements.found {
        let piece = text.get(start..end)?;
        let leaves = ["return", "break", "continue", "await"]
            .iter()
            .any(|word| has_word(piece, word));
        if start < done || leaves || piece.contains('?') || random.chance(1, 3) {
            continue;
        }
        done = end;
        edits.replace(start, end, format!("(|| {{ {piece} }})();"));
    }
    edits.apply(text)
}

#[derive(Default)]
struct Statements {
    found: Vec<(usize, usize)>,
}

impl<'ast> Visit<'ast> for Statements {
    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        if let Stmt::Expr(expression, Some(_)) = statement
            && matches!(expression, syn::Expr::Call(_) | syn::Expr::MethodCall(_))
        {
            let place = at(statement);
            self.found.push((place.start, place.end));
        }
        visit::visit_stmt(self, statement);
    }
}

/// Functions may stand anywhere among the items, but not before a macro that they use.
fn functions_last(text: &str, random: &mut Random) -> Option<String> {
    let file = read(text)?;
    let mut edits = Edits::default();
    let mut moved = Vec::new();
    for item in &file.items {
        if let Item::Fn(_) = item {
            let place = at(item);
            moved.push(text.get(place.clone())?.to_owned());
            edits.replace(place.start, place.end, "");
        }
    }
    if moved.is_empty() || file.items.len() < 2 {
        return None;
    }
    random.shuffle(&mut moved);
    edits.insert(text.len(), format!("\n{}\n", moved.join("\n\n")));
    edits.apply(text)
}
