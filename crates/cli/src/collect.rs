//! `customs collect`: puts named artifacts into a folder, each known by its digest, from the
//! registries that the user's own clients are configured for.
//!
//! It is for whoever measures customs (`cargo xtask calibrate fetch`), so it is hidden. What
//! is wanted stands on stdin, a line each: package URL, digest, file name.

use crate::error::{Doing as _, Failure};
use crate::inspect::Desk;
use crate::output::{self, say};
use customs_ecosystem::cargo::download_url;
use customs_model::{Digest, Ecosystem, Hasher, ReleaseId, printable};
use customs_registry::artifact::digest_of;
use customs_registry::document::Found;
use customs_registry::http::{Ask, FetchError};
use customs_registry::{Upstream, clear_half_written};
use futures_util::StreamExt as _;
use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// Artifacts that are fetched at the same time.
const TOGETHER: usize = 16;
/// How often one is tried, and how long it is waited before the second time; each further
/// wait is twice as long.
const TRIES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// Bytes of one artifact.
const LARGEST: u64 = 512 << 20;
/// Artifacts that are wanted, and bytes of a line that names one.
const MOST: usize = 200_000;
const LONGEST_LINE: usize = 2_048;

/// Arguments of `customs collect`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The folder of the artifacts; it is made where it is missing
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
}

/// An artifact that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    release: ReleaseId,
    digest: Digest,
    file: String,
}

/// What became of one.
enum Outcome {
    /// It was there.
    There,
    /// It is there now.
    Fetched,
    /// It is not there, because …
    Missing(String),
}

/// Why a try brought nothing.
#[derive(Debug, PartialEq, Eq)]
enum Miss {
    /// It may be otherwise in a moment.
    Passing(String),
    /// It will be the same again.
    Lasting(String),
}

impl From<FetchError> for Miss {
    fn from(error: FetchError) -> Self {
        let passing = match &error {
            FetchError::Transport { .. } => true,
            FetchError::Status { status, .. } => is_passing(*status),
            _ => false,
        };
        if passing {
            Self::Passing(error.to_string())
        } else {
            Self::Lasting(error.to_string())
        }
    }
}

/// The server is busy or broken, and says nothing about the artifact.
const fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// Fetches what is wanted and not there.
pub fn main(arguments: Arguments) -> Result<u8, Failure> {
    let wanted = read(std::io::stdin().lock())?;
    if wanted.is_empty() {
        return Err(Failure::nothing(
            "nothing is wanted; name artifacts on stdin, a line each: package URL, digest, file name",
        ));
    }
    let folder = arguments.into;
    let shown = printable(&folder.display().to_string(), 300);
    std::fs::create_dir_all(&folder).doing(format_args!("make the folder {shown}"))?;
    clear_half_written(&folder).doing(format_args!("read the folder {shown}"))?;
    let here = std::env::current_dir().doing("find the current folder")?;
    let desk = Desk::open(&here)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .doing("start")?;
    let collector = Collector { desk, folder };
    let progress = Progress::new(wanted.len());
    let (mut there, mut fetched, mut missing) = (0_usize, 0_usize, Vec::new());
    runtime.block_on(async {
        let collector = &collector;
        let mut outcomes = futures_util::stream::iter(&wanted)
            .map(|one| async move { (one, collector.collect(one).await) })
            .buffer_unordered(TOGETHER);
        while let Some((one, outcome)) = outcomes.next().await {
            match outcome {
                Outcome::There => there += 1,
                Outcome::Fetched => fetched += 1,
                Outcome::Missing(because) => missing.push(format!("{}: {because}", one.file)),
            }
            progress.tell(there + fetched + missing.len());
        }
    });
    progress.end();
    missing.sort();
    for line in &missing {
        say(&format!("customs: {}", printable(line, 400)));
    }
    output::result(&format!(
        "{} artifacts in {shown}: {there} were there, {fetched} are fetched, {} are missing\n",
        wanted.len(),
        missing.len()
    ))?;
    if missing.is_empty() {
        return Ok(0);
    }
    Err(Failure::work(format!(
        "{} of {} artifacts are missing, each for the reason above; run this again for what \
         passes, or change the list for what was taken away",
        missing.len(),
        wanted.len()
    )))
}

/// What is wanted, each file once.
fn read(mut lines: impl BufRead) -> Result<Vec<Wanted>, Failure> {
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut files = BTreeSet::new();
    let mut line = String::new();
    for number in 1_u64.. {
        line.clear();
        // One byte more than may be: a longer line is told from one that just fits.
        let mut bounded = std::io::Read::take(&mut lines, LONGEST_LINE as u64 + 1);
        if bounded.read_line(&mut line).doing("read stdin")? == 0 {
            break;
        }
        let refuse = |why: &str| {
            let shown = printable(line.trim(), 120);
            Failure::usage(format!("line {number} ({shown}): {why}"))
        };
        if line.len() > LONGEST_LINE {
            return Err(refuse("it is longer than any that names an artifact"));
        }
        if wanted.len() == MOST {
            return Err(refuse("so many artifacts are not fetched at once"));
        }
        let one = parse(&line).map_err(|why| refuse(&why))?;
        if files.insert(one.file.clone()) {
            wanted.push(one);
        }
    }
    Ok(wanted)
}

