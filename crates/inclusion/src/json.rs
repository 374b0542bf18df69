//! The record as JSON, and back from whoever kept it.

use crate::limit;
use crate::record::{Included, IncludedFile, Record, SchemaOnly as Head};
use crate::write;
use customs_model::{DigestAlgorithm, printable};

/// Why a text is no record.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is too much of something.
    #[error("the record has more than {most} {what}: it is not read")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How many are read.
        most: usize,
    },
    /// Another version of the schema.
    #[error(
        "the record is of version {0} of its schema; this program reads version {known}: use a newer one",
        known = Record::SCHEMA
    )]
    Schema(u32),
    /// No JSON, or other JSON.
    #[error("it is no inclusion record of customs: {0}")]
    Form(String),
    /// A file's digest is of another kind than its field says.
    #[error("{path:?} of {release}: {field} holds a digest of another kind")]
    FileDigest {
        /// The release, as people say it.
        release: String,
        /// The file, safe to print.
        path: String,
        /// `sha1` or `sha256`.
        field: &'static str,
    },
}

/// The record as JSON.
///
/// # Errors
/// A value that JSON has no form for; no record has one.
pub fn text(record: &Record) -> Result<String, serde_json::Error> {
    write::pretty(&record.sorted())
}

/// Reads a record that anybody may have made.
///
/// # Errors
/// It is no record, a newer one, or larger than [`limit`] allows.
pub fn read(bytes: &[u8]) -> Result<Record, ReadError> {
    bounded(bytes.len(), limit::BYTES, "bytes")?;
    let size = Size::of(bytes);
    bounded(size.values, limit::VALUES, "values")?;
    bounded(size.longest_text, limit::TEXT, "bytes in one text")?;
    let form = |error: serde_json::Error| ReadError::Form(printable(&error.to_string(), 400));
    // The version first: a newer record may well have another form.
    let head: Head = serde_json::from_slice(bytes).map_err(form)?;
    if head.schema != Record::SCHEMA {
        return Err(ReadError::Schema(head.schema));
    }
    let record: Record = serde_json::from_slice(bytes).map_err(form)?;
    bounded(record.packages.len(), limit::PACKAGES, "packages")?;
    let files = record.packages.iter().map(|package| package.files.len());
    let files: usize = files.sum();
    bounded(files + record.loose.len(), limit::FILES, "files")?;
    let of_packages = record.packages.iter();
    of_packages
        .map(|package: &Included| (package.release.spoken(), &package.files))
        .chain([("no package".to_owned(), &record.loose)])
        .try_for_each(|(whose, files)| check_files(&whose, files))?;
    Ok(record.sorted())
}

const fn bounded(count: usize, most: usize, what: &'static str) -> Result<(), ReadError> {
    if count > most {
        return Err(ReadError::TooMuch { what, most });
    }
    Ok(())
}

/// What a JSON text can become at most, known before anything of it is kept.
#[derive(Debug, Default, PartialEq, Eq)]
struct Size {
    /// Each value but the first of its list or object has a comma before it.
    values: usize,
    /// Bytes between two quotes.
    longest_text: usize,
}

impl Size {
    fn of(bytes: &[u8]) -> Self {
        let mut size = Self::default();
        let mut text: Option<usize> = None;
        let mut is_escaped = false;
        for byte in bytes {
            match (&mut text, byte) {
                (Some(_), b'"') if !is_escaped => text = None,
                (Some(length), byte) => {
                    *length += 1;
                    size.longest_text = size.longest_text.max(*length);
                    is_escaped = *byte == b'\\' && !is_escaped;
                }
                (None, b'"') => text = Some(0),
                (None, b',' | b'[' | b'{') => size.values += 1,
                (None, _) => {}
            }
        }
        size
    }
}

/// What the formats that need both digests rely on.
fn check_files(whose: &str, files: &[IncludedFile]) -> Result<(), ReadError> {
    for file in files {
        let fields = [
            ("sha1", &file.sha1, DigestAlgorithm::Sha1),
            ("sha256", &file.sha256, DigestAlgorithm::Sha256),
        ];
        for (field, digest, algorithm) in fields {
            if digest.algorithm() != algorithm {
                return Err(ReadError::FileDigest {
                    release: whose.to_owned(),
                    path: printable(&file.path, 200),
                    field,
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{any_record, record, shuffled};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_record_reads_back_as_what_was_written(record in any_record()) {
            let text = text(&record).unwrap();
            let back = read(text.as_bytes()).unwrap();
            prop_assert_eq!(&back, &record.sorted());
            prop_assert_eq!(super::text(&back).unwrap(), text);
        }

        #[test]
        fn bytes_of_anybody_are_an_answer_and_no_crash(
            at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
        ) {
            let mut bytes = text(&record()).unwrap().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if cut {
                bytes.truncate(at);
                prop_assert!(read(&bytes).is_err());
            } else if let Err(error) = read(&bytes) {
                let shown = error.to_string();
                prop_assert_eq!(printable(&shown, 1000), shown);
            }
        }
    }

    #[test]
    fn the_same_record_has_the_same_bytes_in_whatever_order_it_was_found() {
        let record = record();
        assert_eq!(text(&shuffled(&record)).unwrap(), text(&record).unwrap());
    }

    #[test]
    fn a_newer_record_is_named_as_such_and_another_document_too() {
        let newer = br#"{"schema": "customs/included-v7", "packages": 3}"#;
        assert!(matches!(read(newer), Err(ReadError::Schema(7))));
        for other in [
            r#"{"schema": "customs/check-v1"}"#,
            r#"{"schema": "customs/included-v01"}"#,
            r#"{"schema": 1}"#,
            "[]",
            "",
        ] {
            let error = read(other.as_bytes()).unwrap_err();
            assert!(matches!(error, ReadError::Form(_)), "{other}: {error}");
        }
    }

    #[test]
    fn little_text_that_would_be_many_values_is_not_read() {
        let many = format!("[{}]", "[],".repeat(limit::VALUES));
        let error = read(many.as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the record has more than 8000000 values: it is not read"
        );
    }

    #[test]
    fn a_text_beyond_all_paths_is_not_read_and_commas_in_texts_are_no_values() {
        let long = format!("{{\"schema\": \"{}\"}}", "\\\"".repeat(limit::TEXT));
        let error = read(long.as_bytes()).unwrap_err();
        assert!(matches!(
            error,
            ReadError::TooMuch {
                what: "bytes in one text",
                ..
            }
        ));
        let expected = Size {
            values: 3,
            longest_text: 9,
        };
        assert_eq!(Size::of(br#"{"a": ["[,,\\\"{,", 2]}"#), expected);
    }

    #[test]
    fn the_longest_path_of_linux_reads_back_however_it_is_written() {
        let mut record = record();
        record.packages[0].files[0].path = "\u{7f}".repeat(4096);
        let back = read(text(&record).unwrap().as_bytes()).unwrap();
        assert_eq!(back, record.sorted());
    }

    #[test]
    fn a_digest_of_another_kind_in_a_field_is_not_taken() {
        let mut record = record();
        let file = &mut record.packages[0].files[0];
        file.sha1 = file.sha256.clone();
        let error = read(text(&record).unwrap().as_bytes()).unwrap_err();
        assert!(matches!(error, ReadError::FileDigest { field: "sha1", .. }));
    }
}
