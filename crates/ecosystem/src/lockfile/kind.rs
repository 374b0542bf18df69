use customs_model::Ecosystem;
use std::fmt;

/// The lockfiles that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// npm: `package-lock.json`, `npm-shrinkwrap.json`, `node_modules/.package-lock.json`.
    PackageLock,
    /// pnpm: `pnpm-lock.yaml`, formats 5 to 9.
    PnpmLock,
    /// Yarn 1: `yarn.lock`, a format of its own.
    YarnClassic,
    /// Yarn 2 and later: `yarn.lock`, YAML.
    YarnBerry,
    /// bun: `bun.lock`, JSON with comments and trailing commas.
    BunLock,
    /// uv: `uv.lock`, and `script.py.lock` beside a script.
    UvLock,
    /// pip: `requirements.txt` and files named like it.
    RequirementsTxt,
    /// Poetry: `poetry.lock`.
    PoetryLock,
    /// The common format of Python: `pylock.toml`, `pylock.NAME.toml`.
    PylockToml,
    /// cargo: `Cargo.lock`.
    CargoLock,
}

impl Kind {
    /// All of them, in the order in which reports list them.
    pub const ALL: [Self; 10] = [
        Self::PackageLock,
        Self::PnpmLock,
        Self::YarnClassic,
        Self::YarnBerry,
        Self::BunLock,
        Self::UvLock,
        Self::RequirementsTxt,
        Self::PoetryLock,
        Self::PylockToml,
        Self::CargoLock,
    ];

    /// Tells the kind by the file's name, and by its first bytes where the name does not
    /// say it (some 200 are enough). `name` may be a path; its last part counts.
    pub fn of_file_name(name: &str, head: &[u8]) -> Option<Self> {
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let holds = |what: &str| memchr::memmem::find(head, what.as_bytes()).is_some();
        match name {
            "package-lock.json" | "npm-shrinkwrap.json" | ".package-lock.json" => {
                Some(Self::PackageLock)
            }
            "pnpm-lock.yaml" => Some(Self::PnpmLock),
            // pnpm keeps what it installed as `node_modules/.pnpm/lock.yaml`.
            "lock.yaml" if holds("lockfileVersion") => Some(Self::PnpmLock),
            "yarn.lock" if holds("__metadata:") => Some(Self::YarnBerry),
            "yarn.lock" => Some(Self::YarnClassic),
            "bun.lock" => Some(Self::BunLock),
            "uv.lock" => Some(Self::UvLock),
            "poetry.lock" => Some(Self::PoetryLock),
            "Cargo.lock" => Some(Self::CargoLock),
            "pylock.toml" => Some(Self::PylockToml),
            _ if name.starts_with("pylock.") && name.ends_with(".toml") => Some(Self::PylockToml),
            // pnpm's lockfile per git branch.
            _ if name.starts_with("pnpm-lock.") && name.ends_with(".yaml") => Some(Self::PnpmLock),
            _ if name.ends_with(".py.lock") => Some(Self::UvLock),
            _ if name.contains("requirements") && name.ends_with(".txt") => {
                Some(Self::RequirementsTxt)
            }
            _ => None,
        }
    }

    /// Whose packages it names.
    pub const fn ecosystem(self) -> Ecosystem {
        match self {
            Self::PackageLock
            | Self::PnpmLock
            | Self::YarnClassic
            | Self::YarnBerry
            | Self::BunLock => Ecosystem::Npm,
            Self::UvLock | Self::RequirementsTxt | Self::PoetryLock | Self::PylockToml => {
                Ecosystem::PyPi
            }
            Self::CargoLock => Ecosystem::Cargo,
        }
    }

    /// The file's usual name; both generations of Yarn use `yarn.lock`.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::PackageLock => "package-lock.json",
            Self::PnpmLock => "pnpm-lock.yaml",
            Self::YarnClassic | Self::YarnBerry => "yarn.lock",
            Self::BunLock => "bun.lock",
            Self::UvLock => "uv.lock",
            Self::RequirementsTxt => "requirements.txt",
            Self::PoetryLock => "poetry.lock",
            Self::PylockToml => "pylock.toml",
            Self::CargoLock => "Cargo.lock",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_kind_and_the_head_tells_the_two_yarns_apart() {
        let of = |name: &str| Kind::of_file_name(name, b"");
        for kind in Kind::ALL {
            if kind != Kind::YarnBerry {
                assert_eq!(of(kind.file_name()), Some(kind));
            }
        }
        assert_eq!(
            Kind::of_file_name(
                "yarn.lock",
                b"# This file is generated\n\n__metadata:\n  version: 8\n"
            ),
            Some(Kind::YarnBerry)
        );
        assert_eq!(
            of("a/node_modules/.package-lock.json"),
            Some(Kind::PackageLock)
        );
        assert_eq!(of("requirements-dev.txt"), Some(Kind::RequirementsTxt));
        assert_eq!(of("pylock.dev.toml"), Some(Kind::PylockToml));
        assert_eq!(of("tool.py.lock"), Some(Kind::UvLock));
        assert_eq!(of("pnpm-lock.main.yaml"), Some(Kind::PnpmLock));
        assert_eq!(of("lock.yaml"), None);
        assert_eq!(
            Kind::of_file_name(".pnpm/lock.yaml", b"lockfileVersion: '9.0'\n"),
            Some(Kind::PnpmLock)
        );
        assert_eq!(of("bun.lockb"), None);
        assert_eq!(of("flake.lock"), None);
    }
}
