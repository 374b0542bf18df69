use super::scene::{Scene, join};
use crate::tree::disk::FoundKind;
use customs_ecosystem::pypi::canonical;
use customs_ecosystem::pypi::installed::{DirectUrl, Record, RecordError};
use customs_model::{Digest, Ecosystem, PackageName, ReleaseId, Version, printable};

/// Bytes of a METADATA of which the head is read.
const METADATA: usize = 8 << 20;

/// One distribution that says it is installed.
#[derive(Debug)]
pub(super) struct Installed {
    /// The site that it lies in.
    pub site: String,
    /// `name-version.dist-info`.
    pub folder: String,
    /// What that name says.
    pub release: ReleaseId,
    /// Another name or version in METADATA.
    pub decoy: Option<String>,
    /// The installer's list. None where there is none.
    pub record: Option<Result<Record, RecordError>>,
    /// The digest of the bytes that it was read from.
    pub record_digest: Option<Digest>,
    /// Where it was taken from, when not from an index.
    pub direct: Option<DirectUrl>,
}

impl Installed {
    /// The place of one of its own files.
    pub fn own(&self, name: &str) -> String {
        join(&self.site, &format!("{}/{name}", self.folder))
    }

    /// All distributions of an environment, and what is not one that can be checked.
    pub fn all(scene: &Scene) -> (Vec<Self>, Vec<String>) {
        let (mut found, mut said) = (Vec::new(), Vec::new());
        for site in &scene.sites {
            for (name, kind) in scene.top(site) {
                if let Some(old) = old_form(name) {
                    said.push(format!("{}: {old}", printable(name, 200)));
                }
                let Some(stem) = name.strip_suffix(".dist-info") else {
                    continue;
                };
                if kind != FoundKind::Folder {
                    // It shows up as a file that nobody owns.
                    continue;
                }
                match release(stem) {
                    Some(release) => found.push(Self::read(scene, site, name, release)),
                    None => said.push(format!(
                        "{}: its name names no release; its files are shown as nobody's",
                        printable(name, 200)
                    )),
                }
            }
        }
        found.sort_by(|a, b| (&a.site, &a.release).cmp(&(&b.site, &b.release)));
        (found, said)
    }

    fn read(scene: &Scene, site: &str, folder: &str, release: ReleaseId) -> Self {
        let own = |name: &str| join(site, &format!("{folder}/{name}"));
        let most = customs_ecosystem::pypi::installed::RECORD_LIMIT;
        let (mut record, mut record_digest) = (None, None);
        if scene.at(&own("RECORD")).is_file() {
            match scene.bytes(&own("RECORD"), most) {
                Ok(bytes) => {
                    record_digest = Some(Digest::sha256(&bytes));
                    record = Some(Record::parse(&bytes));
                }
                Err(_) => record = Some(Err(RecordError::Limit(most, "bytes"))),
            }
        }
        let direct = scene
            .bytes(&own("direct_url.json"), 64 << 10)
            .ok()
            .and_then(|bytes| DirectUrl::parse(&bytes).ok());
        let decoy = scene
            .bytes(&own("METADATA"), METADATA)
            .ok()
            .and_then(|bytes| decoy(&String::from_utf8_lossy(&bytes), &release));
        Self {
            site: site.to_owned(),
            folder: folder.to_owned(),
            release,
            decoy,
            record,
            record_digest,
            direct,
        }
    }
}

/// Forms from before wheels.
fn old_form(name: &str) -> Option<&'static str> {
    if name.ends_with(".egg-info") {
        return Some(
            "it was installed without a list of its files; install it again with pip or uv",
        );
    }
    if name.ends_with(".egg") || name.ends_with(".egg-link") {
        return Some("eggs are not checked; install it again with pip or uv");
    }
    None
}

/// `name-version`, where a dash in either is `_`.
fn release(stem: &str) -> Option<ReleaseId> {
    let (name, version) = stem.split_once('-')?;
    let version = canonical(&version.replace('_', "-")).unwrap_or_else(|| version.to_owned());
    Some(ReleaseId::new(
        PackageName::new(Ecosystem::PyPi, name).ok()?,
        Version::new(&version).ok()?,
    ))
}

/// What METADATA says instead of what the folder says.
fn decoy(metadata: &str, release: &ReleaseId) -> Option<String> {
    let field = |key: &str| {
        metadata
            .lines()
            .take(200)
            .take_while(|line| !line.trim().is_empty())
            .filter_map(|line| line.split_once(':'))
            .find(|(found, _)| found.eq_ignore_ascii_case(key))
            .map(|(_, value)| value.trim().to_owned())
    };
    let (name, version) = (field("Name")?, field("Version")?);
    let same_name =
        PackageName::new(Ecosystem::PyPi, &name).is_ok_and(|name| name == release.package);
    let same_version =
        canonical(&version).unwrap_or_else(|| version.clone()) == release.version.as_str();
    (!(same_name && same_version)).then(|| printable(&format!("{name} {version}"), 200))
}
