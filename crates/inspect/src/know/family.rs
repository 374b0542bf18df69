//! Variables of the environment that belong together by how their names begin.

use super::named_secret;
use crate::pure::HOLE_START;

/// How names begin that hold secrets of somebody else on many machines.
const OF_OTHERS: [&str; 38] = [
    "ACTIONS_",
    "ANTHROPIC_",
    "ARM_",
    "AWS_",
    "AZURE_",
    "BITBUCKET_",
    "BUILDKITE_",
    "CARGO_",
    "CF_",
    "CIRCLE_",
    "CI_",
    "CLOUDFLARE_",
    "CODECOV_",
    "DATABASE_",
    "DB_",
    "DIGITALOCEAN_",
    "DISCORD_",
    "DOCKER_",
    "GCP_",
    "GH_",
    "GITHUB_",
    "GITLAB_",
    "GOOGLE_",
    "HEROKU_",
    "HF_",
    "NETLIFY_",
    "NODE_AUTH_",
    "NPM_",
    "OPENAI_",
    "PYPI_",
    "RUNNER_",
    "SLACK_",
    "SSH_",
    "STRIPE_",
    "TELEGRAM_",
    "TWINE_",
    "VAULT_",
    "VERCEL_",
];
/// Letters of the shortest beginning that says something.
const SHORTEST: usize = 4;

/// How the name of a variable begins that is computed behind a word of its own: `TOOL_` of
/// `"TOOL_" + key.upper()`. Whatever the rest is, it is one of the settings of that tool, and no way
/// to all of the environment. None for the beginnings of others' secrets.
pub fn family(name: &str) -> Option<&str> {
    let (begin, _) = name.split_once(HOLE_START)?;
    is_family(begin).then_some(begin)
}

/// Whether names that begin so are the settings of one tool.
pub fn is_family(begin: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let is_word = begin.starts_with(|c: char| c.is_ascii_uppercase()) && begin.ends_with('_');
    let is_own = begin.len() >= SHORTEST && is_word && begin.chars().all(is_plain);
    let mut others = OF_OTHERS.iter();
    let of_others = others.any(|other| begin.starts_with(other) || other.starts_with(begin));
    is_own && !of_others && !named_secret(begin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pure::HOLE;

    #[test]
    fn a_beginning_of_its_own_tells_a_family_and_one_of_others_does_not() {
        let begins = |begin: &str| family(&format!("{begin}{HOLE}")).map(str::to_owned);
        assert_eq!(begins("TOOL_").as_deref(), Some("TOOL_"));
        for other in [
            "",
            "A",
            "T_",
            "TOOL",
            "tool_",
            "_AB_",
            "AWS_",
            "NODE_",
            "NPM_CONFIG_",
            "X_TOKEN_",
        ] {
            assert_eq!(begins(other), None, "{other}");
        }
        assert_eq!(begins("NODE_TOOL_").as_deref(), Some("NODE_TOOL_"));
        assert_eq!(family("TOOL_A"), None);
    }
}
