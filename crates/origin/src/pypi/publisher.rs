//! Who published a file, by the index's unsigned word.

use crate::answer::{Field, Finding};
use crate::identity::{CIRCLECI, Identity, is_issuer};
use customs_model::printable;
use serde_json::Value;

/// A trusted publisher as a provenance object names it, compared with the certificate as
/// pypi-attestations does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publisher {
    /// GitHub Actions.
    GitHub {
        /// `owner/repo`.
        repository: String,
        /// The workflow's file name.
        workflow: String,
        /// The environment, where one was demanded.
        environment: Option<String>,
    },
    /// GitLab's pipelines.
    GitLab {
        /// The project's path.
        repository: String,
        /// The path of the pipeline's file.
        workflow: Option<String>,
        /// The environment, where one was demanded.
        environment: Option<String>,
    },
    /// A service account of Google.
    Google {
        /// Its address.
        mail: String,
    },
    /// CircleCI.
    CircleCi {
        /// `github.com/owner/repo`.
        origin: Option<String>,
    },
    /// A kind that is not known, or one without what it should have; safe to print.
    Unknown(String),
}

impl Publisher {
    /// Reads one.
    pub fn of(value: &Value) -> Self {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let kind = text("kind").unwrap_or_default();
        let unknown = || Self::Unknown(printable(&format!("{kind:?}"), 60));
        let known = match kind.as_str() {
            "GitHub" => text("repository")
                .zip(text("workflow"))
                .map(|(repository, workflow)| Self::GitHub {
                    repository,
                    workflow,
                    environment: text("environment"),
                }),
            "GitLab" => text("repository").map(|repository| Self::GitLab {
                repository,
                workflow: text("workflow_filepath"),
                environment: text("environment"),
            }),
            "Google" => text("email").map(|mail| Self::Google { mail }),
            "CircleCI" => Some(Self::CircleCi {
                origin: text("vcs_origin"),
            }),
            _ => None,
        };
        known.unwrap_or_else(unknown)
    }

    /// In what the certificate contradicts it. A publisher knows neither ref nor commit; an
    /// environment stands in young certificates only.
    pub fn compare(&self, identity: &Identity) -> Vec<Finding> {
        let repository = identity.repository.as_ref().map(|r| r.uri.as_str());
        let file = identity.workflow.as_deref();
        let name = file.and_then(|path| path.rsplit('/').next());
        let mut all = Comparison(Vec::new());
        match self {
            Self::GitHub {
                repository: named,
                workflow,
                environment,
            } => {
                all.issuer("https://token.actions.githubusercontent.com", identity);
                // GitHub's names have no case of their own.
                let named = format!("https://github.com/{named}");
                let same = repository.is_some_and(|r| r.eq_ignore_ascii_case(&named));
                all.must(same, Field::Repository, &named, repository);
                all.must(name == Some(workflow), Field::Workflow, workflow, name);
                all.environment(environment.as_deref(), identity);
            }
            Self::GitLab {
                repository: named,
                workflow,
                environment,
            } => {
                all.issuer("https://gitlab.com", identity);
                let named = format!("https://gitlab.com/{named}");
                let same = repository.is_some_and(|r| r.eq_ignore_ascii_case(&named));
                all.must(same, Field::Repository, &named, repository);
                if let Some(workflow) = workflow {
                    all.must(file == Some(workflow), Field::Workflow, workflow, file);
                }
                all.environment(environment.as_deref(), identity);
            }
            Self::Google { mail } => {
                all.issuer("https://accounts.google.com", identity);
                let same = identity.subject == *mail;
                all.must(same, Field::Mail, mail, Some(&identity.subject));
            }
            Self::CircleCi { origin } => {
                let same = is_issuer(CIRCLECI, &identity.issuer);
                all.must(same, Field::Issuer, CIRCLECI, Some(&identity.issuer));
                if let Some(origin) = origin {
                    let plain = |uri: &str| uri.trim_start_matches("https://").to_owned();
                    let same = repository.is_some_and(|r| plain(r) == plain(origin));
                    all.must(same, Field::Repository, origin, repository);
                }
            }
            Self::Unknown(_) => {}
        }
        all.0
    }
}

struct Comparison(Vec<Finding>);

impl Comparison {
    fn must(&mut self, same: bool, field: Field, publisher: &str, certificate: Option<&str>) {
        if !same {
            self.0.push(Finding::PublisherDiffers {
                field,
                publisher: printable(publisher, 200),
                certificate: printable(certificate.unwrap_or("nothing"), 200),
            });
        }
    }

    fn issuer(&mut self, expected: &str, identity: &Identity) {
        let same = is_issuer(expected, &identity.issuer);
        self.must(same, Field::Issuer, expected, Some(&identity.issuer));
    }

    fn environment(&mut self, named: Option<&str>, identity: &Identity) {
        if let (Some(named), Some(certified)) = (named, identity.environment.as_deref()) {
            self.must(
                named == certified,
                Field::Environment,
                named,
                Some(certified),
            );
        }
    }
}
