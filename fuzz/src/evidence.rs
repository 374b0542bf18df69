//! Bodies that read evidence of origin: trust files, statements and bundles, documents of
//! registries, what artifacts say of their source. Nobody who has no key may ever get a *yes*.

use customs_model::{Answer, Digest, ReleaseId, printable};
use customs_origin::history::{TrustFile, merge};
use customs_origin::sigstore::{Authority, Bundle, Instance};
use customs_origin::source::{
    Artifact, ArtifactKind, AttributeRules, ObjectFormat, SourceMap, VcsInfo as SourceVcs,
};
use customs_origin::statement::Statement;
use customs_origin::tuf::{Kept, Walk};
use customs_origin::vcs::{TrustedPublisher, VcsInfo};
use customs_origin::{Offered, OriginAnswer, Refusal, Trust, npm, pypi, vcs};
use std::sync::OnceLock;

/// What a target does with its bytes.
pub type Body = fn(&[u8]);

/// The bodies, by the names of their targets.
pub const BODIES: [(&str, Body); 5] = [
    ("trust_file", trust_file),
    ("attestations", attestations),
    ("vcs", vcs_info),
    ("sources", sources),
    ("tuf", tuf),
];

/// `customs.lock`: what is read is written as the same.
///
/// # Panics
/// Where it is not.
pub fn trust_file(data: &[u8]) {
    let file = match TrustFile::parse(data) {
        Ok(file) => file,
        Err(error) => return plain(&error.to_string()),
    };
    let text = file.render();
    let again = TrustFile::parse(text.as_bytes()).expect("what was written can be read");
    assert_eq!(again, file);
    assert_eq!(again.render(), text);
    for line in text.lines() {
        plain(line);
    }
    // With itself there is nothing to decide.
    let merged = merge(Some(&file), &file, &file).expect("a file and itself");
    assert_eq!(merged.file, file);
}

/// Statements, bundles, roots, and the documents around them.
///
/// # Panics
/// Where something holds that nobody signed, or what is said steers a terminal.
pub fn attestations(data: &[u8]) {
    let Some((way, bytes)) = data.split_first() else {
        return;
    };
    let digest = Digest::sha256(b"artifact");
    match way % 6 {
        0 => match Statement::read(bytes) {
            Ok(statement) => {
                if let Err(refusal) = statement.check_digest(&digest) {
                    said(&refusal);
                }
            }
            Err(refusal) => said(&refusal),
        },
        1 => match Bundle::read(bytes) {
            Ok(bundle) => drop(bundle.key_hint().map(str::len)),
            Err(refusal) => said(&refusal),
        },
        2 => {
            if let Err(error) = Authority::from_json(bytes, Instance::PublicGood) {
                plain(&error.to_string());
            }
        }
        3 | 4 => {
            let id: ReleaseId = "pkg:npm/a@1.0.0".parse().expect("a release");
            let release = npm::Release {
                id: &id,
                integrity: &digest.to_sri(),
                published: None,
            };
            let document = Offered::Here(bytes.to_vec());
            nothing_holds(&npm::look(&release, &Offered::Absent, &document, trust()));
        }
        _ => {
            let id: ReleaseId = "pkg:pypi/a@1.0.0".parse().expect("a release");
            let file = pypi::File {
                release: &id,
                name: "a-1.0.0.tar.gz",
                digest: &digest,
            };
            let document = Offered::Here(bytes.to_vec());
            nothing_holds(&pypi::look(&file, &document, trust()));
        }
    }
}

/// What a crate says of its commit, and what a registry recorded.
///
/// # Panics
/// Where a claim becomes a proof, or what is said steers a terminal.
pub fn vcs_info(data: &[u8]) {
    let (own, registry) = (VcsInfo::read(data), TrustedPublisher::read(data));
    for refusal in [own.as_ref().err(), registry.as_ref().err()]
        .into_iter()
        .flatten()
    {
        said(refusal);
    }
    nothing_holds(&vcs::look(own.as_ref().ok(), registry.as_ref().ok()));
    drop(SourceVcs::read(data));
}

/// Source maps, attributes of git, and artifacts.
///
/// # Panics
/// Where a reader does, or what is said steers a terminal.
pub fn sources(data: &[u8]) {
    let Some((way, bytes)) = data.split_first() else {
        return;
    };
    let kind = match way % 6 {
        0 => return drop(SourceMap::read(bytes)),
        1 => {
            let rules = AttributeRules::read([("a/.gitattributes", bytes)]);
            drop(rules.of("a/b/c.js"));
            return;
        }
        2 => ArtifactKind::NpmTarball,
        3 => ArtifactKind::Crate,
        4 => ArtifactKind::Sdist,
        _ => ArtifactKind::Wheel,
    };
    match Artifact::read(bytes, kind, ObjectFormat::Sha1) {
        Ok(artifact) => {
            artifact.remarks.iter().for_each(|line| plain(line));
            let mut paths = artifact.files.keys();
            assert!(
                paths.all(|path| !path.starts_with('/') && !path.split('/').any(|p| p == ".."))
            );
        }
        Err(error) => plain(&error.to_string()),
    }
}

/// A repository of roots of trust, file by file: pieces between zeros, an empty one where it has none.
///
/// # Panics
/// Where what nobody signed is believed, a walk goes on after a refusal, or what is said steers a terminal.
pub fn tuf(data: &[u8]) {
    let mut pieces = data.split(|byte| *byte == 0);
    let (root, kept) = (pieces.next().unwrap_or_default(), pieces.next());
    let own = |bytes: &[u8]| Some(bytes.to_vec()).filter(|bytes| !bytes.is_empty());
    let kept = Kept {
        root: kept.and_then(own),
        ..Kept::default()
    };
    let now = "2026-06-01T00:00:00Z".parse().expect("a time");
    let mut walk = match Walk::begin(root, kept, now) {
        Ok(walk) => walk,
        Err(error) => return plain(&error.to_string()),
    };
    for piece in pieces {
        let wanted = walk.wants().expect("nothing was refused");
        plain(&wanted.path);
        if let Err(error) = walk.take(own(piece).as_deref()) {
            plain(&error.to_string());
            assert!(walk.wants().is_none() && walk.end().is_none());
            return;
        }
    }
    assert!(walk.end().is_none(), "nobody signed this");
}

fn trust() -> &'static Trust {
    static TRUST: OnceLock<Trust> = OnceLock::new();
    TRUST.get_or_init(|| Trust::embedded().expect("the roots of this program"))
}

fn nothing_holds(answer: &OriginAnswer) {
    assert_ne!(answer.attestation, Answer::Yes, "nobody signed this");
    assert_ne!(answer.signature, Answer::Yes, "nobody signed this");
    assert!(answer.verified.is_empty() && answer.identity.is_none());
    answer.notes.iter().for_each(|line| plain(line));
    answer
        .findings
        .iter()
        .for_each(|finding| plain(&finding.words()));
}

fn said(refusal: &Refusal) {
    plain(&refusal.to_string());
}

fn plain(text: &str) {
    assert_eq!(
        printable(text, usize::MAX),
        text,
        "what is said steers a terminal"
    );
}
