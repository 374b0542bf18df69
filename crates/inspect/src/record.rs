//! RECORD of a wheel: the list of its files with their digests, by which installers
//! uninstall and by which nobody installs. Where it is not true, somebody changed the wheel
//! behind its packer's back. <https://packaging.python.org/en/latest/specifications/recording-installed-packages/>
//!
//! A wheel has one, in the folder that is called after its name and version. Of several folders
//! some installers take one and others refuse the wheel, so that a second one is told.

use crate::package::{Make, Package};
use crate::unpack::{Oddity, Trick, plain};
use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use customs_model::{Digest, DigestAlgorithm, FileFact, Hasher, Zone};
use rustc_hash::FxHashMap;

/// Differences of one kind that are told, those that run first.
const TOLD: usize = 20;
/// Lines of metadata among which its name and version are looked for.
const FIELDS: usize = 200;
/// How the folder ends that a wheel's list is in, and how the list is called.
const DIST_INFO: &str = ".dist-info";
const RECORD: &str = "RECORD";
/// Digests are written without padding; old packers wrote it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Where the list and the files of a wheel differ, each with the strongest zone in which
/// the file runs. Empty for anything that is no wheel or has no list.
pub fn differences(package: &Package, layout: &[FileFact]) -> Vec<(Oddity, Zone)> {
    if package.make != Make::Wheel {
        return Vec::new();
    }
    let mut records = records(package);
    if records.is_empty() {
        return Vec::new();
    }
    let position = own(package, &records);
    let own = records.remove(position);
    let facts: FxHashMap<&str, &FileFact> = layout
        .iter()
        .map(|fact| (fact.path.as_str(), fact))
        .collect();
    let mut found: Vec<(Oddity, Zone)> = Vec::new();
    let mut add = |trick: Trick, path: &str| {
        let zone = facts.get(path).map_or(Zone::Never, |fact| fact.zone);
        let path = path.to_owned();
        found.push((Oddity { trick, path }, zone));
    };
    for folder in records {
        add(Trick::SecondRecord, &format!("{folder}/{RECORD}"));
    }
    let Some(listed) = listed(package, own) else {
        return found;
    };
    for id in package.ids() {
        let file = package.file(id);
        // Of two with one path the one that is unpacked last is there.
        if file.path.contains("!/") || package.find(&file.path) != Some(id) {
            continue;
        }
        match listed.get(&file.path) {
            None if is_listed_nowhere(&file.path) => {}
            None => add(Trick::NotInRecord, &file.path),
            Some(Row { digest, length }) => {
                if is_no_digest(digest) {
                    add(Trick::NoDigest, &file.path);
                }
                let Some(bytes) = file.bytes.as_deref() else {
                    continue;
                };
                if differs(digest, bytes) {
                    add(Trick::OtherDigest, &file.path);
                } else if length.is_some_and(|length| length != bytes.len() as u64) {
                    add(Trick::OtherLength, &file.path);
                }
            }
        }
    }
    for path in listed.keys() {
        if package.find(path).is_none() {
            add(Trick::OnlyInRecord, path);
        }
    }
    found.sort_by(|(a, runs), (b, others)| {
        let key = |oddity: &Oddity, zone: Zone| (oddity.trick, std::cmp::Reverse(zone));
        key(a, *runs)
            .cmp(&key(b, *others))
            .then_with(|| a.path.cmp(&b.path))
    });
    let mut told: FxHashMap<Trick, usize> = FxHashMap::default();
    found.retain(|(oddity, _)| {
        let count = told.entry(oddity.trick).or_default();
        *count += 1;
        *count <= TOLD
    });
    found
}

/// The list itself and its signatures: no list can hold its own digest.
fn is_listed_nowhere(path: &str) -> bool {
    path.split_once(".dist-info/")
        .is_some_and(|(_, name)| matches!(name, "RECORD" | "RECORD.jws" | "RECORD.p7s"))
}

