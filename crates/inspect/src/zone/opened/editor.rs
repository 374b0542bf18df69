//! Files of an editor that stands in the folder: `.exrc`, `.nvimrc`, `.nvim.lua`. Neither Vim
//! script nor Lua is read; the commands are that stand in calls which start one.

/// Commands of one file.
const MOST: usize = 64;
/// Calls of Lua and Vim script that start a command, with the bracket.
const STARTERS: [&str; 9] = [
    "os.execute(",
    "io.popen(",
    "fn.system(",
    "fn.systemlist(",
    "fn.jobstart(",
    "fn.termopen(",
    "vim.system(",
    "system(",
    "jobstart(",
];

/// Whether a file of that name is run by an editor in its folder.
pub(super) fn is_editor_file(name: &str) -> bool {
    matches!(
        name,
        ".exrc" | ".nvimrc" | ".nvim.lua" | ".vimrc" | "_vimrc" | ".lvimrc" | ".local.vimrc"
    )
}

/// The commands that stand in such a file.
pub(super) fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        let plain = line.trim_start();
        if plain.starts_with(['"']) || plain.starts_with("--") {
            continue;
        }
        if let Some(command) = behind_bang(plain) {
            found.push(command.to_owned());
        }
    }
    for starter in STARTERS {
        let mut rest = text;
        while let Some(at) = rest.find(starter) {
            let before = rest[..at].chars().next_back();
            rest = &rest[at + starter.len()..];
            // A longer name ends like this one, and is looked for by itself.
            let is_whole = before.is_none_or(|c| {
                !c.is_alphanumeric() && c != '_' && (c != '.' || starter.starts_with("fn."))
            });
            if is_whole {
                found.extend(first_text(rest));
            }
        }
    }
    found.truncate(MOST);
    found
}

/// `!command`, `silent !command`, `autocmd BufRead * !command`, `vim.cmd('!command')`.
fn behind_bang(line: &str) -> Option<&str> {
    let (before, command) = line.split_once('!')?;
    let before = before.trim_start_matches(':').trim_end();
    let last = before.rsplit([' ', '|', '\'', '"', '(', '[']).next();
    let first = before.split([' ', '(']).next().unwrap_or_default();
    let names = [
        "", "silent", "sil", "exec", "execute", "exe", "r", "read", "call",
    ];
    let is_run = command
        .starts_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '/' | '~' | '$'))
        && last.is_some_and(|last| names.contains(&last) || last == "*")
        && (names.contains(&first)
            || [
                "au",
                "autocmd",
                "vim.cmd",
                "vim.api.nvim_command",
                "vim.cmd[",
            ]
            .contains(&first)
            || first.starts_with("vim.cmd"));
    is_run.then(|| command.trim_end_matches([')', '\'', '"', ']', ' ']))
}

/// The text that a call begins with, or its list of texts as one line.
fn first_text(rest: &str) -> Option<String> {
    let rest = rest.trim_start();
    let is_long = rest.starts_with("[[");
    if let Some(list) = rest.strip_prefix(['{', '[']).filter(|_| !is_long) {
        let list = list.split(['}', ']']).next()?;
        let words: Vec<String> = list
            .split(',')
            .filter_map(|word| quoted_text(word.trim()))
            .map(|word| super::quoted(&word))
            .collect();
        return (!words.is_empty()).then(|| words.join(" "));
    }
    quoted_text(rest)
}

/// A text in quotes, or in the long brackets of Lua.
fn quoted_text(rest: &str) -> Option<String> {
    if let Some(long) = rest.strip_prefix("[[") {
        return long.split_once("]]").map(|(text, _)| text.to_owned());
    }
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let mut text = String::new();
    let mut letters = rest.chars().skip(1);
    while let Some(c) = letters.next() {
        match c {
            '\\' => text.extend(letters.next()),
            c if c == quote => return Some(text),
            c => text.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn commands_stand_behind_bangs_and_in_calls() {
        for (text, expected) in [
            ("silent !sh ./a.sh", "sh ./a.sh"),
            (":!node x.js", "node x.js"),
            ("autocmd BufRead * !sh a.sh", "sh a.sh"),
            ("call system('sh a.sh')", "sh a.sh"),
            ("os.execute(\"sh a.sh\")", "sh a.sh"),
            ("local f = io.popen([[sh a.sh]])", "sh a.sh"),
            ("vim.fn.jobstart({'node', 'x.js'})", "'node' 'x.js'"),
            ("vim.system({ \"node\", \"x.js\" })", "'node' 'x.js'"),
            ("vim.cmd('silent !node x.js')", "node x.js"),
        ] {
            assert_eq!(commands(text), [expected], "{text}");
        }
        for text in [
            "\" silent !sh a.sh",
            "set nocompatible",
            "if a != b",
            "autocmd! BufRead",
            "highlight! link A B",
            "-- os.exit(",
            "system(name)",
            "command! A b",
        ] {
            assert!(commands(text).is_empty(), "{text}: {:?}", commands(text));
        }
    }
}
