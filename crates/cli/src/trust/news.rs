//! What would be trusted newly, before it is.

use crate::error::{Doing as _, Failure};
use customs_model::{Digest, Timestamp, printable};
use customs_origin::roots::{Root, Source, embedded_json};
use customs_origin::signature::{Key, Keys, Usage};
use customs_origin::sigstore::Instance;
use customs_origin::{Trust, TrustFiles};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What a change of trust does.
#[derive(Debug, Default)]
pub(super) struct News {
    /// What would be trusted and is not now, a line each.
    pub news: Vec<String>,
    /// What is trusted now and would not be, a line each.
    pub withdrawn: Vec<String>,
    /// What is worth knowing besides.
    pub notes: Vec<String>,
}

impl News {
    /// Together with another one.
    pub(super) fn extend(&mut self, other: Self) {
        self.news.extend(other.news);
        self.withdrawn.extend(other.withdrawn);
        self.notes.extend(other.notes);
    }

    /// Whether nothing would change.
    pub(super) fn is_empty(&self) -> bool {
        self.news.is_empty() && self.withdrawn.is_empty()
    }

    /// For people.
    pub(super) fn words(&self) -> String {
        let mut text = String::new();
        for line in &self.news {
            text.push_str(&format!("new: {line}\n"));
        }
        for line in &self.withdrawn {
            text.push_str(&format!("withdrawn: {line}\n"));
        }
        for line in &self.notes {
            text.push_str(&format!("{line}\n"));
        }
        text
    }
}

/// A key, for people and programs.
#[derive(Debug, Serialize)]
pub(super) struct KeyShown {
    id: String,
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
    usage: Option<Usage>,
}

impl KeyShown {
    /// Of a key.
    pub(super) fn of(key: &Key) -> Self {
        Self {
            id: key.id.clone(),
            began: key.began,
            ended: key.ended,
            usage: key.usage,
        }
    }

    /// A line.
    pub(super) fn words(&self) -> String {
        let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
        let mut out = self.id.clone();
        if let Some(began) = self.began {
            out.push_str(&format!(", from {}", day(began)));
        }
        match self.ended {
            Some(ended) => out.push_str(&format!(", until {}", day(ended))),
            None => out.push_str(", without an end"),
        }
        out.push_str(match self.usage {
            None => "",
            Some(Usage::Signatures) => ", for signatures",
            Some(Usage::Attestations) => ", for attestations",
        });
        out
    }
}

/// Keys that are new, or that may sign what they could not.
pub(super) fn of_keys(old: &Keys, new: &Keys) -> News {
    let mut out = News::default();
    for key in new.all() {
        let same = |other: &&Key| other.id == key.id && other.usage == key.usage;
        let now = KeyShown::of(key).words();
        match old.all().iter().find(same) {
            None => out.news.push(format!("a registry key: {now}")),
            Some(before) if before.ended != key.ended || before.began != key.began => {
                let before = KeyShown::of(before).words();
                out.news.push(format!(
                    "another time of a registry key: {now}; it was {before}"
                ));
            }
            Some(_) => {}
        }
    }
    for key in old.all() {
        let is_same = |other: &Key| other.id == key.id && other.usage == key.usage;
        if !new.all().iter().any(is_same) {
            out.withdrawn
                .push(format!("a registry key: {}", KeyShown::of(key).words()));
        }
    }
    out
}

/// Both documents of keys as one; of a key in both, what the offered one says counts.
///
/// # Errors
/// A document is no JSON object with a list of keys.
pub(super) fn merged_keys(
    stored: Option<&[u8]>,
    offered: Option<&[u8]>,
) -> Result<Option<Vec<u8>>, Failure> {
    let (stored, offered) = match (stored, offered) {
        (stored, None) => return Ok(stored.map(<[u8]>::to_vec)),
        (None, Some(offered)) => (Vec::new(), entries(offered)?),
        (Some(stored), Some(offered)) => (entries(stored)?, entries(offered)?),
    };
    let id = |entry: &Value| {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
        (text("keyid").or_else(|| text("keyId")), text("keyUsage"))
    };
    let named: BTreeSet<_> = offered.iter().map(id).collect();
    let mut all = offered;
    all.extend(
        stored
            .into_iter()
            .filter(|entry| !named.contains(&id(entry))),
    );
    Ok(Some(json!({ "keys": all }).to_string().into_bytes()))
}