/// The folders of the wheel that hold a list, in the order of the archive.
fn records(package: &Package) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for id in package.ids() {
        let Some((folder, name)) = package.file(id).path.split_once('/') else {
            continue;
        };
        let is_list = folder.ends_with(DIST_INFO) && name == RECORD;
        if is_list && !found.contains(&folder) && found.len() <= TOLD {
            found.push(folder);
        }
    }
    found
}

/// Which of these folders is the wheel's own: the only one whose metadata has the name and the
/// version that the folder is called after. Where that decides nothing, the first.
fn own(package: &Package, folders: &[&str]) -> usize {
    let mut matching = folders
        .iter()
        .enumerate()
        .filter(|(_, folder)| is_called_after_its_metadata(package, folder))
        .map(|(position, _)| position);
    match (matching.next(), matching.next()) {
        (Some(only), None) => only,
        _ => 0,
    }
}

fn is_called_after_its_metadata(package: &Package, folder: &str) -> bool {
    let called = folder
        .strip_suffix(DIST_INFO)
        .and_then(|called| called.split_once('-'));
    let bytes = package
        .find(&format!("{folder}/METADATA"))
        .and_then(|id| package.file(id).bytes.as_deref());
    let (Some((name, version)), Some(bytes)) = (called, bytes) else {
        return false;
    };
    let text = String::from_utf8_lossy(bytes);
    let field = |key: &str| {
        text.lines()
            .take(FIELDS)
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.split_once(':'))
            .find(|(found, _)| found.eq_ignore_ascii_case(key))
            .map(|(_, value)| even(value))
    };
    field("Name") == Some(even(name)) && field("Version") == Some(even(version))
}

/// A name or version in one spelling of several that mean the same.
fn even(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        let c = match c {
            '-' | '_' | '.' | '+' => '-',
            other => other.to_ascii_lowercase(),
        };
        if c != '-' || !out.ends_with('-') {
            out.push(c);
        }
    }
    out
}

/// The digest of each path, as it is written in a folder's list; none where it cannot be read.
fn listed(package: &Package, folder: &str) -> Option<FxHashMap<String, Row>> {
    let id = package.find(&format!("{folder}/{RECORD}"))?;
    let text = String::from_utf8_lossy(package.file(id).bytes.as_deref()?);
    Some(
        text.lines()
            .filter_map(row)
            .map(|(path, rest)| (path, Row::of(rest)))
            .collect(),
    )
}

/// What the list says of a file.
struct Row {
    /// As it is written: `algorithm=digest`.
    digest: String,
    /// Bytes, where a number stands there.
    length: Option<u64>,
}

impl Row {
    fn of(rest: &str) -> Self {
        let mut fields = rest.split(',');
        Self {
            digest: fields.next().unwrap_or_default().to_owned(),
            length: fields.next().and_then(|field| field.trim().parse().ok()),
        }
    }
}

/// Whether a digest of an algorithm that installers ask for is none that it can give.
fn is_no_digest(told: &str) -> bool {
    let Some((algorithm, told)) = told.split_once('=') else {
        return false;
    };
    let length = match algorithm.trim() {
        "sha256" => DigestAlgorithm::Sha256.length(),
        "sha384" => DigestAlgorithm::Sha384.length(),
        "sha512" => DigestAlgorithm::Sha512.length(),
        _ => return false,
    };
    BASE64
        .decode(told.trim())
        .map_or(true, |told| told.len() != length)
}

/// The path of a row and what stands behind it: `path,algorithm=digest,size`. Folders have no row of
/// their own; packers that write them anyhow say nothing with it.
fn row(line: &str) -> Option<(String, &str)> {
    let (path, rest) = match line.strip_prefix('"') {
        Some(quoted) => unquoted(quoted)?,
        None => {
            let (path, rest) = line.split_once(',').unwrap_or((line, ""));
            (path.to_owned(), rest)
        }
    };
    // Packers on Windows wrote its separators.
    let path = path.trim().replace('\\', "/");
    let is_file = !path.is_empty() && !path.ends_with('/');
    is_file.then(|| (plain(&path), rest))
}

