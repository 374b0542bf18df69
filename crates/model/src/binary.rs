//! Programs and libraries of the machine in an artifact, and how two artifacts differ in
//! them.

use crate::{Digest, Zone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A program, a library or a WebAssembly module in an artifact: facts, without judgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BinaryFact {
    /// The file, below the top folder, as data (not safe to print).
    pub path: String,
    /// What it is by its content.
    pub kind: BinaryKind,
    /// For which machine: `x86_64`; several for one file that holds several.
    pub architecture: String,
    /// Bytes.
    pub size: u64,
    /// What its imports say that it can do.
    pub abilities: BTreeSet<Ability>,
    /// Names that it imports, as data: at most 64, those that tell an ability first.
    pub imports: Vec<String>,
    /// The digest of all names that it imports.
    pub imports_digest: Digest,
    /// Libraries that it asks for, as data: at most 16.
    pub libraries: Vec<String>,
    /// When the code that loads or runs it runs; [`Zone::Called`] where that is not known.
    pub zone: Zone,
    /// Something of it runs as soon as it is loaded.
    pub init: bool,
    /// Its code is as even as what is compressed or encrypted.
    pub packed: bool,
    /// Its imports do not tell what it can do, because …
    pub untold: Option<String>,
}

/// What a binary is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BinaryKind {
    /// Of Linux and its relatives.
    Elf,
    /// Of Windows.
    Pe,
    /// Of macOS.
    MachO,
    /// WebAssembly.
    Wasm,
}

impl BinaryKind {
    /// Whether the machine runs it, without an engine around it that it cannot leave.
    pub const fn is_native(self) -> bool {
        !matches!(self, Self::Wasm)
    }

    /// For people, with its article.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Elf => "a program or library of Linux",
            Self::Pe => "a program or library of Windows",
            Self::MachO => "a program or library of macOS",
            Self::Wasm => "a WebAssembly module",
        }
    }
}

/// What imports say that a binary can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// Sockets, name lookups, requests.
    Network,
    /// Starting processes, or changing those of others.
    Process,
    /// Loading more code.
    LoadsCode,
    /// Opening, moving, deleting files.
    Files,
    /// Encrypting and decrypting.
    Crypto,
    /// The functions of a miner of coins.
    Mines,
}

impl Ability {
    /// For people, the end of "it …".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Network => "opens the network",
            Self::Process => "starts processes",
            Self::LoadsCode => "loads code",
            Self::Files => "opens files",
            Self::Crypto => "encrypts",
            Self::Mines => "mines coins",
        }
    }
}

/// What is new in the binaries of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BinaryChange {
    /// The binary as it is now.
    pub now: BinaryFact,
    /// What happened.
    pub kind: BinaryChangeKind,
    /// The release before had none of its sort: no native one, or none at all for
    /// WebAssembly.
    pub first: bool,
    /// Abilities that none of those before had that it stands for.
    pub gained: BTreeSet<Ability>,
    /// Of the names that are shown, those that none of them imported.
    pub new_imports: Vec<String>,
    /// The strongest zone of those that it stands for; none when there were none.
    pub zone_before: Option<Zone>,
}

/// What happened to a binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BinaryChangeKind {
    /// Nothing like it was there.
    New,
    /// One of its name was there for another machine, version or interpreter.
    Variant,
    /// The same file imports other names.
    OtherImports,
    /// The same file with the same imports is reached in a stronger zone.
    Earlier,
}

impl fmt::Display for BinaryChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "is new",
            Self::Variant => "is new beside others of its name",
            Self::OtherImports => "imports other names than before",
            Self::Earlier => "is loaded earlier than before",
        })
    }
}

/// What is new in the binaries of a release against those of the one before it. Other
/// bytes with the same imports are no change: every build makes these.
pub fn compare(before: &[BinaryFact], after: &[BinaryFact]) -> Vec<BinaryChange> {
    after.iter().filter_map(|now| change(before, now)).collect()
}

fn change(before: &[BinaryFact], now: &BinaryFact) -> Option<BinaryChange> {
    let sort = |fact: &&BinaryFact| fact.kind.is_native() == now.kind.is_native();
    let same: Vec<&BinaryFact> = before
        .iter()
        .filter(sort)
        .filter(|fact| fact.path == now.path)
        .collect();
    let (stands_for, mut kind) = if same.is_empty() {
        let stem = stem(&now.path);
        let kin: Vec<&BinaryFact> = before
            .iter()
            .filter(sort)
            .filter(|fact| self::stem(&fact.path) == stem)
            .collect();
        let kind = if kin.is_empty() {
            BinaryChangeKind::New
        } else {
            BinaryChangeKind::Variant
        };
        (kin, kind)
    } else {
        (same, BinaryChangeKind::OtherImports)
    };
    let zone_before = stands_for.iter().map(|fact| fact.zone).max();
    if kind == BinaryChangeKind::OtherImports
        && stands_for
            .iter()
            .any(|fact| fact.imports_digest == now.imports_digest && fact.untold == now.untold)
    {
        if zone_before.is_none_or(|zone| zone >= now.zone) {
            return None;
        }
        kind = BinaryChangeKind::Earlier;
    }
    let had: BTreeSet<Ability> = stands_for
        .iter()
        .flat_map(|fact| fact.abilities.iter().copied())
        .collect();
    let imported: BTreeSet<&str> = stands_for
        .iter()
        .flat_map(|fact| fact.imports.iter().map(String::as_str))
        .collect();
    Some(BinaryChange {
        kind,
        first: if now.kind.is_native() {
            !before.iter().any(|fact| fact.kind.is_native())
        } else {
            before.is_empty()
        },
        gained: now.abilities.difference(&had).copied().collect(),
        new_imports: now
            .imports
            .iter()
            .filter(|name| !imported.contains(name.as_str()))
            .cloned()
            .collect(),
        zone_before,
        now: now.clone(),
    })
}

