//! What callers hand in, and which classes are made: both are known only as code is entered.
//!
//! `def run(o): o.step()` runs the method of whatever callers hand in, and `self.hook()` the one
//! of the class that an object was made from, which may stand below the class it is written in.
//! A call that depends on either is asked again when more of it is known.

use super::reach::Queue;
use super::{Analysis, Site};
use crate::ir::{Expr, ExprId, FuncId, Language, Program};
use crate::pure::{FileId, Value};
use customs_model::Zone;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use std::rc::Rc;

/// Bounds of what is looked at.
mod limit {
    /// Callers of one function, and classes below another.
    pub const MOST: usize = 16;
    /// Arguments for the meaning of one call.
    pub const ARGUMENTS: usize = 64;
    /// Classes above each other.
    pub const LEVELS: u8 = 64;
    /// Steps to what a call may mean by turns.
    pub const LOOKS: usize = 256;
    /// Calls of one function that are kept, and calls that it is handed to: no question looks at
    /// so many, and each one takes them all along.
    pub const KEPT: usize = 32;
    /// Rounds of asking again.
    pub const ROUNDS: usize = 24;
}

/// A class and its file.
type Class = (FileId, ExprId);

/// What the meaning of a call depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum On {
    /// On what a function is called with.
    Callers(FileId, FuncId),
    /// On the lists that a function is handed to go through.
    Handed(FileId, FuncId),
    /// On the classes made from one.
    Made(Class),
    /// On whether a function runs by then.
    Ran(FileId, FuncId),
}

/// Calls that wait for one thing, each once.
#[derive(Debug, Default)]
struct Waiting {
    sites: SmallVec<[Site; 2]>,
    /// The same as a set, where there are many.
    known: Option<Box<FxHashSet<Site>>>,
}

impl Waiting {
    /// Calls that are looked at one by one.
    const FEW: usize = 16;

    fn insert(&mut self, site: Site) {
        let is_new = match &mut self.known {
            Some(known) => known.insert(site),
            None => !self.sites.contains(&site),
        };
        if !is_new {
            return;
        }
        self.sites.push(site);
        if self.known.is_none() && self.sites.len() > Self::FEW {
            self.known = Some(Box::new(self.sites.iter().copied().collect()));
        }
    }
}

/// Calls whose meaning may grow.
#[derive(Debug, Default)]
pub(super) struct Growing {
    /// Calls, by what they depend on.
    waiting: FxHashMap<On, Waiting>,
    /// What the call that is asked about depends on.
    open: Vec<On>,
    /// Arguments that may still be looked at for it.
    left: usize,
    /// Steps that may still be gone for it.
    looks: usize,
    /// When it runs.
    zone: Option<Zone>,
    /// Calls to be asked about again, in their order.
    again: Vec<Site>,
    /// The same as a set.
    asked: FxHashSet<Site>,
    /// Classes of which objects are made, by the classes above them.
    made: FxHashMap<Class, Vec<(Class, Zone)>>,
}

impl Growing {
    /// Begins a question about a call that runs in a zone.
    pub(super) fn ask(&mut self, zone: Zone) {
        self.open.clear();
        self.left = limit::ARGUMENTS;
        self.looks = limit::LOOKS;
        self.zone = Some(zone);
    }

    /// Whether no question is open.
    pub(super) const fn is_idle(&self) -> bool {
        self.zone.is_none()
    }

    /// Ends a question about something that is no call, whose answer is not asked again.
    pub(super) fn leave(&mut self) {
        self.zone = None;
        self.open.clear();
    }

    /// Ends it: gives whether the answer holds for good.
    pub(super) fn close(&mut self, site: Site) -> bool {
        self.zone = None;
        let is_whole = self.open.is_empty();
        for on in self.open.drain(..) {
            self.waiting.entry(on).or_default().insert(site);
        }
        is_whole
    }

    /// Takes a step to what a call may mean; gives whether there is one left.
    pub(super) fn looks(&mut self) -> bool {
        self.looks = self.looks.saturating_sub(1);
        self.looks > 0
    }

    fn depends(&mut self, on: On) {
        if !self.open.contains(&on) {
            self.open.push(on);
        }
    }

    fn wake(&mut self, on: On) {
        let waiting = self.waiting.get(&on).map(|waiting| &waiting.sites);
        for site in waiting.into_iter().flatten() {
            if self.asked.insert(*site) {
                self.again.push(*site);
            }
        }
    }
}

