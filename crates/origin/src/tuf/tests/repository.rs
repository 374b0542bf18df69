//! A repository of the tests' own: keys, and files that are signed with whichever of them. The tests of
//! the command that fetches from one use this file, too.

use super::{Kept, KeyPair, Renewed, TARGET, TufError, Walk};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use customs_model::{Digest, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The time of every walk.
pub(super) const NOW: &str = "2026-06-01T00:00:00Z";
pub(super) const LATER: &str = "2026-07-01T00:00:00Z";
pub(super) const PAST: &str = "2026-05-01T00:00:00Z";

/// A key under its id.
pub(super) struct Signer {
    pair: KeyPair,
    pub(super) id: String,
    pub(super) object: Value,
}

/// The canonical form, written here a second time: sorted keys, no spaces, two escapes.
pub(super) fn canonical(value: &Value) -> String {
    let text = |text: &str| {
        let text = text.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{text}\"")
    };
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, &Value> = map.iter().collect();
            let all = sorted.iter();
            let all: Vec<String> = all
                .map(|(key, value)| format!("{}:{}", text(key), canonical(value)))
                .collect();
            format!("{{{}}}", all.join(","))
        }
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(canonical).collect();
            format!("[{}]", all.join(","))
        }
        Value::String(string) => text(string),
        other => other.to_string(),
    }
}

impl Signer {
    pub(super) fn new() -> Self {
        let pair = KeyPair::generate_ecdsa_p256().unwrap();
        let der = pair.public_key_der().unwrap().as_bytes().to_vec();
        let body = STANDARD.encode(der);
        let (one, other) = body.split_at(64);
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{one}\n{other}\n-----END PUBLIC KEY-----\n");
        let object = json!({
            "keytype": "ecdsa",
            "scheme": "ecdsa-sha2-nistp256",
            "keyval": {"public": pem},
        });
        let id = Digest::sha256(canonical(&object).as_bytes()).to_hex();
        Self { pair, id, object }
    }

    pub(super) fn sign(&self, signed: &Value) -> Value {
        let signature = self.pair.sign(canonical(signed).as_bytes()).unwrap();
        let hex: String = signature
            .as_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        json!({"keyid": self.id, "sig": hex})
    }
}

/// Signs what is said, and writes the file.
pub(super) fn file(signed: &Value, by: &[&Signer]) -> Vec<u8> {
    let signatures: Vec<Value> = by.iter().map(|key| key.sign(signed)).collect();
    with_signatures(signed, &signatures)
}

pub(super) fn with_signatures(signed: &Value, signatures: &[Value]) -> Vec<u8> {
    json!({"signed": signed, "signatures": signatures})
        .to_string()
        .into_bytes()
}

/// The keys of a repository: roots need two of three, everything else one.
pub(super) struct Keys {
    pub(super) root: [Signer; 3],
    pub(super) online: Signer,
}

impl Keys {
    pub(super) fn new() -> Self {
        Self {
            root: [Signer::new(), Signer::new(), Signer::new()],
            online: Signer::new(),
        }
    }

    pub(super) fn two(&self) -> Vec<&Signer> {
        self.root.iter().take(2).collect()
    }

    /// What a root with these keys says.
    pub(super) fn says(&self, version: u64) -> Value {
        let all = self.root.iter().chain([&self.online]);
        let keys: Map<String, Value> = all
            .map(|key| (key.id.clone(), key.object.clone()))
            .collect();
        let offline: Vec<&str> = self.root.iter().map(|key| key.id.as_str()).collect();
        let online = json!({"keyids": [self.online.id], "threshold": 1});
        json!({
            "_type": "root",
            "spec_version": "1.0.31",
            "version": version,
            "expires": LATER,
            "consistent_snapshot": true,
            "keys": keys,
            "roles": {
                "root": {"keyids": offline, "threshold": 2},
                "timestamp": online,
                "snapshot": online,
                "targets": {"keyids": offline, "threshold": 2},
            },
        })
    }
}

/// A repository whose files can be exchanged.
pub(super) struct Repository {
    pub(super) keys: Keys,
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// The target.
    pub(super) content: Vec<u8>,
    /// The version of everything but the root.
    pub(super) version: u64,
}

pub(super) const CONTENT: &[u8] = b"{\"a\": \"root of trust\"}";

fn promised(bytes: &[u8], version: u64) -> Value {
    json!({
        "version": version,
        "length": bytes.len(),
        "hashes": {"sha256": Digest::sha256(bytes).to_hex()},
    })
}

