//! `mise.toml`: commands that run when somebody goes to the folder, and its tasks.
//! <https://mise.jdx.dev/hooks.html>

use crate::package::folder;
use customs_model::Zone;
use toml::Value;

/// Commands of one file.
const MOST: usize = 64;

/// Whether mise reads a file of that path.
pub(super) fn is_mise_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let around = folder(path).rsplit('/').next().unwrap_or_default();
    let is_name = |name: &str| {
        matches!(
            name,
            "mise.toml" | ".mise.toml" | "mise.local.toml" | ".mise.local.toml"
        )
    };
    is_name(name) || name == "config.toml" && matches!(around, ".mise" | "mise")
}

/// The commands of such a file, with what they are called and when they run; none where it
/// cannot be read.
pub(super) fn commands(text: &str) -> Option<Vec<(String, String, Zone)>> {
    let table: toml::Table = text.parse().ok()?;
    let mut found = Vec::new();
    let hooks = table.get("hooks").and_then(Value::as_table);
    for (name, hook) in hooks.into_iter().flatten() {
        let zone = match name.as_str() {
            "enter" | "cd" | "leave" => Zone::Folder,
            _ => Zone::Called,
        };
        for line in lines(hook, 0) {
            found.push((line, format!("hook {name}"), zone));
        }
    }
    let tasks = table.get("tasks").and_then(Value::as_table);
    for (name, task) in tasks.into_iter().flatten() {
        let run = task.get("run").unwrap_or(task);
        for line in lines(run, 0) {
            found.push((line, format!("task {name}"), Zone::Called));
        }
    }
    // `_.source` is a script whose environment is taken over.
    let sourced = table.get("env").and_then(|env| env.get("_")?.get("source"));
    for path in sourced.into_iter().flat_map(|value| lines(value, 0)) {
        let line = format!("source {}", super::quoted(&path));
        found.push((line, "environment".to_owned(), Zone::Folder));
    }
    // `{{ exec(command='…') }}` is run when the text is read.
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once("exec(command=") {
        rest = behind;
        let quote = behind.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let inside = quote.and_then(|quote| behind.get(1..)?.split_once(quote));
        if let Some((line, _)) = inside {
            found.push((line.to_owned(), "template".to_owned(), Zone::Folder));
        }
    }
    found.truncate(MOST);
    Some(found)
}

/// The lines of a hook: a text, several, or a table with one.
fn lines(value: &Value, depth: u8) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) if depth < 4 => {
            all.iter().flat_map(|one| lines(one, depth + 1)).collect()
        }
        Value::Table(table) if depth < 4 => {
            let keys = ["script", "run", "path"];
            let inner = keys.iter().filter_map(|key| table.get(*key));
            inner.flat_map(|one| lines(one, depth + 1)).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_run_when_somebody_enters_and_tasks_when_they_are_asked_for() {
        let text = r#"
            [hooks]
            enter = "sh a.sh"
            cd = [{ script = "sh b.sh", shell = "bash" }]
            postinstall = "sh c.sh"
            [tasks.t]
            run = ["sh d.sh"]
            [tasks]
            u = "sh e.sh"
            [env]
            _.source = "f.sh"
            A = "{{ exec(command='sh g.sh') }}"
        "#;
        let found = commands(text).unwrap();
        let of = |zone: Zone| {
            let all = found.iter().filter(|(.., when)| *when == zone);
            let mut lines: Vec<&str> = all.map(|(line, ..)| line.as_str()).collect();
            lines.sort_unstable();
            lines
        };
        assert_eq!(
            of(Zone::Folder),
            ["sh a.sh", "sh b.sh", "sh g.sh", "source 'f.sh'"]
        );
        assert_eq!(of(Zone::Called), ["sh c.sh", "sh d.sh", "sh e.sh"]);
        assert!(commands("[hooks\n").is_none());
    }

    #[test]
    fn files_of_mise_go_by_their_names() {
        for path in [
            "mise.toml",
            "a/.mise.toml",
            ".mise/config.toml",
            ".config/mise/config.toml",
        ] {
            assert!(is_mise_file(path), "{path}");
        }
        for path in ["config.toml", "mise.toml.txt", ".cargo/config.toml"] {
            assert!(!is_mise_file(path), "{path}");
        }
    }
}
