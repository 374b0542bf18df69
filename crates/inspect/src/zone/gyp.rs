//! `binding.gyp`: commands that run while it is read, in it and in what it includes.

use super::Entry;
use crate::package::{Package, folder, join};
use crate::pure::FileId;
use customs_model::Zone;

/// `binding.gyp`, and the files that it includes or depends on.
pub(super) fn gyp_files(package: &Package, gyp: FileId, entries: &mut Vec<Entry>) {
    const MOST: usize = 32;
    let mut files = vec![gyp];
    let mut at = 0;
    while let Some(file) = files.get(at).copied() {
        at += 1;
        let Some(bytes) = package.file(file).bytes.as_deref() else {
            continue;
        };
        let text = String::from_utf8_lossy(bytes).into_owned();
        gyp_commands(&text, file, entries);
        for key in ["includes", "dependencies"] {
            for name in gyp_lists(&text, key).into_iter().flatten() {
                // A dependency may name a target behind the file.
                let path = name.split(".gyp:").next().unwrap_or(&name);
                let path = if path.len() < name.len() {
                    format!("{path}.gyp")
                } else {
                    path.to_owned()
                };
                let here = folder(&package.file(file).path);
                if let Some(other) = package.find(&join(here, &path))
                    && files.len() < MOST
                    && !files.contains(&other)
                {
                    files.push(other);
                }
            }
        }
    }
}

/// The lists of texts that stand behind a key of a gyp file.
fn gyp_lists(text: &str, key: &str) -> Vec<Vec<String>> {
    let mut lists = Vec::new();
    for quote in ['\'', '"'] {
        let name = format!("{quote}{key}{quote}");
        let mut rest = text;
        while let Some(at) = rest.find(&name) {
            rest = rest[at + name.len()..].trim_start();
            let list = rest
                .strip_prefix(':')
                .and_then(|rest| rest.trim_start().strip_prefix('['));
            if let Some(list) = list {
                // What stands in a list is not looked at again.
                let (words, behind) = gyp_words(list);
                lists.push(words);
                rest = behind;
            }
        }
    }
    lists
}

/// The texts of a list, up to its end, and what stands behind it: brackets and commas may
/// stand in them.
fn gyp_words(text: &str) -> (Vec<String>, &str) {
    let mut words = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ']' => break,
            '#' => {
                chars.by_ref().find(|c| *c == '\n');
            }
            '\'' | '"' => words.push(gyp_word(&mut chars, c)),
            _ => {}
        }
    }
    (words, chars.as_str())
}

/// The rest of a text, up to its quote.
fn gyp_word(chars: &mut std::str::Chars<'_>, quote: char) -> String {
    let mut word = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.extend(chars.next()),
            c if c == quote => break,
            c => word.push(c),
        }
    }
    word
}

/// A gyp file runs commands where it says `<!(…)`, and its actions.
fn gyp_commands(text: &str, file: FileId, entries: &mut Vec<Entry>) {
    let mut rest = text;
    while let Some(at) = rest.find("<!") {
        rest = &rest[at + 2..];
        let inner = rest.strip_prefix('@').unwrap_or(rest);
        // A module of Python whose `DoMain` gyp calls itself.
        if let Some(words) = inner.strip_prefix("pymod_do_main(") {
            let end = words.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.'));
            let module = &words[..end.unwrap_or(words.len())];
            if !module.is_empty() {
                entries.push(Entry::Code {
                    text: format!("import {module}\n{module}.DoMain([])\n"),
                    zone: Zone::Install,
                    file,
                });
            }
            continue;
        }
        let Some(inner) = inner.strip_prefix('(') else {
            continue;
        };
        let mut depth = 1;
        let end = inner
            .char_indices()
            .find(|(_, c)| {
                match c {
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    _ => {}
                }
                depth == 0
            })
            .map_or(inner.len(), |(at, _)| at);
        entries.push(Entry::Command {
            text: inner[..end]
                .replace("\\\"", "\"")
                .replace("\\'", "'")
                .replace("\\\\", "\\"),
            zone: Zone::Install,
            file,
            name: "binding.gyp".to_owned(),
            folder: String::new(),
        });
        rest = &inner[end..];
    }
    // Actions: each word of a list is one argument.
    for words in gyp_lists(text, "action") {
        let words: Vec<String> = words
            .iter()
            .map(|word| word.replace("<(module_root_dir)/", ""))
            .map(|word| format!("'{}'", word.replace('\'', "'\\''")))
            .collect();
        entries.push(Entry::Command {
            text: words.join(" "),
            zone: Zone::Install,
            file,
            name: "binding.gyp".to_owned(),
            folder: String::new(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, gyp_commands};

    /// The commands and the code of a text, each on a line.
    fn entries(text: &str) -> Vec<String> {
        let mut entries = Vec::new();
        gyp_commands(text, 0, &mut entries);
        let shown = entries.into_iter().filter_map(|entry| match entry {
            Entry::Command { text, .. } | Entry::Code { text, .. } => Some(text),
            Entry::File { .. } | Entry::Named { .. } | Entry::Address { .. } => None,
        });
        shown.collect()
    }

    #[test]
    fn quotes_of_a_text_are_those_of_its_command() {
        let text = r#"{'variables': {'z': '<!@(node -p "require(\'./x\')")'}}"#;
        assert_eq!(entries(text), [r#"node -p "require('./x')""#]);
    }

    #[test]
    fn a_module_of_python_is_asked_for_its_main() {
        assert_eq!(
            entries("{'sources': ['<!pymod_do_main(z a)']}"),
            ["import z\nz.DoMain([])\n"]
        );
        assert!(entries("{'sources': ['<!pymod_do_main()']}").is_empty());
    }
}
