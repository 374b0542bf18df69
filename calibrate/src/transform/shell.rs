//! The shell: scripts, and the commands in a manifest of npm.

use super::edit::{Edits, PRAGMAS, extension, file_name};
use super::{File, Random, Transform};

/// The transforms of the shell.
pub const TRANSFORMS: &[Transform] = &[
    Transform {
        id: "T3",
        title: "encode strings",
        apply: |files, random| each(files, random, split_words),
    },
    Transform {
        id: "T8",
        title: "alias",
        apply: |files, random| each(files, random, alias),
    },
    Transform {
        id: "T10",
        title: "comments",
        apply: |files, random| each(files, random, comment),
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

/// Commands that may stand in a variable.
const COMMANDS: &[&str] = &[
    "curl", "wget", "sh", "bash", "nc", "ncat", "python", "python3", "base64", "env", "printenv",
    "cat", "chmod", "node", "npm", "rm", "tar", "openssl", "xxd", "ssh", "scp", "git", "nslookup",
    "dig", "host", "find", "grep", "sed", "awk", "perl", "ruby", "hostname", "whoami", "uname",
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

fn script(
    text: &str,
    random: &mut Random,
    change: fn(&str, bool, &mut Random) -> Option<(String, String)>,
) -> Option<String> {
    // The lines of a here-document are a text and no commands, and a script that reads
    // itself is its own data.
    if text.contains("<<") || text.contains("$0") {
        return None;
    }
    let at = if text.starts_with("#!") {
        text.find('\n')? + 1
    } else {
        0
    };
    let (head, body) = text.split_at(at);
    let (before, body) = change(body, true, random)?;
    Some(format!("{head}{before}{body}"))
}

fn manifest(
    text: &str,
    random: &mut Random,
    change: fn(&str, bool, &mut Random) -> Option<(String, String)>,
) -> Option<String> {
    let mut json: serde_json::Value = serde_json::from_str(text).ok()?;
    let mut any = false;
    let scripts = json.get_mut("scripts")?.as_object_mut()?;
    for (name, command) in scripts.iter_mut() {
        let serde_json::Value::String(command) = command else {
            continue;
        };
        if !HOOKS.contains(&name.as_str()) || command.contains("<<") {
            continue;
        }
        if let Some((before, body)) = change(command, false, random) {
            *command = format!("{before}{body}");
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

/// Words of plain characters outside of single quotes: start and end.
fn words(text: &str) -> Vec<(usize, usize)> {
    let places = places(text);
    let bytes = text.as_bytes();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"./:_-@%+,".contains(&byte);
    let mut words = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let open = matches!(places[start], In::Plain | In::Double);
        if !open || !is_plain(bytes[start]) {
            start += 1;
            continue;
        }
        let mut end = start;
        while end < bytes.len() && is_plain(bytes[end]) && places[end] == places[start] {
            end += 1;
        }
        words.push((start, end));
        start = end;
    }
    words
}

fn end_of_set(lines: bool) -> &'static str {
    if lines { "\n" } else { "; " }
}

/// T3: addresses and paths from variables.
fn split_words(text: &str, lines: bool, random: &mut Random) -> Option<(String, String)> {
    let mut edits = Edits::default();
    let mut before = String::new();
    for (start, end) in words(text) {
        let word = text.get(start..end)?;
        let outside = text.get(..start).and_then(|text| text.chars().next_back());
        let behind = text.get(end..).and_then(|text| text.chars().next());
        // A name, an option, a part of an expansion or of an assignment is no whole word.
        let is_part = outside.is_some_and(|c| "$={}[]~*?\\!".contains(c))
            || behind.is_some_and(|c| "=({}[]*?~".contains(c));
        let is_long = word.len() >= 6 && (word.contains('/') || word.contains('.'));
        // A word alone between blanks is a command or an argument; a part of a quoted text
        // may be one too.
        if is_part || !is_long || word.starts_with('-') || random.chance(1, 5) {
            continue;
        }
        let cut = 1 + random.below(word.len() - 1);
        let (first, second) = word.split_at(cut);
        let (a, b) = (random.name(text), random.name(text));
        let end_of_set = end_of_set(lines);
        before.push_str(&format!(
            "{a}='{first}'{end_of_set}{b}='{second}'{end_of_set}"
        ));
        edits.replace(start, end, format!("${{{a}}}${{{b}}}"));
    }
    Some((before, edits.apply(text)?))
}

/// T8: commands from variables.
fn alias(text: &str, lines: bool, random: &mut Random) -> Option<(String, String)> {
    let places = places(text);
    let mut edits = Edits::default();
    let mut before = String::new();
    for (start, end) in words(text) {
        let word = text.get(start..end)?;
        let behind = text.get(end..).and_then(|text| text.chars().next());
        let is_command = COMMANDS.contains(&word)
            && places.get(start) == Some(&In::Plain)
            && begins_command(text.get(..start)?)
            && behind.is_none_or(|c| c.is_whitespace() || ";|&)".contains(c));
        if !is_command || random.chance(1, 5) {
            continue;
        }
        let name = random.name(text);
        before.push_str(&format!("{name}={word}{}", end_of_set(lines)));
        edits.replace(start, end, format!("${name}"));
    }
    Some((before, edits.apply(text)?))
}

/// What stands before says that a command begins.
fn begins_command(before: &str) -> bool {
    let trimmed = before.trim_end_matches([' ', '\t']);
    let word = trimmed
        .rsplit(|c: char| c.is_whitespace() || ";|&(".contains(c))
        .next()
        .unwrap_or("");
    trimmed.is_empty()
        || trimmed.ends_with(['\n', ';', '|', '&', '(', '`'])
        || matches!(word, "then" | "do" | "else" | "{" | "!" | "if" | "while")
}

/// T10: comments between lines, and commands that do nothing.
fn comment(text: &str, lines: bool, random: &mut Random) -> Option<(String, String)> {
    let pragma = |random: &mut Random| random.pick(PRAGMAS).copied().unwrap_or("noqa");
    if !lines {
        // A hook is one line; the colon does nothing with its words.
        return Some((format!(": '{}'; ", pragma(random)), text.to_owned()));
    }
    let places = places(text);
    let mut edits = Edits::default();
    edits.insert(0, format!("# {}\n", pragma(random)));
    for (at, _) in text.match_indices('\n') {
        let continues = at > 0 && text.as_bytes().get(at - 1) == Some(&b'\\');
        if places.get(at) == Some(&In::Plain) && !continues && random.chance(1, 2) {
            edits.insert(at + 1, format!("\n  # {}\n", pragma(random)));
        }
    }
    Some((String::new(), edits.apply(text)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_single_quotes_and_comments_stay() {
        let text = "curl 'http://a.invalid/x' http://b.invalid/y # http://c.invalid/z\n";
        let words: Vec<&str> = words(text).into_iter().map(|(a, b)| &text[a..b]).collect();
        assert_eq!(words, ["curl", "http://b.invalid/y"]);
    }

    #[test]
    fn a_command_is_what_begins_one() {
        assert!(begins_command(""));
        assert!(begins_command("a | "));
        assert!(begins_command("if a; then "));
        assert!(!begins_command("echo "));
    }
}
