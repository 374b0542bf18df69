//! From the claims of a certificate to an identity.

use crate::identity::{BuilderClass, Identity, Numbered};
use customs_model::printable;
use sigstore_verify::crypto::{CertificateInfo, FulcioCiClaims};

/// The longest claim that is kept, in characters.
const CLAIM: usize = 500;

/// Where a workflow of GitHub lies, for certificates that name `owner/repo` only.
const GITHUB: &str = "https://github.com/";

/// The identity, and the ref that the workflow's own file was taken from.
pub(super) fn identity(
    certificate: &CertificateInfo,
    issuer: &str,
) -> Option<(Identity, Option<String>)> {
    let subject = keep(certificate.identity.as_ref()?.as_str());
    let issuer = keep(issuer);
    let claims = &certificate.ci_claims;
    let repository = repository(claims);
    // Old certificates have no build configuration; then the subject is the workflow.
    let config = claims.build_config_uri.clone().or_else(|| {
        let uri = &repository.as_ref()?.uri;
        subject
            .starts_with(&format!("{uri}/"))
            .then(|| subject.clone())
    });
    let (workflow, config_ref) = config.as_deref().map(without_ref).unzip();
    let signer = claims.build_signer_uri.as_deref().unwrap_or(&subject);
    let signer = without_ref(signer).0;
    let identity = Identity {
        signer: (repository.is_some() && workflow != Some(signer)).then(|| keep(signer)),
        workflow: workflow.map(|uri| in_repository(uri, repository.as_ref())),
        owner: claims
            .source_repository_owner_uri
            .as_deref()
            .map(|uri| Numbered {
                uri: keep(uri),
                id: keep_some(claims.source_repository_owner_identifier.as_ref()),
            }),
        git_ref: keep_some(
            claims
                .source_repository_ref
                .as_ref()
                .or(claims.deprecated_github.workflow_ref.as_ref()),
        ),
        commit: keep_some(
            claims
                .source_repository_digest
                .as_ref()
                .or(claims.deprecated_github.workflow_sha.as_ref()),
        ),
        builder: claims.runner_environment.as_deref().and_then(builder),
        trigger: keep_some(
            claims
                .build_trigger
                .as_ref()
                .or(claims.deprecated_github.workflow_trigger.as_ref()),
        ),
        environment: keep_some(claims.deployment_environment.as_ref()),
        run: keep_some(claims.run_invocation_uri.as_ref()),
        repository,
        issuer,
        subject,
    };
    Some((identity, config_ref.flatten().map(keep)))
}

fn repository(claims: &FulcioCiClaims) -> Option<Numbered> {
    let uri = match &claims.source_repository_uri {
        Some(uri) => keep(uri),
        None => {
            let name = claims.deprecated_github.workflow_repository.as_deref()?;
            keep(&format!("{GITHUB}{name}"))
        }
    };
    Some(Numbered {
        uri,
        id: keep_some(claims.source_repository_identifier.as_ref()),
    })
}

/// `github-hosted`, `gitlab-hosted` …, and `self-hosted`. A new word is none of both.
fn builder(environment: &str) -> Option<BuilderClass> {
    match environment {
        "self-hosted" => Some(BuilderClass::SelfHosted),
        hosted if hosted.ends_with("-hosted") => Some(BuilderClass::Hosted),
        _ => None,
    }
}

/// `…/release.yml@refs/tags/@scope/name@1.0.0`: a ref may hold an `@` itself.
fn without_ref(uri: &str) -> (&str, Option<&str>) {
    match uri.find("@refs/") {
        Some(at) => (&uri[..at], Some(&uri[at + 1..])),
        None => match uri.rsplit_once('@') {
            // An e-mail address has no path before its `@`.
            Some((path, at)) if path.contains('/') => (path, Some(at)),
            Some(_) | None => (uri, None),
        },
    }
}

/// The path of a workflow within its repository; GitLab writes two slashes between them.
fn in_repository(uri: &str, repository: Option<&Numbered>) -> String {
    let path = repository
        .and_then(|repository| uri.strip_prefix(&repository.uri))
        .filter(|path| path.starts_with('/'));
    keep(path.map_or(uri, |path| path.trim_start_matches('/')))
}

fn keep(text: &str) -> String {
    printable(text, CLAIM)
}

fn keep_some(text: Option<&String>) -> Option<String> {
    text.map(|text| keep(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ref_is_cut_off_where_it_begins() {
        assert_eq!(
            without_ref("https://github.com/a/b/.github/workflows/r.yml@refs/tags/@s/n@1.0.0"),
            (
                "https://github.com/a/b/.github/workflows/r.yml",
                Some("refs/tags/@s/n@1.0.0")
            )
        );
        assert_eq!(
            without_ref("https://h.example/a@0a1b"),
            ("https://h.example/a", Some("0a1b"))
        );
        assert_eq!(without_ref("jo@mail.example"), ("jo@mail.example", None));
    }

    #[test]
    fn a_workflow_is_named_by_its_path_in_the_repository() {
        let repository = Numbered {
            uri: "https://gitlab.com/a/b".into(),
            id: None,
        };
        let path = |uri| in_repository(uri, Some(&repository));
        assert_eq!(
            path("https://gitlab.com/a/b//.gitlab-ci.yml"),
            ".gitlab-ci.yml"
        );
        assert_eq!(
            path("https://gitlab.com/a/bc/x.yml"),
            "https://gitlab.com/a/bc/x.yml"
        );
    }

    #[test]
    fn a_new_word_for_a_runner_is_neither_hosted_nor_not() {
        assert_eq!(builder("github-hosted"), Some(BuilderClass::Hosted));
        assert_eq!(builder("self-hosted"), Some(BuilderClass::SelfHosted));
        assert_eq!(builder("somewhere"), None);
    }
}