/// A field in quotation marks, in which a mark is written twice, and what stands behind it.
fn unquoted(mut rest: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    loop {
        let (part, behind) = rest.split_once('"')?;
        field.push_str(part);
        match behind.strip_prefix('"') {
            Some(more) => {
                field.push('"');
                rest = more;
            }
            None => return Some((field, behind.strip_prefix(',').unwrap_or(behind))),
        }
    }
}

/// Whether a digest is another one. What is too weak to mean anything, or cannot be read,
/// is none.
fn differs(told: &str, bytes: &[u8]) -> bool {
    let Some((algorithm, told)) = told.split_once('=') else {
        return false;
    };
    let algorithm = match algorithm.trim() {
        "sha256" => DigestAlgorithm::Sha256,
        "sha384" => DigestAlgorithm::Sha384,
        "sha512" => DigestAlgorithm::Sha512,
        _ => return false,
    };
    let Some(told) = BASE64
        .decode(told.trim())
        .ok()
        .filter(|told| told.len() == algorithm.length())
    else {
        return false;
    };
    digest(algorithm, bytes).as_bytes() != told.as_slice()
}

fn digest(algorithm: DigestAlgorithm, bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unpack::{Content, Entry, Kind, Tree};
    use proptest::prelude::*;

    const METADATA: (&str, &str) = (
        "a-1.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: a\nVersion: 1\n",
    );

    fn wheel(files: &[(&str, &str)]) -> Package {
        let entries = files.iter().map(|(path, text)| Entry {
            path: (*path).to_owned(),
            content: Content::Whole(text.as_bytes().into()),
            length: text.len() as u64,
            kind: Kind::Text,
            executable: false,
        });
        Package::new(&Tree {
            entries: entries.collect(),
            ..Tree::default()
        })
    }

    fn tricks(record: &str, files: &[(&str, &str)]) -> Vec<(Trick, String)> {
        let mut all = vec![METADATA, ("a-1.dist-info/RECORD", record)];
        all.extend_from_slice(files);
        differences(&wheel(&all), &[])
            .into_iter()
            .map(|(oddity, _)| (oddity.trick, oddity.path))
            .collect()
    }

    fn line(path: &str, text: &str) -> String {
        let digest = Digest::sha256(text.as_bytes());
        format!(
            "{path},sha256={},{}\n",
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest.as_bytes()),
            text.len()
        )
    }

    #[test]
    fn an_honest_wheel_has_no_difference() {
        let record = [
            line(METADATA.0, METADATA.1),
            line("a/__init__.py", "x = 1\n"),
            line("\"a/b,\"\"c\"\".py\"", ""),
            "a\\old.py,md5=1B2M2Y8AsgTpgAmY7PhCfg,15\r\n".to_owned(),
            "a/,,\n".to_owned(),
            "a-1.dist-info/RECORD,,\n".to_owned(),
        ]
        .concat();
        let files = [
            ("a/__init__.py", "x = 1\n"),
            ("a/b,\"c\".py", ""),
            ("a/old.py", "whatever it is\n"),
            ("a-1.dist-info/RECORD.jws", "{}"),
        ];
        assert_eq!(tricks(&record, &files), []);
    }

    #[test]
    fn a_length_or_a_digest_that_is_none_is_told() {
        let honest = line("a/__init__.py", "x = 1\n");
        let record = |row: &str| [&line(METADATA.0, METADATA.1), row].concat();
        let files = [("a/__init__.py", "x = 1\n")];
        let told = |row: &str| tricks(&record(row), &files);
        let path = || "a/__init__.py".to_owned();
        assert_eq!(told(&honest), []);
        let longer = honest.replace(",6\n", ",60\n");
        assert_eq!(told(&longer), [(Trick::OtherLength, path())]);
        let none = "a/__init__.py,sha256=AAAA,6\n";
        assert_eq!(told(none), [(Trick::NoDigest, path())]);
        // Old packers wrote neither.
        assert_eq!(told("a/__init__.py,,\n"), []);
    }

    #[test]
    fn what_the_list_leaves_out_changes_or_invents_is_told() {
        let record = [
            line(METADATA.0, METADATA.1),
            line("a/__init__.py", "x = 1\n"),
            line("a/gone.py", ""),
        ]
        .concat();
        let files = [("a/__init__.py", "x = 2\n"), ("a.pth", "import a\n")];
        assert_eq!(
            tricks(&record, &files),
            [
                (Trick::OtherDigest, "a/__init__.py".to_owned()),
                (Trick::NotInRecord, "a.pth".to_owned()),
                (Trick::OnlyInRecord, "a/gone.py".to_owned()),
            ]
        );
    }

    #[test]
    fn of_two_lists_the_one_of_the_wheels_name_and_version_counts_and_the_other_is_told() {
        let own = [line(METADATA.0, METADATA.1), line("a/b.py", "b = 1\n")].concat();
        let decoy = [line("a/b.py", "b = 2\n"), line("a/c.py", "c = 1\n")].concat();
        let metadata = "Metadata-Version: 2.1\nName: other\nVersion: 1\n\nName: b\nVersion: 2\n";
        let all = [
            ("b-2.dist-info/METADATA", metadata),
            ("b-2.dist-info/RECORD", decoy.as_str()),
            METADATA,
            ("a-1.dist-info/RECORD", own.as_str()),
            ("a/b.py", "b = 1\n"),
            ("a/c.py", "c = 1\n"),
        ];
        let found: Vec<(Trick, String)> = differences(&wheel(&all), &[])
            .into_iter()
            .map(|(oddity, _)| (oddity.trick, oddity.path))
            .collect();
        assert_eq!(
            found,
            [
                (Trick::NotInRecord, "a/c.py".to_owned()),
                (Trick::NotInRecord, "b-2.dist-info/METADATA".to_owned()),
                (Trick::SecondRecord, "b-2.dist-info/RECORD".to_owned()),
            ]
        );
    }

    #[test]
    fn a_folder_is_called_after_its_metadata_however_both_are_spelt() {
        let named = |folder: &str, metadata: &str| {
            let path = format!("{folder}/METADATA");
            is_called_after_its_metadata(&wheel(&[(path.as_str(), metadata)]), folder)
        };
        let metadata = "Metadata-Version: 2.1\nname: Lite.LLM\nVersion: 1.0-1\n";
        assert!(named("lite_llm-1.0_1.dist-info", metadata));
        assert!(!named("lite_llm-1.0.dist-info", metadata));
        assert!(!named("lite-llm.dist-info", "Name: lite\n"));
    }

    #[test]
    fn a_digest_that_cannot_be_read_is_none() {
        let told = line("p", "x");
        let told = told.split(',').nth(1).unwrap();
        assert!(!differs(told, b"x"));
        assert!(differs(told, b"whatever"));
        assert!(!differs("sha256=short", b"x"));
    }

    #[test]
    fn of_many_differences_those_that_run_are_told() {
        let names: Vec<String> = (0..100).map(|n| format!("a/{n}.txt")).collect();
        let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
        assert_eq!(tricks(&line(METADATA.0, METADATA.1), &files).len(), TOLD);
    }

    proptest! {
        #[test]
        fn any_list_has_an_answer(record in proptest::collection::vec(any::<char>(), 0..300)) {
            let record: String = record.into_iter().collect();
            let found = tricks(&record, &[("a/__init__.py", "")]);
            prop_assert!(found.len() <= 3 * TOLD);
        }
    }

    #[test]
    fn without_a_list_nothing_is_said() {
        let package = wheel(&[METADATA, ("a/__init__.py", "")]);
        assert!(differences(&package, &[]).is_empty());
    }
}
