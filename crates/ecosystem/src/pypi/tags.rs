//! For which interpreter and machine a wheel is, and which of several wheels an installer takes.
//!
//! Source: "Platform compatibility tags" of packaging.python.org (PEP 425, 600, 656), and the order
//! in which pip and uv prefer tags: the interpreter's own ABI, the stable ABI (the newest first), no
//! ABI; for this machine before for every machine.

use super::installed::VirtualEnvironment;
use std::collections::BTreeSet;

/// Bounds on what is read.
pub mod limit {
    /// Tags of one wheel. Real ones have up to some 20.
    pub const TAGS: usize = 256;
    /// Bytes of a `WHEEL`.
    pub const BYTES: usize = 64 << 10;
}

/// `cp311-abi3-manylinux_2_17_x86_64`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    python: String,
    abi: String,
    platform: String,
}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}-{}", self.python, self.abi, self.platform)
    }
}

/// The tags that the name of a wheel's file stands for. None where it is no such name, or stands
/// for more than [`limit::TAGS`].
pub fn tags_of_name(filename: &str) -> Option<BTreeSet<Tag>> {
    let stem = filename.strip_suffix(".whl")?;
    // Name, version and perhaps a build stand before them.
    matches!(stem.split('-').count(), 5 | 6).then_some(())?;
    let mut parts = stem.rsplitn(4, '-');
    let (platform, abi, python) = (parts.next()?, parts.next()?, parts.next()?);
    let mut found = BTreeSet::new();
    expand(python, abi, platform, &mut found).then_some(found)
}

/// The `Tag` lines of a `WHEEL`. None where there is none, or one cannot be read: it says nothing
/// then.
pub fn tags_of_wheel_file(bytes: &[u8]) -> Option<BTreeSet<Tag>> {
    let text = std::str::from_utf8(bytes.get(..).filter(|b| b.len() <= limit::BYTES)?).ok()?;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        let Some(value) = line.strip_prefix("Tag:") else {
            continue;
        };
        let mut parts = value.trim().split('-');
        let (python, abi, platform) = (parts.next()?, parts.next()?, parts.next()?);
        let is_whole = parts.next().is_none() && expand(python, abi, platform, &mut found);
        is_whole.then_some(())?;
    }
    (!found.is_empty()).then_some(found)
}

/// False where there are too many, or a part is empty.
fn expand(python: &str, abi: &str, platform: &str, into: &mut BTreeSet<Tag>) -> bool {
    for python in python.split('.') {
        for abi in abi.split('.') {
            for platform in platform.split('.') {
                let parts = [python, abi, platform];
                if into.len() >= limit::TAGS || parts.iter().any(|part| part.is_empty()) {
                    return false;
                }
                let [python, abi, platform] = parts.map(str::to_ascii_lowercase);
                into.insert(Tag {
                    python,
                    abi,
                    platform,
                });
            }
        }
    }
    true
}

/// Who made an interpreter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Implementation {
    /// CPython.
    CPython,
    /// CPython without the global lock (`python3.13t`).
    FreeThreaded,
    /// PyPy.
    PyPy,
}

/// The interpreter of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interpreter {
    /// Who made it.
    pub implementation: Implementation,
    /// `3.11`.
    pub version: (u8, u8),
}

impl Interpreter {
    /// By the folder that it imports from, `lib/python3.11/site-packages`: another interpreter would
    /// not look there. None where the folder names no version.
    pub fn of_site(site: &str) -> Option<Self> {
        site.split('/').rev().find_map(|part| {
            let (implementation, rest) = match (part.strip_prefix("pypy"), part) {
                (Some(rest), _) => (Implementation::PyPy, rest),
                (None, part) => (Implementation::CPython, part.strip_prefix("python")?),
            };
            let (implementation, rest) = match (implementation, rest.strip_suffix('t')) {
                (Implementation::CPython, Some(rest)) => (Implementation::FreeThreaded, rest),
                (implementation, _) => (implementation, rest),
            };
            let (major, minor) = rest.split_once('.')?;
            Some(Self {
                implementation,
                version: (major.parse().ok()?, minor.parse().ok()?),
            })
        })
    }

    /// By what an environment says of itself, for systems where its folders name no version. None
    /// where it says too little.
    pub fn of_settings(settings: &VirtualEnvironment) -> Option<Self> {
        let implementation = match settings.implementation.as_deref() {
            None => Implementation::CPython,
            Some(name) if name.eq_ignore_ascii_case("cpython") => Implementation::CPython,
            Some(name) if name.eq_ignore_ascii_case("pypy") => Implementation::PyPy,
            Some(_) => return None,
        };
        Some(Self {
            implementation,
            version: settings.version?,
        })
    }

