//! What stands in the functions of a file, in one list: a table for each file of a package that
//! has a list for each function takes several times as much memory.

use crate::ir::FuncId;

/// Things by the function that they stand in, each function's in their order.
#[derive(Debug)]
pub(super) struct ByFunction<T> {
    /// Where the things of each function begin, and where those of the last one end.
    starts: Vec<u32>,
    things: Vec<T>,
}

impl<T> Default for ByFunction<T> {
    fn default() -> Self {
        Self {
            starts: Vec::new(),
            things: Vec::new(),
        }
    }
}

impl<T: Copy> ByFunction<T> {
    /// The things of a file that has so many functions.
    pub fn of(functions: usize, things: impl Iterator<Item = (FuncId, T)> + Clone) -> Self {
        let Some((_, first)) = things.clone().next() else {
            return Self::default();
        };
        let mut starts = vec![0_u32; functions + 1];
        for (function, _) in things.clone() {
            if let Some(behind) = starts.get_mut(function.at() + 1) {
                *behind += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut sorted = vec![first; sum as usize];
        for (function, thing) in things {
            if let Some(at) = next.get_mut(function.at())
                && let Some(place) = sorted.get_mut(*at as usize)
            {
                *place = thing;
                *at += 1;
            }
        }
        Self {
            starts,
            things: sorted,
        }
    }

    /// What stands in a function; none where that is nothing.
    pub fn get(&self, function: &FuncId) -> Option<&[T]> {
        let from = *self.starts.get(function.at())? as usize;
        let to = *self.starts.get(function.at() + 1)? as usize;
        self.things.get(from..to).filter(|here| !here.is_empty())
    }

    /// The functions in which something stands, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (FuncId, &[T])> {
        let functions = (0..self.starts.len() as u32).map(FuncId);
        functions.filter_map(|function| Some((function, self.get(&function)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_function_has_its_own_in_their_order() {
        let things = [(FuncId(2), 'a'), (FuncId(0), 'b'), (FuncId(2), 'c')];
        let by_function = ByFunction::of(4, things.into_iter());
        assert_eq!(by_function.get(&FuncId(0)), Some(&['b'][..]));
        assert_eq!(by_function.get(&FuncId(2)), Some(&['a', 'c'][..]));
        for nothing in [1, 3, 4, 9] {
            assert_eq!(by_function.get(&FuncId(nothing)), None);
        }
        let all: Vec<(FuncId, usize)> = by_function.iter().map(|(f, all)| (f, all.len())).collect();
        assert_eq!(all, [(FuncId(0), 1), (FuncId(2), 2)]);
        let nothing = ByFunction::<char>::of(4, std::iter::empty());
        assert_eq!(nothing.get(&FuncId(0)), None);
    }
}
