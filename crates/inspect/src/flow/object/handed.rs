//! What a module hands out under a name that it does not write as one: by functions that define
//! properties, and by those that copy all of one object onto another.

use super::{At, Thing, limit};
use crate::flow::Analysis;
use crate::ir::{Accessor, ExprId};
use crate::pure::FileId;

/// Values of one getter.
const RETURNS: usize = 8;

impl Analysis<'_> {
    /// The expressions that code which runs puts onto what a module hands out, under a name.
    pub(in crate::flow) fn put_on_exports(
        &mut self,
        file: FileId,
        name: &str,
    ) -> Vec<(FileId, ExprId)> {
        let Some(program) = self.program(file).filter(|_| self.growing.is_idle()) else {
            return Vec::new();
        };
        let puts = self.puts(&program, file);
        if puts.under(name).is_empty() && puts.copies.is_empty() {
            return Vec::new();
        }
        let steps = limit::STEPS.min(self.objects.left);
        self.objects.steps = steps;
        self.growing.ask(self.by_then(file));
        let mut things = Vec::new();
        self.note_handed_out(&program, file, 0, &mut things);
        let mut found = Vec::new();
        for thing in things {
            for (at, accessor) in self.has(thing, name, 1) {
                match accessor {
                    Some(Accessor::Get) => self.note_given_back(at, &mut found),
                    Some(Accessor::Set) => {}
                    None => found.push((at.file, at.expr)),
                }
            }
        }
        self.growing.leave();
        self.objects.left -= steps - self.objects.steps;
        found.truncate(limit::MOST);
        found
    }

    /// What a getter gives.
    fn note_given_back(&mut self, at: At, found: &mut Vec<(FileId, ExprId)>) {
        for thing in self.things(at, 1) {
            if let Thing::Function(file, function) = thing
                && let Some(program) = self.program(file)
            {
                let returns = &program.function(function).returns;
                found.extend(returns.iter().take(RETURNS).map(|value| (file, *value)));
            }
        }
    }
}
