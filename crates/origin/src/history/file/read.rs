//! Text to records.

use super::text::{self, Why, Word};
use super::{Accepted, FORMAT, FileError, LineRecord, Made, TrustFile, limit, write};
use crate::history::{Acceptable, Axis, IdentityPin};
use crate::{BuilderClass, Numbered, RefClass};
use customs_model::{Ecosystem, PackageName, Version, printable};
use std::collections::BTreeSet;
use std::str::FromStr;

const AGAIN: &str = "take the line from the last commit, or let customs write it again";
const NEWER: &str = "a newer customs may have written it: update customs";
const CONFLICT: &str = "resolve it: keep the lines of both sides where they are about different \
                        packages, and of two lines about the same one the line that claims more, \
                        then verify again";
const TWICE: &str = "keep one of the two, the one that claims more, and verify again";
const WHOLE: &str = "save it as UTF-8, or take it from the last commit";

/// What is wrong, and what to do.
type Fault = (Why, &'static str);

pub(super) fn file(bytes: &[u8]) -> Result<TrustFile, FileError> {
    let too_much = |line, what, limit| Err(FileError::Limit { line, what, limit });
    if bytes.len() > limit::BYTES {
        return too_much(1, "bytes", limit::BYTES);
    }
    let mut file = TrustFile::default();
    let mut head = false;
    for (at, line) in bytes.split(|b| *b == b'\n').enumerate() {
        let number = at + 1;
        if line.len() > limit::LINE {
            return too_much(number, "bytes in one line", limit::LINE);
        }
        let fault = |(what, hint): Fault| FileError::Line {
            line: number,
            what,
            hint,
        };
        let line = std::str::from_utf8(line)
            .map_err(|_| fault(("it is not UTF-8 text".to_owned(), WHOLE)))?;
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if is_conflict(line) {
            return Err(fault((
                "a merge conflict is not resolved".to_owned(),
                CONFLICT,
            )));
        }
        if !head {
            header(line).map_err(fault)?;
            head = true;
            continue;
        }
        if file.count() >= limit::RECORDS {
            return too_much(number, "records", limit::RECORDS);
        }
        record(line, &mut file).map_err(fault)?;
    }
    if !head {
        return Err(FileError::Line {
            line: 1,
            what: format!("it does not say `customs-lock {FORMAT}`"),
            hint: WHOLE,
        });
    }
    Ok(file)
}

/// The marks that git puts around the sides of a conflict.
pub(in crate::history) fn is_conflict(line: &str) -> bool {
    ["<<<<<<<", "|||||||", "=======", ">>>>>>>"]
        .iter()
        .any(|mark| line.starts_with(mark))
}

fn header(line: &str) -> Result<(), Fault> {
    let format = line
        .strip_prefix("customs-lock ")
        .ok_or_else(|| (format!("it does not say `customs-lock {FORMAT}`"), WHOLE))?;
    if format == FORMAT.to_string() {
        return Ok(());
    }
    let format = printable(format, 20);
    Err((
        format!("it is of format {format:?}, and this customs reads {FORMAT}"),
        NEWER,
    ))
}

fn record(line: &str, file: &mut TrustFile) -> Result<(), Fault> {
    let again = |why: Why| (why, AGAIN);
    let mut fields = Fields::of(text::words(line).map_err(again)?).map_err(again)?;
    let before = file.count();
    let set = match fields.kind.as_str() {
        "identity" => {
            let record = identity(&mut fields).map_err(again)?;
            fields.end()?;
            file.set_line(record)
        }
        "accept" => {
            let record = accepted(&mut fields).map_err(again)?;
            fields.end()?;
            file.set_accepted(record)
        }
        "made" => {
            let record = made(&mut fields).map_err(again)?;
            fields.end()?;
            file.set_made(record)
        }
        kind => {
            let kind = printable(kind, 40);
            return Err((format!("{kind:?} is no kind of record"), NEWER));
        }
    };
    set.map_err(|error| match error {
        FileError::Record { subject, why, hint } => (format!("{subject}: {why}"), hint),
        other => (other.to_string(), AGAIN),
    })?;
    if file.count() == before {
        let subject = printable(&fields.subject, 214);
        return Err((format!("{subject} is recorded a second time"), TWICE));
    }
    Ok(())
}

fn identity(fields: &mut Fields) -> Result<LineRecord, Why> {
    let evidence = fields.need("evidence")?;
    Ok(LineRecord {
        package: package(&fields.subject)?,
        line: fields.read("line")?,
        version: version(&fields.need("version")?)?,
        evidence: axes(&evidence)?,
        identity: pin(fields)?,
        first_seen: fields.read("first")?,
        last_seen: fields.read("last")?,
    })
}

fn pin(fields: &mut Fields) -> Result<Option<IdentityPin>, Why> {
    // Without an issuer the other keys are left, and told as unknown.
    let Some(issuer) = fields.take("issuer") else {
        return Ok(None);
    };
    Ok(Some(IdentityPin {
        issuer,
        subject: fields.take("subject"),
        repository: numbered(fields, "repository", "repository-id"),
        owner: numbered(fields, "owner", "owner-id"),
        workflow: fields.take("workflow"),
        signer: fields.take("signer"),
        ref_class: fields
            .take("ref")
            .map(|text| {
                [RefClass::Tag, RefClass::MainBranch, RefClass::Other]
                    .into_iter()
                    .find(|class| write::ref_class(*class) == text)
                    .ok_or_else(|| unknown("ref", &text))
            })
            .transpose()?,
        builder: fields
            .take("builder")
            .map(|text| {
                [BuilderClass::Hosted, BuilderClass::SelfHosted]
                    .into_iter()
                    .find(|class| write::builder(*class) == text)
                    .ok_or_else(|| unknown("builder", &text))
            })
            .transpose()?,
        environment: fields.take("environment"),
        trigger: fields.take("trigger"),
    }))
}

fn numbered(fields: &mut Fields, uri: &str, id: &str) -> Option<Numbered> {
    // An id without its uri is left, and told as unknown.
    let uri = fields.take(uri)?;
    let id = fields.take(id);
    Some(Numbered { uri, id })
}

fn accepted(fields: &mut Fields) -> Result<Accepted, Why> {
    let what = fields.need("what")?;
    let all = || {
        Axis::ALL
            .map(Acceptable::Loss)
            .into_iter()
            .chain([Acceptable::Identity])
    };
    Ok(Accepted {
        package: package(&fields.subject)?,
        line: fields.read("line")?,
        version: version(&fields.need("version")?)?,
        what: what
            .split(',')
            .map(|word| {
                all()
                    .find(|what| what.name() == word)
                    .ok_or_else(|| unknown("what", word))
            })
            .collect::<Result<_, _>>()?,
        on: fields.read("on")?,
        reason: fields.need("reason")?,
    })
}

fn made(fields: &mut Fields) -> Result<Made, Why> {
    Ok(Made {
        path: fields.subject.clone(),
        digest: fields.read("digest")?,
        maker: fields.need("maker")?,
    })
}

fn package(subject: &str) -> Result<PackageName, Why> {
    let (kind, name) = subject
        .split_once(':')
        .ok_or_else(|| unknown("package", subject))?;
    let ecosystem = Ecosystem::ALL
        .into_iter()
        .find(|ecosystem| ecosystem.purl_type() == kind)
        .ok_or_else(|| unknown("ecosystem", kind))?;
    let package = PackageName::new(ecosystem, name).map_err(|error| error.to_string())?;
    // Another spelling of the same name would look like another package in a review.
    if package.as_str() == name {
        return Ok(package);
    }
    Err(format!("the package is written {package}"))
}

fn version(text: &str) -> Result<Version, Why> {
    Version::new(text).map_err(|error| error.to_string())
}

fn axes(text: &str) -> Result<BTreeSet<Axis>, Why> {
    if text == "none" {
        return Ok(BTreeSet::new());
    }
    text.split(',')
        .map(|word| {
            Axis::ALL
                .into_iter()
                .find(|axis| axis.name() == word)
                .ok_or_else(|| unknown("evidence", word))
        })
        .collect()
}

fn unknown(key: &str, value: &str) -> Why {
    format!("{:?} is no {key} that customs knows", printable(value, 60))
}

/// The words of one record.
struct Fields {
    kind: String,
    subject: String,
    pairs: Vec<(String, String)>,
}

impl Fields {
    fn of(words: Vec<Word>) -> Result<Self, Why> {
        let mut words = words.into_iter();
        let mut plain = |what: &str| match words.next() {
            Some(Word { key: None, value }) => Ok(value),
            _ => Err(format!("it names no {what}")),
        };
        let (kind, subject) = (plain("kind of record")?, plain("package or path")?);
        let mut pairs: Vec<(String, String)> = Vec::new();
        for word in words {
            let value = printable(&word.value, 60);
            let key = word.key.ok_or_else(|| format!("{value:?} has no key"))?;
            if pairs.iter().any(|(other, _)| *other == key) {
                return Err(format!("{:?} stands there twice", printable(&key, 40)));
            }
            // No record has so many keys; without this, looking for each would take long.
            if pairs.len() == 32 {
                return Err("it has more than 32 keys".to_owned());
            }
            pairs.push((key, word.value));
        }
        Ok(Self {
            kind,
            subject,
            pairs,
        })
    }

    fn take(&mut self, key: &str) -> Option<String> {
        let at = self.pairs.iter().position(|(other, _)| other == key)?;
        Some(self.pairs.remove(at).1)
    }

    fn need(&mut self, key: &str) -> Result<String, Why> {
        self.take(key).ok_or_else(|| format!("{key}= is missing"))
    }

    fn read<T: FromStr<Err: std::fmt::Display>>(&mut self, key: &str) -> Result<T, Why> {
        self.need(key)?
            .parse()
            .map_err(|error: T::Err| error.to_string())
    }

    /// Nothing is left.
    fn end(&self) -> Result<(), Fault> {
        match self.pairs.first() {
            None => Ok(()),
            Some((key, _)) => Err((
                format!("{}= does not belong there", printable(key, 40)),
                NEWER,
            )),
        }
    }
}
