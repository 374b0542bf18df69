//! The shell: scripts, and the commands in a manifest of npm.

mod lines;
mod place;
mod rename;
mod words;
mod wrap;

use super::edit::{extension, file_name};
use super::{File, Random, Transform};

/// The transforms of the shell.
pub const TRANSFORMS: &[Transform] = &[
    Transform {
        id: "T1",
        title: "rename",
        apply: |files, random| each(files, random, rename::rename),
    },
    Transform {
        id: "T2",
        title: "split over files",
        apply: place::split,
    },
    Transform {
        id: "T3",
        title: "encode strings",
        apply: |files, random| each(files, random, words::encode_all),
    },
    Transform {
        id: "T4",
        title: "dead code",
        apply: |files, random| each(files, random, lines::dead),
    },
    Transform {
        id: "T5",
        title: "minify",
        apply: |files, random| each(files, random, lines::minify),
    },
    Transform {
        id: "T6",
        title: "bundle",
        apply: |files, random| each(files, random, wrap::bundle),
    },
    Transform {
        id: "T7",
        title: "later",
        apply: |files, random| each(files, random, wrap::later),
    },
    Transform {
        id: "T8",
        title: "alias",
        apply: |files, random| each(files, random, words::alias),
    },
    Transform {
        id: "T9",
        title: "computed members",
        apply: |files, random| each(files, random, words::computed),
    },
    Transform {
        id: "T10",
        title: "comments",
        apply: |files, random| each(files, random, lines::comment),
    },
    Transform {
        id: "T11",
        title: "outline and reorder",
        apply: |files, random| each(files, random, wrap::functions),
    },
    Transform {
        id: "T12",
        title: "move into data",
        apply: place::into_data,
    },
];

/// The hooks of npm whose commands are changed.
const HOOKS: &[&str] = &[
    "preinstall",
    "install",
    "postinstall",
    "prepare",
    "prepublish",
    "start",
];

/// Changes scripts, and commands of manifests. `change` gets a script and gives what must
/// stand before it and the changed script.
fn each(
    files: &[File],
    random: &mut Random,
    change: fn(&str, bool, &mut Random) -> Option<(String, String)>,
) -> Option<Vec<File>> {
    let mut any = false;
    let out = files
        .iter()
        .map(|(path, text)| {
            let changed = if file_name(path) == "package.json" {
                manifest(text, random, change)
            } else if extension(path) == "sh" || is_script(text) {
                script(text, random, change)
            } else {
                None
            };
            any |= changed.is_some();
            (path.clone(), changed.unwrap_or_else(|| text.clone()))
        })
        .collect();
    any.then_some(out)
}

fn is_script(text: &str) -> bool {
    let first = text.lines().next().unwrap_or("");
    first.starts_with("#!") && (first.ends_with("sh") || first.contains("sh "))
}

/// It is changed at all: the lines of a here-document are a text and no commands.
fn is_own(text: &str) -> bool {
    !text.contains("<<")
}

/// A script that reads itself is its own data; one that asks where it lies is not.
fn reads_itself(text: &str) -> bool {
    text.replace(r#"dirname "$0""#, "").contains("$0")
}

/// The first line, where it names an interpreter, and the rest.
fn head(text: &str) -> (&str, &str) {
    let at = match text.find('\n') {
        Some(end) if text.starts_with("#!") => end + 1,
        _ => 0,
    };
    text.split_at(at)
}

fn script(
    text: &str,
    random: &mut Random,
    change: fn(&str, bool, &mut Random) -> Option<(String, String)>,
) -> Option<String> {
    if !is_own(text) || reads_itself(text) {
        return None;
    }
    let (head, body) = head(text);
    let (before, body) = change(body, true, random)?;
    Some(format!("{head}{before}{body}"))
}

fn manifest(
    text: &str,
    random: &mut Random,
    change: fn(&str, bool, &mut Random) -> Option<(String, String)>,
) -> Option<String> {
    changed_hooks(text, |command| {
        let (before, body) = change(command, false, random)?;
        Some(format!("{before}{body}"))
    })
}

/// A manifest of npm with other commands in its hooks.
fn changed_hooks(text: &str, mut change: impl FnMut(&str) -> Option<String>) -> Option<String> {
    let mut json: serde_json::Value = serde_json::from_str(text).ok()?;
    let mut any = false;
    let scripts = json.get_mut("scripts")?.as_object_mut()?;
    for (name, command) in scripts.iter_mut() {
        let serde_json::Value::String(command) = command else {
            continue;
        };
        if !HOOKS.contains(&name.as_str()) || !is_own(command) {
            continue;
        }
        if let Some(changed) = change(command) {
            *command = changed;
            any = true;
        }
    }
    any.then(|| format!("{json}\n"))
}

/// What a character of a script stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum In {
    /// Nothing.
    Plain,
    /// `'…'`, where nothing is replaced.
    Single,
    /// `"…"`.
    Double,
    /// A comment.
    Comment,
}

/// Says for each byte what it stands in. Quotes inside of `"$(…)"` are taken as plain
/// quotes, which may leave a word as it is but changes none that must not be.
fn places(text: &str) -> Vec<In> {
    let mut places = Vec::with_capacity(text.len());
    let mut now = In::Plain;
    let mut escaped = false;
    let mut before = b'\n';
    for byte in text.bytes() {
        let mut here = now;
        match now {
            _ if escaped => escaped = false,
            In::Single => {
                if byte == b'\'' {
                    now = In::Plain;
                }
            }
            In::Double => match byte {
                b'\\' => escaped = true,
                b'"' => now = In::Plain,
                _ => {}
            },
            In::Comment => {
                if byte == b'\n' {
                    now = In::Plain;
                    here = In::Plain;
                }
            }
            In::Plain => match byte {
                b'\\' => escaped = true,
                b'\'' => {
                    now = In::Single;
                    here = In::Single;
                }
                b'"' => {
                    now = In::Double;
                    here = In::Double;
                }
                b'#' if before.is_ascii_whitespace() || before == b';' => {
                    now = In::Comment;
                    here = In::Comment;
                }
                _ => {}
            },
        }
        places.push(here);
        before = byte;
    }
    places
}
