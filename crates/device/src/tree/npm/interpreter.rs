//! What starts a program's file: pnpm's scripts name it as the file's first line does.

use super::links::Links;
use crate::tree::disk;
use std::io::Read as _;

/// Bytes of a file in which its first line is looked for.
const HEAD: u64 = 512;

/// `exec <program>  <arguments>"$basedir/…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interpreter<'a> {
    program: &'a str,
    /// With the blank behind them.
    arguments: &'a str,
}

/// What a script starts its file with. None: node without more, or nothing at all.
pub(super) fn of_script(script: &str) -> Option<Interpreter<'_>> {
    let found = script.lines().find_map(|line| {
        let rest = line.strip_prefix("  exec ")?;
        let (before, _) = rest.split_once("\"$basedir")?;
        let (program, arguments) = before.split_once("  ")?;
        Some(Interpreter { program, arguments })
    })?;
    let plain = |text: &str, more: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
        text.chars().all(fits)
    };
    let plain = plain(found.program, "._/+-") && plain(found.arguments, " =._/:,+-");
    let is_node = found.program == "node" && found.arguments.is_empty();
    (plain && !is_node && !found.program.is_empty()).then_some(found)
}

impl Interpreter<'_> {
    /// The script as it is for a file that node starts without more: it differs in nothing else.
    pub fn as_node(self, script: &str) -> String {
        let (program, arguments) = (self.program, self.arguments);
        let mut out = String::with_capacity(script.len());
        for line in script.lines() {
            let mut line = line.to_owned();
            for (before, end) in [
                ("\"$basedir/", "\""),
                ("\"$basedir/", ".exe\""),
                ("command -v ", " "),
                ("command -v ", ".exe "),
                ("  exec ", "  "),
                ("  exec ", ".exe  "),
            ] {
                let own = format!("{before}{program}{end}");
                line = line.replace(&own, &format!("{before}node{end}"));
            }
            for node in [
                "  exec node  ",
                "  exec node.exe  ",
                "  exec \"$basedir/node\"  ",
                "  exec \"$basedir/node.exe\"  ",
            ] {
                let rest = line.strip_prefix(node);
                if let Some(rest) = rest.and_then(|rest| rest.strip_prefix(arguments)) {
                    line = format!("{node}{rest}");
                }
            }
            out.push_str(&line);
            out.push('\n');
        }
        out
    }

    /// Whether it is what the file at `path` (relative to the project) says itself.
    pub fn starts(self, path: &str, links: &Links<'_>) -> bool {
        // What cannot be read says nothing; the file itself is compared with its artifact.
        let Some(head) = head(path, links) else {
            return false;
        };
        let named = head.lines().next().and_then(of_first_line);
        let (program, arguments) = match &named {
            Some((program, arguments)) => (*program, *arguments),
            None if path.ends_with(".sh") => ("sh", ""),
            None => return false,
        };
        program == self.program && arguments.trim() == self.arguments.trim()
    }
}

fn head(path: &str, links: &Links<'_>) -> Option<String> {
    let mut head = Vec::new();
    let file = disk::open(&links.at(path)).ok()?;
    file.take(HEAD).read_to_end(&mut head).ok()?;
    Some(String::from_utf8_lossy(&head).into_owned())
}

/// `#!/usr/bin/env -S node --flag`, `#!/bin/sh`.
fn of_first_line(line: &str) -> Option<(&str, &str)> {
    let line = line.strip_prefix("#!")?.trim();
    let rest = match line.strip_prefix("/usr/bin/env ") {
        Some(rest) => {
            let rest = rest.trim_start();
            rest.strip_prefix("-S ").unwrap_or(rest).trim_start()
        }
        None => line,
    };
    Some(rest.split_once([' ', '\t']).unwrap_or((rest, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_names_what_starts_its_file() {
        fn of(line: &str) -> Option<(&str, &str)> {
            of_script(line).map(|by| (by.program, by.arguments))
        }
        assert_eq!(
            of("  exec bash  \"$basedir/../x\" \"$@\""),
            Some(("bash", ""))
        );
        assert_eq!(
            of("  exec deno  run -A \"$basedir_abs\"/'../x' \"$@\""),
            Some(("deno", "run -A "))
        );
        // node is what every known script has.
        assert_eq!(of("  exec node  \"$basedir/../x\" \"$@\""), None);
        assert_eq!(of("  exec sh -c 'x';  \"$basedir/../x\" \"$@\""), None);
    }

    #[test]
    fn only_what_starts_the_file_is_made_plain() {
        let by = Interpreter {
            program: "deno",
            arguments: "run -A ",
        };
        let script = "if [ -x \"$basedir/deno\" ]; then\n  exec \"$basedir/deno\"  run -A \"$basedir/../x\" \"$@\"\n  exec deno  run -A \"$basedir/../x\" \"$@\"\ndeno x\n";
        assert_eq!(
            by.as_node(script),
            "if [ -x \"$basedir/node\" ]; then\n  exec \"$basedir/node\"  \"$basedir/../x\" \"$@\"\n  exec node  \"$basedir/../x\" \"$@\"\ndeno x\n"
        );
    }

    #[test]
    fn a_first_line_names_a_program_with_and_without_env() {
        let node = Some(("node", "--no-warnings"));
        assert_eq!(of_first_line("#!/usr/bin/env -S node --no-warnings"), node);
        assert_eq!(of_first_line("#!/usr/bin/env node --no-warnings"), node);
        assert_eq!(of_first_line("#! /bin/sh"), Some(("/bin/sh", "")));
        assert_eq!(of_first_line("console.log(1)"), None);
    }
}
