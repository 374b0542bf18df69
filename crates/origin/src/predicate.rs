//! What a provenance predicate says of the build, beside what the certificate says.
//!
//! The predicate is written by the workflow, the certificate by the authority that saw the
//! workflow's token. Where both speak, the certificate counts, and a difference is a finding.
//! Formats: <https://slsa.dev/provenance/v0.2>, <https://slsa.dev/provenance/v1>, and the build
//! types of GitHub's workflows.

use crate::answer::{Field, Finding};
use crate::sigstore::Proof;
use crate::statement::Statement;
use customs_model::printable;
use serde_json::Value;

/// SLSA provenance as older npm releases have it.
pub const SLSA_02: &str = "https://slsa.dev/provenance/v0.2";
/// SLSA provenance of today.
pub const SLSA_1: &str = "https://slsa.dev/provenance/v1";

/// Claims of a predicate, each where it makes it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Claims<'a> {
    repository: Option<&'a str>,
    repository_id: Option<&'a str>,
    owner_id: Option<&'a str>,
    git_ref: Option<&'a str>,
    commit: Option<&'a str>,
    workflow: Option<&'a str>,
    workflow_ref: Option<&'a str>,
    trigger: Option<&'a str>,
    run: Option<&'a str>,
}

/// Where a provenance predicate and the certificate contradict each other.
pub fn compare(statement: &Statement, proof: &Proof) -> Vec<Finding> {
    let (Some(predicate), Some(identity)) = (&statement.predicate, &proof.identity) else {
        return Vec::new();
    };
    let claims = match statement.predicate_type.as_str() {
        SLSA_1 => of_slsa_1(predicate),
        SLSA_02 => of_slsa_02(predicate),
        _ => return Vec::new(),
    };
    let repository = identity.repository.as_ref();
    let owner = identity.owner.as_ref();
    let pairs = [
        (
            Field::Repository,
            claims.repository,
            repository.map(|r| r.uri.as_str()),
        ),
        (
            Field::RepositoryId,
            claims.repository_id,
            repository.and_then(|r| r.id.as_deref()),
        ),
        (
            Field::OwnerId,
            claims.owner_id,
            owner.and_then(|o| o.id.as_deref()),
        ),
        (Field::Ref, claims.git_ref, identity.git_ref.as_deref()),
        (Field::Commit, claims.commit, identity.commit.as_deref()),
        (
            Field::Workflow,
            claims.workflow,
            identity.workflow.as_deref(),
        ),
        (
            Field::WorkflowRef,
            claims.workflow_ref,
            proof.workflow_ref.as_deref(),
        ),
        (Field::Trigger, claims.trigger, identity.trigger.as_deref()),
        (Field::Run, claims.run, identity.run.as_deref()),
    ];
    let differs = |(field, claimed, certified): (Field, Option<&str>, Option<&str>)| {
        let (claimed, certified) = (claimed?, certified?);
        (!same(field, claimed, certified)).then(|| Finding::PredicateDiffers {
            field,
            predicate: printable(claimed, 200),
            certificate: printable(certified, 200),
        })
    };
    pairs.into_iter().filter_map(differs).collect()
}

/// Hosts write a repository's name in whatever case it was asked for.
fn same(field: Field, claimed: &str, certified: &str) -> bool {
    match field {
        Field::Repository => claimed.eq_ignore_ascii_case(certified),
        // An attempt may stand behind the run.
        Field::Run => {
            let run = |text: &str| {
                text.find("/attempts/")
                    .map_or(text.to_owned(), |at| text[..at].to_owned())
            };
            run(claimed).eq_ignore_ascii_case(&run(certified))
        }
        Field::RepositoryId
        | Field::OwnerId
        | Field::Ref
        | Field::Commit
        | Field::Workflow
        | Field::WorkflowRef
        | Field::Trigger
        | Field::Environment
        | Field::Issuer
        | Field::Mail => claimed == certified,
    }
}

