//! What runs when a folder is opened, by the files that say so.

use super::*;
use crate::unpack::{Content, Kind, Tree};

#[test]
fn comments_and_commas_of_editors_hide_nothing() {
    let text =
        "\u{feff}{ // what runs\n \"a\": \"// no comment, ]\", /* b\n */ \"c\": [1, /* d */ ], }";
    let json: serde_json::Value = serde_json::from_str(&plain_json(text)).unwrap();
    assert_eq!(json, serde_json::json!({"a": "// no comment, ]", "c": [1]}));
    for text in ["\"", "\"\\", "/*", "//", ",", "/"] {
        plain_json(text);
    }
}

fn packed(files: &[(&str, &[u8])]) -> Package {
    let entries = files.iter().map(|(path, bytes)| crate::unpack::Entry {
        path: format!("package/{path}"),
        content: Content::Whole((*bytes).into()),
        length: bytes.len() as u64,
        kind: Kind::Text,
        executable: false,
    });
    Package::new(&Tree {
        entries: entries.collect(),
        ..Tree::default()
    })
}

#[test]
fn settings_that_cannot_be_read_are_said_where_something_in_them_may_run() {
    let manifest: &[u8] = br#"{"name": "a"}"#;
    for (path, text, expected) in [
        (
            ".vscode/tasks.json",
            r#"{"tasks": [{"command": "a" "runOptions": {"runOn": "folderOpen"}}]}"#,
            Some(true),
        ),
        (
            ".vscode/tasks.json",
            r#"{"tasks": [{"command": "a" "runOptions": {"runOn": "folder\u004fpen"}}]}"#,
            Some(true),
        ),
        (
            ".vscode/tasks.json",
            r#"{"tasks": [{"command": "<%= a %>" <% } %> }]}"#,
            Some(false),
        ),
        (
            ".claude/settings.json",
            r#"{"hooks": [{"command": "a"]"#,
            Some(true),
        ),
        (".cursor/mcp.json", r#"{"a" "b"}"#, Some(false)),
        (
            ".cursor/mcp.json",
            r#"{"mcpServers": {"a": {"command": "a"}}, // the end
            }"#,
            None,
        ),
        ("lib/tasks.json", r#"{"command" "folderOpen"}"#, None),
    ] {
        let package = packed(&[("package.json", manifest), (path, text.as_bytes())]);
        let found: Vec<bool> = unread(&package).into_iter().map(|(_, runs)| runs).collect();
        assert_eq!(found.first().copied(), expected, "{path}: {text}");
    }
    let wide: Vec<u8> = "{\u{feff}"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let package = packed(&[
        ("package.json", manifest),
        (".vscode/mcp.json", wide.as_slice()),
    ]);
    assert_eq!(unread(&package).first().map(|(_, runs)| *runs), Some(true));
}

#[test]
fn a_word_stays_one_whatever_stands_in_it() {
    assert_eq!(quoted("it's"), r"'it'\''s'");
}

/// The commands that run when the folder of these files is opened.
fn at_open(files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(path, text)| (*path, text.as_bytes()))
        .collect();
    let mut entries = Vec::new();
    opened(&packed(&files), &mut entries);
    let commands = entries.into_iter().filter_map(|entry| match entry {
        Entry::Command {
            text,
            zone: Zone::Folder,
            ..
        } => Some(text),
        _ => None,
    });
    commands.collect()
}

#[test]
fn files_of_editors_and_of_mise_run_when_their_folder_is_entered() {
    for (path, text) in [
        (".nvim.lua", "os.execute('sh a.sh')"),
        (".exrc", "silent !sh a.sh"),
        (".mise.toml", "[hooks]\nenter = 'sh a.sh'"),
        ("a/mise.toml", "[hooks.enter]\nscript = 'sh a.sh'"),
    ] {
        assert_eq!(at_open(&[(path, text)]), ["sh a.sh"], "{path}");
    }
    assert!(at_open(&[("mise.toml", "[tasks]\na = 'sh a.sh'")]).is_empty());
}

#[test]
fn servers_and_hooks_of_gemini_are_started_with_their_words() {
    let text = r#"{"mcpServers": {"a": {"command": "node", "args": ["./x.js", "b c"]}},
        "hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "sh a.sh"}]}]},
        "tools": {"discoveryCommand": "sh b.sh"}}"#;
    let mut found = at_open(&[(".gemini/settings.json", text)]);
    found.sort();
    assert_eq!(found, ["node './x.js' 'b c'", "sh a.sh", "sh b.sh"]);
}
