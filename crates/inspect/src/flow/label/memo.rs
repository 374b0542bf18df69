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
    /// It is of this round.
    fresh: bool,
}

/// Answers, by question.
#[derive(Debug)]
pub(in crate::flow) struct Memo {
    nothing: Labels,
    /// In no way in particular; and whether it matters.
    any: FxHashMap<(FileId, ExprId), (Labels, bool)>,
    /// In one way of getting there.
    in_way: FxHashMap<Question, Labels>,
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

    /// The answer, if it is known.
    pub(super) fn answer(&self, question: Question, asking: &mut Asking) -> Option<Labels> {
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
        let known = self
            .provisional
            .get(&question)
            .filter(|known| known.fresh)?;
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

    /// Takes the answer of the open question with the number `here`. False: it leads back
    /// to itself and is to be asked again.
    pub(super) fn close(
        &mut self,
        question: Question,
        here: u32,
        labels: &Labels,
        asking: &mut Asking,
        opened: usize,
        more: bool,
    ) -> bool {
        if asking.cut < here {
            self.bottom = self.bottom.min(asking.cut);
            asking.grown |= self.put(question, labels, asking, true);
            return true;
        }
        if asking.cut == here {
            let grown = asking.grown | self.put(question, labels, asking, false);
            if grown && more {
                for pending in &self.pending[opened..] {
                    if let Some(known) = self.provisional.get_mut(pending) {
                        known.fresh = false;
                    }
                }
                return false;
            }
            for pending in self.pending.split_off(opened) {
                if let Some(known) = self.provisional.remove(&pending)
                    && !known.short
                {
                    self.keep(pending, known.labels, known.contextual);
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
        }
        true
    }

    /// Puts a provisional answer; gives whether it has more in it than the one before.
    fn put(&mut self, question: Question, labels: &Labels, asking: &Asking, fresh: bool) -> bool {
        let new = Provisional {
            labels: Rc::clone(labels),
            contextual: asking.contextual,
            short: asking.short,
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
