//! What was answered before.
//!
//! Code leads back to itself: loops, recursion, methods that call each other. A question that
//! leads to one that is still open is cut off there, and gets what is known of it so far.
//! Answers that depend on a cut are provisional until the outermost question of their circle
//! is answered; that one is asked again until nothing is added, and then all of them are
//! kept. So each question of a circle is answered once a round, however its paths are
//! entangled.
//!
//! An answer that does not depend on the way in which code is reached holds for every way.
//!
//! An answer that is short because the question was asked far down is what everybody gets who asks
//! it as far down or further: there it would be shorter still. Only who asks from nearer asks again.

use super::{Label, Labels};
use crate::ir::ExprId;
use crate::pure::FileId;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Where does the value of an expression come from?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub file: FileId,
    pub expr: ExprId,
    /// In one way of getting there; by its number.
    pub way: Option<u32>,
}

/// What is noted while a question is open.
#[derive(Debug, Clone, Copy)]
pub(in crate::flow) struct Asking {
    /// The outermost open question at which something was cut off; by its number.
    pub cut: u32,
    /// The answer depends on the way in which the code is reached.
    pub contextual: bool,
    /// A bound was met: the answer may be too little.
    pub short: bool,
    /// A provisional answer has more in it than in the round before.
    grown: bool,
}

impl Default for Asking {
    fn default() -> Self {
        Self {
            cut: u32::MAX,
            contextual: false,
            short: false,
            grown: false,
        }
    }
}

impl Asking {
    /// Goes on with the question outside, when the one with this number is closed.
    pub fn join(&mut self, outer: Self, here: u32) {
        let cut = match self.cut >= here {
            true => u32::MAX,
            false => self.cut,
        };
        *self = Self {
            cut: cut.min(outer.cut),
            contextual: self.contextual || outer.contextual,
            short: self.short || outer.short,
            grown: self.grown || outer.grown,
        };
    }
}

/// An answer that depends on an open question.
#[derive(Debug)]
struct Provisional {
    labels: Labels,
    contextual: bool,
    short: bool,
    /// How far down it was asked.
    depth: u32,
    /// It is of this round.
    fresh: bool,
}

/// An answer that is short of something.
#[derive(Debug)]
struct Short {
    labels: Labels,
    contextual: bool,
    /// How far down it was asked.
    depth: u32,
}

/// Answers, by question.
#[derive(Debug)]
pub(in crate::flow) struct Memo {
    nothing: Labels,
    /// In no way in particular; and whether it matters.
    any: FxHashMap<(FileId, ExprId), (Labels, bool)>,
    /// In one way of getting there.
    in_way: FxHashMap<Question, Labels>,
    /// What is short of something, by how far down it was asked.
    short: FxHashMap<Question, Short>,
    provisional: FxHashMap<Question, Provisional>,
    /// The questions with provisional answers, in their order.
    pending: Vec<Question>,
    /// The outermost open question that a pending one depends on.
    bottom: u32,
}

impl Default for Memo {
    fn default() -> Self {
        Self {
            nothing: Rc::from(Vec::<Label>::new()),
            any: FxHashMap::default(),
            in_way: FxHashMap::default(),
            short: FxHashMap::default(),
            provisional: FxHashMap::default(),
            pending: Vec::new(),
            bottom: u32::MAX,
        }
    }
}

/// Answers for ways that are kept before they are forgotten.
const WAYS: usize = 1 << 18;

impl Memo {
    /// No labels.
    pub fn nothing(&self) -> Labels {
        Rc::clone(&self.nothing)
    }

    /// The answer, if it is known as far down.
    pub(super) fn answer(
        &self,
        question: Question,
        depth: u32,
        asking: &mut Asking,
    ) -> Option<Labels> {
        if let Some((labels, contextual)) = self.any.get(&(question.file, question.expr))
            && (question.way.is_none() || !contextual)
        {
            asking.contextual |= contextual;
            return Some(Rc::clone(labels));
        }
        if question.way.is_some()
            && let Some(labels) = self.in_way.get(&question)
        {
            asking.contextual = true;
            return Some(Rc::clone(labels));
        }
        let Some(known) = self.provisional.get(&question) else {
            let known = self.short.get(&question);
            let known = known.filter(|known| known.depth <= depth)?;
            asking.short = true;
            asking.contextual |= known.contextual;
            return Some(Rc::clone(&known.labels));
        };
        if !known.fresh {
            return None;
        }
        asking.cut = asking.cut.min(self.bottom);
        asking.contextual |= known.contextual;
        asking.short |= known.short;
        Some(Rc::clone(&known.labels))
    }

