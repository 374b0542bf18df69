//! The record as SPDX 2.3 (<https://spdx.github.io/spdx-spec/v2.3/>), in structs of its own.
//!
//! The project is a package that contains the others; a package contains its files. Licences
//! are not asked, so every field for one says `NOASSERTION`. What SPDX has no field for are
//! annotations `customs:…`.

mod document;
mod id;
#[cfg(test)]
mod tests;

use crate::question::{Question, answer_words, verdict_words};
use crate::record::{Included, IncludedFile, Record};
use crate::write::{TOOL, TOOL_VERSION, WriteError, pretty, seconds, uuid_of};
use customs_model::{Answer, Digest, DigestAlgorithm, Hasher, ReleaseId, printable};
use document::{
    Annotation, Checksum, CreationInfo, Document, ExternalRef, File, NOASSERTION, NONE_ASSERTED,
    Package, Purpose, Relation, Relationship, VerificationCode,
};
use id::{Ids, Name};
use std::collections::BTreeMap;

/// The document. The same record gives the same bytes, and the same namespace; another record
/// gives another namespace.
///
/// # Errors
/// A file of the record whose digests are not a SHA-1 and a SHA-256.
pub fn text(record: &Record) -> Result<String, WriteError> {
    let record = record.sorted();
    let mut ids = Ids::default();
    let document_id = ids.document();
    let project = ids.take(&["Project", &record.project]);
    let own: Vec<Name> = record
        .packages
        .iter()
        .map(|p| package_id(p, &mut ids))
        .collect();
    let at = Moment::of(&record);
    let mut writer = Writer {
        packages: vec![project_package(&record, &project, &at)],
        files: Vec::new(),
        relationships: vec![relation(&document_id, Relation::Describes, &project)],
    };
    for (package, id) in record.packages.iter().zip(&own) {
        writer.relate(&project, Relation::Contains, id);
        writer.add(package, id, &mut ids, &at)?;
    }
    writer.add_dependencies(&record, &own);
    // The project's own files are not looked at, so it is no package whose files are analysed;
    // what lies among its packages the document describes by itself.
    for file in &record.loose {
        check(file, "no package")?;
        let id = ids.take(&["File", &file_key(&project, file)]);
        writer.relate(&document_id, Relation::Describes, &id);
        writer.files.push(file_entry(file, id));
    }
    let document = Document {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: document_id,
        name: record.project.clone(),
        document_namespace: format!("urn:uuid:{}", uuid_of(&record, "spdx-2.3")?),
        creation_info: CreationInfo {
            created: at.date.clone(),
            creators: vec![at.annotator.clone()],
        },
        packages: writer.packages,
        files: writer.files,
        relationships: writer.relationships,
    };
    Ok(pretty(&document)?)
}

fn package_id(package: &Included, ids: &mut Ids) -> Name {
    let release = &package.release;
    let kind = release.package.ecosystem().purl_type();
    ids.take(&[
        "Package",
        kind,
        release.package.as_str(),
        release.version.as_str(),
    ])
}

fn relation(from: &Name, kind: Relation, to: &Name) -> Relationship {
    Relationship {
        from: from.clone(),
        kind,
        to: to.clone(),
    }
}

/// What is in every annotation.
struct Moment {
    date: String,
    annotator: String,
}

impl Moment {
    fn of(record: &Record) -> Self {
        Self {
            date: seconds(record.made),
            annotator: format!("Tool: {TOOL}-{TOOL_VERSION}"),
        }
    }

    fn note(&self, name: &str, value: &str) -> Annotation {
        Annotation {
            date: self.date.clone(),
            kind: "OTHER",
            annotator: self.annotator.clone(),
            comment: format!("customs:{name}={value}"),
        }
    }
}

fn project_package(record: &Record, id: &Name, at: &Moment) -> Package {
    let mut annotations = Vec::new();
    if let Some(commit) = &record.commit {
        annotations.push(at.note("commit", commit));
    }
    for (path, digest) in &record.lockfiles {
        annotations.push(at.note("lockfile", &format!("{digest} {path}")));
    }
    for part in &record.not_checked {
        annotations.push(at.note("not-checked", part));
    }
    Package {
        annotations,
        ..Package::new(id.clone(), &record.project, Purpose::Application)
    }
}

struct Writer {
    packages: Vec<Package>,
    files: Vec<File>,
    relationships: Vec<Relationship>,
}

impl Writer {
    fn relate(&mut self, from: &Name, kind: Relation, to: &Name) {
        self.relationships.push(relation(from, kind, to));
    }

