use super::{Ask, Case, Rule};
use crate::doc::{Facts, RuleDoc};
use crate::words;
use customs_model::{Action, printable};

/// A release whose required dependency has no admitted version.
pub(super) struct UnmetDependency;

static DOC: RuleDoc = RuleDoc {
    id: "unmet-dependency",
    title: "A young release waits for the dependencies that it cannot do without.",
    what: "npm and pnpm do not backtrack: offered a release whose required range has no admitted version, \
           they fail instead of taking the release before. So a release within `change-window` is offered \
           only while each of its required ranges has an admitted version; else it is held with that \
           dependency.",
    why: "A hold that breaks installs is switched off. The resolver must always find a complete older set.",
    effect: "hold; block where only blocked releases satisfy the range",
    ends: "with the dependency's own hold, at the latest 30 d after publication",
    settings: &[],
    facts: Facts {
        npm: "`dependencies`, and the decisions about what satisfies them",
        pypi: "not needed: pip and uv backtrack",
        cargo: "not needed: cargo backtracks",
    },
    fires: &["axios@1.14.1 needs plain-crypto-js@^4.2.1, and 4.2.1 is held."],
    silent: &["A release whose dependencies each have an older admitted version in range."],
    learnt_from: "client tests with npm and pnpm.",
};

impl Rule for UnmetDependency {
    fn doc(&self) -> &'static RuleDoc {
        &DOC
    }

    fn ask(&self, case: &Case<'_>) -> Option<Ask> {
        let published = case.recent()?;
        let window = case.window_end(published);
        let live = case
            .dossier
            .unmet
            .iter()
            .filter(|unmet| unmet.until.is_none_or(|until| case.now < until));
        // The last of them decides; one that never comes is later than any instant.
        let last = live.max_by_key(|unmet| (unmet.until.is_none(), unmet.until))?;
        let needs = format!(
            "needs {} {}",
            last.package,
            printable(&last.requirement, 60)
        );
        Some(match last.until {
            Some(until) => Ask {
                action: Action::Hold {
                    until: until.min(window),
                },
                message: format!(
                    "{needs}, of which nothing is admitted before {}",
                    words::end(until)
                ),
                waived: None,
            },
            None => Ask {
                action: Action::Block {
                    until: Some(window),
                },
                message: format!("{needs}, of which every release is blocked"),
                waived: None,
            },
        })
    }
}
