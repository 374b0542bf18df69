//! Types of a file: their methods and constants, the traits that they have, and what the language
//! calls of those that are made.
//!
//! A type is lowered to a class, an object of it to what is made by a call of that. So methods are
//! found by what they are called on, wherever that is known.

use super::Lowering;
use crate::ir::{Expr as Ir, ExprId, FuncId, Span, Stmt as IrStmt};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use syn::{Fields, Item, Stmt};

/// Methods of one name that a call may mean of which the object is not known.
const MEANT: usize = 4;
/// Modules, and functions with types in them, within each other.
const LEVELS: usize = 32;

/// How values of a type are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `A`.
    Unit,
    /// `A(1)`.
    Tuple,
    /// `A { a: 1 }`, and unions.
    Named,
    /// `A::B`, `A::B(1)`, `A::B { a: 1 }`.
    Enum,
    /// It is a trait.
    Trait,
}

/// A type of the file.
#[derive(Debug)]
struct Declared {
    shape: Shape,
    variants: FxHashSet<String>,
    is_default: bool,
    /// A value of it is made somewhere.
    is_made: bool,
    entries: Vec<(String, ExprId)>,
    traits: Vec<String>,
}

/// All types of a file.
#[derive(Debug, Default)]
pub(super) struct Types {
    declared: BTreeMap<String, Declared>,
    /// Modules that stand in the file, with what is declared in them.
    modules: BTreeMap<String, Vec<String>>,
    /// Modules that are files of their own, with what they are found by.
    files: BTreeMap<String, String>,
    /// Names of methods of the file.
    methods: FxHashSet<String>,
    /// Methods by their names, with the types that they are of.
    by_name: BTreeMap<String, Vec<(Option<String>, ExprId)>>,
}

impl Types {
    /// Takes over what items declare.
    pub(super) fn declare(&mut self, items: &[Item], level: usize) {
        if level > LEVELS {
            return;
        }
        for item in items {
            match item {
                Item::Struct(made) => {
                    let shape = match made.fields {
                        Fields::Unit => Shape::Unit,
                        Fields::Unnamed(_) => Shape::Tuple,
                        Fields::Named(_) => Shape::Named,
                    };
                    self.add(&made.ident, shape, &made.attrs);
                }
                Item::Union(made) => self.add(&made.ident, Shape::Named, &made.attrs),
                Item::Enum(made) => {
                    self.add(&made.ident, Shape::Enum, &made.attrs);
                    let variants = made.variants.iter();
                    let variants = variants.map(|variant| variant.ident.to_string());
                    if let Some(declared) = self.declared.get_mut(&made.ident.to_string()) {
                        declared.variants.extend(variants);
                    }
                }
                Item::Trait(made) => self.add(&made.ident, Shape::Trait, &[]),
                Item::Impl(block) => {
                    for item in &block.items {
                        if let syn::ImplItem::Fn(method) = item {
                            self.methods.insert(method.sig.ident.to_string());
                        }
                    }
                }
                Item::Mod(module) => {
                    if module.content.is_none() {
                        self.files.insert(module.ident.to_string(), file_of(module));
                    }
                    if let Some((_, items)) = &module.content {
                        let names = items.iter().filter_map(name_of).collect();
                        self.modules.insert(module.ident.to_string(), names);
                        self.declare(items, level + 1);
                    }
                }
                Item::Fn(function) => self.declare_in(&function.block.stmts, level + 1),
                _ => {}
            }
        }
    }

    fn declare_in(&mut self, statements: &[Stmt], level: usize) {
        for statement in statements {
            if let Stmt::Item(item) = statement {
                self.declare(std::slice::from_ref(item), level);
            }
        }
    }

