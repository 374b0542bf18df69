//! Constants of a program that is being made: what is the same is held once.

use super::atoms::Atoms;
use super::{Const, ConstId, Program};
use crate::limit::evaluating;

/// Whole numbers from 0 on that are told apart.
const NUMBERS: usize = 16;

/// Where the constants stand that occurred.
#[derive(Debug, Default)]
pub(super) struct Constants {
    /// Nothing, `undefined`, what does not hold and what holds.
    simple: [Option<ConstId>; 4],
    numbers: [Option<ConstId>; NUMBERS],
    texts: Atoms,
}

impl Constants {
    /// The number of a constant in the program.
    pub fn hold(&mut self, program: &mut Program, constant: Const) -> ConstId {
        let next = ConstId(program.consts.len() as u32);
        let known = match &constant {
            Const::Null => self.simple.get_mut(0),
            Const::Undefined => self.simple.get_mut(1),
            Const::Bool(holds) => self.simple.get_mut(2 + usize::from(*holds)),
            Const::Number(number) => self.number(*number),
            Const::Text(_) | Const::Bytes(_) | Const::Regex(_) => None,
        };
        if let Some(known) = known {
            if let Some(known) = known {
                return *known;
            }
            *known = Some(next);
        }
        program.consts.push(constant);
        next
    }

    /// The same of a text.
    pub fn hold_text(&mut self, program: &mut Program, text: &str) -> ConstId {
        let next = ConstId(program.consts.len() as u32);
        // Of a large one it is asked how many hold it.
        if text.len() < evaluating::LARGE {
            let is_it = |at: u32| {
                let constant = program.consts.get(at as usize);
                matches!(constant, Some(Const::Text(known)) if **known == *text)
            };
            if let Some(known) = self.texts.find(text, is_it) {
                return ConstId(known);
            }
            self.texts.insert(text, next.0);
        }
        program.consts.push(Const::Text(text.into()));
        next
    }

    fn number(&mut self, number: f64) -> Option<&mut Option<ConstId>> {
        let whole = number as usize;
        // Of the two zeros the other one is not this one.
        let is_whole = (whole as f64).to_bits() == number.to_bits();
        is_whole.then(|| self.numbers.get_mut(whole)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Language;

    #[test]
    fn what_is_the_same_is_held_once() {
        let mut program = Program::empty(Language::Python);
        let mut constants = Constants::default();
        let given = [
            Const::Null,
            Const::Undefined,
            Const::Bool(false),
            Const::Bool(true),
            Const::Number(0.0),
            Const::Number(-0.0),
            Const::Number(15.0),
            Const::Number(0.5),
            Const::Number(f64::NAN),
        ];
        let first = given.clone().map(|one| constants.hold(&mut program, one));
        let again = given.clone().map(|one| constants.hold(&mut program, one));
        let same: Vec<bool> = first.iter().zip(&again).map(|(a, b)| a == b).collect();
        let wanted = [true, true, true, true, true, false, true, false, false];
        assert_eq!(same, wanted);
        for (id, constant) in first.iter().zip(&given) {
            let held = program.constant(*id);
            assert_eq!(format!("{held:?}"), format!("{constant:?}"));
        }
        let text = constants.hold_text(&mut program, "a");
        assert_eq!(constants.hold_text(&mut program, "a"), text);
        assert_ne!(constants.hold_text(&mut program, "b"), text);
        let large = "a".repeat(evaluating::LARGE);
        let one = constants.hold_text(&mut program, &large);
        assert_ne!(constants.hold_text(&mut program, &large), one);
    }
}
