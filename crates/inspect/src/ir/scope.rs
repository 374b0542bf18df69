//! What a name means in a scope.

use super::{Atom, Program, Scope, ScopeId, SymbolId};
use rustc_hash::FxHashMap;
use std::cell::{Cell, OnceCell};

/// Scopes that are gone up one by one. Code that people write is nested less deeply; past
/// them a table is asked, so that many names far down cost no more than many names.
const NEAR: usize = 64;

/// What names mean, however deep the scope: made once, when somebody asks from far down.
///
/// Scopes get numbers by which those within one stand behind it without a gap. Along these
/// numbers a name changes its meaning where a scope begins that declares it, and where that
/// scope ends. The top scope is left out: something may be declared in it at any time.
#[derive(Debug, Clone)]
pub(crate) struct Far {
    /// The number of each scope.
    numbers: Vec<u32>,
    /// From which number on a name means what, in order.
    turns: FxHashMap<Atom, Vec<(u32, Option<SymbolId>)>>,
}

/// A scope that declares a name: its number, the one behind its last inner scope, and what is
/// declared.
type Declared = (u32, u32, SymbolId);

impl Far {
    fn of(scopes: &[Scope], declared: &FxHashMap<(ScopeId, Atom), SymbolId>) -> Self {
        // A scope stands behind the one around it.
        let parent = |at: usize| {
            let parent = scopes.get(at)?.parent?.at();
            (parent < at).then_some(parent)
        };
        let mut sizes = vec![1_u32; scopes.len()];
        for at in (0..scopes.len()).rev() {
            if let Some(parent) = parent(at) {
                sizes[parent] += sizes[at];
            }
        }
        let mut numbers = vec![0_u32; scopes.len()];
        let mut free = vec![0_u32; scopes.len()];
        let mut outermost = 0_u32;
        for at in 0..scopes.len() {
            let next = match parent(at) {
                Some(parent) => &mut free[parent],
                None => &mut outermost,
            };
            numbers[at] = *next;
            *next += sizes[at];
            free[at] = numbers[at] + 1;
        }
        let mut by_name: FxHashMap<Atom, Vec<Declared>> = FxHashMap::default();
        for ((scope, atom), symbol) in declared {
            if *scope != ScopeId(0) {
                let from = numbers[scope.at()];
                let to = from + sizes[scope.at()];
                by_name.entry(*atom).or_default().push((from, to, *symbol));
            }
        }
        let turns = by_name
            .into_iter()
            .map(|(atom, scopes)| (atom, turns(scopes)))
            .collect();
        Self { numbers, turns }
    }

    fn find(&self, atom: Atom, scope: ScopeId) -> Option<SymbolId> {
        let number = *self.numbers.get(scope.at())?;
        let turns = self.turns.get(&atom)?;
        let last = turns
            .partition_point(|turn| turn.0 <= number)
            .checked_sub(1)?;
        turns.get(last)?.1
    }
}

/// Where one name changes its meaning.
fn turns(mut scopes: Vec<Declared>) -> Vec<(u32, Option<SymbolId>)> {
    scopes.sort_unstable();
    let mut turns = Vec::with_capacity(scopes.len() * 2);
    let mut open: Vec<(u32, SymbolId)> = Vec::new();
    for (from, to, symbol) in scopes {
        end_before(from, &mut open, &mut turns);
        turns.push((from, Some(symbol)));
        open.push((to, symbol));
    }
    end_before(u32::MAX, &mut open, &mut turns);
    turns
}

/// Ends the scopes that do not reach a number.
fn end_before(
    number: u32,
    open: &mut Vec<(u32, SymbolId)>,
    turns: &mut Vec<(u32, Option<SymbolId>)>,
) {
    while let Some((to, _)) = open.last().copied()
        && to <= number
    {
        open.pop();
        turns.push((to, open.last().map(|around| around.1)));
    }
}

/// What names meant when somebody asked last: the same few are asked for again and again, and
/// going up from scope to scope is a look into a large table each time.
///
/// A slot holds one answer; another question that falls into it takes its place.
#[derive(Debug, Clone)]
pub(crate) struct Recent {
    slots: Box<[Cell<Slot>]>,
}

/// A question and its answer.
#[derive(Debug, Clone, Copy)]
struct Slot {
    atom: Atom,
    scope: ScopeId,
    meaning: Option<SymbolId>,
}

impl Slot {
    /// No scope has this number.
    const EMPTY: Self = Self {
        atom: Atom(u32::MAX),
        scope: ScopeId(u32::MAX),
        meaning: None,
    };
}

impl Recent {
    fn of(expressions: usize) -> Self {
        Self {
            slots: vec![Cell::new(Slot::EMPTY); Self::slots(expressions)].into(),
        }
    }

    /// Slots for a program with so many expressions.
    fn slots(expressions: usize) -> usize {
        const LEAST: usize = 16;
        const MOST: usize = 1 << 14;
        (expressions / 16).next_power_of_two().clamp(LEAST, MOST)
    }

    /// Bytes of memory that they take.
    pub(crate) fn bytes(expressions: usize) -> usize {
        Self::slots(expressions) * size_of::<Cell<Slot>>()
    }

    fn slot(&self, atom: Atom, scope: ScopeId) -> Option<&Cell<Slot>> {
        let mixed = (atom.0 ^ scope.0.rotate_left(16)).wrapping_mul(0x9e37_79b9);
        self.slots
            .get((mixed >> 16) as usize & (self.slots.len() - 1))
    }
}

