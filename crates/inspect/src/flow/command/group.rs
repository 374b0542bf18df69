//! Commands in brackets, and shells within a shell: what ends one of these ends nothing else.

use super::check::{self, Settings};
use super::{At, FOLDER, Piped, Variables};
use crate::flow::Analysis;
use crate::pure::FileId;
use crate::shell::{Command, Group, Link};

impl Analysis<'_> {
    /// Runs `( … )` and `{ …; }`.
    pub(super) fn grouped(
        &mut self,
        command: &Command,
        group: &Group,
        mut input: Piped,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Piped {
        let placed;
        let here = if at.lines {
            placed = self.placed(command, at);
            &placed
        } else {
            at
        };
        self.comes_in(command, &mut input, here, variables, reached);
        let passed_over = check::is_passed_over(command);
        // Each part of a pipe is a shell of its own, whatever the brackets are.
        let out = if group.subshell || command.link == Link::Pipe {
            self.apart(variables, |all, variables| {
                check::pass_over(passed_over, variables);
                all.script(&group.script, at, input.clone(), variables, reached)
            })
        } else {
            let before = check::pass_over(passed_over, variables);
            let out = self.script(&group.script, at, input.clone(), variables, reached);
            check::pass_over_as(before, variables);
            out
        };
        self.put_out(command, &[], out, &input, here, variables, reached)
    }

    /// Runs what has a shell of its own. What was checked in it is checked behind it only where
    /// whoever started it stops when it fails, or where nothing comes behind it. What it sets
    /// ends with it.
    pub(super) fn apart(
        &mut self,
        variables: &mut Variables,
        run: impl FnOnce(&mut Self, &mut Variables) -> Piped,
    ) -> Piped {
        let settings = Settings::of(variables);
        let folder = variables.get(FOLDER).cloned();
        let outer = self.apart.replace(Vec::new());
        let out = run(self, variables);
        settings.restore(variables);
        match folder {
            Some(folder) => variables.insert(FOLDER.to_owned(), folder),
            None => variables.remove(FOLDER),
        };
        let checked = std::mem::replace(&mut self.apart, outer).unwrap_or_default();
        self.checked_apart(checked);
        out
    }
}
