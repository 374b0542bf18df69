//! `customs doctor`: proof, client by client, that requests go through the gate.
//!
//! Nothing is guessed from configuration. Each client is made to ask for a name that
//! was never used before, and the gate is asked whether that name arrived. The registries behind it
//! are asked whether they hand on evidence of origin.

mod evidence;
mod team;

use crate::client::{self, pointing};
use crate::daemon::Controls;
use crate::error::{Doing as _, Failure};
use crate::place::Place;
use crate::{output, paths};
use customs_gate::{RunEnd, RunReply, RunRequest};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// Arguments of `customs doctor`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Prove it for a team's gate, with the clients as this user has set them up.
    #[arg(long, value_name = "URL", requires = "token_file")]
    gate: Option<String>,
    /// The file that has the token for that gate, and nothing else.
    #[arg(long, value_name = "FILE", requires = "gate")]
    token_file: Option<PathBuf>,
    /// The certificates that the gate's own is checked with, as PEM, where the system has none.
    #[arg(long, value_name = "FILE", requires = "gate")]
    roots: Option<PathBuf>,
    #[command(flatten)]
    format: output::Format,
}

/// How long a client may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// One client and how it is made to ask for a name.
struct Client {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    ask: &'static [&'static str],
}

/// The name stands for `NAME` in arguments and files.
const CLIENTS: [Client; 7] = [
    Client {
        name: "npm",
        files: &[],
        ask: &["view", "NAME", "version"],
    },
    Client {
        name: "pnpm",
        files: &[("package.json", "{\"name\":\"probe\",\"private\":true}")],
        ask: &["view", "NAME", "version"],
    },
    Client {
        name: "yarn",
        files: &[
            (
                "package.json",
                "{\"name\":\"probe\",\"private\":true,\"dependencies\":{\"NAME\":\"1\"}}",
            ),
            ("yarn.lock", ""),
        ],
        ask: &["install"],
    },
    Client {
        name: "bun",
        files: &[(
            "package.json",
            "{\"name\":\"probe\",\"private\":true,\"dependencies\":{\"NAME\":\"1\"}}",
        )],
        ask: &["install"],
    },
    Client {
        name: "pip",
        files: &[],
        ask: &["download", "--no-deps", "--no-input", "-d", "out", "NAME"],
    },
    Client {
        name: "uv",
        files: &[("requirements.in", "NAME\n")],
        ask: &["pip", "compile", "requirements.in"],
    },
    Client {
        name: "cargo",
        files: &[
            (
                "Cargo.toml",
                "[package]\nname = \"probe\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[dependencies]\nNAME = \"1\"\n[workspace]\n",
            ),
            ("src/lib.rs", ""),
        ],
        ask: &["generate-lockfile"],
    },
];

/// What was found out about one client.
#[derive(Debug, serde::Serialize)]
struct Finding {
    client: &'static str,
    /// `ok`, `failed` or `skipped`.
    state: &'static str,
    program: Option<PathBuf>,
    what: String,
}

/// Checks all of them.
pub fn main(arguments: Arguments) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .doing("start")?;
    if let (Some(gate), Some(token)) = (&arguments.gate, &arguments.token_file) {
        let side = team::Side::of(gate, token, arguments.roots.as_deref())?;
        let findings = runtime.block_on(side.examine())?;
        return told(&findings, &[], arguments.format);
    }
    let (findings, registries) = runtime.block_on(examine())?;
    told(&findings, &registries, arguments.format)
}

fn told(
    findings: &[Finding],
    registries: &[evidence::OfRegistry],
    format: output::Format,
) -> Result<u8, Failure> {
    let failed = findings.iter().any(|f| f.state == "failed");
    if format.is_json() {
        let whole = serde_json::json!({
            "schema": "customs/doctor-v1", "clients": findings, "registries": registries,
            "ledger": paths::data()?, "cache": paths::cache()?, "state": paths::state()?,
        });
        output::result(&format!("{whole:#}\n"))?;
    } else {
        output::result(&text(findings, &evidence::text(registries))?)?;
    }
    if findings.iter().all(|f| f.state == "skipped") {
        return Err(Failure::nothing(
            "nothing to check: none of the clients is on PATH",
        ));
    }
    Ok(u8::from(failed))
}