impl Analysis<'_> {
    /// Enters what waits, and what it leads to.
    pub(super) fn run(&mut self, queue: &mut Queue) {
        for _ in 0..limit::ROUNDS {
            while let Some((zone, file, function)) = queue.pop() {
                self.enter(zone, file, function, queue);
            }
            if self.growing.again.is_empty() {
                return;
            }
            self.ask_again(queue);
        }
        while let Some((zone, file, function)) = queue.pop() {
            self.enter(zone, file, function, queue);
        }
        // What else they mean is not known.
        let left = std::mem::take(&mut self.growing.again);
        self.growing.asked.clear();
        for site in left {
            self.cut_short(self.zone_of(site.file, site.function));
        }
    }

    fn ask_again(&mut self, queue: &mut Queue) {
        let sites = std::mem::take(&mut self.growing.again);
        self.growing.asked.clear();
        for site in sites {
            let zone = self.zone_of(site.file, site.function);
            let Some(program) = self.program(site.file).filter(|_| zone > Zone::Never) else {
                continue;
            };
            self.turn_to(site.file, zone);
            self.touched_again(&program, site, zone, queue);
            let Expr::Call { callee, .. } = program.expr(site.expr) else {
                continue;
            };
            let value = self.callees.get(&(site.file, site.expr)).cloned();
            let value = value.unwrap_or(Value::Unknown);
            let fellows = self.fellows(&program, site, callee, &value, zone);
            for (file, function) in fellows.iter() {
                self.called_at(*file, *function, site);
                queue.push(zone, *file, *function);
            }
            self.hand_over_by_turns(&program, site, zone, queue);
        }
    }

    /// Notes that a function is handed to a call.
    pub(super) fn passed_at(&mut self, file: FileId, function: FuncId, site: Site) {
        let passed = self.passed.entry((file, function)).or_default();
        // More are not looked at.
        if passed.iter().take(limit::MOST).any(|known| *known == site) {
            return;
        }
        if passed.len() < limit::KEPT {
            passed.push(site);
        }
        if passed.len() <= limit::MOST && self.is_by_turns(site) {
            self.growing.wake(On::Handed(file, function));
        }
    }

    /// The same, however often it is handed there.
    pub(super) fn passed_again(&mut self, file: FileId, function: FuncId, site: Site) {
        let passed = self.passed.entry((file, function)).or_default();
        if passed.len() < limit::KEPT {
            passed.push(site);
        }
    }

    /// Of calls that get a function those that run by then; what is asked about depends on them.
    pub(super) fn those_that_run(
        &mut self,
        file: FileId,
        function: FuncId,
        mut sites: Vec<Site>,
    ) -> Vec<Site> {
        let Some(zone) = self.growing.zone else {
            return Vec::new();
        };
        self.growing.depends(On::Handed(file, function));
        sites.retain(|site| self.zone_of(site.file, site.function) >= zone);
        sites
    }

    /// Notes that a function is called at a place.
    pub(super) fn called_at(&mut self, file: FileId, function: FuncId, site: Site) {
        if self.is_of_own_object(site) {
            // Of several nobody knows which one it is.
            let one = Some((file, function));
            let known = self.entered.entry((site.file, site.expr)).or_insert(one);
            if *known != one {
                *known = None;
            }
        }
        let callers = self.callers.entry((file, function)).or_default();
        // More are not looked at, and looking for one among many takes long.
        if callers.iter().take(limit::MOST).any(|known| *known == site) {
            return;
        }
        if callers.len() < limit::KEPT {
            callers.push(site);
        }
        if callers.len() <= limit::MOST {
            self.growing.wake(On::Callers(file, function));
        }
    }

    /// Whether a call is one of the own object's, of whose function nothing is known by its name:
    /// `this.f()` where functions make objects looks like a global.
    fn is_of_own_object(&self, site: Site) -> bool {
        match self.callees.get(&(site.file, site.expr)) {
            None | Some(Value::Unknown | Value::Undefined | Value::Native(_)) => {}
            Some(_) => return false,
        }
        let Some(program) = self.program(site.file) else {
            return false;
        };
        match program.expr(site.expr) {
            Expr::Call { callee, .. } => match program.expr(callee) {
                Expr::Member(object, _) => program.own_object(object).is_some(),
                _ => false,
            },
            _ => false,
        }
    }

    /// The same where it may be known, of code that runs earlier than was known.
    pub(super) fn calls(&mut self, file: FileId, function: FuncId, site: Site, first: bool) {
        if first {
            self.called_at(file, function, site);
        } else {
            self.growing.wake(On::Callers(file, function));
        }
    }

    /// Notes that an object of a class is made.
    pub(super) fn made(&mut self, class: Class, zone: Zone) {
        let mut above = vec![(class, 0)];
        while let Some((at, level)) = above.pop() {
            if level >= limit::LEVELS || above.len() > limit::MOST {
                continue;
            }
            for base in self.bases(at) {
                let below = self.growing.made.entry(base).or_default();
                match below.iter().position(|(known, _)| *known == class) {
                    Some(at) if below[at].1 >= zone => continue,
                    Some(at) => below[at].1 = zone,
                    None if below.len() < limit::MOST => below.push((class, zone)),
                    None => continue,
                }
                self.growing.wake(On::Made(base));
                above.push((base, level + 1));
            }
        }
    }

    /// The classes that one is made from, as far as they are of the package.
    pub(super) fn bases(&mut self, class: Class) -> Vec<Class> {
        let Some(program) = self.program(class.0) else {
            return Vec::new();
        };
        let Expr::Class(entries) = program.expr(class.1) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for pair in program.list(entries).chunks_exact(2) {
            if found.len() < limit::MOST
                && let Expr::Spread(base) = program.expr(pair[0])
                && let Value::Object(base) = self.machine.fold(class.0, base)
                && let Some(base) = base.class.filter(|_| base.is_class)
            {
                found.push(base);
            }
        }
        found
    }

    /// The classes below one of which code that runs by then makes objects.
    pub(super) fn made_below(&mut self, class: Class) -> Vec<Class> {
        let Some(zone) = self.growing.zone else {
            return Vec::new();
        };
        self.growing.depends(On::Made(class));
        let below = self.growing.made.get(&class).into_iter().flatten();
        below
            .filter(|(_, made)| *made >= zone)
            .map(|(class, _)| *class)
            .collect()
    }

    /// Whether a function runs by then.
    pub(super) fn runs_by_then(&mut self, file: FileId, function: FuncId) -> bool {
        let Some(zone) = self.growing.zone else {
            return false;
        };
        let runs = self.zone_of(file, function) >= zone;
        if !runs {
            self.growing.depends(On::Ran(file, function));
        }
        runs
    }

    /// Asks again what depends on whether a function runs.
    pub(super) fn runs_now(&mut self, file: FileId, function: FuncId) {
        self.growing.wake(On::Ran(file, function));
    }

    /// What code that runs by then hands to a function as one of its parameters.
    pub(super) fn handed_in(
        &mut self,
        file: FileId,
        function: FuncId,
        position: u16,
    ) -> Vec<(Rc<Program>, FileId, ExprId)> {
        let Some(zone) = self.growing.zone else {
            return Vec::new();
        };
        self.growing.depends(On::Callers(file, function));
        let callers = self.callers.get(&(file, function)).into_iter().flatten();
        let callers: Vec<Site> = callers.take(limit::MOST).copied().collect();
        let mut found = Vec::new();
        for site in callers {
            if self.growing.left == 0 || self.zone_of(site.file, site.function) < zone {
                continue;
            }
            self.growing.left -= 1;
            let Some(program) = self.program(site.file) else {
                continue;
            };
            let args = self.arguments(&program, site);
            let arg = self.argument(site.file, &args, file, function, position);
            if let Some(arg) = arg.filter(|arg| !matches!(program.expr(*arg), Expr::Spread(_))) {
                found.push((program, site.file, arg));
            }
        }
        found
    }

    /// What a call gives to the function that it calls: `f.call(this, a)` and
    /// `f.apply(this, [a])` give `a`.
    pub(super) fn arguments(&self, program: &Program, site: Site) -> Vec<ExprId> {
        let Expr::Call { callee, args, .. } = program.expr(site.expr) else {
            return Vec::new();
        };
        let args = program.list(args);
        let how = match program.expr(callee) {
            Expr::Member(_, how) if program.language == Language::JavaScript => program.name(how),
            _ => "",
        };
        // A method of the package may have that name as well.
        let is_own = matches!(
            self.callees.get(&(site.file, site.expr)),
            Some(Value::Function(_) | Value::Object(_))
        );
        match how {
            "call" if !is_own => args.get(1..).unwrap_or_default().to_vec(),
            "apply" if !is_own => match args.get(1).map(|list| program.expr(*list)) {
                Some(Expr::Array(items)) => program.list(items).to_vec(),
                _ => Vec::new(),
            },
            _ => args.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests;