fn of_slsa_1(predicate: &Value) -> Claims<'_> {
    let text = |path: &str| predicate.pointer(path).and_then(Value::as_str);
    let workflow = "/buildDefinition/externalParameters/workflow";
    let github = "/buildDefinition/internalParameters/github";
    let source = "/buildDefinition/resolvedDependencies/0";
    let uri = text(&format!("{source}/uri")).and_then(git);
    Claims {
        repository: text(&format!("{workflow}/repository")).or(uri.map(|(uri, _)| uri)),
        repository_id: text(&format!("{github}/repository_id")),
        owner_id: text(&format!("{github}/repository_owner_id")),
        git_ref: uri.and_then(|(_, at)| at),
        commit: text(&format!("{source}/digest/gitCommit")),
        workflow: text(&format!("{workflow}/path")),
        workflow_ref: text(&format!("{workflow}/ref")),
        trigger: text(&format!("{github}/event_name")),
        run: text("/runDetails/metadata/invocationId").filter(|id| id.contains("/runs/")),
    }
}

fn of_slsa_02(predicate: &Value) -> Claims<'_> {
    let text = |path: &str| predicate.pointer(path).and_then(Value::as_str);
    let uri = text("/invocation/configSource/uri").and_then(git);
    Claims {
        repository: uri.map(|(uri, _)| uri),
        repository_id: text("/invocation/environment/GITHUB_REPOSITORY_ID"),
        owner_id: text("/invocation/environment/GITHUB_REPOSITORY_OWNER_ID"),
        git_ref: text("/invocation/environment/GITHUB_REF").or(uri.and_then(|(_, at)| at)),
        commit: text("/invocation/configSource/digest/sha1"),
        workflow: text("/invocation/configSource/entryPoint")
            .filter(|path| path.starts_with(".github/")),
        workflow_ref: None,
        trigger: text("/invocation/environment/GITHUB_EVENT_NAME"),
        run: None,
    }
}

/// `git+https://host/owner/repo@refs/heads/main`.
fn git(uri: &str) -> Option<(&str, Option<&str>)> {
    let uri = uri.strip_prefix("git+")?;
    Some(match uri.find("@refs/") {
        Some(at) => (&uri[..at], Some(&uri[at + 1..])),
        None => (uri.rsplit_once('@').map_or(uri, |(uri, _)| uri), None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_versions_of_provenance_are_read() {
        let v1 = json!({
            "buildDefinition": {
                "externalParameters": {"workflow": {
                    "ref": "refs/heads/main",
                    "repository": "https://github.com/o/r",
                    "path": ".github/workflows/r.yml",
                }},
                "internalParameters": {"github": {
                    "event_name": "push", "repository_id": "1", "repository_owner_id": "2",
                }},
                "resolvedDependencies": [{
                    "uri": "git+https://github.com/o/r@refs/tags/@s/n@1.0.0",
                    "digest": {"gitCommit": "abc"},
                }],
            },
            "runDetails": {"metadata": {"invocationId": "https://github.com/o/r/actions/runs/1"}},
        });
        let claims = of_slsa_1(&v1);
        assert_eq!(claims.git_ref, Some("refs/tags/@s/n@1.0.0"));
        assert_eq!(
            (claims.repository_id, claims.owner_id),
            (Some("1"), Some("2"))
        );
        assert_eq!(claims.run, Some("https://github.com/o/r/actions/runs/1"));
        let v02 = json!({"invocation": {
            "configSource": {
                "uri": "git+https://github.com/o/r@refs/heads/main",
                "digest": {"sha1": "abc"},
                "entryPoint": ".github/workflows/r.yml",
            },
            "environment": {"GITHUB_REPOSITORY_ID": "1", "GITHUB_EVENT_NAME": "push"},
        }});
        let claims = of_slsa_02(&v02);
        assert_eq!(claims.repository, Some("https://github.com/o/r"));
        assert_eq!(
            (claims.git_ref, claims.commit),
            (Some("refs/heads/main"), Some("abc"))
        );
        assert_eq!(of_slsa_1(&json!([1])), Claims::default());
    }

    #[test]
    fn an_attempt_of_a_run_is_the_same_run() {
        let run = "https://github.com/o/r/actions/runs/1";
        assert!(same(Field::Run, run, &format!("{run}/attempts/2")));
        assert!(!same(Field::Run, run, &format!("{run}1")));
        assert!(same(
            Field::Repository,
            "https://github.com/O/r",
            "https://github.com/o/R"
        ));
    }
}
