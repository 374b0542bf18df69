//! Transforms of source that keep its meaning: what an attacker does to a program that was
//! found, so that it is not found again.
//!
//! A transform takes the files of a case and gives them changed, or nothing when it cannot
//! be applied. It works by the places of a syntax tree and by changes of the text; what it
//! gives is parsed again, and dropped when it no longer parses.

mod edit;
mod javascript;
mod python;
pub mod random;
mod rust;
mod shell;

pub use random::Random;

use edit::extension;

/// A path and its text.
pub type File = (String, String);

/// The language that a case is written in: the one whose files are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// JavaScript and TypeScript.
    JavaScript,
    /// Python.
    Python,
    /// Rust.
    Rust,
    /// The POSIX shell, and the commands in a manifest of npm.
    Shell,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::JavaScript, Self::Python, Self::Rust, Self::Shell];

    /// The language of a file of shapes: `p1-environment-dump.js`, with or without the
    /// number of a case.
    pub fn of(id: &str) -> Option<Self> {
        let name = id.split('#').next().unwrap_or(id);
        match extension(name) {
            "js" => Some(Self::JavaScript),
            "py" => Some(Self::Python),
            "rs" => Some(Self::Rust),
            "sh" => Some(Self::Shell),
            _ => None,
        }
    }

    /// As it is shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
            Self::Rust => "Rust",
            Self::Shell => "shell",
        }
    }

    /// What can be done to it.
    pub const fn transforms(self) -> &'static [Transform] {
        match self {
            Self::JavaScript => javascript::TRANSFORMS,
            Self::Python => python::TRANSFORMS,
            Self::Rust => rust::TRANSFORMS,
            Self::Shell => shell::TRANSFORMS,
        }
    }
}

/// One way of changing the files of a case.
#[derive(Clone, Copy)]
pub struct Transform {
    /// `T1` to `T12`.
    pub id: &'static str,
    /// What it does, a few words.
    pub title: &'static str,
    /// Does it; none when it cannot be applied.
    pub apply: fn(&[File], &mut Random) -> Option<Vec<File>>,
}

impl std::fmt::Debug for Transform {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.id)
    }
}

/// Does several, one after the other; none when one of them cannot be applied.
pub fn apply_chain(files: &[File], chain: &[&Transform], random: &mut Random) -> Option<Vec<File>> {
    let mut files = files.to_vec();
    for transform in chain {
        files = (transform.apply)(&files, random)?;
    }
    Some(files)
}

/// Changes each file of a language on its own. `change` gives none for a file that stays;
/// a change that `sound` does not like (it no longer parses) is dropped.
fn each(
    files: &[File],
    random: &mut Random,
    is_code: fn(&str) -> bool,
    sound: fn(&str, &str, &str) -> bool,
    change: fn(&str, &str, &mut Random) -> Option<String>,
) -> Option<Vec<File>> {
    let mut any = false;
    let files = files
        .iter()
        .map(|(path, text)| {
            let changed = is_code(path)
                .then(|| change(path, text, random))
                .flatten()
                .filter(|changed| changed != text && sound(path, text, changed));
            match changed {
                Some(changed) => {
                    any = true;
                    (path.clone(), changed)
                }
                None => (path.clone(), text.clone()),
            }
        })
        .collect();
    any.then_some(files)
}

/// A path that no file of a case has.
fn new_path(
    files: &[File],
    folder: &str,
    stems: &[&str],
    extension: &str,
    random: &mut Random,
) -> String {
    loop {
        let stem = random.pick(stems).copied().unwrap_or("part");
        let path = format!("{folder}{stem}{:x}.{extension}", random.number() & 0xfff);
        if !files.iter().any(|(other, _)| *other == path) {
            return path;
        }
    }
}

#[cfg(test)]
mod tests;