/// The name of a file without what differs between machines, versions and interpreters:
/// `_speedups.cpython-312-x86_64-linux-gnu.so` and `_speedups.cp312-win_amd64.pyd` are
/// one, and so are the `a.node` of two folders of prebuilds.
fn stem(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
    name.split(['-', '_', '@'])
        .filter(|part| {
            let machine = matches!(
                *part,
                "linux"
                    | "darwin"
                    | "macos"
                    | "win"
                    | "win32"
                    | "win64"
                    | "windows"
                    | "freebsd"
                    | "android"
                    | "x64"
                    | "x86"
                    | "ia32"
                    | "i686"
                    | "amd64"
                    | "arm64"
                    | "aarch64"
                    | "arm"
                    | "armv7"
                    | "universal"
                    | "universal2"
                    | "gnu"
                    | "musl"
                    | "msvc"
                    | "gnueabihf"
                    | "glibc"
            );
            !machine && !part.bytes().all(|byte| byte.is_ascii_digit())
        })
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(path: &str, imports: &[&str], abilities: &[Ability]) -> BinaryFact {
        BinaryFact {
            path: path.to_owned(),
            kind: BinaryKind::Elf,
            architecture: "x86_64".to_owned(),
            size: 100,
            abilities: abilities.iter().copied().collect(),
            imports: imports.iter().map(|name| (*name).to_owned()).collect(),
            imports_digest: Digest::sha256(imports.join("\n").as_bytes()),
            libraries: Vec::new(),
            zone: Zone::Import,
            init: false,
            packed: false,
            untold: None,
        }
    }

    #[test]
    fn the_first_one_of_a_pure_line_is_told() {
        let now = fact(
            "package/a.node",
            &["connect", "execve"],
            &[Ability::Network, Ability::Process],
        );
        let changes = compare(&[], std::slice::from_ref(&now));
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].kind, BinaryChangeKind::New);
        assert!(changes[0].first);
        assert_eq!(changes[0].gained.len(), 2);
        assert_eq!(changes[0].zone_before, None);
    }

    #[test]
    fn another_build_with_the_same_imports_is_no_change() {
        let before = fact("package/a.node", &["malloc"], &[]);
        let mut now = before.clone();
        now.size = 120;
        assert!(compare(&[before], &[now]).is_empty());
    }

    #[test]
    fn the_same_name_that_gains_sockets_is_told() {
        let before = fact("package/a.node", &["malloc"], &[]);
        let now = fact(
            "package/a.node",
            &["malloc", "connect"],
            &[Ability::Network],
        );
        let changes = compare(&[before], &[now]);
        assert_eq!(changes[0].kind, BinaryChangeKind::OtherImports);
        assert_eq!(changes[0].new_imports, ["connect"]);
        assert!(!changes[0].first);
    }

    #[test]
    fn a_prebuild_for_another_machine_is_a_variant() {
        let before = fact("package/prebuilds/linux-x64/a.node", &["malloc"], &[]);
        let now = fact("package/prebuilds/linux-arm64/a.node", &["malloc"], &[]);
        let changes = compare(std::slice::from_ref(&before), &[before.clone(), now]);
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].kind, BinaryChangeKind::Variant);
        assert!(changes[0].gained.is_empty());
    }

    #[test]
    fn a_hook_that_begins_to_load_it_is_told() {
        let before = fact("package/a.node", &["malloc"], &[]);
        let mut now = before.clone();
        now.zone = Zone::Install;
        let changes = compare(&[before], &[now]);
        assert_eq!(changes[0].kind, BinaryChangeKind::Earlier);
        assert_eq!(changes[0].zone_before, Some(Zone::Import));
    }

    #[test]
    fn names_lose_what_differs_between_machines() {
        assert_eq!(
            stem("a/_speedups.cpython-312-x86_64-linux-gnu.so"),
            stem("a/_speedups.cp312-win_amd64.pyd")
        );
        assert_eq!(
            stem("a/swc.linux-x64-gnu.node"),
            stem("b/swc.darwin-arm64.node")
        );
        assert_ne!(stem("a/one.node"), stem("a/two.node"));
    }
}
