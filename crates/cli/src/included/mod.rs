//! `customs included [PATH]`: what exactly a project contains, in every format, and what is new
//! in it.

mod hash;
mod home;
mod key;
mod list;
mod locked;
mod loose;
mod notes;
mod package;
mod python;
mod record;
mod summary;
#[cfg(test)]
#[cfg(unix)]
mod tests;
pub(crate) mod write;

use crate::error::{Doing as _, Failure};
use crate::run::policy;
use crate::{output, verify};
use customs_device::tree::disk;
use customs_inclusion::compare::{self, Newly};
use customs_inclusion::question::{Counts, Question};
use customs_inclusion::record::Record;
use customs_inclusion::{cyclonedx, json, limit, markdown, spdx, table};
use customs_model::{Timestamp, printable};
use customs_rules::Policy;
use record::Look;
use std::path::{Path, PathBuf};
use summary::Plan;

/// The variable by which builds are made repeatable: seconds since 1970
/// (<https://reproducible-builds.org/specs/source-date-epoch/>).
const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// Arguments of `customs included`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The project's folder
    #[arg(default_value = ".")]
    path: PathBuf,
    /// How the record is written
    #[arg(long, value_enum, default_value_t = Shape::Text)]
    format: Shape,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// In the text: every file of every package, with its digest
    #[arg(long, conflicts_with_all = ["compare", "check", "new_key"])]
    files: bool,
    /// What is newly included since this record (JSON); 1 where bytes changed under one version,
    /// evidence is lost, or something is judged worse
    #[arg(long, value_name = "OLD.json")]
    compare: Option<PathBuf>,
    /// Write to this file instead of stdout: whole, or not at all
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Sign the summary with this Ed25519 key: PKCS #8 in PEM, 32 bytes, or 64 hexadecimal digits
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Make a key to sign with, and its public half beside it (FILE.pub)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "check", "compare", "output", "demand", "verifier", "resource"])]
    new_key: Option<PathBuf>,
    /// The questions that every package must have a yes to for the summary to say PASSED
    /// [default: tree]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "QUESTIONS")]
    demand: Vec<Demand>,
    /// Who verified, as an address; a summary names the key where nobody says it
    #[arg(long, value_name = "URI")]
    verifier: Option<String>,
    /// What the artifacts are part of, as an address
    #[arg(long, value_name = "URI")]
    resource: Option<String>,
    /// Check a signed summary: its signature, its result, and that it demanded what --demand names
    #[arg(long, value_name = "FILE", requires = "public_key", conflicts_with_all = ["key", "compare", "output"])]
    check: Option<PathBuf>,
    /// The key of whoever signed: PEM, 32 bytes, or 64 hexadecimal digits
    #[arg(long, value_name = "FILE", requires = "check")]
    public_key: Option<PathBuf>,
    /// What the project is called [default: as in its lockfile, or its folder]
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// The instant that the record tells, RFC 3339 [default: SOURCE_DATE_EPOCH, or now]
    #[arg(long, value_name = "TIME")]
    time: Option<Timestamp>,
    /// The policy whose exemptions are told [default: your own, tightened by the project's]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Fetch artifacts and evidence that are not here from the registries that you use
    #[arg(long)]
    fetch: bool,
    /// What was not checked makes the exit code 1
    #[arg(long)]
    strict: bool,
}

/// The formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Shape {
    /// For people
    Text,
    /// For programs, and for --compare; its schema is versioned
    Json,
    /// The sums and what is not so, for a page or a comment
    Markdown,
    /// CycloneDX 1.6
    Cyclonedx,
    /// SPDX 2.3
    Spdx,
    /// A signed SLSA verification summary
    Vsa,
}

/// A question as an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Demand {
    /// What lies there is what the artifact holds
    Tree,
    /// The registry signed it
    Signature,
    /// An attestation of how it was built holds
    Attestation,
    /// Its code was judged, and nothing was found
    Verdict,
}

impl Demand {
    const fn question(self) -> Question {
        match self {
            Self::Tree => Question::Tree,
            Self::Signature => Question::Signature,
            Self::Attestation => Question::Attestation,
            Self::Verdict => Question::Verdict,
        }
    }
}

/// Makes the record, or what else was asked for.
pub fn main(arguments: Arguments) -> Result<u8, Failure> {
    if let Some(file) = &arguments.new_key {
        return key::make(file);
    }
    if let Some(envelope) = &arguments.check {
        return summary::check(envelope, &arguments);
    }
    let way = Way::of(&arguments)?;
    let policy = policy_of(&arguments)?;
    let made = instant(arguments.time, std::env::var(EPOCH).ok().as_deref())?;
    let root = std::fs::canonicalize(&arguments.path).map_err(|error| {
        let path = printable(&arguments.path.display().to_string(), 300);
        Failure::usage(format!("cannot look at {path}: {error}"))
    })?;
    let began = Timestamp::now().as_nanosecond();
    let report = look(&arguments, &root)?;
    let record = record::of(
        &report,
        &Look {
            root: &root,
            project: arguments.project.as_deref(),
            made,
            began,
            policy: &policy,
            cargo: verify::cargo_home().as_deref(),
        },
    );
    if record.packages.is_empty() && record.loose.is_empty() {
        return Err(Failure::nothing(format!(
            "nothing to record: neither a lockfile with packages nor an installed package in {}",
            printable(&root.display().to_string(), 300)
        )));
    }
    let (text, is_bad) = way.text(&record, &policy, &arguments)?;
    match &arguments.output {
        Some(path) => write::whole(path, &text)?,
        None => output::result(&text)?,
    }
    Ok(u8::from(is_bad))
}