fn common(kind: &str, version: u64) -> Value {
    json!({"_type": kind, "spec_version": "1.0.31", "version": version, "expires": LATER})
}

impl Repository {
    /// One root, and a first state.
    pub(super) fn new() -> Self {
        Self::at(Keys::new(), 1)
    }

    pub(super) fn at(keys: Keys, version: u64) -> Self {
        let mut new = Self {
            keys,
            files: BTreeMap::new(),
            content: CONTENT.to_vec(),
            version,
        };
        let root = new.keys.says(1);
        let root = file(&root, &new.keys.two());
        new.files.insert("1.root.json".to_owned(), root);
        new.publish();
        new
    }

    /// The target's place.
    pub(super) fn target(&self) -> String {
        format!(
            "targets/{}.{TARGET}",
            Digest::sha256(&self.content).to_hex()
        )
    }

    pub(super) fn says_targets(&self) -> Value {
        let mut said = common("targets", self.version);
        said["targets"] = json!({TARGET: {
            "length": self.content.len(),
            "hashes": {"sha256": Digest::sha256(&self.content).to_hex()},
        }});
        said
    }

    pub(super) fn says_snapshot(&self, targets: &[u8]) -> Value {
        let mut said = common("snapshot", self.version);
        said["meta"] = json!({"targets.json": promised(targets, self.version)});
        said
    }

    pub(super) fn says_timestamp(&self, snapshot: &[u8]) -> Value {
        let mut said = common("timestamp", self.version);
        said["meta"] = json!({"snapshot.json": promised(snapshot, self.version)});
        said
    }

    /// Writes the present state.
    pub(super) fn publish(&mut self) {
        let targets = self.says_targets();
        self.publish_targets(&targets);
        self.files.insert(self.target(), self.content.clone());
    }

    /// Writes a state with this list of targets.
    pub(super) fn publish_targets(&mut self, said: &Value) {
        let targets = file(said, &self.keys.two());
        let snapshot = self.says_snapshot(&targets);
        self.put("targets.json", targets);
        self.publish_snapshot(&snapshot);
    }

    /// Writes a snapshot, and a timestamp that promises it.
    pub(super) fn publish_snapshot(&mut self, said: &Value) {
        let snapshot = file(said, &[&self.keys.online]);
        let timestamp = self.says_timestamp(&snapshot);
        self.put("snapshot.json", snapshot);
        self.publish_timestamp(&timestamp);
    }

    pub(super) fn publish_timestamp(&mut self, said: &Value) {
        let timestamp = file(said, &[&self.keys.online]);
        self.files.insert("timestamp.json".to_owned(), timestamp);
    }

    /// Puts a file under the present version.
    pub(super) fn put(&mut self, name: &str, bytes: Vec<u8>) {
        let name = format!("{}.{name}", self.version);
        self.files.insert(name, bytes);
    }

    pub(super) fn get(&self, name: &str) -> Vec<u8> {
        self.files[name].clone()
    }

    /// The next root has these keys, and is signed with the old and the new ones.
    pub(super) fn rotate(&mut self, to: Keys) {
        let version = self.roots() + 1;
        let root = to.says(version);
        let by = [self.keys.two(), to.two()].concat();
        self.files
            .insert(format!("{version}.root.json"), file(&root, &by));
        self.keys = to;
        self.publish();
    }

    pub(super) fn roots(&self) -> u64 {
        let is_root = |name: &&String| name.ends_with(".root.json");
        self.files.keys().filter(is_root).count() as u64
    }

    /// Walks from the first root, as someone who kept this.
    pub(super) fn walk_with(&self, kept: Kept) -> Result<Renewed, TufError> {
        self.walk_from(&self.get("1.root.json"), kept)
    }

    pub(super) fn walk_from(&self, root: &[u8], kept: Kept) -> Result<Renewed, TufError> {
        let now: Timestamp = NOW.parse().unwrap();
        let mut walk = Walk::begin(root, kept, now)?;
        while let Some(wanted) = walk.wants() {
            let failed = walk.take(self.files.get(&wanted.path).map(Vec::as_slice));
            if let Err(error) = failed {
                assert!(walk.wants().is_none(), "nothing follows a refusal");
                assert!(walk.end().is_none());
                return Err(error);
            }
        }
        Ok(walk.end().unwrap())
    }

    pub(super) fn walk(&self) -> Result<Renewed, TufError> {
        self.walk_with(Kept::default())
    }

    /// Why it is not believed.
    #[track_caller]
    pub(super) fn refused(&self) -> TufError {
        self.walk().unwrap_err()
    }
}