    fn add(&mut self, name: &syn::Ident, shape: Shape, attributes: &[syn::Attribute]) {
        let is_default = attributes.iter().any(|attribute| {
            attribute.path().is_ident("derive")
                && matches!(&attribute.meta, syn::Meta::List(list)
                    if list.tokens.to_string().contains("Default"))
        });
        self.declared
            .entry(name.to_string())
            .or_insert_with(|| Declared {
                shape,
                variants: FxHashSet::default(),
                is_default,
                is_made: false,
                entries: Vec::new(),
                traits: Vec::new(),
            });
    }

    /// How values of a type of the file are made.
    pub(super) fn shape(&self, name: &str) -> Option<Shape> {
        self.declared.get(name).map(|declared| declared.shape)
    }

    /// Whether it is a type of the file, and no trait.
    pub(super) fn is_type(&self, name: &str) -> bool {
        self.shape(name).is_some_and(|shape| shape != Shape::Trait)
    }

    /// Whether an enum of the file has a variant.
    pub(super) fn has_variant(&self, name: &str, variant: &str) -> bool {
        self.declared
            .get(name)
            .is_some_and(|declared| declared.variants.contains(variant))
    }

    /// Whether a module of that name stands in the file.
    pub(super) fn is_module(&self, name: &str) -> bool {
        self.modules.contains_key(name)
    }

    /// What the file of a module is found by, if it is one.
    pub(super) fn file(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(String::as_str)
    }

    /// Whether a type of the file has a method of that name.
    pub(super) fn has_method(&self, name: &str) -> bool {
        self.methods.contains(name)
    }

    /// Notes what an `impl` or a trait gives a type.
    pub(super) fn give(&mut self, of: Option<&str>, name: &str, value: ExprId, by: Option<&str>) {
        let Some(declared) = of.and_then(|of| self.declared.get_mut(of)) else {
            return;
        };
        declared.entries.push((name.to_owned(), value));
        if by.is_some_and(is_called_by_the_language) {
            declared.entries.push((format!("__{name}__"), value));
        }
    }

    /// Notes that a type has a trait of the file.
    pub(super) fn has_trait(&mut self, of: &str, name: &str) {
        if self.shape(name) == Some(Shape::Trait)
            && let Some(declared) = self.declared.get_mut(of)
        {
            declared.traits.push(name.to_owned());
        }
    }

    /// Notes a method by its name.
    pub(super) fn method(&mut self, of: Option<&str>, name: &str, value: ExprId) {
        self.by_name
            .entry(name.to_owned())
            .or_default()
            .push((of.map(str::to_owned), value));
    }

    /// Notes that a value of a type is made.
    pub(super) fn made(&mut self, name: &str) {
        if let Some(declared) = self.declared.get_mut(name) {
            declared.is_made = true;
        }
    }
}

