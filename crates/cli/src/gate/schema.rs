//! `customs gate schema`: what the files of a team's gate may say, as JSON schema.

use super::config::{Config, Tokens};
use crate::error::{Doing as _, Failure};
use crate::output;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Arguments of `customs gate schema`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Which file.
    #[arg(long, value_enum, default_value_t = Of::Config)]
    of: Of,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Of {
    /// The config of `customs gate --config`.
    Config,
    /// The file of tokens.
    Tokens,
}

/// Prints it.
pub fn main(arguments: &Arguments) -> Result<u8, Failure> {
    let schema = match arguments.of {
        Of::Config => Config::schema(),
        Of::Tokens => Tokens::schema(),
    };
    let text = serde_json::to_string_pretty(&schema).doing("write the schema")?;
    output::result(&format!("{text}\n"))?;
    Ok(0)
}

/// What is read from a file that has a schema.
pub trait Described: DeserializeOwned {
    /// The whole schema: nothing in it has to be looked up elsewhere.
    fn schema() -> Value;
}

impl Described for Config {
    fn schema() -> Value {
        root(
            "How a team is served. Names of files are relative to the folder of this one.",
            &["version", "listen", "tokens"],
            &[
                ("version", number("The format of this file: 1.")),
                ("listen", listen()),
                ("tls", tls()),
                ("limits", limits()),
                (
                    "folder",
                    text(
                        "The folder for ledger, cache and state; without it those of the user that it \
                          runs as. A change needs a restart.",
                    ),
                ),
                ("upstream", list("The registries behind it.", upstream())),
                (
                    "internal",
                    list(
                        "Names that no public registry is ever asked for.",
                        text("pkg:npm/@acme/* or pkg:pypi/acme-tool"),
                    ),
                ),
                (
                    "moved",
                    list(
                        "Names whose origin is looked for anew, where a private registry that had \
                         them was replaced by another one.",
                        text("pkg:npm/@acme/* or pkg:pypi/acme-tool"),
                    ),
                ),
                (
                    "stale-for",
                    text(
                        "How long what was delivered before is served while its registry cannot be \
                          asked (7d, which is the most).",
                    ),
                ),
                (
                    "policy",
                    text(
                        "The policy file of tokens that name none; without it the default policy.",
                    ),
                ),
                (
                    "policies",
                    json!({
                        "type": "object",
                        "description": "Policy files by the names that tokens call them.",
                        "additionalProperties": text("The file."),
                    }),
                ),
                (
                    "advisories",
                    text("Known malware: an OSV folder, file or export."),
                ),
                ("tokens", text("The file of tokens.")),
                ("keep", keep()),
                (
                    "traces",
                    text(
                        "Where it is written which request asked whom, and how long that took, as \
                          lines of JSON: a file, or stderr; or the address of a collector, which is sent them by \
                          OTLP. Without it nowhere. A change needs a restart.",
                    ),
                ),
            ],
        )
    }
}

fn keep() -> Value {
    object(
        "What it removes by itself; without it everything stays. What was delivered in the last 30 \
         days stays in any case. A change needs a restart.",
        &[],
        &[
            (
                "size",
                text(
                    "Bytes of artifacts, of lists of what is in them, and of evidence of their \
                     origin, 50GB. The oldest leave first.",
                ),
            ),
            (
                "age",
                text("How long artifacts, lists and evidence stay that nobody is delivered, 90d."),
            ),
            (
                "ledger",
                text(
                    "How long records of the ledger stay, 400d; at least 31d. Without it for ever.",
                ),
            ),
            ("every", text("How often it looks (1h).")),
        ],
    )
}

fn listen() -> Value {
    object(
        "Where it listens. A change needs a restart.",
        &["address", "public-url"],
        &[
            ("address", text("Address and port, 0.0.0.0:8443.")),
            (
                "public-url",
                text(
                    "The address that clients use, https://gate.example:8443. It stands in documents \
                      and lockfiles, so it should last.",
                ),
            ),
            (
                "operations",
                text(
                    "Address and port for the page, /metrics, /healthz and /readyz without TLS and without a \
                      token. Keep it where only those who look after the gate get to.",
                ),
            ),
            (
                "plain-http",
                flag(
                    "Serve without TLS on an address that other machines reach: for a gate behind a \
                      proxy that speaks TLS.",
                ),
            ),
        ],
    )
}

fn tls() -> Value {
    object(
        "The certificate that it shows, as PEM. Both files are read again when they change.",
        &["certificate", "key"],
        &[
            (
                "certificate",
                text("The certificate and what is between it and a root."),
            ),
            ("key", text("Its private key.")),
        ],
    )
}

