//! What people read of a change.

use customs_model::{Ecosystem, PackageSpec, printable};
use customs_rules::show_instant;
use customs_store::Granted;

/// What was granted, to whom it counts, and how it is taken back.
pub(super) fn granted(granted: &Granted) -> String {
    let named = PackageSpec::parse(&granted.about, Ecosystem::Npm);
    let is_release = named.is_ok_and(|target| target.version.is_some());
    let rules: Vec<String> = granted.rules.iter().map(ToString::to_string).collect();
    let bound = match (granted.digests.as_slice(), is_release) {
        ([], true) => "its name and version alone: the ledger knows no artifact of it".to_owned(),
        ([], false) => "its name: every release of it".to_owned(),
        ([one], _) => one.to_string(),
        (all, _) => format!("{} digests that its document promised", all.len()),
    };
    let although = match granted.although_malicious {
        true => "\n  counts    ALTHOUGH it is or may be malicious; the record says so",
        false => "",
    };
    format!(
        "{}: {} is exempt from {} until {}\n  reason    {}\n  owner     {}\n  granted   by {}\n  bound to  {bound}{although}\nRuns that are open follow within a second. Take it back: customs policy exempt --end {}\n",
        printable(&granted.id, 40),
        printable(&granted.about, 300),
        rules.join(", "),
        show_instant(granted.until),
        printable(&granted.reason, 200),
        printable(&granted.owner, 200),
        granted.who,
        printable(&granted.id, 40),
    )
}

/// What was ended.
pub(super) fn ended(id: &str, about: &str) -> String {
    format!(
        "{} is ended: {} is judged as everything else is. Open runs follow within a second.\n",
        printable(id, 40),
        printable(about, 300)
    )
}
