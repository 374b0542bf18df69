//! Making a [`Program`]: what every language reader uses.

use super::constants::Constants;
use super::{
    Atom, Binary, Block, Compound, CompoundId, Const, Draft, Export, Expr, ExprId, FuncId,
    Function, Language, List, Loop, Program, Scope, ScopeId, Span, Stmt, Store, Symbol, SymbolId,
    Values,
};
use crate::limit::reading;
use smallvec::SmallVec;

/// Methods of texts and paths of Rust that change them in ways that are not followed.
pub(crate) const UNFOLLOWED: [&str; 9] = [
    "insert_str",
    "write_fmt",
    "write_str",
    "as_mut_os_string",
    "as_mut_string",
    "as_mut_vec",
    "replace_range",
    "truncate",
    "add_extension",
];

/// Builds a program. The current function and scope are part of its state.
#[derive(Debug)]
pub struct Builder {
    program: Program,
    function: FuncId,
    scope: ScopeId,
    /// Nesting of expressions and statements so far.
    depth: usize,
    constants: Constants,
}

/// Where a builder was, to go back to.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    function: FuncId,
    scope: ScopeId,
}

impl Builder {
    /// An empty program.
    pub fn new(language: Language) -> Self {
        Self {
            program: Program::empty(language),
            function: FuncId(0),
            scope: ScopeId(0),
            depth: 0,
            constants: Constants::default(),
        }
    }

    /// Makes room for what a source text of a length holds, as code that people write does:
    /// growing step by step copies everything each time. Room that is not used costs nothing.
    pub fn expect(&mut self, length: usize) {
        /// Bytes of text for each expression.
        const DENSITY: usize = 8;
        let most = length / DENSITY;
        self.program.exprs.reserve(most);
        self.program.spans.reserve(most);
        self.program.lists.reserve(most / 4);
        self.program.statements.reserve(most / 8);
    }

    /// Changes the program as it is so far.
    pub fn rework(&mut self, step: impl FnOnce(Program) -> Program) {
        self.program.shorten_scopes();
        self.constants = Constants::default();
        let language = self.program.language;
        let program = std::mem::replace(&mut self.program, Program::empty(language));
        self.program = step(program);
    }

    /// The program, with the body of its top level.
    pub fn finish(mut self, body: Draft) -> Program {
        self.set_body(FuncId(0), body);
        self.program.shrink();
        self.program
    }

    /// The program so far.
    pub const fn program(&self) -> &Program {
        &self.program
    }

    /// Says that something could not be lowered.
    pub fn note(&mut self, note: &'static str) {
        if !self.program.notes.contains(&note) {
            self.program.notes.push(note);
        }
    }

    /// Goes one level down, where the bound allows it; past it nothing is lowered, and that
    /// is said. Whoever was let in leaves again with [`Self::leave_deeper`].
    #[must_use]
    pub fn enter_deeper(&mut self) -> bool {
        let bound = match self.program.language {
            Language::JavaScript | Language::Python => reading::NESTING,
            Language::Rust => reading::NESTING_OF_RUST,
        };
        if self.depth > bound {
            self.note(reading::TOO_DEEP);
            return false;
        }
        self.depth += 1;
        true
    }