fn limits() -> Value {
    object(
        "What it takes upon itself. A change needs a restart.",
        &[],
        &[
            (
                "connections",
                number("Connections at the same time (2048). More wait."),
            ),
            (
                "head",
                text(
                    "How long a client may take for the head of a request, and how long a connection \
                      stands without one (30s).",
                ),
            ),
            (
                "stall",
                text("How long a client may take nothing of an answer (60s)."),
            ),
            (
                "drain",
                text(
                    "How long it serves on when it is told to stop and says that it is not ready (0s, at \
                      most 10m).",
                ),
            ),
            (
                "stop",
                text("How long what is being answered may take when the gate stops (30s)."),
            ),
        ],
    )
}

fn upstream() -> Value {
    object(
        "One registry. A name that no scope sends elsewhere is asked for at the private registries of \
         its ecosystem first, in this order; the first that has it is its origin for good. Only when \
         each of them answers that it has none, the public one is asked.",
        &["ecosystem", "url", "visibility"],
        &[
            (
                "ecosystem",
                choice("What it has.", &["npm", "pypi", "cargo"]),
            ),
            (
                "url",
                text(
                    "Its address: an npm registry, a Python simple index, a sparse index of cargo.",
                ),
            ),
            (
                "visibility",
                choice(
                    "Whether everybody can publish there.",
                    &["public", "private"],
                ),
            ),
            (
                "scopes",
                list(
                    "The npm scopes that come from here and from nowhere else.",
                    text("@acme"),
                ),
            ),
            ("credential", credential()),
            (
                "roots",
                list(
                    "Certificates that are trusted for it besides the system's, as PEM.",
                    text("A file."),
                ),
            ),
        ],
    )
}

fn credential() -> Value {
    object(
        "What it is shown, from a file or a variable, never from here. It goes to this registry's own \
         host, with GET and HEAD only.",
        &["kind"],
        &[
            (
                "kind",
                choice(
                    "How it is shown: Authorization with Bearer, with Basic and a user name, or as it \
                     stands.",
                    &["bearer", "basic", "verbatim"],
                ),
            ),
            ("user", text("The user name, for basic.")),
            (
                "file",
                text("The file that has it. It is read again when it changes."),
            ),
            ("env", text("The variable that has it.")),
        ],
    )
}

impl Described for Tokens {
    fn schema() -> Value {
        let token = object(
            "One token. `customs gate token NAME` makes it.",
            &["name", "digest"],
            &[
                ("name", text("Whose it is. The ledger calls it token:NAME.")),
                ("digest", text("sha256: and the digest of the secret.")),
                (
                    "role",
                    choice(
                        "What it may do: read packages; have writes passed on as well, with the \
                         client's own credential; read the metrics, and nothing else; look at the page, \
                         which says who received what, and at the metrics; grant and end \
                         exemptions, and look at all of that.",
                        &["install", "publish", "monitor", "read", "approve"],
                    ),
                ),
                (
                    "policy",
                    text(
                        "The policy that it is under, of policies in the config; without it the gate's.",
                    ),
                ),
                (
                    "expires",
                    text("When it ends, 2027-01-31T00:00:00Z; without it never."),
                ),
                ("revoked", flag("It was taken back.")),
            ],
        );
        root(
            "Who may ask.",
            &["version"],
            &[
                ("version", number("The format of this file: 1.")),
                ("token", list("The tokens.", token)),
            ],
        )
    }
}

fn root(description: &str, required: &[&str], properties: &[(&str, Value)]) -> Value {
    let mut root = object(description, required, properties);
    if let Value::Object(root) = &mut root {
        let dialect = "https://json-schema.org/draft/2020-12/schema";
        root.insert("$schema".to_owned(), dialect.into());
    }
    root
}

fn object(description: &str, required: &[&str], properties: &[(&str, Value)]) -> Value {
    let properties = properties.iter();
    let properties: Map<String, Value> = properties
        .map(|(name, of)| ((*name).to_owned(), of.clone()))
        .collect();
    json!({
        "type": "object", "description": description, "required": required,
        "additionalProperties": false, "properties": properties,
    })
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn flag(description: &str) -> Value {
    json!({ "type": "boolean", "description": description })
}

fn number(description: &str) -> Value {
    json!({ "type": "integer", "description": description })
}

fn list(description: &str, items: Value) -> Value {
    json!({ "type": "array", "description": description, "items": items })
}

fn choice(description: &str, among: &[&str]) -> Value {
    json!({ "type": "string", "description": description, "enum": among })
}

#[cfg(test)]
mod tests;
