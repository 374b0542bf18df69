//! What runs when a folder is opened: editor tasks, agent hooks, servers, git hooks.

mod editor;
mod mise;
mod npmrc;
#[cfg(test)]
mod tests;

use super::{Entry, json};
use crate::package::{Package, folder};
use crate::pure::FileId;
use customs_model::Zone;

/// Settings of editors and agents that name commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settings {
    /// Tasks of an editor.
    Tasks,
    /// Hooks of an agent.
    Hooks,
    /// Tools of an agent, each a program that it starts.
    Servers,
    /// A container that an editor sets up.
    Container,
}

impl Settings {
    fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let here = folder(path);
        let around = here.rsplit('/').next().unwrap_or(here);
        let is = |parent: &str, file: &str| around == parent && name == file;
        if is(".vscode", "tasks.json") {
            Some(Self::Tasks)
        } else if is(".claude", "settings.json")
            || is(".claude", "settings.local.json")
            || is(".gemini", "settings.json")
            || is(".cursor", "hooks.json")
            || is(".codex", "hooks.json")
        {
            Some(Self::Hooks)
        } else if name == ".mcp.json" || is(".cursor", "mcp.json") || is(".vscode", "mcp.json") {
            Some(Self::Servers)
        } else if name == ".devcontainer.json"
            || name == "devcontainer.json" && path.contains(".devcontainer/")
        {
            Some(Self::Container)
        } else {
            None
        }
    }

    /// A word without which nothing in them runs when a folder is opened.
    const fn word(self) -> &'static str {
        match self {
            Self::Tasks => "folderopen",
            Self::Hooks | Self::Servers | Self::Container => "command",
        }
    }
}

/// What editors and agents run when a folder is opened.
pub(super) fn opened(package: &Package, entries: &mut Vec<Entry>) {
    for id in package.ids() {
        let path = &package.file(id).path;
        if let Some(settings) = Settings::of(path) {
            let Some(json) = lenient_json(package, id) else {
                continue;
            };
            match settings {
                Settings::Tasks => tasks(&json, id, entries),
                Settings::Hooks => hooks(&json, id, 0, entries),
                Settings::Servers => servers(&json, id, entries),
                Settings::Container => container(&json, id, entries),
            }
            continue;
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        if editor::is_editor_file(name) || mise::is_mise_file(path) {
            of_text(package, id, name, entries);
            continue;
        }
        let here = folder(path);
        let around = here.rsplit('/').next().unwrap_or(here);
        if name == ".npmrc" {
            let bytes = package.file(id).bytes.as_deref().unwrap_or_default();
            if let Some(text) = npmrc::command(&String::from_utf8_lossy(bytes)) {
                entries.push(Entry::Command {
                    text,
                    zone: Zone::Folder,
                    file: id,
                    name: name.to_owned(),
                    folder: here.to_owned(),
                });
            }
            continue;
        }
        if (name == ".envrc"
            || around == "hooks" && path.contains(".git/hooks/")
            || around == ".husky")
            && let Some(text) = package.file(id).bytes.as_deref()
        {
            entries.push(Entry::Command {
                text: String::from_utf8_lossy(text).into_owned(),
                zone: Zone::Folder,
                file: id,
                name: name.to_owned(),
                folder: String::new(),
            });
        }
    }
}

/// What an editor or a manager of tools runs of its own file in the folder.
fn of_text(package: &Package, file: FileId, name: &str, entries: &mut Vec<Entry>) {
    let Some(bytes) = package.file(file).bytes.as_deref() else {
        return;
    };
    let text = String::from_utf8_lossy(bytes);
    let commands = if editor::is_editor_file(name) {
        let all = editor::commands(&text).into_iter();
        all.map(|line| (line, name.to_owned(), Zone::Folder))
            .collect()
    } else {
        mise::commands(&text).unwrap_or_default()
    };
    let commands = commands.into_iter();
    entries.extend(commands.map(|(text, name, zone)| Entry::Command {
        text,
        zone,
        file,
        name,
        folder: String::new(),
    }));
}

/// Settings that cannot be read here, and whether something in them may run when a folder is
/// opened. Editors read what is no JSON as far as they can, and run it.
pub(super) fn unread(package: &Package) -> Vec<(FileId, bool)> {
    let mut found = Vec::new();
    for id in package.ids() {
        let Some(settings) = Settings::of(&package.file(id).path) else {
            continue;
        };
        if lenient_json(package, id).is_none() {
            let bytes = package.file(id).bytes.as_deref();
            let runs = bytes.is_none_or(|bytes| may_hold(bytes, settings.word()));
            found.push((id, runs));
        }
    }
    found
}

/// Whether a word in small letters may stand in a text: where letters are written by their
/// numbers, or the text is none that is known, it may.
fn may_hold(bytes: &[u8], word: &str) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.contains("\\u") || text.to_ascii_lowercase().contains(word),
        Err(_) => true,
    }
}

/// JSON with comments, as editors read it.
fn lenient_json(package: &Package, file: FileId) -> Option<serde_json::Value> {
    if let Some(json) = json(package, file) {
        return Some(json);
    }
    let text = String::from_utf8_lossy(package.file(file).bytes.as_deref()?).into_owned();
    serde_json::from_str(&plain_json(&text)).ok()
}

