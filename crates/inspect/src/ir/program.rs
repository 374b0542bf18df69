//! A file in the one form, and what it is asked.

use super::atoms::Atoms;
use super::{
    Atom, Block, Compound, CompoundId, Const, ConstId, Export, Expr, ExprId, FuncId, Function,
    Language, List, Scope, ScopeId, Span, Stmt, Store, Symbol, SymbolId, scope,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::OnceCell;
use std::rc::Rc;

/// A file, lowered.
#[derive(Debug, Clone)]
pub struct Program {
    /// Its language.
    pub language: Language,
    pub(crate) exprs: Vec<Expr>,
    pub(crate) spans: Vec<Span>,
    pub(crate) lists: Vec<ExprId>,
    pub(crate) consts: Vec<Const>,
    pub(crate) statements: Vec<Stmt>,
    pub(crate) compounds: Vec<Compound>,
    pub(crate) names: Vec<Rc<str>>,
    pub(crate) atoms: Atoms,
    /// Names that are declared in some scope, by atom.
    pub(crate) is_declared: Vec<bool>,
    pub(crate) functions: Vec<Function>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) symbols: Vec<Symbol>,
    pub(crate) declared: FxHashMap<(ScopeId, Atom), SymbolId>,
    /// What names mean far down, where somebody asked.
    pub(crate) far: OnceCell<scope::Far>,
    /// What names meant when somebody asked last.
    pub(crate) recent: OnceCell<scope::Recent>,
    /// Every call, and the function it stands in.
    pub(crate) calls: Vec<(ExprId, FuncId)>,
    /// Everything that is put into properties.
    pub(crate) stores: Vec<Store>,
    /// What the module hands out (ES modules).
    pub(crate) exports: Vec<Export>,
    /// Specifiers of static imports.
    pub(crate) imports: Vec<(Atom, Span)>,
    /// Modules of which every name is imported.
    pub(crate) stars: Vec<Atom>,
    /// What runs only when the file is a script.
    pub(crate) main_blocks: Vec<FuncId>,
    /// What runs only when the file is a script that gets a certain argument.
    pub(crate) asked_blocks: Vec<FuncId>,
    /// Functions whose result is compiled: procedural macros.
    pub(crate) expanders: Vec<FuncId>,
    /// Functions that run before the program begins, whoever uses the file: constructors.
    pub(crate) starters: Vec<ExprId>,
    /// What stands in for a value that is not there, or a function that gives it:
    /// `a.unwrap_or(b)`, `a.unwrap_or_else(f)`. The value itself is lowered as it is.
    pub(crate) instead: FxHashMap<ExprId, ExprId>,
    /// It is an ES module.
    pub(crate) es_module: bool,
    /// What could not be lowered.
    pub(crate) notes: Vec<&'static str>,
}

impl Program {
    /// A program of nothing.
    pub fn empty(language: Language) -> Self {
        let top = Function {
            name: None,
            parent: None,
            scope: ScopeId(0),
            params: 0,
            body: Block::default(),
            returns: Vec::new(),
            arrow: false,
            param_names: Vec::new(),
            class: None,
            accessor: None,
            on_class: false,
            lends: false,
        };
        Self {
            language,
            exprs: Vec::new(),
            spans: Vec::new(),
            lists: Vec::new(),
            consts: Vec::new(),
            statements: Vec::new(),
            compounds: Vec::new(),
            names: Vec::new(),
            atoms: Atoms::default(),
            is_declared: Vec::new(),
            functions: vec![top],
            scopes: vec![Scope {
                parent: None,
                function: FuncId(0),
                declares: false,
            }],
            symbols: Vec::new(),
            declared: FxHashMap::default(),
            far: OnceCell::new(),
            recent: OnceCell::new(),
            calls: Vec::new(),
            stores: Vec::new(),
            exports: Vec::new(),
            imports: Vec::new(),
            stars: Vec::new(),
            main_blocks: Vec::new(),
            asked_blocks: Vec::new(),
            expanders: Vec::new(),
            starters: Vec::new(),
            instead: FxHashMap::default(),
            es_module: false,
            notes: Vec::new(),
        }
    }

    /// An expression.
    #[inline]
    pub fn expr(&self, id: ExprId) -> Expr {
        self.exprs[id.at()]
    }

    /// Where an expression stands.
    #[inline]
    pub fn span(&self, id: ExprId) -> Span {
        self.spans[id.at()]
    }

