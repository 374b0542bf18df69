//! A new release, read: each of its new artifacts beside the release before it, and one
//! verdict for all of them.

use super::fresh::Fresh;
use super::world::Judged;
use crate::inspect::beside::{self, Beside, With};
use crate::inspect::files::{Chosen, choose, not_judged, of_registry, together};
use customs_model::{Unread, Verdict, printable};
use customs_registry::{Context, Located, Registry};

/// Artifacts of one release that are read. Projects with a wheel for each platform have
/// some hundred, and most hold the same code.
pub(super) const MOST: usize = 12;

/// What the new artifacts of a release can do, and what its predecessor could not.
///
/// # Errors
/// One could not be fetched, or is not listed yet: it may be there in a moment. What is
/// there and cannot be read is no error but a verdict.
pub(super) async fn inspect(
    registry: &Registry,
    context: &Context,
    fresh: &Fresh,
) -> Result<Judged, String> {
    let located = registry
        .locate(context, &fresh.release)
        .await
        .map_err(|error| error.to_string())?;
    let files = fresh.files();
    let wanted: Vec<Located> = located
        .into_iter()
        .filter(|located| files.is_empty() || files.contains(&located.file))
        .collect();
    if wanted.is_empty() {
        return Err("its document names no artifact of it".to_owned());
    }
    let Chosen { read, left_out, .. } = choose(wanted, MOST, of_registry);
    let mut verdicts: Vec<Verdict> = Vec::new();
    let mut predecessors = Vec::new();
    for located in read {
        let file = printable(&located.file, 160);
        let verdict = match registry.facts_of(&located).await {
            Ok(facts) => {
                let with = With::Predecessor;
                let judged = beside::judge(registry, context, &located, &facts.code, &with).await;
                let (verdict, beside) = judged.map_err(|failure| failure.to_string())?;
                if let Beside::Predecessor(input) = beside {
                    predecessors.push(input);
                }
                verdict
            }
            Err(Unread::NotFetched(why)) => return Err(format!("{file}: {why}")),
            Err(unread) => not_judged(format!("{file}: {}", unread.because())),
        };
        verdicts.push(verdict);
    }
    let mut verdict = together(verdicts);
    let left_out = left_out.into_iter();
    verdict
        .not_checked
        .extend(left_out.map(|(file, because)| format!("{file}: {because}")));
    Ok(Judged {
        verdict,
        predecessors,
    })
}