    /// How much it likes python tag and ABI, the lowest first. None where it cannot use them.
    fn prefers(self, tag: &Tag) -> Option<u16> {
        let at = tag.python.find(|c: char| c.is_ascii_digit())?;
        let (name, digits) = tag.python.split_at_checked(at)?;
        let (major, minor) = digits.split_at_checked(1)?;
        let major: u8 = major.parse().ok()?;
        let minor: Option<u8> = match minor {
            "" => None,
            minor => Some(minor.parse().ok()?),
        };
        if major != self.version.0 {
            return None;
        }
        let behind = match minor {
            Some(minor) => Some(u16::from(self.version.1.checked_sub(minor)?)),
            None => None,
        };
        match (self.implementation, name, tag.abi.as_str(), behind) {
            (_, "py", "none", Some(0)) => Some(1000),
            (_, "py", "none", None) => Some(1001),
            (_, "py", "none", Some(behind)) => Some(1001 + behind),
            (Implementation::CPython, "cp", "abi3", Some(behind)) => Some(1 + behind * 2),
            (Implementation::CPython | Implementation::FreeThreaded, "cp", "none", Some(0)) => {
                Some(2)
            }
            (Implementation::CPython, "cp", abi, Some(0)) => {
                // Until 3.7 with an `m` behind it.
                (abi.strip_suffix('m').unwrap_or(abi) == tag.python).then_some(0)
            }
            (Implementation::FreeThreaded, "cp", abi, Some(0)) => {
                (abi.strip_suffix('t') == Some(tag.python.as_str())).then_some(0)
            }
            (Implementation::PyPy, "pp", "none", Some(0)) => Some(2),
            (Implementation::PyPy, "pp", abi, Some(0)) => {
                let own = abi
                    .strip_prefix("pypy")
                    .and_then(|own| own.split('_').next());
                (own == Some(digits)).then_some(0)
            }
            (_, _, _, _) => None,
        }
    }
}

/// The machine that an environment is used on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// As [`std::env::consts::OS`] names it.
    pub system: &'static str,
    /// As [`std::env::consts::ARCH`] names it.
    pub processor: &'static str,
    /// Of Linux: whether programs for musl run.
    pub musl: bool,
    /// Of Linux: whether programs for glibc run.
    pub glibc: bool,
}

impl Machine {
    /// Whether a wheel for this platform runs here.
    fn runs(self, platform: &str) -> bool {
        let names: &[&str] = match self.processor {
            "aarch64" => &["aarch64", "arm64"],
            "x86_64" => &["x86_64", "amd64"],
            "x86" => &["i686", "i386"],
            "arm" => &["armv7l", "armv6l"],
            "powerpc64" => &["ppc64le", "ppc64"],
            other => &[other],
        };
        let behind = |name: &&str| {
            let before = platform.strip_suffix(*name);
            before.is_some_and(|before| before.ends_with('_'))
        };
        let own = names.iter().any(&behind);
        match self.system {
            "macos" => {
                let several = ["universal2", "universal", "intel", "fat64"];
                let fits = own || several.iter().any(&behind);
                platform.starts_with("macosx_") && fits
            }
            "windows" => {
                let is_old = self.processor == "x86" && platform == "win32";
                is_old || (platform.starts_with("win_") && own)
            }
            _ => {
                let is_for = platform.starts_with("linux_")
                    || (self.glibc && platform.starts_with("manylinux"))
                    || (self.musl && platform.starts_with("musllinux"));
                is_for && own
            }
        }
    }