    /// Comes back from one level down.
    pub const fn leave_deeper(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// How many levels down it is.
    pub const fn depth(&self) -> usize {
        self.depth
    }

    /// Marks an ES module.
    pub const fn es_module(&mut self) {
        self.program.es_module = true;
    }

    /// Adds an expression.
    pub fn add(&mut self, expr: Expr, span: Span) -> ExprId {
        let id = ExprId(u32::try_from(self.program.exprs.len()).unwrap_or(u32::MAX));
        self.program.exprs.push(expr);
        self.program.spans.push(span);
        id
    }

    /// Adds a list of expressions.
    pub fn list(&mut self, items: &[ExprId]) -> List {
        let from = self.program.lists.len() as u32;
        self.program.lists.extend_from_slice(items);
        List {
            from,
            to: self.program.lists.len() as u32,
        }
    }

    /// Keeps statements as a block.
    pub fn keep(&mut self, draft: Draft) -> Block {
        let from = self.program.statements.len() as u32;
        self.program.statements.extend(draft);
        Block {
            from,
            to: self.program.statements.len() as u32,
        }
    }

    /// Gives a function its body.
    pub fn set_body(&mut self, id: FuncId, draft: Draft) {
        let body = self.keep(draft);
        self.program.functions[id.at()].body = body;
    }

    /// A statement that holds others.
    pub fn compound(&mut self, compound: Compound) -> Stmt {
        let id = CompoundId(self.program.compounds.len() as u32);
        self.program.compounds.push(compound);
        Stmt::Compound(id)
    }

    /// A choice.
    pub fn choice(&mut self, test: ExprId, then: Draft, other: Draft) -> Stmt {
        let (then, other) = (self.keep(then), self.keep(other));
        self.compound(Compound::If(test, then, other))
    }

    /// A loop while a condition holds.
    pub fn round(&mut self, test: Option<ExprId>, body: Draft) -> Stmt {
        let body = self.keep(body);
        self.compound(Compound::Loop(Loop {
            init: Block::default(),
            test,
            update: None,
            body,
            post: false,
        }))
    }

    /// A loop over elements or keys.
    pub fn each(&mut self, target: ExprId, over: ExprId, keys: bool, body: Draft) -> Stmt {
        let body = self.keep(body);
        self.compound(Compound::Each {
            target,
            over,
            keys,
            body,
        })
    }

    /// Body, handler, finally.
    pub fn attempt(&mut self, body: Draft, handler: Option<Draft>, last: Draft) -> Stmt {
        let body = self.keep(body);
        let handler = handler.map(|handler| self.keep(handler));
        let last = self.keep(last);
        self.compound(Compound::Try(body, handler, last))
    }

    /// A block within a block.
    pub fn inner(&mut self, draft: Draft) -> Stmt {
        let block = self.keep(draft);
        self.compound(Compound::Block(block))
    }

    /// Interns a name.
    pub fn atom(&mut self, name: &str) -> Atom {
        if let Some(atom) = self.program.atom(name) {
            return atom;
        }
        let atom = Atom(self.program.names.len() as u32);
        self.program.names.push(name.into());
        self.program.atoms.insert(name, atom.0);
        atom
    }

    /// Adds a constant.
    pub fn constant(&mut self, constant: Const, span: Span) -> ExprId {
        let id = self.constants.hold(&mut self.program, constant);
        self.add(Expr::Const(id), span)
    }

    /// Adds a text.
    pub fn text(&mut self, text: &str, span: Span) -> ExprId {
        let id = self.constants.hold_text(&mut self.program, text);
        self.add(Expr::Const(id), span)
    }

    /// Adds `undefined`.
    pub fn undefined(&mut self, span: Span) -> ExprId {
        self.constant(Const::Undefined, span)
    }

    /// Adds a name seen from here.
    pub fn name(&mut self, name: &str, span: Span) -> ExprId {
        let atom = self.atom(name);
        self.add(Expr::Name(atom, self.scope), span)
    }

    /// Adds `object.name`.
    pub fn member(&mut self, object: ExprId, name: &str, span: Span) -> ExprId {
        let atom = self.atom(name);
        self.add(Expr::Member(object, atom), span)
    }

    /// Adds a call and lists it.
    pub fn call(&mut self, callee: ExprId, args: &[ExprId], new: bool, span: Span) -> ExprId {
        let args = self.list(args);
        let id = self.add(Expr::Call { callee, args, new }, span);
        self.program.calls.push((id, self.function));
        id
    }

    /// Lists an expression as a call: `import(a)` and the like.
    pub fn list_call(&mut self, id: ExprId) {
        self.program.calls.push((id, self.function));
    }

    /// Adds something made from parts that are not looked into.
    pub fn other(&mut self, parts: &[ExprId], span: Span) -> ExprId {
        let parts = self.list(parts);
        self.add(Expr::Other(parts), span)
    }

    /// Adds texts one behind the other.
    pub fn concat(&mut self, parts: &[ExprId], span: Span) -> ExprId {
        let parts = self.list(parts);
        self.add(Expr::Concat(parts), span)
    }

    /// Adds an operator of two sides.
    pub fn binary(&mut self, operator: Binary, left: ExprId, right: ExprId, span: Span) -> ExprId {
        self.add(Expr::Binary(operator, left, right), span)
    }

    /// Declares a variable in a scope.
    pub fn declare_in(&mut self, scope: ScopeId, name: &str) -> SymbolId {
        let atom = self.atom(name);
        let function = self.program.scopes[scope.at()].function.0;
        if let Some(known) = self.program.declared.get(&(scope, atom)) {
            return *known;
        }
        let symbol = SymbolId(self.program.symbols.len() as u32);
        self.program.symbols.push(Symbol {
            values: Values::new(),
            function,
            mutated: false,
        });
        self.program.declare(scope, atom, symbol);
        symbol
    }

    /// Declares a variable here.
    pub fn declare(&mut self, name: &str) -> SymbolId {
        self.declare_in(self.scope, name)
    }

    /// Declares a variable for the whole function.
    pub fn declare_in_function(&mut self, name: &str) -> SymbolId {
        let scope = self.program.functions[self.function.at()].scope;
        self.declare_in(scope, name)
    }

    /// Notes a value of a variable.
    pub fn value(&mut self, symbol: SymbolId, value: ExprId) {
        self.program.symbols[symbol.at()].values.push(value);
    }

    /// Assigns, and notes what that means: another value of a variable, or a store into
    /// a property. Names are resolved at the end, so a target by name is kept as such.
    pub fn assign(&mut self, target: ExprId, value: ExprId, span: Span) -> ExprId {
        match self.program.expr(target) {
            Expr::Member(object, key) => {
                let function = self.function;
                self.program.stores.push(Store {
                    object,
                    key: Some(key),
                    computed: None,
                    value,
                    function,
                });
            }
            Expr::Index(object, key) => {
                let function = self.function;
                self.program.stores.push(Store {
                    object,
                    key: None,
                    computed: Some(key),
                    value,
                    function,
                });
            }
            _ => {}
        }
        self.add(Expr::Assign(target, value), span)
    }

    /// Adds `module` to what is imported statically.
    pub fn import(&mut self, specifier: &str, span: Span) -> ExprId {
        let atom = self.atom(specifier);
        self.program.imports.push((atom, span));
        self.add(Expr::Module(atom), span)
    }

    /// Hands a value out under a name.
    pub fn export(&mut self, name: &str, value: ExprId) {
        let atom = self.atom(name);
        self.program.exports.push(Export::Value(atom, value));
    }

    /// Takes back what was handed out behind a number of others, where it was no module's.
    pub fn take_exports(&mut self, behind: usize) -> Vec<(Atom, ExprId)> {
        let taken = self
            .program
            .exports
            .split_off(behind.min(self.program.exports.len()));
        let named = taken.into_iter().filter_map(|export| match export {
            Export::Value(name, value) => Some((name, value)),
            Export::All(_) => None,
        });
        named.collect()
    }

    /// Hands everything out that another module hands out.
    pub fn export_all(&mut self, specifier: &str, span: Span) {
        let atom = self.atom(specifier);
        self.program.imports.push((atom, span));
        self.program.exports.push(Export::All(atom));
    }

    /// The function that is being built.
    pub const fn current(&self) -> FuncId {
        self.function
    }

    /// Something of the current function.
    pub fn function_mut(&mut self, id: FuncId) -> &mut Function {
        &mut self.program.functions[id.at()]
    }

    /// Enters a function.
    pub fn enter_function(&mut self, name: Option<&str>, arrow: bool) -> (FuncId, Place) {
        let back = Place {
            function: self.function,
            scope: self.scope,
        };
        let id = FuncId(self.program.functions.len() as u32);
        let name = name.map(|name| self.atom(name));
        self.function = id;
        let scope = self.new_scope(Some(back.scope), id);
        self.program.functions.push(Function {
            name,
            parent: Some(back.function),
            scope,
            params: 0,
            body: Block::default(),
            returns: Vec::new(),
            arrow,
            param_names: Vec::new(),
            class: None,
            accessor: None,
            on_class: false,
            lends: false,
        });
        self.scope = scope;
        (id, back)
    }

    /// Enters a part of the current function that runs on its own account; names mean the
    /// same in it.
    pub fn enter_part(&mut self, name: &str) -> (FuncId, Place) {
        let scope = self.scope;
        let (id, back) = self.enter_function(Some(name), true);
        self.scope = scope;
        self.program.functions[id.at()].scope = scope;
        (id, back)
    }

    /// Notes what runs only when a script gets a certain argument.
    pub fn asked_block(&mut self, id: FuncId) {
        self.program.asked_blocks.push(id);
    }

    /// Says what runs only when the file is a script.
    pub fn main_block(&mut self, id: FuncId) {
        self.program.main_blocks.push(id);
    }

    /// Says whose result is compiled.
    pub fn expander(&mut self, id: FuncId) {
        self.program.expanders.push(id);
    }

    /// Says what runs before the program begins.
    pub fn starter(&mut self, function: ExprId) {
        self.program.starters.push(function);
    }

    /// Says that every name of a module is imported.
    pub fn star(&mut self, specifier: &str) {
        let atom = self.atom(specifier);
        self.program.stars.push(atom);
    }

    /// Says that a name means the variable of the file, or of the function around.
    pub fn outside(&mut self, name: &str, whole_file: bool) {
        let scope = if whole_file {
            ScopeId(0)
        } else {
            match self.program.functions[self.function.at()].parent {
                Some(parent) => self.program.functions[parent.at()].scope,
                None => ScopeId(0),
            }
        };
        let symbol = self.declare_in(scope, name);
        let atom = self.atom(name);
        self.program.declare(self.scope, atom, symbol);
    }

    /// Leaves a function or scope.
    pub const fn leave(&mut self, back: Place) {
        self.function = back.function;
        self.scope = back.scope;
    }

    /// Notes what stands in for a value that is not there.
    pub fn instead(&mut self, value: ExprId, other: ExprId) {
        self.program.instead.entry(value).or_insert(other);
    }

    /// Enters a scope of the current function.
    pub fn enter_scope(&mut self) -> Place {
        let back = Place {
            function: self.function,
            scope: self.scope,
        };
        self.scope = self.new_scope(Some(back.scope), back.function);
        back
    }

    fn new_scope(&mut self, parent: Option<ScopeId>, function: FuncId) -> ScopeId {
        self.program.scopes.push(Scope {
            parent,
            function,
            declares: false,
        });
        ScopeId(self.program.scopes.len() as u32 - 1)
    }

    /// Gives every assignment by name to its variable. Called once, when all
    /// declarations are known; what has no declaration is a global of its own.
    pub fn settle(&mut self) {
        self.program.shorten_scopes();
        self.mark_mutated();
        for at in 0..self.program.exprs.len() {
            let (target, value) = match self.program.exprs[at] {
                Expr::Assign(target, value) => (target, value),
                Expr::Update { target, .. } => (target, ExprId(at as u32)),
                _ => continue,
            };
            let Expr::Name(atom, scope) = self.program.exprs[target.at()] else {
                continue;
            };
            let symbol = match self.program.resolve(atom, scope) {
                Some(symbol) => symbol,
                None => {
                    let name = self.program.names[atom.at()].clone();
                    self.declare_in(ScopeId(0), &name)
                }
            };
            self.value(symbol, value);
        }
    }

    /// Marks the variables whose values are changed in place: by a method, by a store, or
    /// by a function that is called where it stands.
    fn mark_mutated(&mut self) {
        const METHODS: [&str; 16] = [
            "push",
            "pop",
            "shift",
            "unshift",
            "splice",
            "reverse",
            "sort",
            "fill",
            "append",
            "extend",
            "insert",
            "update",
            "add",
            "set",
            "setdefault",
            "remove",
        ];
        // Paths and texts of Rust are changed where they stand.
        const OF_RUST: [&str; 3] = ["push_str", "set_extension", "set_file_name"];
        let is_rust = self.program.language == Language::Rust;
        let of_rust = OF_RUST.iter().chain(&UNFOLLOWED).filter(|_| is_rust);
        let names = METHODS.iter().chain(of_rust);
        let changing: SmallVec<[Atom; 32]> =
            names.filter_map(|name| self.program.atom(name)).collect();
        let mut changed = Vec::new();
        for (call, _) in &self.program.calls {
            let Expr::Call { callee, args, .. } = self.program.expr(*call) else {
                continue;
            };
            match self.program.expr(callee) {
                Expr::Member(object, name) if changing.contains(&name) => changed.push(object),
                Expr::Index(object, _) => changed.push(object),
                Expr::Function(_) => changed.extend_from_slice(self.program.list(args)),
                _ => {}
            }
        }
        changed.extend(self.program.stores.iter().map(|store| store.object));
        for object in changed {
            if let Expr::Name(atom, scope) = self.program.expr(object)
                && let Some(symbol) = self.program.resolve(atom, scope)
            {
                self.program.symbols[symbol.at()].mutated = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(language: Language) -> usize {
        let mut builder = Builder::new(language);
        let mut levels = 0;
        while builder.enter_deeper() {
            levels += 1;
        }
        assert!(!builder.enter_deeper());
        assert_eq!(builder.program().notes, [reading::TOO_DEEP]);
        builder.leave_deeper();
        assert!(builder.enter_deeper());
        levels
    }

    #[test]
    fn past_the_bound_nobody_goes_deeper_and_that_is_said_once() {
        assert_eq!(levels(Language::JavaScript), reading::NESTING + 1);
        assert_eq!(levels(Language::Python), reading::NESTING + 1);
        assert_eq!(levels(Language::Rust), reading::NESTING_OF_RUST + 1);
    }
}