/// JSON without comments, without commas in front of an end, and without a mark of the order
/// of its bytes.
fn plain_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.trim_start_matches('\u{feff}').chars().peekable();
    // A comma behind which only blanks and comments stood so far.
    let mut comma: Option<usize> = None;
    while let Some(c) = rest.next() {
        match (c, rest.peek().copied()) {
            ('"', _) => {
                comma = None;
                out.push(c);
                while let Some(inner) = rest.next() {
                    out.push(inner);
                    match inner {
                        '\\' => out.extend(rest.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            ('/', Some('/')) => while rest.next_if(|c| *c != '\n').is_some() {},
            ('/', Some('*')) => {
                rest.next();
                let mut before = ' ';
                for inner in rest.by_ref() {
                    if before == '*' && inner == '/' {
                        break;
                    }
                    before = inner;
                }
                out.push(' ');
            }
            (',', _) => {
                comma = Some(out.len());
                out.push(c);
            }
            ('}' | ']', _) => {
                if let Some(at) = comma.take() {
                    out.remove(at);
                }
                out.push(c);
            }
            (c, _) => {
                comma = comma.filter(|_| c.is_whitespace());
                out.push(c);
            }
        }
    }
    out
}

/// A word in quotes, so that it stays one.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn tasks(json: &serde_json::Value, file: FileId, entries: &mut Vec<Entry>) {
    for task in json
        .get("tasks")
        .and_then(serde_json::Value::as_array)
        .into_iter()
        .flatten()
    {
        let at_open = task
            .get("runOptions")
            .and_then(|o| o.get("runOn"))
            .and_then(serde_json::Value::as_str)
            == Some("folderOpen");
        let text = |key: &str| {
            task.get(key)
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default()
        };
        let mut command = text("command").to_owned();
        for arg in task
            .get("args")
            .and_then(serde_json::Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(serde_json::Value::as_str)
        {
            command.push(' ');
            command.push_str(&quoted(arg));
        }
        if !command.is_empty() {
            entries.push(Entry::Command {
                text: command,
                zone: if at_open { Zone::Folder } else { Zone::Called },
                file,
                name: format!("task {}", text("label")),
                folder: String::new(),
            });
        }
    }
}

/// Whether a key of an agent's settings names a command: of a hook, of a server, or of what
/// tells it which tools there are.
fn is_command(key: &str) -> bool {
    matches!(
        key,
        "command" | "discoveryCommand" | "callCommand" | "toolDiscoveryCommand" | "toolCallCommand"
    )
}

/// A command with the words that stand beside it.
fn with_args(command: &str, args: Option<&serde_json::Value>) -> String {
    let mut text = command.to_owned();
    let args = args.and_then(serde_json::Value::as_array);
    let args = args.into_iter().flatten();
    for arg in args.filter_map(serde_json::Value::as_str) {
        text.push(' ');
        text.push_str(&quoted(arg));
    }
    text
}

fn hooks(json: &serde_json::Value, file: FileId, depth: u8, entries: &mut Vec<Entry>) {
    match json {
        serde_json::Value::Object(map) if depth < 8 => {
            for (key, value) in map {
                match value {
                    serde_json::Value::String(text) if is_command(key) => {
                        entries.push(Entry::Command {
                            text: with_args(text, map.get("args").filter(|_| key == "command")),
                            zone: Zone::Folder,
                            file,
                            name: "agent hook".to_owned(),
                            folder: String::new(),
                        });
                    }
                    other => hooks(other, file, depth + 1, entries),
                }
            }
        }
        serde_json::Value::Array(all) if depth < 8 => all
            .iter()
            .for_each(|inner| hooks(inner, file, depth + 1, entries)),
        _ => {}
    }
}

/// The commands of a development container. One of them runs on the machine itself; the
/// others run in the container, which many projects set up by what they fetch: there only
/// what is encoded counts as unasked.
fn container(json: &serde_json::Value, file: FileId, entries: &mut Vec<Entry>) {
    const COMMANDS: [&str; 6] = [
        "initializeCommand",
        "onCreateCommand",
        "updateContentCommand",
        "postCreateCommand",
        "postStartCommand",
        "postAttachCommand",
    ];
    for key in COMMANDS {
        let Some(value) = json.get(key) else {
            continue;
        };
        // Several that run side by side have names.
        let all: Vec<&serde_json::Value> = match value {
            serde_json::Value::Object(map) => map.values().take(32).collect(),
            other => vec![other],
        };
        for command in all {
            let text = match command {
                serde_json::Value::String(text) => text.clone(),
                serde_json::Value::Array(words) => words
                    .iter()
                    .filter_map(serde_json::Value::as_str)
                    .map(quoted)
                    .collect::<Vec<_>>()
                    .join(" "),
                _ => continue,
            };
            let encoded = ["base64 -d", "base64 --decode", "base64 -D", "xxd -r"]
                .iter()
                .any(|word| text.contains(word));
            entries.push(Entry::Command {
                zone: if key == "initializeCommand" || encoded {
                    Zone::Folder
                } else {
                    Zone::Called
                },
                text,
                file,
                name: key.to_owned(),
                folder: String::new(),
            });
        }
    }
}

fn servers(json: &serde_json::Value, file: FileId, entries: &mut Vec<Entry>) {
    for key in ["mcpServers", "servers"] {
        for (name, server) in json
            .get(key)
            .and_then(serde_json::Value::as_object)
            .into_iter()
            .flatten()
        {
            let Some(command) = server.get("command").and_then(serde_json::Value::as_str) else {
                continue;
            };
            entries.push(Entry::Command {
                text: with_args(command, server.get("args")),
                zone: Zone::Folder,
                file,
                name: format!("agent tool {name}"),
                folder: String::new(),
            });
        }
    }
}
