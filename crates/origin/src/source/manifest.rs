//! Fields of a manifest that differ between commit and artifact.
//!
//! axios 1.14.1 changed no line of code: it had one more dependency, in the tarball only. So what
//! decides what is installed, what runs at install and where code is entered is compared field by
//! field, and its difference is a finding of its own.

use customs_model::{Severity, printable};
use serde::{Deserialize, Serialize};

/// Bounds on manifests.
pub mod limit {
    /// Bytes that are read.
    pub const MANIFEST: usize = 1 << 20;
    /// Differences that are listed.
    pub const DIFFERENCES: usize = 200;
    /// Lines of metadata that are looked at.
    pub const LINES: usize = 1_000;
    /// Bytes of all build files of Python together that are searched.
    pub const BUILD_FILES: usize = 4 << 20;
    /// Letters of a value that are shown.
    pub const SHOWN: usize = 160;
}

/// The worst differences within [`limit::DIFFERENCES`]: who fills a manifest with fields that decide
/// nothing must not hide one that does. One more stands for those that are left out; it is as bad
/// as the worst of them.
pub(super) fn bounded(mut found: Vec<FieldDifference>) -> Vec<FieldDifference> {
    if found.len() <= limit::DIFFERENCES {
        return found;
    }
    found.sort_by_key(|difference| std::cmp::Reverse(difference.severity()));
    let left_out = found.split_off(limit::DIFFERENCES);
    if let Some(worst) = left_out.first() {
        let not_listed = |side: &Option<String>| side.as_ref().map(|_| "not listed".to_owned());
        found.push(FieldDifference::new(
            &format!("the rest ({} fields)", left_out.len()),
            worst.kind,
            not_listed(&worst.commit),
            not_listed(&worst.artifact),
        ));
    }
    found
}

/// What a field decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// What is installed with it.
    Dependency,
    /// What runs while it is installed or built.
    InstallScript,
    /// Where its code is entered: `main`, `exports`, `bin`, entry points.
    EntryPoint,
    /// Anything else.
    Other,
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldDifference {
    /// The field, as its manifest writes it (`dependencies.plain-crypto-js`). Safe to print.
    pub field: String,
    /// What it decides.
    pub kind: FieldKind,
    /// What the commit has. Safe to print.
    pub commit: Option<String>,
    /// What the artifact has. Safe to print.
    pub artifact: Option<String>,
}

impl FieldDifference {
    pub(super) fn new(
        field: &str,
        kind: FieldKind,
        commit: Option<String>,
        artifact: Option<String>,
    ) -> Self {
        let shown = |text: String| printable(&text, limit::SHOWN);
        Self {
            field: printable(field, limit::SHOWN),
            kind,
            commit: commit.map(shown),
            artifact: artifact.map(shown),
        }
    }

    /// What is taken away can add nothing; what is added or changed can.
    pub fn severity(&self) -> Severity {
        match (self.kind, &self.commit, &self.artifact) {
            (FieldKind::Other, ..) | (_, _, None) => Severity::Note,
            (FieldKind::Dependency | FieldKind::InstallScript, None, Some(_))
            | (FieldKind::InstallScript, Some(_), Some(_)) => Severity::High,
            (FieldKind::Dependency, Some(_), Some(_)) | (FieldKind::EntryPoint, _, Some(_)) => {
                Severity::Medium
            }
        }
    }

    /// One sentence.
    pub fn sentence(&self, manifest: &str) -> String {
        let field = &self.field;
        match (&self.commit, &self.artifact) {
            (None, Some(now)) => format!(
                "{field} ({now}) stands in {manifest} of the artifact only; the commit does not have it."
            ),
            (Some(then), Some(now)) => {
                format!("{field} is {now} in {manifest} of the artifact and {then} in the commit.")
            }
            (Some(then), None) => format!(
                "{field} ({then}) stands in {manifest} of the commit and not in the artifact."
            ),
            (None, None) => format!("{field} of {manifest} could not be compared."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(kind: FieldKind, number: usize) -> FieldDifference {
        let now = Some("x".to_owned());
        FieldDifference::new(&number.to_string(), kind, None, now)
    }

    #[test]
    fn a_dependency_behind_very_many_other_fields_is_kept() {
        let mut all: Vec<_> = (0..1_000)
            .map(|n| difference(FieldKind::Other, n))
            .collect();
        all.push(difference(FieldKind::EntryPoint, 1_000));
        all.push(difference(FieldKind::Dependency, 1_001));
        let kept = bounded(all);
        assert_eq!(kept.len(), limit::DIFFERENCES + 1);
        assert_eq!(
            (kept[0].field.as_str(), kept[1].field.as_str()),
            ("1001", "1000")
        );
        let rest = kept.last().unwrap();
        assert_eq!(rest.field, "the rest (802 fields)");
        assert_eq!(rest.severity(), Severity::Note);
    }

    #[test]
    fn what_is_left_out_is_as_bad_as_the_worst_of_it() {
        let all = (0..=limit::DIFFERENCES).map(|n| difference(FieldKind::InstallScript, n));
        assert_eq!(
            bounded(all.collect()).last().unwrap().severity(),
            Severity::High
        );
        let few = vec![
            difference(FieldKind::Other, 0),
            difference(FieldKind::Dependency, 1),
        ];
        assert_eq!(bounded(few.clone()), few);
    }
}
