//! Tokens of services that everybody uses.

/// Tokens that everybody knows, and that are nobody's but their owner's.
const WELL_KNOWN: [&str; 14] = [
    "NPM_TOKEN",
    "NODE_AUTH_TOKEN",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "PYPI_TOKEN",
    "TWINE_PASSWORD",
    "CARGO_REGISTRY_TOKEN",
    "GITLAB_TOKEN",
    "CI_JOB_TOKEN",
    "AZURE_CLIENT_SECRET",
    "DOCKER_PASSWORD",
    "SSH_AUTH_SOCK",
];

/// Whether a token is one that everybody knows, and that no package has a claim to.
pub(crate) fn is_well_known(name: &str) -> bool {
    WELL_KNOWN.contains(&name)
}
