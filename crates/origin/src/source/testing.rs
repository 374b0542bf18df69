//! Small artifacts and trees for tests.

use super::object::{ObjectFormat, ObjectId, ObjectKind};
use super::tree::{Blobs, EntryKind, SourceTree};
use super::{Artifact, ArtifactKind, Context, NamedBy};
use customs_model::{Ecosystem, PackageName, ReleaseId, Version};
use std::io::Write;

const SHA1: ObjectFormat = ObjectFormat::Sha1;

pub fn tarball_of(
    fill: impl FnOnce(&mut tar::Builder<flate2::write::GzEncoder<Vec<u8>>>),
) -> Vec<u8> {
    let gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(gz);
    fill(&mut builder);
    builder.into_inner().unwrap().finish().unwrap()
}

pub fn tarball(folder: &str, files: &[(&str, &str)]) -> Vec<u8> {
    tarball_of(|builder| {
        for (path, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            builder
                .append_data(&mut header, format!("{folder}/{path}"), content.as_bytes())
                .unwrap();
        }
    })
}

pub fn wheel(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, content) in files {
        writer
            .start_file(*path, zip::write::SimpleFileOptions::default())
            .unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub fn artifact(kind: ArtifactKind, files: &[(&str, &str)]) -> Artifact {
    let bytes = match kind {
        ArtifactKind::Wheel => wheel(files),
        ArtifactKind::NpmTarball | ArtifactKind::Crate | ArtifactKind::Sdist => {
            tarball("package", files)
        }
    };
    Artifact::read(&bytes, kind, SHA1).unwrap()
}

/// A tree and all its blobs. A content that begins with `-> ` is a symbolic link, one that is
/// `@commit` a submodule.
pub fn tree(files: &[(&str, &str)]) -> (SourceTree, Blobs) {
    let commit = ObjectId::of(SHA1, ObjectKind::Commit, b"a commit");
    let mut tree = SourceTree::new(commit);
    let mut blobs = Blobs::default();
    for (path, content) in files {
        let (kind, content) = match (content.strip_prefix("-> "), *content) {
            (Some(target), _) => (EntryKind::Symlink, target),
            (None, "@commit") => (EntryKind::Submodule, ""),
            (None, text) => (EntryKind::File, text),
        };
        let id = ObjectId::of(SHA1, ObjectKind::Blob, content.as_bytes());
        tree.insert((*path).to_owned(), kind, id);
        blobs.insert(id, content.as_bytes().to_vec());
    }
    (tree, blobs)
}

pub fn context(kind: ArtifactKind, name: &str, version: &str) -> Context {
    let ecosystem = match kind {
        ArtifactKind::NpmTarball => Ecosystem::Npm,
        ArtifactKind::Crate => Ecosystem::Cargo,
        ArtifactKind::Sdist | ArtifactKind::Wheel => Ecosystem::PyPi,
    };
    Context {
        release: ReleaseId::new(
            PackageName::new(ecosystem, name).unwrap(),
            Version::new(version).unwrap(),
        ),
        kind,
        commit: ObjectId::of(SHA1, ObjectKind::Commit, b"a commit"),
        named_by: NamedBy::Provenance,
        directory: None,
    }
}
