//! What cargo has of a crate's origin: no signature of any kind, but two unsigned words about the
//! commit. Where both name the same one, that is the best evidence there is.

use crate::answer::{Finding, OriginAnswer};
use crate::why::{Refusal, Why};
use customs_model::{Answer, printable};
use serde::{Deserialize, Serialize};

/// What is read of either document.
pub mod limit {
    /// Bytes. Real ones have some hundred.
    pub const DOCUMENT: usize = 64 << 10;
}

/// `.cargo_vcs_info.json`: what `cargo package` saw of the checkout, by the publisher's own word.
/// Source: <https://github.com/rust-lang/cargo/blob/master/src/cargo/ops/cargo_package/vcs.rs>.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VcsInfo {
    /// The commit, 40 or 64 hexadecimal digits.
    pub commit: String,
    /// Whether the checkout had changes that were not committed. Ordinary: 6 of 252 crates of a
    /// real project say so.
    pub dirty: bool,
    /// Where the crate lies in the repository; empty at its root. Not safe to print as it is.
    pub path: String,
}

/// What the registry recorded of the run that published a crate (`trustpub_data`, unstable).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedPublisher {
    /// `github` or `gitlab`.
    pub provider: String,
    /// `owner/repo`, or a project's path.
    pub repository: String,
    /// The run or job.
    pub run: Option<String>,
    /// The commit.
    pub commit: String,
}

#[derive(Deserialize)]
struct WireVcs {
    git: Option<WireGit>,
    path_in_vcs: Option<String>,
}

#[derive(Deserialize)]
struct WireGit {
    sha1: String,
    dirty: Option<bool>,
}

#[derive(Deserialize)]
struct WirePublisher {
    provider: String,
    #[serde(alias = "project_path")]
    repository: String,
    #[serde(alias = "job_id")]
    run_id: Option<serde_json::Value>,
    sha: String,
}

impl VcsInfo {
    /// Reads `.cargo_vcs_info.json`.
    ///
    /// # Errors
    /// Not that document, or without a commit.
    pub fn read(json: &[u8]) -> Result<Self, Refusal> {
        let wire: WireVcs = parse(json)?;
        let git = wire
            .git
            .ok_or_else(|| Refusal::new(Why::Unsupported, "the version control is not git"))?;
        Ok(Self {
            commit: commit(&git.sha1)?,
            dirty: git.dirty.unwrap_or(false),
            path: wire.path_in_vcs.unwrap_or_default(),
        })
    }
}

impl TrustedPublisher {
    /// Reads the registry's `trustpub_data`.
    ///
    /// # Errors
    /// Not that document, or without a commit.
    pub fn read(json: &[u8]) -> Result<Self, Refusal> {
        let wire: WirePublisher = parse(json)?;
        let run = wire.run_id.map(|run| match run {
            serde_json::Value::String(run) => printable(&run, 80),
            other => printable(&other.to_string(), 80),
        });
        Ok(Self {
            provider: printable(&wire.provider, 40),
            repository: printable(&wire.repository, 200),
            run,
            commit: commit(&wire.sha)?,
        })
    }
}

/// What both together say. Never *yes*: nothing of it is signed.
pub fn look(vcs: Option<&VcsInfo>, publisher: Option<&TrustedPublisher>) -> OriginAnswer {
    let mut answer = OriginAnswer::unseen();
    answer.signature = Answer::not_checked("cargo's registries sign nothing");
    answer.attestation = Answer::not_checked("cargo's registries have no attestations");
    if let Some(vcs) = vcs {
        let state = if vcs.dirty {
            ", with changes that were not committed"
        } else {
            ""
        };
        answer.notes.push(format!(
            "by its own word it is of the commit {}{state}",
            vcs.commit
        ));
    }
    if let Some(publisher) = publisher {
        answer.notes.push(format!(
            "by the registry's unsigned word {} of {} published it, at the commit {}",
            publisher.provider, publisher.repository, publisher.commit
        ));
    }
    if let (Some(vcs), Some(publisher)) = (vcs, publisher) {
        if vcs.commit == publisher.commit {
            answer
                .notes
                .push("the registry and the crate name the same commit".to_owned());
        } else {
            answer.findings.push(Finding::CommitDiffers {
                registry: publisher.commit.clone(),
                artifact: vcs.commit.clone(),
            });
        }
    }
    answer
}

fn parse<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Refusal> {
    if json.len() > limit::DOCUMENT {
        return Err(Refusal::new(Why::TooLarge, format!("{} bytes", json.len())));
    }
    serde_json::from_slice(json).map_err(|error| Refusal::new(Why::Unreadable, error.to_string()))
}

fn commit(text: &str) -> Result<String, Refusal> {
    let hexadecimal = text.bytes().all(|b| b.is_ascii_hexdigit());
    if hexadecimal && matches!(text.len(), 40 | 64) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(Refusal::new(
            Why::Unreadable,
            format!("{text:?} is not a commit"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn vcs(extra: &str) -> VcsInfo {
        let json = format!(r#"{{"git":{{"sha1":"{COMMIT}"{extra}}},"path_in_vcs":"crates/x"}}"#);
        VcsInfo::read(json.as_bytes()).unwrap()
    }

    fn publisher(sha: &str) -> TrustedPublisher {
        let json =
            format!(r#"{{"provider":"github","repository":"o/r","run_id":7,"sha":"{sha}"}}"#);
        TrustedPublisher::read(json.as_bytes()).unwrap()
    }

    #[test]
    fn weak_evidence_is_said_and_never_green() {
        let answer = look(Some(&vcs(r#","dirty":true"#)), Some(&publisher(COMMIT)));
        assert!(matches!(answer.signature, Answer::NotChecked(_)));
        assert!(matches!(answer.attestation, Answer::NotChecked(_)));
        assert!(answer.findings.is_empty() && answer.identity.is_none());
        insta::assert_snapshot!(answer.notes.join("\n"), @r"
        by its own word it is of the commit 0123456789abcdef0123456789abcdef01234567, with changes that were not committed
        by the registry's unsigned word github of o/r published it, at the commit 0123456789abcdef0123456789abcdef01234567
        the registry and the crate name the same commit
        ");
    }

    #[test]
    fn another_commit_than_the_registry_recorded_is_found() {
        let answer = look(Some(&vcs("")), Some(&publisher(&COMMIT.replace('0', "f"))));
        assert!(matches!(
            answer.findings[..],
            [Finding::CommitDiffers { .. }]
        ));
    }

    #[test]
    fn what_cargo_writes_is_read() {
        let info = vcs(r#","dirty":true"#);
        assert!(info.dirty && !vcs("").dirty);
        assert_eq!(
            (info.commit.as_str(), info.path.as_str()),
            (COMMIT, "crates/x")
        );
    }

    #[test]
    fn documents_that_are_none_are_refused() {
        for json in ["", "[]", r#"{"git":{}}"#, r#"{"git":{"sha1":"HEAD"}}"#] {
            assert_eq!(
                VcsInfo::read(json.as_bytes()).unwrap_err().why,
                Why::Unreadable
            );
        }
        assert_eq!(VcsInfo::read(b"{}").unwrap_err().why, Why::Unsupported);
        let gitlab = format!(
            r#"{{"provider":"gitlab","project_path":"a/b/c","job_id":"9","sha":"{COMMIT}"}}"#
        );
        let read = TrustedPublisher::read(gitlab.as_bytes()).unwrap();
        assert_eq!(
            (read.repository.as_str(), read.run.as_deref()),
            ("a/b/c", Some("9"))
        );
    }
}
