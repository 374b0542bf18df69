//! `customs gate setup`: points the package managers of a user at a team's gate, and takes that
//! back byte for byte.

mod kept;
mod text;

use crate::error::{Doing as _, Failure};
use crate::{output, paths};
use customs_model::printable;
use kept::Kept;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use url::Url;

/// Arguments of `customs gate setup`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The gate's address, as those who look after it say it.
    #[arg(required_unless_present = "undo")]
    gate: Option<String>,
    /// The file that has the token, and nothing else.
    #[arg(long, value_name = "FILE", required_unless_present = "undo")]
    token_file: Option<PathBuf>,
    /// The certificates that the gate's own is checked with, as PEM, where the system has none for
    /// it.
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    /// For these clients only: npm (with pnpm, bun and yarn 1), yarn, pip, uv, cargo.
    #[arg(long, value_name = "CLIENT", value_delimiter = ',')]
    only: Vec<String>,
    /// Write it. Without this it is shown, with the token left out.
    #[arg(long, conflicts_with = "undo")]
    write: bool,
    /// Put back what was there before, byte for byte.
    #[arg(long)]
    undo: bool,
}

/// What every client is told.
pub struct Target {
    /// The gate's root, with a slash at its end.
    pub url: Url,
    /// The token.
    pub token: String,
    /// Certificates besides the system's.
    pub roots: Option<PathBuf>,
}

/// One client's file.
struct Client {
    name: &'static str,
    /// Below the user's home.
    file: fn(&Path) -> PathBuf,
    /// The file with the gate in it, made from what stands there.
    write: fn(&str, &Target) -> Result<String, String>,
}

const CLIENTS: [Client; 6] = [
    Client {
        name: "npm",
        file: |home| home.join(".npmrc"),
        write: text::npmrc,
    },
    Client {
        name: "yarn",
        file: |home| home.join(".yarnrc.yml"),
        write: text::yarnrc,
    },
    Client {
        name: "pip",
        file: |home| home.join(".config/pip/pip.conf"),
        write: text::pip,
    },
    Client {
        name: "uv",
        file: |home| home.join(".config/uv/uv.toml"),
        write: text::uv,
    },
    Client {
        name: "cargo",
        file: |home| cargo_home(home).join("config.toml"),
        write: text::cargo,
    },
    Client {
        name: "cargo",
        file: |home| cargo_home(home).join("credentials.toml"),
        write: text::cargo_credentials,
    },
];

fn cargo_home(home: &Path) -> PathBuf {
    let own = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    own.unwrap_or_else(|| home.join(".cargo"))
}

/// Shows, writes or takes back.
pub fn main(arguments: &Arguments) -> Result<u8, Failure> {
    let home = paths::user_home().ok_or_else(|| Failure::work("there is no home folder"))?;
    let kept = Kept::at(&paths::state()?);
    let known: Vec<&str> = CLIENTS.iter().map(|client| client.name).collect();
    if let Some(other) = arguments
        .only
        .iter()
        .find(|name| !known.contains(&&***name))
    {
        let shown = printable(other, 40);
        return Err(Failure::usage(format!(
            "{shown:?} is no client that is set up; known are npm, yarn, pip, uv and cargo"
        )));
    }
    let wanted = |client: &&Client| {
        arguments.only.is_empty() || arguments.only.iter().any(|name| name == client.name)
    };
    let clients: Vec<&Client> = CLIENTS.iter().filter(wanted).collect();
    if arguments.undo {
        return undo(&clients, &home, &kept);
    }
    let target = target(arguments)?;
    // Everything is made before anything is written: half of a set-up is none.
    let mut made = Vec::new();
    for client in clients {
        let file = (client.file)(&home);
        let before = kept.original(&file, |text| text::has_gate(text, &target))?;
        let text = match &before {
            Some(bytes) => {
                String::from_utf8(bytes.clone()).map_err(|_| said(&file, "it is not UTF-8"))?
            }
            None => String::new(),
        };
        let after = (client.write)(&text, &target).map_err(|why| said(&file, &why))?;
        made.push((file, before, after));
    }
    if !arguments.write {
        return show(&made, &target);
    }
    for (file, before, after) in made {
        let is_secret = after.contains(&target.token);
        kept.write(&file, before, after.as_bytes(), is_secret)?;
        output::result(&format!("written: {}\n", file.display()))?;
    }
    output::say(
        "customs: `customs doctor --gate URL` proves it; `customs gate setup --undo` takes it back",
    );
    Ok(0)
}

fn said(file: &Path, why: &str) -> Failure {
    Failure::usage(format!("{}: {why}; nothing was written", file.display()))
}

fn target(arguments: &Arguments) -> Result<Target, Failure> {
    let gate = arguments.gate.as_deref().unwrap_or_default();
    let url = gate_url(gate)?;
    let file = arguments.token_file.as_deref().unwrap_or(Path::new(""));
    let token = token(file)?;
    let roots = arguments.roots.as_deref().map(std::path::absolute);
    let roots = roots.transpose().doing("find the certificates")?;
    if let Some(roots) = roots.as_ref().filter(|roots| !roots.is_file()) {
        return Err(Failure::usage(format!(
            "there is no file {}",
            roots.display()
        )));
    }
    Ok(Target { url, token, roots })
}

/// The root of a gate.
pub fn gate_url(text: &str) -> Result<Url, Failure> {
    let refuse = || {
        let shown = printable(text.rsplit('@').next().unwrap_or_default(), 120);
        Failure::usage(format!(
            "{shown:?} is no address of a gate; write https://gate.example:8443"
        ))
    };
    let url = Url::parse(text).map_err(|_| refuse())?;
    let is_root = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let is_plain = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !is_root || !is_plain {
        return Err(refuse());
    }
    Ok(url)
}

/// The token of a file: what stands in configurations and headers as it is.
pub fn token(file: &Path) -> Result<String, Failure> {
    let text = super::read::text(file)?;
    let token = text.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if token.is_empty() || token.len() > 200 || !token.chars().all(fits) {
        return Err(Failure::usage(format!(
            "{} has no token: one line of letters and digits, as `customs gate token` prints it",
            file.display()
        )));
    }
    Ok(token.to_owned())
}

fn show(made: &[(PathBuf, Option<Vec<u8>>, String)], target: &Target) -> Result<u8, Failure> {
    let mut shown = String::new();
    for (file, _, after) in made {
        // Writing into a text cannot fail.
        let _ = writeln!(shown, "# {}", file.display());
        let _ = writeln!(
            shown,
            "{}\n",
            after.replace(&target.token, "TOKEN").trim_end()
        );
    }
    output::result(&output::plain_text(&shown))?;
    output::say("customs: nothing was written; --write writes it");
    Ok(0)
}

fn undo(clients: &[&Client], home: &Path, kept: &Kept) -> Result<u8, Failure> {
    let mut code = 0;
    let mut any = false;
    for client in clients {
        let file = (client.file)(home);
        match kept.put_back(&file)? {
            kept::Back::NotOurs => {}
            kept::Back::Done => {
                any = true;
                output::result(&format!("as before: {}\n", file.display()))?;
            }
            kept::Back::Edited => {
                code = 1;
                output::say(&format!(
                    "customs: {} was edited since and stays as it is; what stood there before is {}",
                    file.display(),
                    kept.before_of(&file).display()
                ));
            }
        }
    }
    if !any && code == 0 {
        return Err(Failure::nothing("nothing was set up here"));
    }
    Ok(code)
}
