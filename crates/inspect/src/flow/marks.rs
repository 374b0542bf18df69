//! What is known of a call or an argument, for hundreds of thousands of them: of most nothing is,
//! and that takes a bit.

use super::callee::HandedValue;
use crate::ir::ExprId;
use crate::pure::{FileId, Value};
use rustc_hash::FxHashMap;

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

    pub fn remove(&mut self, expr: ExprId) {
        if let Some(word) = self.0.get_mut(expr.at() / 64) {
            *word &= !(1 << (expr.at() % 64));
        }
    }

    pub fn contains(&self, expr: ExprId) -> bool {
        let word = self.0.get(expr.at() / 64);
        word.is_some_and(|word| word & 1 << (expr.at() % 64) != 0)
    }
}

/// A value for some expressions of a package, most of which have one and the same.
#[derive(Debug)]
pub(super) struct Mostly<T> {
    usual: T,
    with_usual: FxHashMap<FileId, Marks>,
    others: FxHashMap<(FileId, ExprId), T>,
}

/// What is called.
pub(super) type Callees = Mostly<Value>;
/// What names that are handed to calls are.
pub(super) type Handed = Mostly<HandedValue>;

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

impl<T> Mostly<T> {
    fn with(usual: T) -> Self {
        Self {
            usual,
            with_usual: FxHashMap::default(),
            others: FxHashMap::default(),
        }
    }

    fn put(&mut self, place: (FileId, ExprId), is_usual: bool, value: T) {
        if is_usual {
            self.others.remove(&place);
            self.with_usual.entry(place.0).or_default().insert(place.1);
        } else {
            self.others.insert(place, value);
        }
    }

    /// It is asked again.
    pub fn remove(&mut self, place: &(FileId, ExprId)) {
        self.others.remove(place);
        if let Some(marks) = self.with_usual.get_mut(&place.0) {
            marks.remove(place.1);
        }
    }

    /// All of a file is asked again.
    pub fn forget(&mut self, file: FileId) {
        self.with_usual.remove(&file);
        self.others.retain(|(of, _), _| *of != file);
    }

    /// None where nobody has asked yet.
    pub fn get(&self, place: &(FileId, ExprId)) -> Option<&T> {
        let usual = |marks: &Marks| marks.contains(place.1).then_some(&self.usual);
        let other = self.others.get(place);
        other.or_else(|| self.with_usual.get(&place.0).and_then(usual))
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