    fn add(
        &mut self,
        package: &Included,
        id: &Name,
        ids: &mut Ids,
        at: &Moment,
    ) -> Result<(), WriteError> {
        let release = &package.release;
        for file in &package.files {
            check(file, &release.spoken())?;
            let file_id = ids.take(&["File", &file_key(id, file)]);
            self.relate(id, Relation::Contains, &file_id);
            self.files.push(file_entry(file, file_id));
        }
        let is_analyzed = !package.files.is_empty();
        self.packages.push(Package {
            version_info: Some(release.version.to_string()),
            files_analyzed: is_analyzed,
            verification_code: is_analyzed.then(|| verification_code(&package.files)),
            license_info_from_files: if is_analyzed { NONE_ASSERTED } else { &[] },
            checksums: package.artifact.iter().map(checksum).collect(),
            external_refs: vec![ExternalRef {
                category: "PACKAGE-MANAGER",
                kind: "purl",
                locator: release.to_string(),
            }],
            annotations: annotations(package, at),
            ..Package::new(id.clone(), release.package.as_str(), Purpose::Library)
        });
        Ok(())
    }

    /// A release that the record has in two accounts is depended on in both; one that it does
    /// not have has no element to relate to, and stands in an annotation.
    fn add_dependencies(&mut self, record: &Record, own: &[Name]) {
        let mut by_release: BTreeMap<&ReleaseId, Vec<&Name>> = BTreeMap::new();
        for (package, id) in record.packages.iter().zip(own) {
            by_release.entry(&package.release).or_default().push(id);
        }
        let at = Moment::of(record);
        // The first package is the project itself.
        let entries = record
            .packages
            .iter()
            .zip(own)
            .zip(self.packages.iter_mut().skip(1));
        for ((package, id), entry) in entries {
            for release in &package.depends_on {
                match by_release.get(release) {
                    Some(targets) => {
                        let kind = Relation::DependsOn;
                        let new = targets.iter().map(|target| relation(id, kind, target));
                        self.relationships.extend(new);
                    }
                    None => entry
                        .annotations
                        .push(at.note("depends-on-absent", &release.to_string())),
                }
            }
        }
    }
}

/// What tells a file of this package from all others; the same in every record in which it is.
fn file_key(package: &Name, file: &IncludedFile) -> String {
    let text = format!("{}\0{}", package.as_str(), file.path);
    Digest::sha256(text.as_bytes())
        .to_hex()
        .chars()
        .take(32)
        .collect()
}

fn file_entry(file: &IncludedFile, id: Name) -> File {
    File {
        name: format!("./{}", file.path),
        id,
        checksums: vec![checksum(&file.sha1), checksum(&file.sha256)],
        license_concluded: NOASSERTION,
        license_info_in_files: NONE_ASSERTED,
        copyright_text: NOASSERTION,
        comment: format!(
            "customs:standing={}; customs:size={}",
            file.standing, file.size
        ),
    }
}

fn checksum(digest: &Digest) -> Checksum {
    let algorithm = match digest.algorithm() {
        DigestAlgorithm::Sha1 => "SHA1",
        DigestAlgorithm::Sha256 => "SHA256",
        DigestAlgorithm::Sha384 => "SHA384",
        DigestAlgorithm::Sha512 => "SHA512",
    };
    Checksum {
        algorithm,
        value: digest.to_hex(),
    }
}

/// Clause 7.9: the SHA-1 of all files in hexadecimal, sorted, joined, and hashed once more.
fn verification_code(files: &[IncludedFile]) -> VerificationCode {
    let mut all: Vec<String> = files.iter().map(|file| file.sha1.to_hex()).collect();
    all.sort();
    let mut hasher = Hasher::new(DigestAlgorithm::Sha1);
    for one in all {
        hasher.update(one.as_bytes());
    }
    VerificationCode {
        value: hasher.finish().to_hex(),
    }
}

fn check(file: &IncludedFile, whose: &str) -> Result<(), WriteError> {
    let kinds = (file.sha1.algorithm(), file.sha256.algorithm());
    if kinds == (DigestAlgorithm::Sha1, DigestAlgorithm::Sha256) {
        return Ok(());
    }
    Err(WriteError::FileDigest {
        release: whose.to_owned(),
        path: printable(&file.path, 200),
    })
}

fn annotations(package: &Included, at: &Moment) -> Vec<Annotation> {
    let mut all = Vec::new();
    for question in Question::ALL {
        let answer = question.answer(package);
        all.push(at.note(question.key(), answer_words(&answer)));
        if let Answer::NotChecked(because) = &answer {
            all.push(at.note(&format!("{}:because", question.key()), because));
        }
    }
    all.push(at.note("verdict:standing", verdict_words(&package.verdict)));
    let origin = &package.origin;
    for (name, value) in [
        ("artifact-from", &package.artifact_from),
        ("origin:identity", &origin.identity),
        ("origin:repository", &origin.repository),
        ("origin:commit", &origin.commit),
    ] {
        all.extend(value.iter().map(|value| at.note(name, value)));
    }
    all.extend(
        package
            .exemptions
            .iter()
            .map(|line| at.note("exemption", line)),
    );
    all.extend(package.places.iter().map(|place| at.note("place", place)));
    all
}
