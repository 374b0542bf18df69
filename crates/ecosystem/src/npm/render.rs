//! Rendering: the second streaming pass, which copies what policy offers.

use super::tags;
use crate::json::{JsonError, JsonReader};
use customs_model::{PackageName, Version};
use std::collections::BTreeMap;
use std::io::{Read, Write};

use super::packument::Packument;

/// The two representations of an npm document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Everything.
    Full,
    /// What an install needs (`application/vnd.npm.install-v1+json`), and `time`, so
    /// that the client's own age gate keeps working.
    Abbreviated,
}

/// Where the document's tarball URLs lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tarballs<'a> {
    /// As the upstream wrote them. For npm, which asks its registry's host for them
    /// (`replace-registry-host=always`) and writes them into the lockfile.
    Upstream,
    /// To the gate, in the conventional form that lockfiles leave out.
    Gate(&'a str),
}

/// Fields of the abbreviated form, as the registry's documentation lists them, and
/// `libc`, `funding` and `peerDependenciesMeta`, which clients read as well.
fn is_abbreviated(field: &str) -> bool {
    // A match, which the compiler sorts by length: it is asked for every field of every
    // version.
    matches!(
        field,
        "name"
            | "version"
            | "deprecated"
            | "dependencies"
            | "acceptDependencies"
            | "optionalDependencies"
            | "devDependencies"
            | "bundleDependencies"
            | "bundledDependencies"
            | "peerDependencies"
            | "peerDependenciesMeta"
            | "bin"
            | "directories"
            | "dist"
            | "engines"
            | "_hasShrinkwrap"
            | "hasInstallScript"
            | "cpu"
            | "os"
            | "libc"
            | "funding"
    )
}

/// The conventional address of a tarball below a registry's base.
pub fn tarball_url(base: &str, package: &PackageName, version: &Version) -> String {
    let base = base.trim_end_matches('/');
    format!("{base}/{package}/-/{}-{version}.tgz", package.unscoped())
}

/// Writes the document with only the versions that `offers` names.
///
/// `source` must yield the bytes that `index` was read from. Tags are repaired as
/// [`tags::repair`] says; `time` loses the hidden versions and keeps unpublished ones.
///
/// # Errors
/// The bytes differ from what was indexed, or `out` failed.
pub fn render(
    source: impl Read,
    index: &Packument,
    package: &PackageName,
    form: Form,
    tarballs: Tarballs<'_>,
    offers: &dyn Fn(&Version) -> bool,
    out: &mut dyn Write,
) -> Result<(), JsonError> {
    let offered = || {
        index
            .versions
            .iter()
            .filter(|e| offers(&e.version))
            .map(|e| (e.version.as_str(), e.deprecated))
    };
    let tags = tags::repair(&index.tags, offered());
    let mut reader = JsonReader::new(source);
    let mut separator = Separator::new(b'{');
    reader.object(|r, key| {
        let wanted = form == Form::Full
            || matches!(key, "name" | "dist-tags" | "versions" | "time" | "modified");
        if !wanted {
            return r.skip();
        }
        separator.member(out, key)?;
        match key {
            "dist-tags" => {
                r.skip()?;
                write_tags(&tags, out)
            }
            "versions" => versions(r, index, package, form, tarballs, offers, out),
            "time" => times(r, index, offers, out),
            _ => r.copy(out),
        }
    })?;
    separator.close(out, b'}')?;
    Ok(())
}

fn versions<R: Read>(
    r: &mut JsonReader<R>,
    index: &Packument,
    package: &PackageName,
    form: Form,
    tarballs: Tarballs<'_>,
    offers: &dyn Fn(&Version) -> bool,
    out: &mut dyn Write,
) -> Result<(), JsonError> {
    let mut separator = Separator::new(b'{');
    r.object(|r, key| {
        // Of a doubled version only the occurrence that was judged is served.
        let next = {
            r.peek()?;
            r.offset()
        };
        let entry = Version::new(key)
            .ok()
            .and_then(|v| index.entry(&v))
            .filter(|e| e.offset == next);
        let Some(entry) = entry.filter(|e| offers(&e.version)) else {
            return r.skip();
        };
        separator.member(out, key)?;
        if let (Form::Full, Tarballs::Upstream) = (form, tarballs) {
            return r.copy(out);
        }
        version(r, package, &entry.version, form, tarballs, out)
    })?;
    Ok(separator.close(out, b'}')?)
}

fn version<R: Read>(
    r: &mut JsonReader<R>,
    package: &PackageName,
    version: &Version,
    form: Form,
    tarballs: Tarballs<'_>,
    out: &mut dyn Write,
) -> Result<(), JsonError> {
    let mut separator = Separator::new(b'{');
    let mut script = None;
    let mut declared = false;
    r.object(|r, key| {
        if form == Form::Abbreviated {
            declared |= key == "hasInstallScript";
            if key == "scripts" && r.peek()? == b'{' {
                let mut found = false;
                r.object(|r, name| {
                    found |= matches!(name, "preinstall" | "install" | "postinstall");
                    r.skip()
                })?;
                script = Some(found);
                return Ok(());
            }
            if !is_abbreviated(key) {
                return r.skip();
            }
        }
        separator.member(out, key)?;
        match (key, tarballs) {
            ("dist", Tarballs::Gate(base)) if r.peek()? == b'{' => {
                dist(r, &tarball_url(base, package, version), out)
            }
            _ => r.copy(out),
        }
    })?;
    // The full form has no `hasInstallScript`; clients that read the short one need it.
    if form == Form::Abbreviated && script == Some(true) && !declared {
        separator.member(out, "hasInstallScript")?;
        out.write_all(b"true")?;
    }
    Ok(separator.close(out, b'}')?)
}