    /// The expressions of a list.
    #[inline]
    pub fn list(&self, list: List) -> &[ExprId] {
        &self.lists[list.from as usize..list.to as usize]
    }

    /// The statements of a block.
    #[inline]
    pub fn block(&self, block: Block) -> &[Stmt] {
        &self.statements[block.from as usize..block.to as usize]
    }

    /// A statement that holds others.
    #[inline]
    pub fn compound(&self, id: CompoundId) -> &Compound {
        &self.compounds[id.at()]
    }

    /// A name.
    #[inline]
    pub fn name(&self, atom: Atom) -> &str {
        &self.names[atom.at()]
    }

    /// A name, as it is held.
    #[inline]
    pub fn held_name(&self, atom: Atom) -> &Rc<str> {
        &self.names[atom.at()]
    }

    /// A name, to keep.
    pub fn shared_name(&self, atom: Atom) -> Rc<str> {
        Rc::clone(&self.names[atom.at()])
    }

    /// A constant.
    #[inline]
    pub fn constant(&self, id: ConstId) -> &Const {
        &self.consts[id.at()]
    }

    /// A function.
    #[inline]
    pub fn function(&self, id: FuncId) -> &Function {
        &self.functions[id.at()]
    }

    /// A variable.
    #[inline]
    pub fn symbol(&self, id: SymbolId) -> &Symbol {
        &self.symbols[id.at()]
    }

    /// The atom of a name, if it occurs.
    pub fn atom(&self, name: &str) -> Option<Atom> {
        let is_it = |at: u32| {
            self.names
                .get(at as usize)
                .is_some_and(|known| **known == *name)
        };
        self.atoms.find(name, is_it).map(Atom)
    }

    /// Gives back what was set aside for more.
    pub(crate) fn shrink(&mut self) {
        fit(&mut self.exprs);
        fit(&mut self.spans);
        fit(&mut self.lists);
        fit(&mut self.consts);
        fit(&mut self.statements);
        fit(&mut self.compounds);
        fit(&mut self.names);
        fit(&mut self.functions);
        fit(&mut self.scopes);
        fit(&mut self.symbols);
        fit(&mut self.calls);
        fit(&mut self.stores);
        fit(&mut self.is_declared);
        self.declared.shrink_to_fit();
    }

    /// Takes names and texts that other programs of a package have from what these hold: files of
    /// one package say much of the same.
    pub(crate) fn share(&mut self, known: &mut FxHashSet<Rc<str>>) {
        let mut shared = |text: &mut Rc<str>| match known.get(text) {
            Some(known) => *text = Rc::clone(known),
            None => {
                known.insert(Rc::clone(text));
            }
        };
        self.names.iter_mut().for_each(&mut shared);
        for constant in &mut self.consts {
            if let Const::Text(text) = constant
                // Of a large one it is asked how many hold it.
                && text.len() < crate::limit::evaluating::LARGE
            {
                shared(text);
            }
        }
    }

    /// The specifier of an imported module, where it is written out.
    pub fn specifier(&self, module: ExprId) -> Option<&str> {
        match self.expr(module) {
            Expr::Module(atom) => Some(self.name(atom)),
            Expr::Call { callee, args, .. } => {
                let Expr::Name(name, scope) = self.expr(callee) else {
                    return None;
                };
                let requires = self.name(name) == "require" && self.resolve(name, scope).is_none();
                let first = self.list(args).first().filter(|_| requires)?;
                self.text(*first)
            }
            _ => None,
        }
    }

    /// The text of a constant expression.
    pub fn text(&self, id: ExprId) -> Option<&str> {
        match self.expr(id) {
            Expr::Const(constant) => match self.constant(constant) {
                Const::Text(text) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// How many expressions it has.
    pub fn size(&self) -> usize {
        self.exprs.len()
    }
}

/// Gives a list no more room than it needs. Asked to shrink, allocators leave a block that is at
/// least half full where it is, and of hundreds of lists that is a third of all their memory.
fn fit<T>(items: &mut Vec<T>) {
    /// Bytes of a list that is not copied: there would be two of it for a while.
    const LARGE: usize = 1 << 20;
    if items.capacity() * size_of::<T>() > LARGE {
        items.shrink_to_fit();
    } else if items.capacity() > items.len() {
        let mut fitted = Vec::with_capacity(items.len());
        fitted.append(items);
        *items = fitted;
    }
}
