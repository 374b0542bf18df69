//! What is known of a call or an argument, for hundreds of thousands of them: of most nothing is,
//! and that takes two bits.

use super::callee::HandedValue;
use super::fellows::Fellows;
use crate::ir::ExprId;
use crate::pure::{FileId, Value};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Some of the expressions of a file.
#[derive(Debug, Default)]
pub(super) struct Marks(Vec<u64>);

impl Marks {
    pub fn insert(&mut self, expr: ExprId) {
        let word = expr.at() / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << (expr.at() % 64);
        }
    }

    pub fn contains(&self, expr: ExprId) -> bool {
        let word = self.0.get(expr.at() / 64);
        word.is_some_and(|word| word & 1 << (expr.at() % 64) != 0)
    }
}

/// What is known of each expression of a file: two bits each.
#[derive(Debug, Default)]
struct States(Vec<u64>);

/// What is known of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody has asked yet.
    None = 0,
    /// It has the usual value.
    Usual = 1,
    /// It has another one.
    Other = 2,
}

impl States {
    /// Expressions of a word.
    const IN_A_WORD: usize = 32;

    fn set(&mut self, expr: ExprId, state: State) {
        let at = expr.at() / Self::IN_A_WORD;
        if at >= self.0.len() {
            if state == State::None {
                return;
            }
            self.0.resize(at + 1, 0);
        }
        let shift = 2 * (expr.at() % Self::IN_A_WORD);
        if let Some(word) = self.0.get_mut(at) {
            *word = (*word & !(0b11 << shift)) | ((state as u64) << shift);
        }
    }

    fn get(&self, expr: ExprId) -> State {
        let word = self.0.get(expr.at() / Self::IN_A_WORD);
        let shift = 2 * (expr.at() % Self::IN_A_WORD);
        match word.map_or(0, |word| *word >> shift & 0b11) {
            0 => State::None,
            1 => State::Usual,
            _ => State::Other,
        }
    }
}

/// A value for some expressions of a package, most of which have one and the same.
#[derive(Debug)]
pub(super) struct Mostly<T> {
    usual: T,
    /// By the numbers of the files.
    states: Vec<States>,
    others: FxHashMap<(FileId, ExprId), T>,
}

/// What is called.
pub(super) type Callees = Mostly<Value>;
/// What names that are handed to calls are.
pub(super) type Handed = Mostly<HandedValue>;
/// What calls may mean besides.
pub(super) type AllFellows = Mostly<Fellows>;

impl Callees {
    pub fn new() -> Self {
        Self::with(Value::Unknown)
    }

    pub fn insert(&mut self, place: (FileId, ExprId), value: Value) {
        self.put(place, value.is_unknown(), value);
    }
}

impl Handed {
    pub fn new() -> Self {
        Self::with(HandedValue::Other)
    }

    pub fn insert(&mut self, place: (FileId, ExprId), value: HandedValue) {
        self.put(place, matches!(value, HandedValue::Other), value);
    }
}

impl AllFellows {
    pub fn new() -> Self {
        Self::with(Rc::from(Vec::new()))
    }

    pub fn insert(&mut self, place: (FileId, ExprId), value: Fellows) {
        self.put(place, value.is_empty(), value);
    }
}

impl<T> Mostly<T> {
    fn with(usual: T) -> Self {
        Self {
            usual,
            states: Vec::new(),
            others: FxHashMap::default(),
        }
    }

    fn put(&mut self, place: (FileId, ExprId), is_usual: bool, value: T) {
        if is_usual {
            if self.state(&place) == State::Other {
                self.others.remove(&place);
            }
            self.set(place, State::Usual);
        } else {
            self.others.insert(place, value);
            self.set(place, State::Other);
        }
    }

    fn set(&mut self, place: (FileId, ExprId), state: State) {
        let file = place.0 as usize;
        if file >= self.states.len() {
            self.states.resize_with(file + 1, States::default);
        }
        if let Some(states) = self.states.get_mut(file) {
            states.set(place.1, state);
        }
    }

    fn state(&self, place: &(FileId, ExprId)) -> State {
        let states = self.states.get(place.0 as usize);
        states.map_or(State::None, |states| states.get(place.1))
    }

    /// It is asked again.
    pub fn remove(&mut self, place: &(FileId, ExprId)) {
        match self.state(place) {
            State::None => return,
            State::Usual => {}
            State::Other => {
                self.others.remove(place);
            }
        }
        self.set(*place, State::None);
    }

    /// All of a file is asked again.
    pub fn forget(&mut self, file: FileId) {
        if let Some(states) = self.states.get_mut(file as usize) {
            *states = States::default();
        }
        self.others.retain(|(of, _), _| *of != file);
    }

    /// What most of them have.
    pub const fn usual(&self) -> &T {
        &self.usual
    }

    /// None where nobody has asked yet.
    pub fn get(&self, place: &(FileId, ExprId)) -> Option<&T> {
        match self.state(place) {
            State::None => None,
            State::Usual => Some(&self.usual),
            State::Other => self.others.get(place),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_value_is_told_from_none() {
        let mut callees = Callees::new();
        callees.insert((1, ExprId(70)), Value::Unknown);
        callees.insert((1, ExprId(3)), Value::Undefined);
        assert!(callees.get(&(1, ExprId(70))).is_some_and(Value::is_unknown));
        assert!(matches!(
            callees.get(&(1, ExprId(3))),
            Some(Value::Undefined)
        ));
        for place in [(1, ExprId(64)), (1, ExprId(5))] {
            callees.insert(
                place,
                if place.1 == ExprId(5) {
                    Value::Null
                } else {
                    Value::Unknown
                },
            );
            callees.remove(&place);
            assert!(callees.get(&place).is_none());
        }
        callees.insert((7, ExprId(1)), Value::Null);
        callees.insert((7, ExprId(2)), Value::Unknown);
        callees.forget(7);
        assert!((1..3).all(|expr| callees.get(&(7, ExprId(expr))).is_none()));
        for nothing in [
            (1, ExprId(71)),
            (1, ExprId(6)),
            (2, ExprId(70)),
            (1, ExprId(4000)),
        ] {
            assert!(callees.get(&nothing).is_none());
        }
    }
}