fn parse(line: &str) -> Result<Wanted, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [release, digest, file] = words.as_slice() else {
        return Err("it is not a package URL, a digest and a file name".to_owned());
    };
    let is_name = !file.starts_with('.')
        && file
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"@._+!~'()*-".contains(&b));
    if !is_name {
        return Err("the last word is no name of a file".to_owned());
    }
    let said = |error: customs_model::ParseError| error.to_string();
    Ok(Wanted {
        release: release.parse::<ReleaseId>().map_err(said)?,
        digest: digest.parse::<Digest>().map_err(said)?,
        file: (*file).to_owned(),
    })
}

/// Fetches into a folder.
struct Collector {
    desk: Desk,
    folder: PathBuf,
}

impl Collector {
    /// Leaves what is there and right, and fetches what is not.
    async fn collect(&self, wanted: &Wanted) -> Outcome {
        let path = self.folder.join(&wanted.file);
        let found = digest_of(path.clone(), wanted.digest.algorithm()).await;
        if found.is_ok_and(|found| found == wanted.digest) {
            return Outcome::There;
        }
        match self.patiently(wanted, &path).await {
            Ok(()) => Outcome::Fetched,
            Err(because) => Outcome::Missing(because),
        }
    }

    /// Tries again what may pass.
    async fn patiently(&self, wanted: &Wanted, path: &Path) -> Result<(), String> {
        let mut wait = FIRST_WAIT;
        let mut tries = 1;
        loop {
            let tried = tokio::time::timeout(PATIENCE, self.fetch(wanted, path)).await;
            let because = match tried {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(Miss::Lasting(because))) => return Err(because),
                Ok(Err(Miss::Passing(because))) => because,
                Err(_) => format!("it took more than {} s", PATIENCE.as_secs()),
            };
            if tries == TRIES {
                return Err(format!("{because} (tried {TRIES} times)"));
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
            tries += 1;
        }
    }

    /// One try.
    async fn fetch(&self, wanted: &Wanted, path: &Path) -> Result<(), Miss> {
        match wanted.release.package.ecosystem() {
            Ecosystem::Npm => self.fetch_npm(wanted, path).await,
            Ecosystem::PyPi => self.fetch_pypi(wanted, path).await,
            Ecosystem::Cargo => self.fetch_cargo(wanted, path).await,
        }
    }

    /// A tarball's address follows from its name nearly always; else its document says it,
    /// which may be larger than the tarball by far.
    async fn fetch_npm(&self, wanted: &Wanted, path: &Path) -> Result<(), Miss> {
        let ReleaseId { package, version } = &wanted.release;
        let upstream = self
            .desk
            .context
            .upstreams
            .npm_for(package)
            .ok_or_else(|| not_configured(Ecosystem::Npm))?;
        let usual = format!("{package}/-/{}-{version}.tgz", package.unscoped());
        let usual = upstream.join(&usual).map_err(FetchError::from)?;
        let missed = match self.download(upstream, usual.as_str(), wanted, path).await {
            Err(Miss::Lasting(because)) => because,
            other => return other,
        };
        let located = self
            .desk
            .registry
            .locate(&self.desk.context, &wanted.release)
            .await?;
        match located.first() {
            Some(located) if located.url != usual.as_str() => {
                self.download(&located.upstream, &located.url, wanted, path)
                    .await
            }
            // The document knows no better, or nothing.
            Some(_) | None => Err(Miss::Lasting(missed)),
        }
    }

    /// The project's page says where its files are.
    async fn fetch_pypi(&self, wanted: &Wanted, path: &Path) -> Result<(), Miss> {
        let page_path = format!("{}/", wanted.release.package);
        let mut asked = None;
        for upstream in self.desk.context.upstreams.pypi_in_order() {
            asked = Some(upstream);
            let pages = &self.desk.registry.pypi;
            // A name that one index has is not looked for in another.
            if let Found::Document(page) = pages.get(upstream, &page_path).await? {
                let mut files = page.index.0.files.iter();
                let file = files
                    .find(|file| file.filename == wanted.file)
                    .ok_or_else(|| not_listed(upstream))?;
                return self.download(upstream, &file.url, wanted, path).await;
            }
        }
        Err(asked.map_or_else(|| not_configured(Ecosystem::PyPi), not_listed))
    }

    /// The index says once where all crates are.
    async fn fetch_cargo(&self, wanted: &Wanted, path: &Path) -> Result<(), Miss> {
        let ReleaseId { package, version } = &wanted.release;
        let upstream = self
            .desk
            .context
            .upstreams
            .cargo
            .as_ref()
            .ok_or_else(|| not_configured(Ecosystem::Cargo))?;
        let config = self.desk.registry.cargo_config(upstream).await?;
        let config = config
            .ok_or_else(|| Miss::Lasting(format!("{} has no config.json", upstream.shown())))?;
        let address = download_url(
            &config.index.0.dl,
            package.as_str(),
            version.as_str(),
            &wanted.digest.to_hex(),
        );
        self.download(upstream, &address, wanted, path).await
    }

