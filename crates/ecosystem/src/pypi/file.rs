//! One file of a project.

use super::filename::{self, FileKind, version_of};
use customs_model::{Digest, DigestAlgorithm, PackageName, Timestamp, Version};
use url::Url;

/// One file. Files of one release have ages, digests and yanks of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name: letters, digits and a few signs, no path.
    pub filename: String,
    /// Where the upstream has it: absolute, http or https, without a fragment.
    pub url: String,
    /// What its bytes must hash to, strongest first.
    pub digests: Vec<Digest>,
    /// Its length.
    pub size: Option<u64>,
    /// When it was uploaded.
    pub upload_time: Option<Timestamp>,
    /// How many digits of a second the upstream wrote, so that they are written again.
    pub upload_time_digits: u8,
    /// The Python versions that it is for.
    pub requires_python: Option<String>,
    /// It is yanked.
    pub yanked: Yanked,
    /// Its metadata is offered as a file of its own.
    pub core_metadata: CoreMetadata,
    /// Where its provenance is.
    pub provenance: Option<String>,
    /// It has a signature beside it.
    pub gpg_sig: Option<bool>,
    /// The release that it belongs to; see [`version_of`].
    pub version: Option<Version>,
}

/// Whether a file is yanked (PEP 592).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Yanked {
    /// No.
    #[default]
    No,
    /// Yes, perhaps with a reason.
    Yes(Option<String>),
}

/// Whether `<file>.metadata` is offered (PEP 658, PEP 714).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CoreMetadata {
    /// Nothing is said.
    #[default]
    Absent,
    /// Yes, perhaps with its digest.
    Offered(Option<Digest>),
}

impl File {
    /// What an installer does with it.
    pub fn kind(&self) -> FileKind {
        FileKind::of(&self.filename)
    }

    /// The upload time as the upstream wrote it.
    pub(super) fn upload_time_text(&self) -> Option<String> {
        let digits = usize::from(self.upload_time_digits);
        self.upload_time.map(|at| format!("{at:.digits$}"))
    }
}

/// What a page says about a file, not checked yet.
#[derive(Default)]
pub(super) struct Claim {
    pub filename: String,
    pub url: String,
    pub hashes: Vec<(String, String)>,
    pub size: Option<u64>,
    pub upload_time: Option<String>,
    pub requires_python: Option<String>,
    pub yanked: Yanked,
    pub core_metadata: Option<Vec<(String, String)>>,
    pub provenance: Option<String>,
    pub gpg_sig: Option<bool>,
}

impl Claim {
    /// Checks everything. `None` where a part is not what it claims to be.
    pub fn check(self, base: &Url, package: &PackageName) -> Option<File> {
        if !filename::is_plain(&self.filename) {
            return None;
        }
        let time = self.upload_time.as_deref().and_then(instant);
        Some(File {
            url: absolute(base, &self.url)?,
            digests: digests(&self.hashes)?,
            size: self.size,
            upload_time: time.map(|(at, _)| at),
            upload_time_digits: time.map_or(0, |(_, digits)| digits),
            requires_python: self.requires_python.filter(|r| !r.trim().is_empty()),
            yanked: self.yanked,
            core_metadata: match self.core_metadata {
                None => CoreMetadata::Absent,
                // A broken digest cannot be kept, so the wheel itself has to be read.
                Some(hashes) => digests(&hashes).map_or(CoreMetadata::Absent, |digests| {
                    CoreMetadata::Offered(digests.into_iter().next())
                }),
            },
            provenance: self.provenance.and_then(|url| absolute(base, &url)),
            gpg_sig: self.gpg_sig,
            version: version_of(&self.filename, package),
            filename: self.filename,
        })
    }
}

/// Digests of known algorithms, strongest first. `None` where one of them is broken:
/// without it nothing would hold the bytes to what was promised.
fn digests(hashes: &[(String, String)]) -> Option<Vec<Digest>> {
    let mut out = Vec::with_capacity(1);
    for (name, value) in hashes {
        let algorithm = match name.to_ascii_lowercase().as_str() {
            "sha1" => DigestAlgorithm::Sha1,
            "sha256" => DigestAlgorithm::Sha256,
            "sha384" => DigestAlgorithm::Sha384,
            "sha512" => DigestAlgorithm::Sha512,
            _ => continue,
        };
        out.push(Digest::from_hex(algorithm, value).ok()?);
    }
    out.sort_by_key(|digest| std::cmp::Reverse(digest.algorithm()));
    out.dedup_by_key(|digest| digest.algorithm());
    Some(out)
}

/// Resolves an address as a browser would, and keeps only what can be asked by HTTP.
pub(super) fn absolute(base: &Url, address: &str) -> Option<String> {
    if address.len() > 8192 {
        return None;
    }
    let mut url = base.join(address.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    url.set_fragment(None);
    Some(url.into())
}

/// An RFC 3339 instant and its digits behind the second. Some private indexes leave
/// out the offset and mean UTC.
fn instant(text: &str) -> Option<(Timestamp, u8)> {
    let text = text.trim();
    let at: Timestamp = text.parse().or_else(|_| format!("{text}Z").parse()).ok()?;
    let digits = text.split_once('.').map_or(0, |(_, rest)| {
        rest.bytes().take_while(u8::is_ascii_digit).count()
    });
    Some((at, u8::try_from(digits.min(9)).unwrap_or(9)))
}
