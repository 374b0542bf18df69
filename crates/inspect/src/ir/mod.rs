//! The one form that every language is lowered to.
//!
//! Folding, flows and rules know only this: expressions, statements, functions, scopes.
//! A language reader turns a syntax tree into it and is done. Names are resolved when
//! somebody asks, because for most of a bundle nobody does.

mod atoms;
mod build;
mod constants;
mod field;
mod program;
mod scope;
mod values;

pub use build::Builder;
pub(crate) use build::UNFOLLOWED;
pub use field::Field;
pub use program::Program;
pub(crate) use scope::Recent;
pub use values::Values;

use std::rc::Rc;

/// The language that a program was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// JavaScript or TypeScript.
    JavaScript,
    /// Python.
    Python,
    /// Rust.
    Rust,
}

/// A place in the text of a file: bytes from, to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte behind the last.
    pub end: u32,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            #[inline]
            pub(crate) const fn at(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// An expression.
    ExprId
    /// A function; 0 is the top level of the file.
    FuncId
    /// A scope of names.
    ScopeId
    /// A variable.
    SymbolId
    /// A name, interned.
    Atom
    /// A constant.
    ConstId
    /// A statement that holds others.
    CompoundId
}

/// A run of expressions in [`Program::lists`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    from: u32,
    to: u32,
}

/// A regular expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regex {
    /// What it matches.
    pub pattern: Rc<str>,
    /// How.
    pub flags: Box<str>,
}

/// A constant as it stands in the text.
#[derive(Debug, Clone, PartialEq)]
pub enum Const {
    /// Nothing: `null`, `None`.
    Null,
    /// `undefined`.
    Undefined,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(f64),
    /// Text.
    Text(Rc<str>),
    /// Bytes.
    Bytes(Box<[u8]>),
    /// A regular expression: pattern, flags.
    Regex(Rc<Regex>),
}

/// What an operator of two sides does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Rem,
    Pow,
    Shl,
    Shr,
    UShr,
    And,
    Or,
    Xor,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    Is,
}

/// What an operator of one side does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Unary {
    Not,
    Neg,
    Plus,
    BitNot,
    TypeOf,
    Void,
    Delete,
    /// Python's `!r`: as a literal is written.
    Repr,
}

/// How a choice between two sides is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logic {
    /// `&&`, `and`.
    And,
    /// `||`, `or`.
    Or,
    /// `??`.
    Nullish,
}

/// An expression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Expr {
    /// A constant.
    Const(ConstId),
    /// A name, seen from a scope.
    Name(Atom, ScopeId),
    /// The argument of a function at a position.
    Param(FuncId, u16),
    /// The arguments from a position on, as an array.
    Rest(FuncId, u16),
    /// `this` or `self` as such of a function.
    This(FuncId),
    /// `a.b`.
    Member(ExprId, Atom),
    /// `a[b]`.
    Index(ExprId, ExprId),
    /// `a[b:c:d]`; an absent part is `Const(Undefined)`.
    Slice(ExprId, List),
    /// A call, or `new`, with its arguments.
    Call {
        /// What is called.
        callee: ExprId,
        /// With what.
        args: List,
        /// It constructs.
        new: bool,
    },
    /// A function.
    Function(FuncId),
    /// A list or tuple.
    Array(List),
    /// Keys and values by turns. A spread has [`Expr::Spread`] for key and value.
    Object(List),
    /// Arguments with names: keys and values by turns, as in an object.
    Keywords(List),
    /// A class: keys and values by turns, as in an object; its constructor is
    /// `constructor` or `__init__`.
    Class(List),
    /// Texts one behind the other (template, f-string, chains of `+`).
    Concat(List),
    /// An operator of one side.
    Unary(Unary, ExprId),
    /// An operator of two sides.
    Binary(Binary, ExprId, ExprId),
    /// A choice by the left side.
    Logic(Logic, ExprId, ExprId),
    /// A choice: condition, then, else.
    Cond(ExprId, ExprId, ExprId),
    /// An assignment: where, what.
    Assign(ExprId, ExprId),
    /// `a++` and the like.
    Update {
        /// What changes.
        target: ExprId,
        /// By +1; else by -1.
        up: bool,
        /// The new value is the result.
        prefix: bool,
    },
    /// `await a`.
    Await(ExprId),
    /// `...a`, `*a`.
    Spread(ExprId),
    /// `yield a`.
    Yield(ExprId),
    /// An element of what is iterated over.
    Element(ExprId),
    /// A key of what is iterated over.
    Key(ExprId),
    /// A module by a specifier that is known.
    Module(Atom),
    /// `import(a)`.
    Import(ExprId),
    /// One behind the other; the last is the result.
    Sequence(List),
    /// A comprehension: for each element of the second, assigned to the first, the third
    /// (if the fourth holds).
    Comprehend(List),
    /// Anything else that is made from its parts.
    Other(List),
}