fn entries(document: &[u8]) -> Result<Vec<Value>, Failure> {
    // The reader of keys says more exactly what is wrong with one.
    Keys::from_json(document).doing("read the offered keys")?;
    let value: Value = serde_json::from_slice(document).doing("read the offered keys")?;
    let keys = value.get("keys").and_then(Value::as_array);
    Ok(keys.cloned().unwrap_or_default())
}

/// A root as it was, and as it would be: the file, and whether that file is what is used.
struct Change<'a> {
    what: &'static str,
    instance: Instance,
    before: Option<&'a [u8]>,
    was_used: bool,
    after: &'a mut Option<Vec<u8>>,
    is_used: bool,
}

/// Logs and authorities of both roots that are new or withdrawn. A root that is older than the one
/// that came with the program is not used, and leaves the file as it was.
///
/// # Errors
/// One of the files is no JSON.
pub(super) fn of_roots(
    (before, old): (&TrustFiles, &Trust),
    (after, new): (&mut TrustFiles, &Trust),
) -> Result<News, serde_json::Error> {
    let is_used = |root: Option<&Root>| root.is_some_and(|root| root.source == Source::Updated);
    let mut out = of_root(Change {
        what: "Sigstore's trust root",
        instance: Instance::PublicGood,
        before: before.trusted_root.as_deref(),
        was_used: is_used(Some(&old.public)),
        after: &mut after.trusted_root,
        is_used: is_used(Some(&new.public)),
    })?;
    out.extend(of_root(Change {
        what: "GitHub's trust root",
        instance: Instance::GitHub,
        before: before.github_root.as_deref(),
        was_used: is_used(old.github.as_ref()),
        after: &mut after.github_root,
        is_used: is_used(new.github.as_ref()),
    })?);
    Ok(out)
}

fn of_root(change: Change<'_>) -> Result<News, serde_json::Error> {
    let mut out = News::default();
    let what = change.what;
    let offered = change.after.as_deref();
    let Some(offered) = offered.filter(|new| change.before != Some(*new)) else {
        return Ok(out);
    };
    if !change.is_used {
        out.notes.push(format!(
            "{what} that is offered is older than the one that came with this program, and is not taken"
        ));
        *change.after = change.before.map(<[u8]>::to_vec);
        return Ok(out);
    }
    let embedded = embedded_json(change.instance).as_bytes();
    let known = change.before.filter(|_| change.was_used);
    let known = authorities(known.unwrap_or(embedded))?;
    let found = authorities(offered)?;
    for (id, words) in &found {
        if known.get(id) != Some(words) {
            out.news.push(format!("in {what}: {words}"));
        }
    }
    for (id, words) in &known {
        if !found.contains_key(id) {
            out.withdrawn.push(format!("in {what}: {words}"));
        }
    }
    if out.is_empty() {
        out.notes
            .push(format!("{what} holds nothing that is not trusted already"));
    }
    Ok(out)
}