/// What is made of the record; everything that it needs was read before the work began.
enum Way {
    Record(Shape),
    Newly(Box<Record>, Shape),
    Summary(Box<Plan>),
}

impl Way {
    fn of(arguments: &Arguments) -> Result<Self, Failure> {
        let shape = match arguments.json {
            true => Shape::Json,
            false => arguments.format,
        };
        let of_summary = arguments.key.is_some()
            || !arguments.demand.is_empty()
            || arguments.verifier.is_some()
            || arguments.resource.is_some();
        if shape != Shape::Vsa && of_summary {
            return Err(Failure::usage(
                "--key, --demand, --verifier and --resource are of the signed summary: add --format vsa",
            ));
        }
        if shape != Shape::Text && arguments.files {
            return Err(Failure::usage(
                "--files is of the text; --format json holds every file anyway",
            ));
        }
        let Some(old) = &arguments.compare else {
            return match shape {
                Shape::Vsa => Ok(Self::Summary(Box::new(Plan::of(arguments)?))),
                shape => Ok(Self::Record(shape)),
            };
        };
        match shape {
            Shape::Text | Shape::Json | Shape::Markdown => {
                Ok(Self::Newly(Box::new(old_record(old)?), shape))
            }
            Shape::Cyclonedx | Shape::Spdx | Shape::Vsa => Err(Failure::usage(
                "--compare writes text, json or markdown: choose one of them with --format",
            )),
        }
    }

    /// The text, and whether the exit code is 1.
    fn text(
        &self,
        record: &Record,
        policy: &Policy,
        arguments: &Arguments,
    ) -> Result<(String, bool), Failure> {
        match self {
            Self::Record(shape) => {
                let is_bad = is_bad(record, arguments.strict);
                Ok((written(record, *shape, arguments.files)?, is_bad))
            }
            Self::Newly(old, shape) => {
                let newly = compare::compare(old, record);
                let is_unseen = !newly.unchecked.is_empty() || !newly.not_compared.is_empty();
                let is_bad = newly.is_loud() || (arguments.strict && is_unseen);
                Ok((told(&newly, *shape)?, is_bad))
            }
            Self::Summary(plan) => {
                let (text, is_passed) = plan.sign(record, &policy.digest())?;
                Ok((text, !is_passed))
            }
        }
    }
}

fn written(record: &Record, shape: Shape, files: bool) -> Result<String, Failure> {
    match shape {
        Shape::Text if files => Ok(table::files(record)),
        Shape::Text => Ok(table::packages(record)),
        Shape::Markdown => Ok(markdown::summary(record)),
        // A summary has a way of its own; its record is the JSON.
        Shape::Json | Shape::Vsa => json::text(record).doing("write the record"),
        Shape::Cyclonedx => cyclonedx::text(record).doing("write the record as CycloneDX"),
        Shape::Spdx => spdx::text(record).doing("write the record as SPDX"),
    }
}

fn told(newly: &Newly, shape: Shape) -> Result<String, Failure> {
    match shape {
        Shape::Json => compare::json(newly).doing("write what is new"),
        Shape::Markdown => Ok(compare::markdown(newly)),
        Shape::Text | Shape::Cyclonedx | Shape::Spdx | Shape::Vsa => Ok(compare::text(newly)),
    }
}

/// Whether an answer is *no*, or, with `--strict`, something was not checked.
fn is_bad(record: &Record, strict: bool) -> bool {
    let counts = Counts::of(record);
    let is_no = counts.answers.values().any(|tally| tally.no > 0);
    let is_odd = record.loose.iter().any(|file| file.is_unexplained());
    let is_unseen =
        counts.not_looked_at > 0 || counts.answers.values().any(|tally| tally.not_checked > 0);
    is_no || is_odd || (strict && is_unseen)
}

fn look(arguments: &Arguments, root: &Path) -> Result<verify::report::Report, Failure> {
    let options = verify::Options {
        fetch: arguments.fetch,
    };
    verify::look(&[root.to_owned()], options)
}

fn old_record(path: &Path) -> Result<Record, Failure> {
    let name = printable(&path.display().to_string(), 300);
    let bytes = disk::read_up_to(path, limit::BYTES as u64)
        .doing(format_args!("read the older record {name}"))?
        .ok_or_else(|| Failure::usage(format!("{name} is longer than a record that is read")))?;
    json::read(&bytes).map_err(|error| {
        Failure::usage(format!(
            "{name}: {error}; `customs included --json --output FILE` writes one"
        ))
    })
}

/// The user's policy, tightened by the project's, as the gate takes it.
fn policy_of(arguments: &Arguments) -> Result<Policy, Failure> {
    let parse = |file: customs_gate::NamedText| {
        Policy::parse(&file.text, &file.name).map_err(|error| Failure::usage(error.to_string()))
    };
    let own = policy::of_user(arguments.policy.as_deref())?.map(parse);
    let own = own.transpose()?.unwrap_or_default();
    Ok(
        match policy::of_project(&arguments.path)?
            .map(parse)
            .transpose()?
        {
            Some(project) => own.tightened_by(&project).0,
            None => own,
        },
    )
}

fn instant(given: Option<Timestamp>, epoch: Option<&str>) -> Result<Timestamp, Failure> {
    match (given, epoch) {
        (Some(given), _) => Ok(given),
        (None, Some(epoch)) => epoch
            .trim()
            .parse()
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .ok_or_else(|| {
                let epoch = printable(epoch, 60);
                Failure::usage(format!("{EPOCH} is {epoch:?}, not seconds since 1970"))
            }),
        (None, None) => Ok(Timestamp::now()),
    }
}