/// Whether the language, or the library without being asked by name, calls a method of a value
/// of a type that has a trait.
fn is_called_by_the_language(by: &str) -> bool {
    matches!(
        by,
        "Drop"
            | "Deref"
            | "DerefMut"
            | "Display"
            | "Debug"
            | "LowerHex"
            | "UpperHex"
            | "Iterator"
            | "IntoIterator"
            | "DoubleEndedIterator"
            | "Add"
            | "AddAssign"
            | "Sub"
            | "SubAssign"
            | "Mul"
            | "MulAssign"
            | "Div"
            | "DivAssign"
            | "Rem"
            | "BitAnd"
            | "BitOr"
            | "BitXor"
            | "BitOrAssign"
            | "Shl"
            | "Shr"
            | "Not"
            | "Neg"
            | "Index"
            | "IndexMut"
            | "PartialEq"
            | "PartialOrd"
            | "Ord"
            | "Hash"
            | "Clone"
            | "AsRef"
            | "AsMut"
            | "Borrow"
            | "Future"
            | "Write"
            | "Read"
            | "BufRead"
    )
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Fn(function) => &function.sig.ident,
        Item::Const(constant) => &constant.ident,
        Item::Static(constant) => &constant.ident,
        Item::Struct(made) => &made.ident,
        Item::Enum(made) => &made.ident,
        Item::Mod(module) => &module.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// What the file of a module is found by: its name, or the path that is written above it.
pub(super) fn file_of(module: &syn::ItemMod) -> String {
    let path = module
        .attrs
        .iter()
        .find_map(|attribute| match &attribute.meta {
            syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                syn::Expr::Lit(literal) => match &literal.lit {
                    // It is one whatever it ends with.
                    syn::Lit::Str(text) => Some(format!("./{}", text.value())),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
    path.unwrap_or_else(|| module.ident.to_string())
}

/// The name of a type as it is written, without what stands around it.
pub(super) fn type_name(of: &syn::Type) -> Option<String> {
    match of {
        syn::Type::Path(path) => path
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string()),
        syn::Type::Reference(inner) => type_name(&inner.elem),
        syn::Type::Paren(inner) => type_name(&inner.elem),
        syn::Type::Group(inner) => type_name(&inner.elem),
        _ => None,
    }
}

impl Lowering {
    /// Makes a value of a type of the file, by a call of its class.
    pub(super) fn make(&mut self, name: &str, args: &[ExprId], at: Span) -> ExprId {
        self.types.made(name);
        let class = self.builder.name(name, at);
        self.builder.call(class, args, true, at)
    }

    /// Declares the classes of all types, and what names of methods mean where nothing is known of
    /// the object.
    pub(super) fn classes(&mut self) {
        let at = Span::default();
        let types = std::mem::take(&mut self.types);
        for (name, declared) in &types.declared {
            self.class(name, declared, at);
        }
        for (name, methods) in &types.by_name {
            let is_made = |of: &Option<String>| {
                of.as_ref().is_none_or(|of| {
                    let declared = types.declared.get(of);
                    declared.is_none_or(|declared| declared.is_made || declared.is_default)
                })
            };
            let mut meant: Vec<ExprId> = methods
                .iter()
                .filter(|(of, _)| is_made(of))
                .map(|(_, value)| *value)
                .collect();
            if meant.is_empty() {
                meant.extend(methods.iter().map(|(_, value)| *value));
            }
            if meant.len() > MEANT {
                continue;
            }
            let symbol = self.builder.declare(&format!("method {name}"));
            for value in meant {
                self.builder.value(symbol, value);
            }
        }
        for (name, items) in &types.modules {
            let mut entries = Vec::new();
            for item in items {
                entries.push(self.builder.text(item, at));
                entries.push(self.builder.name(item, at));
            }
            let entries = self.builder.list(&entries);
            let object = self.builder.add(Ir::Object(entries), at);
            self.assign_name(name, object, at);
        }
    }

    fn class(&mut self, name: &str, declared: &Declared, at: Span) {
        let mut entries = Vec::new();
        for above in &declared.traits {
            let above = self.builder.name(above, at);
            entries.push(self.builder.add(Ir::Spread(above), at));
            entries.push(above);
        }
        if declared.is_default {
            let made = self.maker(name, at);
            entries.push(self.builder.text("default", at));
            entries.push(made);
        }
        for (name, value) in &declared.entries {
            entries.push(self.builder.text(name, at));
            entries.push(*value);
        }
        let list = self.builder.list(&entries);
        let class = self.builder.add(Ir::Class(list), at);
        for (_, value) in &declared.entries {
            if let Ir::Function(function) = self.builder.program().expr(*value) {
                self.builder.function_mut(function).class = Some(class);
            }
        }
        self.assign_name(name, class, at);
    }

    /// A function that makes a value of a type.
    fn maker(&mut self, name: &str, at: Span) -> ExprId {
        let (id, back): (FuncId, _) = self.builder.enter_function(Some("default"), false);
        let class = self.builder.name(name, at);
        let made = self.builder.call(class, &[], true, at);
        self.builder.function_mut(id).returns.push(made);
        self.builder.set_body(id, vec![IrStmt::Return(Some(made))]);
        self.builder.leave(back);
        self.builder.add(Ir::Function(id), at)
    }
}
