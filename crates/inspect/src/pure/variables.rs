//! The variables of one call of a function. Most calls have a handful, which is no table; the top
//! level of a bundle has thousands.

use super::value::Value;
use rustc_hash::FxHashMap;

/// Variables that are looked for one by one.
const FEW: usize = 12;

/// Values of variables, by the numbers of these.
#[derive(Debug, Default)]
pub struct Variables {
    few: Vec<(u32, Value)>,
    /// All of them, once they are many.
    many: Option<Box<FxHashMap<u32, Value>>>,
}

impl Variables {
    /// What a variable holds.
    pub fn get(&self, variable: &u32) -> Option<&Value> {
        match &self.many {
            Some(many) => many.get(variable),
            None => self
                .few
                .iter()
                .find_map(|(known, value)| (known == variable).then_some(value)),
        }
    }

    /// Puts a value into a variable.
    pub fn insert(&mut self, variable: u32, value: Value) {
        if let Some(many) = &mut self.many {
            many.insert(variable, value);
            return;
        }
        if let Some((_, held)) = self.few.iter_mut().find(|(known, _)| *known == variable) {
            *held = value;
        } else if self.few.len() < FEW {
            self.few.push((variable, value));
        } else {
            let few = std::mem::take(&mut self.few);
            let mut many: FxHashMap<u32, Value> = few.into_iter().collect();
            many.insert(variable, value);
            self.many = Some(Box::new(many));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_holds_whether_they_are_few_or_many() {
        let mut variables = Variables::default();
        for count in 1..3 * FEW as u32 {
            variables.insert(count, Value::Null);
            variables.insert(count, Value::Number(f64::from(count)));
            for known in 1..=count {
                let number = variables.get(&known).and_then(Value::number);
                assert_eq!(number, Some(f64::from(known)));
            }
            assert!(variables.get(&0).is_none());
            assert_eq!(variables.many.is_some(), count as usize > FEW);
        }
    }
}
