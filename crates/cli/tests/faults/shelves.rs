//! An upstream that holds what a test puts there, and npm packages to put.

use customs_model::{Digest, DigestAlgorithm, Hasher, SignedDuration, Timestamp};
use customs_replay::{Answer, Body, Request, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// An upstream that answers what it was told to, path by path.
#[derive(Clone, Default)]
pub struct Shelves(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    answers: BTreeMap<String, Response>,
    /// Answers everything with this status.
    down: Option<u16>,
}

impl Answer for Shelves {
    fn answer(&self, request: &Request) -> Response {
        let inside = self.0.lock().unwrap();
        if let Some(status) = inside.down {
            return Response::of(status, "text/plain", "down");
        }
        let Some(found) = inside.answers.get(request.bare_path()) else {
            return Response::not_found();
        };
        let Body::Bytes(bytes) = &found.body else {
            return found.clone();
        };
        if found.status != 200 || found.header("etag").is_some() {
            return found.clone();
        }
        let tag = format!("\"{}\"", &Digest::sha256(bytes).to_hex()[..16]);
        if request.if_none_match.as_deref() == Some(tag.as_str()) {
            return Response::of(304, "text/plain", "").with("etag", tag);
        }
        found.clone().with("etag", tag)
    }
}

impl Shelves {
    pub fn put(&self, path: &str, response: Response) {
        let mut inside = self.0.lock().unwrap();
        inside.answers.insert(path.into(), response);
    }

    pub fn put_json(&self, path: &str, value: &Value) {
        self.put(
            path,
            Response::of(200, "application/json", value.to_string()),
        );
    }

    pub fn take_away(&self, path: &str) {
        self.0.lock().unwrap().answers.remove(path);
    }

    /// Every answer from now on has this status, or none has.
    pub fn down(&self, status: Option<u16>) {
        self.0.lock().unwrap().down = status;
    }

    /// Puts an npm package with its tarballs.
    pub fn npm(&self, base: &str, package: &Package<'_>) {
        self.put_json(&path_of(package.name), &package.document(base));
        for release in &package.releases {
            let path = tarball_path(package.name, &release.version);
            let kind = "application/octet-stream";
            self.put(&path, Response::of(200, kind, release.bytes.clone()));
        }
    }
}

/// The path of a document at an npm registry.
pub fn path_of(name: &str) -> String {
    format!("/{}", name.replace('/', "%2f"))
}

pub fn tarball_path(name: &str, version: &str) -> String {
    let bare = name.rsplit('/').next().unwrap_or(name);
    format!("/{name}/-/{bare}-{version}.tgz")
}

/// An npm package as a test thinks of it.
pub struct Package<'a> {
    pub name: &'a str,
    pub now: Timestamp,
    pub tags: Vec<(&'a str, &'a str)>,
    pub releases: Vec<Release>,
    /// Published once and gone: `time` still knows them.
    pub unpublished: Vec<(&'a str, SignedDuration)>,
}

pub struct Release {
    pub version: String,
    pub age: SignedDuration,
    pub bytes: Vec<u8>,
    /// Laid over the version's object.
    pub more: Value,
}

pub const fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

pub const fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

/// Longer than documents are served without a question.
pub const STALE: SignedDuration = SignedDuration::from_mins(6);

pub fn release(version: &str, age: SignedDuration) -> Release {
    Release {
        version: version.into(),
        age,
        bytes: bytes_of(version),
        more: json!({}),
    }
}

impl Release {
    pub fn bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.bytes = bytes.into();
        self
    }

    pub fn more(mut self, more: Value) -> Self {
        self.more = more;
        self
    }
}

/// A package without tags.
pub fn package<'a>(name: &'a str, gate_now: Timestamp, releases: Vec<Release>) -> Package<'a> {
    Package {
        name,
        now: gate_now,
        tags: Vec::new(),
        releases,
        unpublished: Vec::new(),
    }
}

impl<'a> Package<'a> {
    pub fn tags(mut self, tags: &[(&'a str, &'a str)]) -> Self {
        self.tags = tags.to_vec();
        self
    }

    pub fn document(&self, base: &str) -> Value {
        let at = |age: SignedDuration| (self.now - age).to_string();
        let mut time = json!({ "created": at(days(900)), "modified": at(hours(1)) });
        let mut versions = json!({});
        for release in &self.releases {
            time[&release.version] = at(release.age).into();
            let mut object = json!({
                "name": self.name,
                "version": release.version,
                "dist": {
                    "tarball": format!("{base}{}", tarball_path(self.name, &release.version)),
                    "integrity": digest(DigestAlgorithm::Sha512, &release.bytes).to_sri(),
                    "shasum": digest(DigestAlgorithm::Sha1, &release.bytes).to_hex(),
                },
            });
            lay_over(&mut object, &release.more);
            versions[&release.version] = object;
        }
        for (version, age) in &self.unpublished {
            time[*version] = at(*age).into();
        }
        let tags: BTreeMap<_, _> = self.tags.iter().copied().collect();
        json!({ "name": self.name, "dist-tags": tags, "versions": versions, "time": time })
    }
}

fn lay_over(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                lay_over(under.entry(key).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over.clone(),
    }
}

/// The tarball of a release about which nothing else is said.
pub fn bytes_of(version: &str) -> Vec<u8> {
    tgz(&[("package.json", &format!(r#"{{"version": "{version}"}}"#))])
}

/// A tarball as npm packs it: paths below `package/`.
pub fn tgz(files: &[(&str, &str)]) -> Vec<u8> {
    let gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gz);
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        let path = format!("package/{path}");
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

pub fn digest(algorithm: DigestAlgorithm, bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(bytes);
    hasher.finish()
}
