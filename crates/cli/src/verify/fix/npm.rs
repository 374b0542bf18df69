//! npm, pnpm, Yarn and bun: the project's own range where it asks itself, an override where
//! somebody else does.

use super::Project;
use super::asks::{Direct, Who};
use super::edits::Edits;
use customs_ecosystem::lockfile::{AskKind, Kind, json_text, set_json_text};
use customs_model::{ReleaseId, Version};
use std::path::{Path, PathBuf};

/// pnpm's own settings, which hold its overrides since version 10.
const WORKSPACE: &str = "pnpm-workspace.yaml";

/// Edits the manifests so that the next lock takes `to`. Gives the command that locks again.
///
/// # Errors
/// Why it has to be done by hand. Safe to print.
pub(super) fn edit(
    edits: &mut Edits,
    project: &Project<'_>,
    kind: Kind,
    release: &ReleaseId,
    to: &Version,
    who: &Who,
) -> Result<String, String> {
    let name = release.package.as_str();
    let root = project.folder.join("package.json");
    let overrides = Overrides::of(kind, edits, project.folder, &root);
    let peers = |one: &&Direct| one.kind != AskKind::Peer;
    let direct: Vec<&Direct> = who.direct.iter().filter(peers).collect();
    // pnpm and Yarn keep what is locked for each range, so that only an override reaches all.
    let by_range = match kind {
        Kind::PnpmLock | Kind::YarnClassic | Kind::YarnBerry => who.beside > 0,
        _ => true,
    };
    if by_range {
        for one in &direct {
            let path = project.folder.join(&one.folder).join("package.json");
            range(edits, &path, one, to)?;
        }
    }
    let of_root = direct.iter().any(|one| one.folder.is_empty());
    let needs_override = match kind {
        // npm takes for everybody what the project itself pins, and refuses an override beside it.
        Kind::PackageLock => !(who.packages.is_empty() || of_root && who.beside == 0),
        Kind::BunLock => !who.packages.is_empty(),
        _ => !who.packages.is_empty() || !by_range,
    };
    if needs_override {
        match who.beside {
            0 => overrides.set(edits, &[name], to)?,
            // An override of the name alone would move the other versions as well.
            _ => {
                for package in &who.packages {
                    overrides.set(edits, &[&package.name, name], to)?;
                }
            }
        }
    }
    if !needs_override && (direct.is_empty() || !by_range) {
        return Err("nobody in the lockfile asks for it; lock again without it".to_owned());
    }
    Ok(command(kind).to_owned())
}

/// What locks again without running a script of any package.
const fn command(kind: Kind) -> &'static str {
    match kind {
        Kind::PnpmLock => "pnpm install --lockfile-only --ignore-scripts",
        Kind::YarnClassic => "yarn install --ignore-scripts",
        Kind::YarnBerry => "yarn install --mode=update-lockfile",
        Kind::BunLock => "bun install --lockfile-only --ignore-scripts",
        _ => "npm install --package-lock-only --ignore-scripts",
    }
}

/// Pins what a manifest asks for.
fn range(edits: &mut Edits, path: &Path, one: &Direct, to: &Version) -> Result<(), String> {
    let text = edits.text(path)?.to_owned();
    let sections = ["dependencies", "devDependencies", "optionalDependencies"];
    for section in sections {
        let at = [section, one.name.as_str()];
        let found = json_text(&text, &at).map_err(|why| why.to_string())?;
        if found.as_deref() != Some(one.spec.as_str()) {
            continue;
        }
        let value = match one.spec.strip_prefix("npm:") {
            // An alias goes on to mean the package that it means.
            Some(real) => match real.get(1..).and_then(|rest| rest.find('@')) {
                Some(end) => format!("npm:{}@{to}", &real[..=end]),
                None => format!("npm:{real}@{to}"),
            },
            None => to.to_string(),
        };
        let after = set_json_text(&text, &at, &value).map_err(|why| why.to_string())?;
        return edits.set(path, after);
    }
    Err(format!(
        "no section of its package.json asks for {} in these words",
        one.name
    ))
}