/// The entries of a trust root: what identifies each, and words for it with its time in office.
fn authorities(json: &[u8]) -> Result<BTreeMap<String, String>, serde_json::Error> {
    let root: Value = serde_json::from_slice(json)?;
    let mut out = BTreeMap::new();
    for (field, kind) in [
        ("tlogs", "a transparency log"),
        ("ctlogs", "a log of certificates"),
        ("certificateAuthorities", "an authority for certificates"),
        ("timestampAuthorities", "an authority for timestamps"),
    ] {
        let entries = root.get(field).and_then(Value::as_array);
        for entry in entries.into_iter().flatten() {
            let text = |path: &str| entry.pointer(path).and_then(Value::as_str);
            let name = text("/baseUrl")
                .or_else(|| text("/uri"))
                .unwrap_or("unnamed");
            let window = ["/publicKey/validFor", "/validFor"];
            let at = |end: &str| {
                let found = window.iter().find_map(|w| text(&format!("{w}/{end}")));
                printable(found.unwrap_or("open"), 40)
            };
            let key = text("/publicKey/rawBytes").map(str::to_owned);
            let chain = entry
                .pointer("/certChain/certificates")
                .map(Value::to_string);
            let id = Digest::sha256(key.or(chain).unwrap_or_default().as_bytes()).to_hex();
            let short: String = id.chars().take(16).collect();
            let words = format!(
                "{kind}, {}, from {} until {}, key {short}",
                printable(name, 120),
                at("start"),
                at("end"),
            );
            out.insert(format!("{field} {id}"), words);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of the public registry, as its endpoint writes it.
    const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY6Ya7W++7aUPzvMTrezH6Ycx3c+HOKYCcNGybJZSCJq/fd7Qa8uuAKtdIkUQtQiEKERhAmE5lMMJhP8OkDOa2g==";
    const ID: &str = "SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U";

    fn document(expires: Option<&str>) -> Vec<u8> {
        json!({"keys": [{
            "keyid": ID, "key": KEY, "scheme": "ecdsa-sha2-nistp256", "expires": expires,
        }]})
        .to_string()
        .into_bytes()
    }

    #[test]
    fn another_end_of_a_known_key_is_new() {
        let embedded = Keys::embedded();
        let parse = |json: &[u8]| Keys::from_json(json).unwrap();
        let none = Keys::default();
        let new = of_keys(&none, &parse(&document(None)));
        assert_eq!(new.news.len(), 1, "{new:?}");
        let ended = parse(&document(Some("2027-01-01T00:00:00Z"))).or(embedded.clone());
        let told = of_keys(&embedded, &ended);
        assert_eq!(told.news.len(), 1, "{told:?}");
        assert!(told.news[0].contains("until 2027-01-01"), "{told:?}");
        assert!(of_keys(&embedded, &embedded).news.is_empty());
    }

    #[test]
    fn keys_of_another_registry_stay_and_the_offered_word_counts() {
        let old = document(Some("2027-01-01T00:00:00Z"));
        let merged = merged_keys(Some(&old), Some(&document(None)))
            .unwrap()
            .unwrap();
        let keys = Keys::from_json(&merged).unwrap();
        assert_eq!(keys.all().len(), 1);
        assert_eq!(keys.all()[0].ended, None);
        assert_eq!(merged_keys(Some(&old), None).unwrap().unwrap(), old);
        assert!(merged_keys(None, Some(b"[]")).is_err());
    }

    #[test]
    fn the_root_that_came_with_the_program_is_no_news_and_a_log_more_is() {
        let embedded = embedded_json(Instance::PublicGood);
        let before = TrustFiles::default();
        let with = |json: String| TrustFiles {
            trusted_root: Some(json.into_bytes()),
            ..TrustFiles::default()
        };
        let told = |mut after: TrustFiles| {
            let (old, new) = (Trust::from_files(&before), Trust::from_files(&after));
            of_roots((&before, &old.unwrap()), (&mut after, &new.unwrap())).unwrap()
        };
        let same = told(with(embedded.to_owned()));
        assert!(same.is_empty(), "{same:?}");
        let mut root: Value = serde_json::from_str(embedded).unwrap();
        let mut log = root["tlogs"][0].clone();
        // Another log with a key that can be read: that of an authority beside it.
        let key = root["ctlogs"][0]["publicKey"]["rawBytes"].clone();
        log["publicKey"]["rawBytes"] = key;
        log["logId"] = root["ctlogs"][0]["logId"].clone();
        root["tlogs"].as_array_mut().unwrap().push(log);
        let told = told(with(root.to_string()));
        assert_eq!(told.news.len(), 1, "{told:?}");
        assert!(told.news[0].contains("a transparency log"), "{told:?}");
    }
}