impl Program {
    /// The variable that a name means in a scope.
    pub fn resolve(&self, atom: Atom, scope: ScopeId) -> Option<SymbolId> {
        // Most names are the library's: nothing declares them.
        if !self.is_declared.get(atom.at()).is_some_and(|is| *is) {
            return None;
        }
        let recent = self.recent.get_or_init(|| Recent::of(self.exprs.len()));
        let Some(slot) = recent.slot(atom, scope) else {
            return self.look_up(atom, scope);
        };
        let known = slot.get();
        if known.atom == atom && known.scope == scope {
            return known.meaning;
        }
        let meaning = self.look_up(atom, scope);
        slot.set(Slot {
            atom,
            scope,
            meaning,
        });
        meaning
    }

    /// The same, from scope to scope.
    fn look_up(&self, atom: Atom, scope: ScopeId) -> Option<SymbolId> {
        let mut at = scope;
        for _ in 0..NEAR {
            let here = &self.scopes[at.at()];
            if here.declares
                && let Some(symbol) = self.declared.get(&(at, atom))
            {
                return Some(*symbol);
            }
            at = here.parent?;
        }
        self.far
            .get_or_init(|| Far::of(&self.scopes, &self.declared))
            .find(atom, at)
            .or_else(|| self.declared.get(&(ScopeId(0), atom)).copied())
    }

    /// Declares what a name means in a scope.
    pub(crate) fn declare(&mut self, scope: ScopeId, atom: Atom, symbol: SymbolId) {
        if self.is_declared.len() <= atom.at() {
            self.is_declared.resize(atom.at() + 1, false);
        }
        self.is_declared[atom.at()] = true;
        self.scopes[scope.at()].declares = true;
        self.declared.insert((scope, atom), symbol);
        self.recent = OnceCell::new();
        if scope != ScopeId(0) {
            self.far = OnceCell::new();
        }
    }

    /// Lets each scope lead to the next one in which something is declared.
    pub(crate) fn shorten_scopes(&mut self) {
        self.recent = OnceCell::new();
        // A scope stands behind the one around it.
        for at in 0..self.scopes.len() {
            while let Some(parent) = self.scopes[at].parent
                && parent != ScopeId(0)
                && !self.scopes[parent.at()].declares
            {
                self.scopes[at].parent = self.scopes[parent.at()].parent;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Builder, Language};
    use proptest::prelude::*;

    const NAMES: [&str; 4] = ["a", "b", "c", "d"];

    /// What a name means, by going up from scope to scope.
    fn walked(program: &Program, atom: Atom, scope: ScopeId) -> Option<SymbolId> {
        let mut at = Some(scope);
        while let Some(scope) = at {
            if let Some(symbol) = program.declared.get(&(scope, atom)) {
                return Some(*symbol);
            }
            at = program.scopes[scope.at()].parent;
        }
        None
    }

    fn all_names_mean_what_is_next(program: &Program) -> Result<(), TestCaseError> {
        for scope in (0..program.scopes.len() as u32).map(ScopeId) {
            for atom in NAMES.iter().filter_map(|name| program.atom(name)) {
                let wanted = walked(program, atom, scope);
                prop_assert_eq!(
                    program.resolve(atom, scope),
                    wanted,
                    "{:?} {:?}",
                    atom,
                    scope
                );
                let far = Far::of(&program.scopes, &program.declared)
                    .find(atom, scope)
                    .or_else(|| program.declared.get(&(ScopeId(0), atom)).copied());
                prop_assert_eq!(far, wanted, "from far: {:?} {:?}", atom, scope);
            }
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn a_name_means_the_nearest_declaration_around_it(
            // Below 4: a declaration; below 8: into a scope; else out of one.
            steps in prop::collection::vec(0_usize..10, 0..60),
            deep in 0_usize..90,
            down in prop::sample::select(vec![false, true]),
        ) {
            let mut builder = Builder::new(Language::JavaScript);
            let mut outside = Vec::new();
            builder.declare("a");
            for _ in 0..deep {
                outside.push(builder.enter_scope());
            }
            for step in steps {
                match NAMES.get(step) {
                    Some(name) => {
                        builder.declare(name);
                    }
                    None if step < 8 => outside.push(builder.enter_scope()),
                    None => {
                        if let Some(back) = outside.pop() {
                            builder.leave(back);
                        }
                    }
                }
            }
            all_names_mean_what_is_next(builder.program())?;
            if down {
                builder.rework(|program| program);
                all_names_mean_what_is_next(builder.program())?;
            }
        }
    }

    #[test]
    fn what_is_declared_later_is_seen_from_far_down() {
        let mut builder = Builder::new(Language::JavaScript);
        builder.declare("a");
        let mut middle = ScopeId(0);
        for depth in 0..NEAR * 3 {
            builder.enter_scope();
            builder.declare(&format!("b{depth}"));
            if depth == NEAR {
                middle = ScopeId(builder.program().scopes.len() as u32 - 1);
            }
        }
        let deepest = ScopeId(builder.program().scopes.len() as u32 - 1);
        let atom = builder.atom("a");
        let outer = builder.program().resolve(atom, deepest);
        assert_eq!(
            outer,
            builder.program().declared.get(&(ScopeId(0), atom)).copied()
        );
        let inner = builder.declare_in(middle, "a");
        assert_eq!(builder.program().resolve(atom, deepest), Some(inner));
        let late = builder.declare_in(ScopeId(0), "late");
        let atom = builder.atom("late");
        assert_eq!(builder.program().resolve(atom, deepest), Some(late));
    }
}