fn dist<R: Read>(r: &mut JsonReader<R>, url: &str, out: &mut dyn Write) -> Result<(), JsonError> {
    let mut separator = Separator::new(b'{');
    r.object(|r, key| {
        separator.member(out, key)?;
        if key == "tarball" {
            r.skip()?;
            write_string(out, url)?;
            Ok(())
        } else {
            r.copy(out)
        }
    })?;
    Ok(separator.close(out, b'}')?)
}

fn times<R: Read>(
    r: &mut JsonReader<R>,
    index: &Packument,
    offers: &dyn Fn(&Version) -> bool,
    out: &mut dyn Write,
) -> Result<(), JsonError> {
    let mut separator = Separator::new(b'{');
    r.object(|r, key| {
        let hidden = Version::new(key).is_ok_and(|v| index.entry(&v).is_some() && !offers(&v));
        if hidden {
            return r.skip();
        }
        separator.member(out, key)?;
        r.copy(out)
    })?;
    Ok(separator.close(out, b'}')?)
}

fn write_tags(tags: &BTreeMap<String, String>, out: &mut dyn Write) -> Result<(), JsonError> {
    let mut separator = Separator::new(b'{');
    for (tag, target) in tags {
        separator.member(out, tag)?;
        write_string(out, target)?;
    }
    Ok(separator.close(out, b'}')?)
}

fn write_string(out: &mut dyn Write, text: &str) -> std::io::Result<()> {
    if text
        .bytes()
        .all(|b| b >= 0x20 && !matches!(b, b'"' | b'\\'))
    {
        out.write_all(b"\"")?;
        out.write_all(text.as_bytes())?;
        return out.write_all(b"\"");
    }
    serde_json::to_writer(out, text).map_err(std::io::Error::other)
}

/// Commas between members, the opening bracket before the first.
struct Separator {
    open: u8,
    first: bool,
}

impl Separator {
    const fn new(open: u8) -> Self {
        Self { open, first: true }
    }

    fn member(&mut self, out: &mut dyn Write, key: &str) -> std::io::Result<()> {
        out.write_all(&[if self.first { self.open } else { b',' }])?;
        self.first = false;
        write_string(out, key)?;
        out.write_all(b":")
    }

    fn close(self, out: &mut dyn Write, close: u8) -> std::io::Result<()> {
        if self.first {
            out.write_all(&[self.open])?;
        }
        out.write_all(&[close])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::Ecosystem;

    const DOCUMENT: &str = r#"{"_id":"@s/a","name":"@s/a","readme":"long","dist-tags":{"latest":"1.1.0","next":"2.0.0-rc.1"},
      "versions":{"1.0.0":{"name":"@s/a","version":"1.0.0","scripts":{"postinstall":"node x"},"gitHead":"f","dist":{"shasum":"s","tarball":"https://registry.example/@s/a/-/a-1.0.0.tgz"}},
                  "1.1.0":{"name":"@s/a","version":"1.1.0","dist":{"tarball":"https://registry.example/@s/a/-/a-1.1.0.tgz"}},
                  "2.0.0-rc.1":{"name":"@s/a","version":"2.0.0-rc.1","dist":{"tarball":"https://cdn.example/odd.tgz"}}},
      "time":{"created":"2020-01-01T00:00:00Z","1.0.0":"2020-01-01T00:00:01Z","1.1.0":"2021-01-01T00:00:00Z","0.9.0":"2019-06-01T00:00:00Z"}}"#;

    fn rendered(form: Form, tarballs: Tarballs<'_>, hidden: &[&str]) -> serde_json::Value {
        let index = Packument::read(DOCUMENT.as_bytes()).unwrap();
        let name = PackageName::new(Ecosystem::Npm, "@s/a").unwrap();
        let mut out = Vec::new();
        let offers = |v: &Version| !hidden.contains(&v.as_str());
        render(
            DOCUMENT.as_bytes(),
            &index,
            &name,
            form,
            tarballs,
            &offers,
            &mut out,
        )
        .unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn with_everything_offered_the_full_form_is_the_upstream_document() {
        let upstream: serde_json::Value = serde_json::from_str(DOCUMENT).unwrap();
        assert_eq!(rendered(Form::Full, Tarballs::Upstream, &[]), upstream);
    }

    #[test]
    fn a_hidden_version_leaves_versions_time_and_tags() {
        let out = rendered(Form::Full, Tarballs::Upstream, &["1.1.0", "2.0.0-rc.1"]);
        assert_eq!(
            out["dist-tags"],
            serde_json::json!({"latest": "1.0.0", "next": "1.0.0"})
        );
        assert!(out["versions"].get("1.1.0").is_none());
        assert!(out["time"].get("1.1.0").is_none());
        assert!(
            out["time"].get("0.9.0").is_some(),
            "unpublished versions keep their time"
        );
    }

    #[test]
    fn the_short_form_has_time_and_install_scripts_and_leads_to_the_gate() {
        let out = rendered(
            Form::Abbreviated,
            Tarballs::Gate("http://127.0.0.1:1/"),
            &[],
        );
        let one = &out["versions"]["1.0.0"];
        assert_eq!(one["hasInstallScript"], true);
        assert!(one.get("scripts").is_none() && one.get("gitHead").is_none());
        assert_eq!(
            one["dist"]["tarball"],
            "http://127.0.0.1:1/@s/a/-/a-1.0.0.tgz"
        );
        assert_eq!(one["dist"]["shasum"], "s");
        assert_eq!(
            out["versions"]["2.0.0-rc.1"]["dist"]["tarball"],
            "http://127.0.0.1:1/@s/a/-/a-2.0.0-rc.1.tgz"
        );
        assert!(out["time"].get("1.0.0").is_some());
        assert!(out.get("readme").is_none());
    }
}