/// A statement. It is small, because most are no more than an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stmt {
    /// An expression.
    Expr(ExprId),
    /// Leaves the function.
    Return(Option<ExprId>),
    /// Leaves a loop.
    Break,
    /// Goes on with the next turn.
    Continue,
    /// Throws.
    Throw(ExprId),
    /// One that holds others.
    Compound(CompoundId),
}

/// A statement that holds others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compound {
    /// A choice.
    If(ExprId, Block, Block),
    /// A loop by condition.
    Loop(Loop),
    /// A loop over elements or keys.
    Each {
        /// What is assigned.
        target: ExprId,
        /// What is iterated over.
        over: ExprId,
        /// Keys instead of elements.
        keys: bool,
        /// The body.
        body: Block,
    },
    /// Body, handler, finally.
    Try(Block, Option<Block>, Block),
    /// A choice among cases; a case without condition is the default.
    Switch(ExprId, Box<[(Option<ExprId>, Block)]>),
    /// A block.
    Block(Block),
}

/// A loop by condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loop {
    /// Before it.
    pub init: Block,
    /// The condition.
    pub test: Option<ExprId>,
    /// After each turn.
    pub update: Option<ExprId>,
    /// The body.
    pub body: Block,
    /// The condition is asked after the body.
    pub post: bool,
}

/// Statements that stand behind each other in [`Program::block`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Block {
    from: u32,
    to: u32,
}

/// The statements of a block that is being made.
pub type Draft = Vec<Stmt>;

/// A function, or the top level of a file.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name, if it has one.
    pub name: Option<Atom>,
    /// The function that it stands in.
    pub parent: Option<FuncId>,
    /// Its scope.
    pub scope: ScopeId,
    /// How many parameters it names.
    pub params: u16,
    /// What it does.
    pub body: Block,
    /// What it may return or yield.
    pub returns: Vec<ExprId>,
    /// `this` is that of the function around it.
    pub arrow: bool,
    /// The names of its parameters, where callers may use them.
    pub param_names: Vec<Atom>,
    /// The class that it is a method of.
    pub class: Option<ExprId>,
    /// What it is called on is the class itself: `@classmethod`, `__new__`.
    pub on_class: bool,
    /// It is a context that lends what it gives: `with lend() as one`.
    pub lends: bool,
    /// It runs when a property is read or written.
    pub accessor: Option<Accessor>,
}

/// When a function runs that stands for a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accessor {
    /// When it is read: what it returns is the value.
    Get,
    /// When it is written.
    Set,
}

/// A scope of names.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The scope around it.
    pub parent: Option<ScopeId>,
    /// The function that it stands in.
    pub function: FuncId,
    /// Something is declared in it.
    pub declares: bool,
}

/// A variable.
#[derive(Debug, Clone, Default)]
pub struct Symbol {
    /// Everything that is assigned to it.
    pub values: Values,
    /// The function in which it is declared.
    pub function: u32,
    /// What it holds is changed in place somewhere.
    pub mutated: bool,
}

/// Something that is put into a property.
#[derive(Debug, Clone, Copy)]
pub struct Store {
    /// Of which object.
    pub object: ExprId,
    /// Under which name, where that is written out.
    pub key: Option<Atom>,
    /// Under which name, where that is computed.
    pub computed: Option<ExprId>,
    /// What.
    pub value: ExprId,
    /// Where it happens.
    pub function: FuncId,
}

/// What a module hands out under a name.
#[derive(Debug, Clone, Copy)]
pub enum Export {
    /// A value.
    Value(Atom, ExprId),
    /// Everything that another module hands out.
    All(Atom),
}
