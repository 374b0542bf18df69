//! `customs gate token`: makes a secret for one machine, person or agent.

use super::config::{RoleWord, Tokens};
use super::read;
use crate::error::{Doing as _, Failure};
use crate::output;
use customs_gate::TokenDigest;
use customs_model::{Clock as _, SystemClock, printable};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Arguments of `customs gate token`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Whose it is: letters, digits, `-`, `_`, `.`, `@` and `/`. The ledger calls it `token:NAME`.
    name: String,
    /// What it may do.
    #[arg(long, value_enum, default_value_t = RoleWord::Install)]
    role: RoleWord,
    /// The policy that it is under, of `policies` in the config.
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// How long it is good, `90d`; without it for ever.
    #[arg(long = "for", value_name = "TIME")]
    time: Option<String>,
    /// Add it to this file of tokens; without it the entry is printed.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// Makes it, and prints the secret: the only time that it is seen.
pub fn main(arguments: &Arguments) -> Result<u8, Failure> {
    let name = checked(&arguments.name)?;
    let secret = format!(
        "customs_{}",
        customs_gate::fresh_secret().doing("make a secret")?
    );
    let entry = entry(arguments, name, &secret)?;
    let mut text = format!("{secret}\n");
    match &arguments.to {
        Some(file) => add(file, name, &entry)?,
        None => {
            text.push_str("\n# For the file of tokens:\n");
            text.push_str(&entry);
        }
    }
    output::result(&text)?;
    if let Some(file) = &arguments.to {
        output::say(&format!(
            "customs: {name} is in {}; the secret above is shown this once",
            file.display()
        ));
    }
    Ok(0)
}

/// A name that stands in ledgers, logs and TOML as it is.
pub fn checked(name: &str) -> Result<&str, Failure> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.@/".contains(c);
    if name.is_empty() || name.len() > 100 || !name.chars().all(fits) {
        return Err(Failure::usage(format!(
            "{:?} is no name of a token: up to 100 letters, digits, - _ . @ and /",
            printable(name, 100)
        )));
    }
    Ok(name)
}

fn entry(arguments: &Arguments, name: &str, secret: &str) -> Result<String, Failure> {
    let mut entry = format!("[[token]]\nname = \"{name}\"\n");
    entry.push_str(&format!("digest = \"{}\"\n", TokenDigest::of(secret)));
    let role = match arguments.role {
        RoleWord::Install => "install",
        RoleWord::Publish => "publish",
        RoleWord::Monitor => "monitor",
        RoleWord::Read => "read",
        RoleWord::Approve => "approve",
    };
    entry.push_str(&format!("role = \"{role}\"\n"));
    if let Some(policy) = &arguments.policy {
        entry.push_str(&format!(
            "policy = {}\n",
            toml::Value::from(policy.as_str())
        ));
    }
    if let Some(time) = &arguments.time {
        let length = customs_rules::parse_duration(time)
            .filter(|length| length.is_positive())
            .ok_or_else(|| {
                Failure::usage(format!(
                    "{:?} is no time; write 90d or 12h",
                    printable(time, 40)
                ))
            })?;
        let end = SystemClock
            .now()
            .checked_add(length)
            .doing("reckon its end")?;
        let second = customs_model::Timestamp::from_second(end.as_second());
        entry.push_str(&format!(
            "expires = \"{}\"\n",
            second.doing("reckon its end")?
        ));
    }
    Ok(entry)
}

/// Adds an entry to a file, whole or not at all. What stands there stays as it is.
fn add(file: &Path, name: &str, entry: &str) -> Result<(), Failure> {
    let doing = format!("write {}", file.display());
    let mut text = match file.exists() {
        true => read::text(file)?,
        false => "version = 1\n".to_owned(),
    };
    let known: Tokens = read::parse(&text, &file.display().to_string())?;
    if known.token.iter().any(|token| token.name == name) {
        return Err(Failure::usage(format!(
            "{} has a token {name} already; give this one another name, such as {name}-2",
            file.display()
        )));
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push('\n');
    text.push_str(entry);
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    // `tempfile` makes files with mode 0600; who else could read it before can read it after.
    let mut written =
        tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).doing(&doing)?;
    written.write_all(text.as_bytes()).doing(&doing)?;
    if let Ok(meta) = std::fs::metadata(file) {
        written
            .as_file()
            .set_permissions(meta.permissions())
            .doing(&doing)?;
    }
    written
        .persist(file)
        .map_err(|error| error.error)
        .doing(&doing)?;
    Ok(())
}
