//! Under what is decided: the policy in force and the advisories, from what a person gave.

use crate::control::NamedText;
use customs_intel::Snapshot;
use customs_model::{Known, Timestamp};
use customs_rules::Policy;
use std::path::Path;
use std::sync::Arc;

/// What nobody configured is said once.
pub(crate) const NO_ADVISORIES: &str = "known malware: no advisory source is configured (--advisories); an npm registry's \
                             own audit is asked where it has one";

/// The policy in force: the user's, made stricter by the project's. Beside it what of the project's
/// was not followed, a sentence each.
///
/// # Errors
/// One of them is no policy. A sentence for people.
pub fn policy_in_force(
    user: Option<&NamedText>,
    project: Option<&NamedText>,
) -> Result<(Policy, Vec<String>), String> {
    let parse = |file: &NamedText| Policy::parse(&file.text, &file.name);
    let user = user.map(parse).transpose();
    let user = user.map_err(|error| error.to_string())?.unwrap_or_default();
    let project = project.map(parse).transpose();
    match project.map_err(|error| format!("the project's policy: {error}"))? {
        None => Ok((user, Vec::new())),
        Some(project) => {
            let (tightened, ignored) = user.tightened_by(&project);
            let ignored = ignored.iter();
            let ignored = ignored.map(|one| format!("{}: {}", one.key, one.because));
            Ok((tightened, ignored.collect()))
        }
    }
}

/// The advisories of a source, and why they are not known, if so.
pub fn advisories(source: Option<&Path>, now: Timestamp) -> (Known<Arc<Snapshot>>, Option<String>) {
    match source.map(|path| Snapshot::from_path(path, now)) {
        None => (Known::NotApplicable, Some(NO_ADVISORIES.to_owned())),
        Some(Ok(snapshot)) => (Known::Is(Arc::new(snapshot)), None),
        Some(Err(error)) => {
            let why = error.to_string();
            (
                Known::not_known(&*why),
                Some(format!("known malware: {why}")),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> NamedText {
        NamedText {
            name: "customs.toml".to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_projects_policy_tightens_and_what_would_loosen_is_named() {
        let project = text("version = 1\nlocked = \"enforce\"\n");
        let (policy, ignored) = policy_in_force(None, Some(&project)).unwrap();
        assert_eq!(ignored, [""; 0]);
        assert_ne!(policy.digest(), Policy::default().digest());
        let user = project;
        let loose = text("version = 1\nlocked = \"check-content\"\n");
        let (_, ignored) = policy_in_force(Some(&user), Some(&loose)).unwrap();
        assert_eq!(ignored.len(), 1, "{ignored:?}");
    }

    #[test]
    fn whose_policy_cannot_be_read_is_said() {
        let why = policy_in_force(None, Some(&text("x"))).unwrap_err();
        assert!(why.starts_with("the project's policy: "), "{why}");
    }

    #[test]
    fn advisories_that_are_not_there_are_not_known_and_nobodys_are_not_applicable() {
        let (nobody, said) = advisories(None, Timestamp::UNIX_EPOCH);
        assert!(matches!(nobody, Known::NotApplicable) && said.is_some());
        let (gone, said) = advisories(Some(Path::new("nowhere/at-all")), Timestamp::UNIX_EPOCH);
        assert!(matches!(gone, Known::NotKnown(_)) && said.is_some());
    }
}
