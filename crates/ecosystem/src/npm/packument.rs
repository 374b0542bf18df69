//! One streaming pass over a full npm document: what it offers, and where each
//! version's object stands, so that facts of the few releases that need judgement are
//! read on demand and everything else is copied when the document is rendered.

use crate::json::{JsonError, JsonReader};
use customs_model::{Timestamp, Version};
use std::collections::{BTreeMap, HashMap};
use std::io::Read;

/// Bounds; see also [`crate::json::limit`].
mod limit {
    /// Versions of one package. The largest real one has some ten thousand.
    pub const VERSIONS: usize = 250_000;
    /// Tags.
    pub const TAGS: usize = 20_000;
}

/// What a document says, without the bodies of its versions.
#[derive(Debug, Clone, Default)]
pub struct Packument {
    /// The name it claims.
    pub name: Option<String>,
    /// `dist-tags`, as they stand.
    pub tags: BTreeMap<String, String>,
    /// The versions in document order. Of a version that occurs twice only the last,
    /// which is the one that every client's parser keeps.
    pub versions: Vec<VersionEntry>,
    /// Publish times by version text, unpublished versions included.
    pub times: HashMap<String, Timestamp>,
    /// `time.created`.
    pub created: Option<Timestamp>,
    /// The document had a `time` object (the abbreviated form of most registries has none).
    pub has_time: bool,
    /// Entries that are no version (a key with a path in it), never served.
    pub malformed: usize,
    index: HashMap<Version, usize>,
    publishers: Vec<PublisherEntry>,
}

/// One version of a document.
#[derive(Debug, Clone)]
pub struct VersionEntry {
    /// The version.
    pub version: Version,
    /// Where its object starts, from the start of the document.
    pub offset: u64,
    /// Bytes of its object.
    pub length: u64,
    /// It carries a deprecation.
    pub deprecated: bool,
    publisher: Option<u32>,
}

/// A publishing account as `_npmUser` names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PublisherEntry {
    /// The account.
    pub name: String,
    /// The domain of its e-mail address.
    pub mail_domain: Option<String>,
    /// `_npmUser.trustedPublisher` is there.
    pub trusted: bool,
}

impl Packument {
    /// Reads a document.
    ///
    /// # Errors
    /// Not JSON, no object, or over a bound.
    pub fn read(source: impl Read) -> Result<Self, JsonError> {
        let mut out = Self::default();
        let mut reader = JsonReader::new(source);
        let mut interned = HashMap::new();
        reader.object(|r, key| match key {
            "name" => {
                out.name = r.string_or_skip()?;
                Ok(())
            }
            "dist-tags" => out.read_tags(r),
            "versions" => out.read_versions(r, &mut interned),
            "time" => out.read_time(r),
            _ => r.skip(),
        })?;
        reader.end()?;
        Ok(out)
    }

    /// The entry of a version.
    pub fn entry(&self, version: &Version) -> Option<&VersionEntry> {
        self.index.get(version).map(|at| &self.versions[*at])
    }

    /// When a version was published.
    pub fn published(&self, version: &Version) -> Option<Timestamp> {
        self.times.get(version.as_str()).copied()
    }

    /// Who published a version.
    pub fn publisher(&self, entry: &VersionEntry) -> Option<&PublisherEntry> {
        entry
            .publisher
            .and_then(|at| self.publishers.get(at as usize))
    }

    /// The earliest instant at which the package is known to have existed.
    pub fn earliest(&self) -> Option<Timestamp> {
        self.times.values().copied().chain(self.created).min()
    }

    fn read_tags<R: Read>(&mut self, r: &mut JsonReader<R>) -> Result<(), JsonError> {
        let at = r.offset();
        r.object(|r, tag| {
            if self.tags.len() == limit::TAGS {
                return Err(JsonError::Limit {
                    what: "too many tags",
                    at,
                });
            }
            if let Some(target) = r.string_or_skip()? {
                self.tags.insert(tag.to_owned(), target);
            }
            Ok(())
        })
    }

    fn read_time<R: Read>(&mut self, r: &mut JsonReader<R>) -> Result<(), JsonError> {
        let at = r.offset();
        self.has_time = true;
        r.object(|r, version| {
            if self.times.len() == limit::VERSIONS {
                return Err(JsonError::Limit {
                    what: "too many times",
                    at,
                });
            }
            let Some(time) = r.string_or_skip()?.and_then(|t| t.parse().ok()) else {
                return Ok(());
            };
            match version {
                "created" => self.created = Some(time),
                "modified" => {}
                _ => {
                    self.times.insert(version.to_owned(), time);
                }
            }
            Ok(())
        })
    }