    /// What is known of an open question.
    pub(super) fn so_far(&self, question: Question, asking: &mut Asking) -> Labels {
        let Some(known) = self.provisional.get(&question) else {
            return self.nothing();
        };
        asking.contextual |= known.contextual;
        Rc::clone(&known.labels)
    }

    /// Opens a question: gives what [`Memo::close`] asks for.
    pub(super) fn open(&self) -> usize {
        self.pending.len()
    }

    /// Takes the answer of the open question with the number `here`, which was asked so far down.
    /// False: it leads back to itself and is to be asked again, if there is more to be spent.
    pub(super) fn close(
        &mut self,
        question: Question,
        here: u32,
        labels: &Labels,
        asking: &mut Asking,
        opened: usize,
        (depth, left, more): (u32, bool, bool),
    ) -> bool {
        if asking.cut < here {
            self.bottom = self.bottom.min(asking.cut);
            asking.grown |= self.put(question, labels, asking, depth, true);
            return true;
        }
        if asking.cut == here {
            let grown = asking.grown | self.put(question, labels, asking, depth, false);
            if grown && more {
                for pending in &self.pending[opened..] {
                    if let Some(known) = self.provisional.get_mut(pending) {
                        known.fresh = false;
                    }
                }
                return false;
            }
            for pending in self.pending.split_off(opened) {
                let Some(known) = self.provisional.remove(&pending) else {
                    continue;
                };
                if !known.short {
                    self.keep(pending, known.labels, known.contextual);
                } else if left {
                    self.keep_short(pending, known.labels, known.contextual, known.depth);
                }
            }
        }
        if self.pending.is_empty() {
            self.bottom = u32::MAX;
        }
        asking.grown = false;
        // What is short of something by a bound may be found from elsewhere.
        if !asking.short || (question.way.is_none() && !labels.is_empty()) {
            self.keep(question, Rc::clone(labels), asking.contextual);
        } else if left {
            self.keep_short(question, Rc::clone(labels), asking.contextual, depth);
        }
        true
    }

    /// Puts a provisional answer; gives whether it has more in it than the one before.
    fn put(
        &mut self,
        question: Question,
        labels: &Labels,
        asking: &Asking,
        depth: u32,
        fresh: bool,
    ) -> bool {
        let new = Provisional {
            labels: Rc::clone(labels),
            contextual: asking.contextual,
            short: asking.short,
            depth,
            fresh,
        };
        match self.provisional.insert(question, new) {
            Some(old) => labels.len() > old.labels.len(),
            None => {
                self.pending.push(question);
                !labels.is_empty()
            }
        }
    }

    fn keep_short(&mut self, question: Question, labels: Labels, contextual: bool, depth: u32) {
        if self.short.len() >= WAYS {
            self.short.clear();
        }
        let new = Short {
            labels,
            contextual,
            depth,
        };
        self.short.insert(question, new);
    }

    fn keep(&mut self, question: Question, labels: Labels, contextual: bool) {
        if question.way.is_some() && contextual {
            if self.in_way.len() >= WAYS {
                self.in_way.clear();
            }
            self.in_way.insert(question, labels);
        } else {
            let place = (question.file, question.expr);
            self.any.insert(place, (labels, contextual));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_short_is_kept_for_who_asks_as_far_down() {
        let question = Question {
            file: 1,
            expr: ExprId(2),
            way: Some(3),
        };
        let short = || Asking {
            short: true,
            ..Asking::default()
        };
        let mut memo = Memo::default();
        let none = memo.nothing();
        assert!(memo.close(question, 0, &none, &mut short(), 0, (9, true, true)));
        for (depth, known) in [(8, false), (9, true), (10, true)] {
            let mut asking = Asking::default();
            let answer = memo.answer(question, depth, &mut asking);
            assert_eq!((answer.is_some(), asking.short), (known, known), "{depth}");
        }
        // Where nothing is left to spend, who asks with another budget may find more.
        let mut memo = Memo::default();
        memo.close(question, 0, &none, &mut short(), 0, (9, false, false));
        assert!(memo.answer(question, 10, &mut Asking::default()).is_none());
    }
}
