//! Who may grant an exemption while gates run.

use customs_model::printable;

/// Who may do what. Nothing stated: every person may, no agent does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Roles {
    /// The identities that may grant exemptions, as the ledger records them.
    pub(super) approvers: Option<Vec<String>>,
}

impl Roles {
    /// Whether somebody may grant exemptions; why not, as a clause, safe to print.
    ///
    /// `identity` is the credential that the ledger records (`user:ann`), `agent` the coding
    /// agent that the environment declares.
    pub(super) fn may_grant(
        &self,
        identity: Option<&str>,
        agent: Option<&str>,
    ) -> Result<(), String> {
        if let Some(agent) = agent {
            let agent = printable(agent, 60);
            return Err(format!(
                "an agent ({agent}) never grants exemptions; a person has to"
            ));
        }
        let Some(identity) = identity else {
            return Err("who asks is not known".to_owned());
        };
        match &self.approvers {
            None => Ok(()),
            Some(named) if named.iter().any(|one| one == identity) => Ok(()),
            Some(named) => {
                let identity = printable(identity, 128);
                let who = match named.as_slice() {
                    [] => "it names nobody".to_owned(),
                    named => format!("ask {}", crate::words::list(named, 4)),
                };
                Err(format!(
                    "{identity} is none of the policy's approvers; {who}"
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Policy;

    fn may(policy: &str, identity: Option<&str>, agent: Option<&str>) -> String {
        let policy = Policy::parse(&format!("version = 1\n{policy}"), "policy.toml").unwrap();
        policy
            .may_grant(identity, agent)
            .err()
            .unwrap_or_else(|| "yes".to_owned())
    }

    #[test]
    fn without_roles_every_person_may_and_no_agent() {
        insta::assert_snapshot!(may("", Some("user:ann"), None), @"yes");
        insta::assert_snapshot!(may("", Some("user:ann"), Some("some-agent")), @"an agent (some-agent) never grants exemptions; a person has to");
        insta::assert_snapshot!(may("", None, None), @"who asks is not known");
    }

    #[test]
    fn with_roles_only_those_who_are_named_may() {
        let policy = "[roles]\napprovers = [\"user:ann\", \"token:release\"]\n";
        insta::assert_snapshot!(may(policy, Some("token:release"), None), @"yes");
        insta::assert_snapshot!(may(policy, Some("user:bob"), None), @"user:bob is none of the policy's approvers; ask user:ann and token:release");
        insta::assert_snapshot!(may(policy, Some("user:ann"), Some("some-agent")), @"an agent (some-agent) never grants exemptions; a person has to");
        insta::assert_snapshot!(may("[roles]\napprovers = []\n", Some("user:ann"), None), @"user:ann is none of the policy's approvers; it names nobody");
    }

    #[test]
    fn roles_that_cannot_be_read_refuse_the_file() {
        let why = |text: &str| {
            let text = format!("version = 1\n{text}");
            Policy::parse(&text, "policy.toml").unwrap_err().to_string()
        };
        insta::assert_snapshot!(why("[roles]\naprovers = []\n"), @r#"error: policy.toml:3:1: no key "aprovers"; did you mean "approvers"?"#);
        insta::assert_snapshot!(why("roles = 7\n"), @"error: policy.toml:2:9: roles is a table: [roles] with approvers = [\"user:name\"]");
        insta::assert_snapshot!(why("[roles]\napprovers = \"user:ann\"\n"), @r#"error: policy.toml:3:13: approvers is a list of texts: ["user:name"]"#);
    }
}