    /// Fetches bytes, and keeps them under their name when they are the ones that are wanted.
    async fn download(
        &self,
        upstream: &Upstream,
        address: &str,
        wanted: &Wanted,
        path: &Path,
    ) -> Result<(), Miss> {
        let url = Url::parse(address).map_err(|error| Miss::Lasting(error.to_string()))?;
        let fetcher = &self.desk.registry.fetcher;
        let response = fetcher.ask(upstream, Ask::artifact(url)).await?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(FetchError::of_status(response.url(), &response).into());
        }
        let too_long = || Miss::Lasting(format!("it has more than {LARGEST} bytes"));
        if response.content_length().is_some_and(|all| all > LARGEST) {
            return Err(too_long());
        }
        let disk = |error: std::io::Error| Miss::Lasting(format!("it cannot be written: {error}"));
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).map_err(disk)?;
        let mut hasher = Hasher::new(wanted.digest.algorithm());
        let mut length = 0;
        let mut body = response.bytes_stream();
        while let Some(piece) = body.next().await {
            // An address may hold a secret, so it is not repeated.
            let piece = piece.map_err(|error| Miss::Passing(error.without_url().to_string()))?;
            length += piece.len() as u64;
            if length > LARGEST {
                return Err(too_long());
            }
            hasher.update(&piece);
            file.write_all(&piece).map_err(disk)?;
        }
        let found = hasher.finish();
        if found != wanted.digest {
            return Err(Miss::Lasting(format!(
                "its bytes are {found} and not {}",
                wanted.digest
            )));
        }
        file.persist(path).map_err(|error| disk(error.error))?;
        Ok(())
    }
}

fn not_configured(ecosystem: Ecosystem) -> Miss {
    Miss::Lasting(format!(
        "no {ecosystem} registry is configured, and its client is not there to ask; \
         `customs doctor` says more"
    ))
}

fn not_listed(upstream: &Upstream) -> Miss {
    Miss::Lasting(format!("{} does not list it", upstream.shown()))
}

/// How far it is: in place on a terminal, else a line for each tenth.
struct Progress {
    count: usize,
    terminal: bool,
}

impl Progress {
    fn new(count: usize) -> Self {
        Self {
            count,
            terminal: std::io::stderr().is_terminal(),
        }
    }

    fn tell(&self, done: usize) {
        let count = self.count;
        if self.terminal {
            // Where stderr is closed nobody looks.
            let _ = write!(std::io::stderr(), "\r{done} of {count}");
        } else if done.is_multiple_of(count.div_ceil(10).max(1)) {
            say(&format!("{done} of {count}"));
        }
    }

    fn end(&self) {
        if self.terminal {
            let _ = writeln!(std::io::stderr());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA1: &str = "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709";

    fn refused(line: &str) -> String {
        read(line.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_line_names_release_digest_and_file_and_a_file_is_fetched_once() {
        let line = format!("pkg:npm/%40a/b@1.0.0 {SHA1} @a__b-1.0.0.tgz\n");
        let wanted = read(line.repeat(2).as_bytes()).unwrap();
        assert_eq!(wanted.len(), 1);
        assert_eq!(wanted[0].release.spoken(), "@a/b@1.0.0");
        assert_eq!(wanted[0].digest.to_string(), SHA1);
        assert_eq!(wanted[0].file, "@a__b-1.0.0.tgz");
        assert!(read(&b""[..]).unwrap().is_empty());
    }

    #[test]
    fn a_name_that_leads_out_of_the_folder_is_refused() {
        for file in ["../a.tgz", "a/b.tgz", ".tmp1", "..", "a\\b", "C:a"] {
            let error = refused(&format!("pkg:npm/a@1.0.0 {SHA1} {file}\n"));
            assert!(error.contains("no name of a file"), "{error}");
        }
    }

    #[test]
    fn what_names_no_artifact_is_refused_with_its_line() {
        let good = format!("pkg:npm/a@1.0.0 {SHA1} a.tgz\n");
        for bad in ["a b", "pkg:npm/a@1.0.0 sha1:00 b.tgz", "a sha1:00 b.tgz"] {
            let error = refused(&format!("{good}{bad}\n"));
            assert!(error.starts_with("line 2 ("), "{error}");
        }
        let long = "a".repeat(1 << 20);
        assert!(refused(&long).contains("longer than any"), "a long line");
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for status in [408, 429, 500, 503] {
            assert!(is_passing(status), "{status}");
        }
        for status in [301, 401, 403, 404, 410] {
            assert!(!is_passing(status), "{status}");
        }
        let host = || "registry.example".to_owned();
        let gone = FetchError::Status {
            host: host(),
            status: 404,
            retry_after: None,
        };
        assert!(matches!(Miss::from(gone), Miss::Lasting(_)));
        let broken = FetchError::Transport {
            host: host(),
            why: "reset".to_owned(),
        };
        assert!(matches!(Miss::from(broken), Miss::Passing(_)));
    }
}