/// Where a manager's overrides stand.
enum Overrides {
    /// In the manifest, below these keys, with how a dependent is written before a name.
    Manifest(PathBuf, Vec<&'static str>, Nested),
    /// In pnpm's own file.
    Workspace(PathBuf),
}

/// How "only below this package" is written.
#[derive(Clone, Copy)]
enum Nested {
    Object,
    Joined(&'static str),
    No,
}

impl Overrides {
    fn of(kind: Kind, edits: &mut Edits, folder: &Path, root: &Path) -> Self {
        let manifest =
            |keys: &[&'static str], nested| Self::Manifest(root.to_owned(), keys.to_vec(), nested);
        match kind {
            Kind::PnpmLock => {
                let workspace = folder.join(WORKSPACE);
                match of_workspace(edits, &workspace, root) {
                    true => Self::Workspace(workspace),
                    false => manifest(&["pnpm", "overrides"], Nested::Joined(">")),
                }
            }
            Kind::YarnClassic | Kind::YarnBerry => manifest(&["resolutions"], Nested::Joined("/")),
            Kind::BunLock => manifest(&["overrides"], Nested::No),
            _ => manifest(&["overrides"], Nested::Object),
        }
    }

    /// Overrides the last of `names`, below the others.
    fn set(&self, edits: &mut Edits, names: &[&str], to: &Version) -> Result<(), String> {
        match self {
            Self::Manifest(path, keys, nested) => {
                let joined;
                let mut at: Vec<&str> = keys.clone();
                match nested {
                    Nested::No if names.len() > 1 => {
                        return Err(
                            "the lockfile has several versions of it, and bun overrides all or none".into(),
                        );
                    }
                    Nested::Object | Nested::No => at.extend(names),
                    Nested::Joined(with) => {
                        joined = names.join(with);
                        at.push(&joined);
                    }
                }
                let text = edits.text(path)?;
                let after = set_json_text(text, &at, to.as_str()).map_err(|why| why.to_string())?;
                edits.set(path, after)
            }
            Self::Workspace(path) => {
                let text = edits.text(path)?;
                let after = with_override(text, &names.join(">"), to.as_str())?;
                edits.set(path, after)
            }
        }
    }
}

/// Whether pnpm reads its overrides from its own file: where some stand there, or where the project
/// says that it uses a pnpm that reads them from nowhere else.
fn of_workspace(edits: &mut Edits, workspace: &Path, root: &Path) -> bool {
    let Ok(text) = edits.text(workspace).map(str::to_owned) else {
        return false;
    };
    let manager = edits
        .text(root)
        .ok()
        .and_then(|text| json_text(text, &["packageManager"]).ok());
    let manager = manager.flatten().unwrap_or_default();
    let major = manager
        .strip_prefix("pnpm@")
        .and_then(|rest| rest.split('.').next());
    let is_new = major
        .and_then(|major| major.parse::<u32>().ok())
        .is_some_and(|major| major >= 10);
    is_new || text.lines().any(|line| line.trim_end() == "overrides:")
}

/// One more line in the block `overrides:`, at its beginning.
fn with_override(text: &str, selector: &str, to: &str) -> Result<String, String> {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let key = match selector.contains(['@', '>']) {
        true => format!("'{}'", selector.replace('\'', "''")),
        false => selector.to_owned(),
    };
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        if line.trim_end() != "overrides:" {
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        let block: Vec<&str> = rest
            .lines()
            .take_while(|line| line.starts_with([' ', '\t']) || line.trim().is_empty())
            .collect();
        let is_there = |line: &&&str| {
            let name = line.trim_start().trim_start_matches(['\'', '"']);
            let rest = name.strip_prefix(selector);
            rest.is_some_and(|rest| rest.trim_start_matches(['\'', '"']).starts_with(':'))
        };
        if block.iter().any(|line| is_there(&line)) {
            return Err(format!(
                "{WORKSPACE} overrides it already; change that line by hand"
            ));
        }
        let own = block.iter().find(|line| !line.trim().is_empty());
        let own = own.map_or("  ", |line| &line[..line.len() - line.trim_start().len()]);
        let (head, tail) = text.split_at(at);
        let gap = if head.ends_with('\n') { "" } else { end };
        return Ok(format!("{head}{gap}{own}{key}: {to}{end}{tail}"));
    }
    let gap = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        end
    };
    Ok(format!("{text}{gap}overrides:{end}  {key}: {to}{end}"))
}

#[cfg(test)]
mod tests {
    use super::with_override;

    #[test]
    fn an_override_of_pnpm_stands_in_its_block_in_the_style_of_the_file() {
        assert_eq!(
            with_override(
                "packages:\n  - a\noverrides:\n    b: 1.0.0\n",
                "@s/a",
                "1.0.3"
            )
            .unwrap(),
            "packages:\n  - a\noverrides:\n    '@s/a': 1.0.3\n    b: 1.0.0\n"
        );
        assert_eq!(
            with_override("packages:\r\n  - a", "a", "1.0.3").unwrap(),
            "packages:\r\n  - a\r\noverrides:\r\n  a: 1.0.3\r\n"
        );
        assert!(with_override("overrides:\n  'a': 1.0.0\n", "a", "1.0.3").is_err());
        assert!(with_override("overrides:\n  ab: 1.0.0\n", "a", "1.0.3").is_ok());
    }
}