    /// How much an installer likes a wheel with these tags, the lowest first: of several it takes one
    /// of the lowest. None where it takes none of them. Of an interpreter that is not known every
    /// wheel for this machine is as good as any.
    pub fn rank(self, interpreter: Option<Interpreter>, tags: &BTreeSet<Tag>) -> Option<u16> {
        let of = |tag: &Tag| {
            let preferred = match interpreter {
                Some(interpreter) => interpreter.prefers(tag)?,
                None => 0,
            };
            match tag.platform.as_str() {
                "any" if interpreter.is_none() => Some(0),
                "any" => Some(10_000 + preferred),
                platform => self.runs(platform).then_some(preferred),
            }
        };
        tags.iter().filter_map(of).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINUX: Machine = Machine {
        system: "linux",
        processor: "x86_64",
        musl: false,
        glibc: true,
    };

    fn best<'a>(site: &str, machine: Machine, files: &[&'a str]) -> Vec<&'a str> {
        let interpreter = Interpreter::of_site(site);
        assert!(interpreter.is_some(), "{site}");
        let rank = |file: &str| machine.rank(interpreter, &tags_of_name(file).unwrap());
        let lowest = files.iter().filter_map(|file| rank(file)).min();
        let best = files.iter().filter(|file| rank(file).is_some());
        best.filter(|file| rank(file) == lowest).copied().collect()
    }

    #[test]
    fn of_many_wheels_those_are_best_that_an_installer_takes() {
        let files = [
            "a-1-cp314-cp314-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "a-1-cp313-cp313t-manylinux_2_17_x86_64.whl",
            "a-1-cp311-cp311-manylinux_2_17_x86_64.whl",
            "a-1-cp311-cp311-manylinux_2_28_x86_64.whl",
            "a-1-cp311-cp311-musllinux_1_2_x86_64.whl",
            "a-1-cp311-cp311-manylinux_2_17_aarch64.whl",
            "a-1-cp311-cp311-win_amd64.whl",
            "a-1-cp310-abi3-manylinux_2_17_x86_64.whl",
            "a-1-cp39-abi3-manylinux_2_17_x86_64.whl",
            "a-1-pp310-pypy310_pp73-manylinux_2_17_x86_64.whl",
            "a-1-py2.py3-none-any.whl",
        ];
        for (site, expected) in [
            ("lib/python3.11/site-packages", &files[2..4]),
            ("lib/python3.14/site-packages", &files[..1]),
            ("lib/python3.13t/site-packages", &files[1..2]),
            ("lib/python3.12/site-packages", &files[7..8]),
            ("lib/python3.9/site-packages", &files[8..9]),
            ("lib/python3.8/site-packages", &files[10..]),
            ("lib/pypy3.10/site-packages", &files[9..10]),
            ("lib/python3.14t/site-packages", &files[10..]),
        ] {
            assert_eq!(best(site, LINUX, &files), expected, "{site}");
        }
        let arm = Machine {
            processor: "aarch64",
            ..LINUX
        };
        assert_eq!(
            best(".venv/lib/python3.11/site-packages", arm, &files),
            files[5..6]
        );
        let musl = Machine {
            musl: true,
            glibc: false,
            ..LINUX
        };
        assert_eq!(
            best("lib/python3.11/site-packages", musl, &files),
            files[4..5]
        );
    }

    #[test]
    fn machines_of_other_systems_take_their_own() {
        let mac = Machine {
            system: "macos",
            processor: "aarch64",
            musl: false,
            glibc: false,
        };
        let files = [
            "a-1-cp311-cp311-macosx_10_9_x86_64.whl",
            "a-1-cp311-cp311-macosx_11_0_arm64.whl",
            "a-1-cp311-cp311-macosx_10_9_universal2.whl",
            "a-1-cp311-cp311-win32.whl",
            "a-1-cp311-cp311-win_arm64.whl",
        ];
        assert_eq!(best("lib/python3.11/x", mac, &files), files[1..3]);
        let windows = Machine {
            system: "windows",
            ..mac
        };
        assert_eq!(best("lib/python3.11/x", windows, &files), files[4..]);
    }

    #[test]
    fn an_interpreter_is_named_by_its_folder_or_its_settings() {
        assert_eq!(Interpreter::of_site("lib/python3/dist-packages"), None);
        assert_eq!(Interpreter::of_site("Lib/site-packages"), None);
        let of = |text: &str| {
            Interpreter::of_settings(&VirtualEnvironment::parse(text.as_bytes()).unwrap())
        };
        let found = of("version_info = 3.11.7.final.0\nimplementation = PyPy\n").unwrap();
        assert_eq!(found.version, (3, 11));
        assert_eq!(found.implementation, Implementation::PyPy);
        assert_eq!(of("version = 3.11\nimplementation = GraalVM\n"), None);
        assert_eq!(of("home = /usr/bin\n"), None);
    }

    #[test]
    fn what_a_wheel_file_says_is_what_its_name_says() {
        let said = b"Wheel-Version: 1.0\nTag: cp311-abi3-manylinux_2_17_x86_64\nTag: cp311-abi3-manylinux2014_x86_64\n";
        let name = "a-1-1-cp311-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl";
        assert_eq!(tags_of_wheel_file(said), tags_of_name(name));
        for nothing in [
            &b"Tag: x\n"[..],
            b"Tag: a-b-c-d\n",
            b"",
            b"\xff",
            b"Tag: a--c\n",
        ] {
            assert_eq!(tags_of_wheel_file(nothing), None);
        }
        assert_eq!(tags_of_name("a-1.tar.gz"), None);
        assert_eq!(
            tags_of_name(&format!("a-1-{}-b-c.whl", "a.".repeat(300))),
            None
        );
    }

    proptest! {
        #[test]
        fn no_name_and_no_file_makes_it_panic(text in "\\PC{0,60}", tag in "[a-zé0-9._-]{0,30}") {
            let interpreter = Interpreter::of_site(&text).or(Interpreter::of_site("python3.11"));
            for tags in [
                tags_of_name(&format!("a-1-{tag}.whl")),
                tags_of_wheel_file(format!("Tag: {tag}\n").as_bytes()),
                tags_of_wheel_file(text.as_bytes()),
            ].into_iter().flatten() {
                LINUX.rank(interpreter, &tags);
            }
        }
    }
}