    fn read_versions<R: Read>(
        &mut self,
        r: &mut JsonReader<R>,
        interned: &mut HashMap<PublisherEntry, u32>,
    ) -> Result<(), JsonError> {
        let at = r.offset();
        r.object(|r, key| {
            if self.versions.len() == limit::VERSIONS {
                return Err(JsonError::Limit {
                    what: "too many versions",
                    at,
                });
            }
            if r.peek()? != b'{' {
                self.malformed += 1;
                return r.skip();
            }
            let offset = r.offset();
            let mut deprecated = false;
            let mut publisher = None;
            r.object(|r, key| match key {
                "_npmUser" => {
                    publisher = read_publisher(r)?;
                    Ok(())
                }
                "deprecated" => {
                    deprecated = match r.peek()? {
                        b'"' => r.string_or_skip()?.is_some_and(|text| !text.is_empty()),
                        b't' => r.skip().map(|()| true)?,
                        _ => r.skip().map(|()| false)?,
                    };
                    Ok(())
                }
                _ => r.skip(),
            })?;
            let Ok(version) = Version::new(key) else {
                self.malformed += 1;
                return Ok(());
            };
            let publisher = publisher.map(|p| {
                *interned.entry(p).or_insert_with_key(|p| {
                    self.publishers.push(p.clone());
                    (self.publishers.len() - 1) as u32
                })
            });
            let length = r.offset() - offset;
            let entry = VersionEntry {
                version,
                offset,
                length,
                deprecated,
                publisher,
            };
            match self.index.get(&entry.version) {
                Some(earlier) => self.versions[*earlier] = entry,
                None => {
                    self.index
                        .insert(entry.version.clone(), self.versions.len());
                    self.versions.push(entry);
                }
            }
            Ok(())
        })
    }
}

fn read_publisher<R: Read>(r: &mut JsonReader<R>) -> Result<Option<PublisherEntry>, JsonError> {
    if r.peek()? != b'{' {
        r.skip()?;
        return Ok(None);
    }
    let mut name = None;
    let mut mail = None;
    let mut trusted = false;
    r.object(|r, key| {
        match key {
            "name" => name = r.string_or_skip()?,
            "email" => mail = r.string_or_skip()?,
            "trustedPublisher" => {
                trusted = r.peek()? == b'{';
                r.skip()?;
            }
            _ => r.skip()?,
        }
        Ok(())
    })?;
    Ok(name.map(|name| PublisherEntry {
        name,
        mail_domain: mail.as_deref().and_then(mail_domain),
        trusted,
    }))
}

/// The domain of an e-mail address, lower case.
pub fn mail_domain(address: &str) -> Option<String> {
    let (_, domain) = address.rsplit_once('@')?;
    (!domain.is_empty()).then(|| domain.trim_end_matches('>').to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{"_id":"a","name":"a","dist-tags":{"latest":"1.1.0"},
      "versions":{"1.0.0":{"name":"a","_npmUser":{"name":"ann","email":"ann@Corp.example"}},
                  "1.1.0":{"name":"a","deprecated":"use b","_npmUser":{"name":"ann","email":"ann@corp.example"}},
                  "../x":{"name":"a"}, "2.0.0": 7,
                  "1.0.0":{"name":"a","again":true}},
      "time":{"created":"2020-01-01T00:00:00Z","modified":"2021-01-01T00:00:00Z",
              "1.0.0":"2020-01-01T00:00:01.5Z","1.1.0":"2021-01-01T00:00:00.331000+00:00","0.9.0":"2019-06-01T00:00:00Z","unpublished":{}}}"#;

    #[test]
    fn a_document_is_indexed_in_one_pass() {
        let p = Packument::read(DOCUMENT.as_bytes()).unwrap();
        let versions: Vec<_> = p.versions.iter().map(|v| v.version.as_str()).collect();
        assert_eq!(versions, ["1.0.0", "1.1.0"]);
        assert_eq!(p.malformed, 2);
        let last = p.entry(&Version::new("1.0.0").unwrap()).unwrap();
        let span = &DOCUMENT[last.offset as usize..(last.offset + last.length) as usize];
        assert_eq!(
            span, r#"{"name":"a","again":true}"#,
            "the last of a doubled version counts"
        );
        assert!(p.versions[1].deprecated);
        assert_eq!(
            p.publisher(&p.versions[1]).unwrap().mail_domain.as_deref(),
            Some("corp.example")
        );
        assert_eq!(p.earliest(), Some("2019-06-01T00:00:00Z".parse().unwrap()));
        assert!(p.has_time);
    }

    #[test]
    fn a_page_of_html_or_lines_of_json_is_no_document() {
        assert!(Packument::read(&b"<!doctype html>"[..]).is_err());
        assert!(Packument::read(&b"{\"name\":\"a\"}\n{\"name\":\"b\"}"[..]).is_err());
        assert!(Packument::read(&b"{\"versions\":{\"1.0.0\":{\"name\":"[..]).is_err());
    }
}