async fn examine() -> Result<(Vec<Finding>, Vec<evidence::OfRegistry>), Failure> {
    // A project's files must not choose what is proved here.
    let home = paths::user_home().ok_or_else(|| Failure::work("there is no home folder"))?;
    let discovered = client::discover(&home)?;
    let controls = Controls::connect(&Place::of_environment()).await?;
    let request = RunRequest {
        command: "customs doctor".to_owned(),
        pid: Some(std::process::id()),
        upstreams: discovered.upstreams.clone(),
        of_client: discovered.of_client.clone(),
        policy: None,
        project_policy: None,
        advisories: None,
        read_only: true,
        agent: None,
        roots: std::collections::BTreeMap::new(),
    };
    let begun: RunReply = controls.post("runs", &request).await?;
    let shims = paths::state()?.join("shims");
    pointing::make_shims(&shims).doing("make the stand-ins of cargo and yarn")?;
    let mut findings = Vec::new();
    for client in &CLIENTS {
        let project = pointing::Project::default();
        let environment = pointing::environment(controls.port, &begun.token, &discovered, project);
        findings.push(probe(client, &controls, &begun.id, environment, &shims).await?);
    }
    let _: RunEnd = controls.delete(&format!("runs/{}", begun.id)).await?;
    let there = findings.iter().filter(|finding| finding.state != "skipped");
    let there: Vec<&'static str> = there.map(|finding| finding.client).collect();
    let registries = evidence::examine(&discovered, &there).await?;
    Ok((findings, registries))
}

/// A name that nobody ever asked for, and a client that is made to ask for it.
struct Question {
    name: String,
    arguments: Vec<String>,
    folder: tempfile::TempDir,
}

impl Question {
    fn new(client: &Client) -> Result<Self, Failure> {
        let nonce = customs_gate::fresh_secret().doing("make a name")?;
        let nonce: String = nonce.chars().take(16).collect();
        let name = format!("{}{nonce}", customs_gate::CANARY);
        let folder = tempfile::tempdir().doing("make a folder for the probe")?;
        for (path, text) in client.files {
            let path = folder.path().join(path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).doing(format_args!("make {}", parent.display()))?;
            }
            std::fs::write(&path, text.replace("NAME", &name))
                .doing(format_args!("write {}", path.display()))?;
        }
        let arguments = client.ask.iter();
        Ok(Self {
            arguments: arguments.map(|one| one.replace("NAME", &name)).collect(),
            name,
            folder,
        })
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(program);
        command
            .args(&self.arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// What the client said last; why it said nothing, if it could not.
    async fn ask(&self, mut command: tokio::process::Command) -> Result<String, String> {
        let output = match tokio::time::timeout(PATIENCE, command.output()).await {
            Ok(output) => output.map_err(|error| format!("it cannot be started: {error}"))?,
            Err(_) => return Err(format!("it did not end within {} s", PATIENCE.as_secs())),
        };
        let said = String::from_utf8_lossy(&output.stderr);
        let mut lines = said.lines().rev();
        let said = lines.find(|line| !line.trim().is_empty());
        Ok(customs_model::printable(
            said.unwrap_or("nothing").trim(),
            200,
        ))
    }
}

async fn probe(
    client: &Client,
    controls: &Controls,
    run: &str,
    environment: pointing::Environment,
    shims: &Path,
) -> Result<Finding, Failure> {
    let finding = |state, program, what: String| Finding {
        client: client.name,
        state,
        program,
        what,
    };
    let Some(program) = client::on_path(client.name) else {
        return Ok(finding("skipped", None, "not on PATH".to_owned()));
    };
    let question = Question::new(client)?;
    let mut command = question.command(pointing::stand_in_for(client.name, shims));
    pointing::apply(&mut command, environment, shims);
    let said = match question.ask(command).await {
        Ok(said) => said,
        Err(why) => return Ok(finding("failed", Some(program), why)),
    };
    let end: RunEnd = controls.get(&format!("runs/{run}")).await?;
    if end.report.canaries.contains(&question.name) {
        return Ok(finding(
            "ok",
            Some(program),
            "its requests arrive at the gate".to_owned(),
        ));
    }
    let what = format!(
        "it asked, and nothing arrived at the gate; it said: {}. Look for a registry set by a \
         flag, an .npmrc, .yarnrc.yml, bunfig.toml, pip.conf, uv.toml or .cargo/config.toml \
         that beats the environment",
        said
    );
    Ok(finding("failed", Some(program), what))
}

fn text(findings: &[Finding], evidence: &str) -> Result<String, Failure> {
    let mut text = String::new();
    for finding in findings {
        let program = finding
            .program
            .as_ref()
            .map(|p| format!(" ({})", p.display()));
        let program = program.unwrap_or_default();
        let _ = writeln!(
            text,
            "{:<8} {}{program}: {}",
            finding.state, finding.client, finding.what
        );
    }
    text.push_str(evidence);
    let _ = writeln!(text, "ledger   {}", paths::data()?.display());
    let _ = writeln!(text, "cache    {}", paths::cache()?.display());
    let _ = writeln!(text, "state    {}", paths::state()?.display());
    Ok(text)
}
