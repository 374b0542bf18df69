//! The reader.

use crate::pure::HOLE;

/// Commands, one behind the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// The commands.
    pub commands: Vec<Command>,
    /// There are more of them than are read.
    pub cut: bool,
}

/// One command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// Assignments in front of it: name, value.
    pub assignments: Vec<(String, Word)>,
    /// Its words; the first is what runs.
    pub words: Vec<Word>,
    /// Where its output and input go.
    pub redirects: Vec<Redirect>,
    /// How it hangs together with the next one.
    pub link: Link,
    /// What stands in it as a here-document.
    pub here: Option<String>,
    /// It defines a function: name, body.
    pub function: Option<(String, Script)>,
    /// It is commands in brackets.
    pub group: Option<Group>,
    /// The byte of the text that it begins at.
    pub at: u32,
    /// It is a condition: what comes of it decides what runs next.
    pub tested: bool,
}

/// Commands in brackets, which hang together with others as one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// The commands.
    pub script: Script,
    /// They run in a shell of their own, `( … )`: what ends it does not end the script.
    pub subshell: bool,
}

/// How two commands hang together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Link {
    /// One after the other.
    #[default]
    Then,
    /// The output of the first is the input of the second.
    Pipe,
    /// The second runs where the first succeeds.
    And,
    /// The second runs where the first fails.
    Or,
}

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// It writes.
    pub out: bool,
    /// It appends.
    pub append: bool,
    /// The file.
    pub file: Word,
    /// It is no file but the text that comes in: `<<< text`.
    pub is_text: bool,
}

/// A word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word {
    /// Its text; what only the machine knows is a hole.
    pub text: String,
    /// Names of variables in it.
    pub variables: Vec<String>,
    /// What stands in for those of them that are not set: `${SHELL:-sh}`.
    pub defaults: Vec<(String, String)>,
    /// Commands whose output stands in it.
    pub substitutions: Vec<Script>,
    /// It is a process substitution: a file that a command writes.
    pub process: bool,
}

/// Bounds.
const DEPTH: u8 = 6;
const GROUPS: u8 = 16;
const COMMANDS: usize = 10_000;

/// Reads shell text. It never fails: what cannot be read is a word.
pub fn parse(text: &str) -> Script {
    let mut reader = Reader {
        chars: text.chars().collect(),
        at: 0,
        depth: 0,
        groups: 0,
        pending: Vec::new(),
        counted: (0, 0),
    };
    reader.script(None)
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    depth: u8,
    /// Brackets around commands that are open.
    groups: u8,
    /// Here-documents that begin on the next line: delimiter, index of the command.
    pending: Vec<(String, usize)>,
    /// Characters that were counted so far, and their bytes.
    counted: (usize, u32),
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn looks_at(&self, text: &str) -> bool {
        text.chars()
            .enumerate()
            .all(|(offset, c)| self.chars.get(self.at + offset) == Some(&c))
    }

    fn script(&mut self, until: Option<char>) -> Script {
        let mut script = Script::default();
        let mut command = Command::default();
        while let Some(c) = self.peek() {
            if Some(c) == until {
                break;
            }
            match c {
                ' ' | '\t' | '\r' => self.at += 1,
                '\\' if self.looks_at("\\\n") => self.at += 2,
                '\n' | ';' => {
                    self.at += 1;
                    finish(&mut script, &mut command, Link::Then);
                    if c == '\n' {
                        self.here_documents(&mut script);
                    }
                }
                '&' => {
                    let and = self.looks_at("&&");
                    self.at += if and { 2 } else { 1 };
                    if self.peek() == Some('>') {
                        self.redirect(&mut command);
                    } else {
                        let link = if and { Link::And } else { Link::Then };
                        finish(&mut script, &mut command, link);
                    }
                }
                '|' => {
                    let or = self.looks_at("||");
                    self.at += if or || self.looks_at("|&") { 2 } else { 1 };
                    finish(
                        &mut script,
                        &mut command,
                        if or { Link::Or } else { Link::Pipe },
                    );
                }
                '(' if command.words.len() == 1 && self.looks_at("()") => {
                    self.at += 2;
                    self.function(&mut script, &mut command);
                }
                '(' | '{' if begins_group(&command, c, self.chars.get(self.at + 1)) => {
                    self.group(&mut script, &mut command);
                }
                '(' | ')' | '{' | '}' if is_group(&command, c, self.chars.get(self.at + 1)) => {
                    self.at += 1;
                    finish(&mut script, &mut command, Link::Then);
                }
                '#' if command.words.is_empty()
                    || self.at > 0 && self.chars[self.at - 1].is_whitespace() =>
                {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                '<' | '>' if !self.looks_at("<(") && !self.looks_at(">(") => {
                    if self.looks_at("<<") && !self.looks_at("<<<") {
                        self.at += 2;
                        if self.peek() == Some('-') {
                            self.at += 1;
                        }
                        self.blanks();
                        let word = self.word(until);
                        self.pending.push((word.text, script.commands.len()));
                    } else {
                        self.redirect(&mut command);
                    }
                }
                '2' if self.chars.get(self.at + 1) == Some(&'>') => {
                    // What is said of errors goes elsewhere.
                    self.at += 1;
                    let mut aside = Command::default();
                    self.redirect(&mut aside);
                }
                '0'..='9' if matches!(self.chars.get(self.at + 1), Some('<' | '>')) => self.at += 1,
                _ => {
                    let before = self.at;
                    if command.words.is_empty() && command.assignments.is_empty() {
                        command.at = self.bytes_before(before);
                    }
                    let word = self.word(until);
                    if self.at == before {
                        self.at += 1;
                        continue;
                    }
                    // A word of the language may stand behind brackets, `} fi`, and no other.
                    if command.group.is_some() {
                        finish(&mut script, &mut command, Link::Then);
                    }
                    take_word(&mut command, word);
                }
            }
            if script.commands.len() > COMMANDS {
                script.cut = true;
                self.at = self.chars.len();
            }
        }
        finish(&mut script, &mut command, Link::Then);
        script
    }

    /// How many bytes stand in front of a character.
    fn bytes_before(&mut self, at: usize) -> u32 {
        let (counted, bytes) = self.counted;
        let more: usize = self
            .chars
            .get(counted..at)
            .unwrap_or_default()
            .iter()
            .map(|c| c.len_utf8())
            .sum();
        let bytes = bytes.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
        self.counted = (at.max(counted), bytes);
        bytes
    }

    /// `name() { … }`: the body belongs to the name.
    fn function(&mut self, script: &mut Script, command: &mut Command) {
        let name = command.words.pop().map(|word| word.text);
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        if self.peek() != Some('{') || self.depth >= DEPTH {
            return;
        }
        self.at += 1;
        self.depth += 1;
        let body = self.script(Some('}'));
        self.depth -= 1;
        self.at += 1;
        command.function = name.map(|name| (name, body));
        finish(script, command, Link::Then);
    }

    /// `( … )` and `{ …; }`: one command, whose output and end are those of the commands in it.
    fn group(&mut self, script: &mut Script, command: &mut Command) {
        let subshell = self.peek() == Some('(');
        command.at = self.bytes_before(self.at);
        self.at += 1;
        if self.groups >= GROUPS {
            // What is in them is read as if they were not there.
            script.cut = true;
            *command = Command::default();
            return;
        }
        self.groups += 1;
        let open = self.pending.len();
        let inner = self.script(Some(if subshell { ')' } else { '}' }));
        self.groups -= 1;
        self.at += 1;
        // The text of a here-document stands behind the line, and so behind the brackets.
        for (_, index) in self.pending.iter_mut().skip(open) {
            *index = script.commands.len();
        }
        script.cut |= inner.cut;
        command.group = Some(Group {
            script: inner,
            subshell,
        });
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t')) {
            self.at += 1;
        }
    }

    fn redirect(&mut self, command: &mut Command) {
        let out = self.peek() == Some('>');
        let is_text = self.looks_at("<<<");
        self.at += 1;
        let mut append = false;
        let mut is_other = false;
        while matches!(self.peek(), Some('>' | '<' | '|' | '&')) {
            append |= self.peek() == Some('>');
            is_other |= self.peek() == Some('&');
            self.at += 1;
        }
        self.blanks();
        let mut file = self.word(None);
        let mut is_number = file.text.chars().all(|c| c.is_ascii_digit() || c == '-');
        // The first three are input, output and errors; any other one was opened by the script.
        if is_other && is_number && file.text.parse::<u8>().is_ok_and(|number| number > 2) {
            file.text.insert(0, '&');
            is_number = false;
        }
        if is_text || !is_number || file.text.is_empty() {
            command.redirects.push(Redirect {
                out,
                append,
                file,
                is_text,
            });
        }
    }

    fn here_documents(&mut self, script: &mut Script) {
        for (delimiter, index) in std::mem::take(&mut self.pending) {
            let mut body = String::new();
            while self.at < self.chars.len() {
                let end = self.chars[self.at..]
                    .iter()
                    .position(|c| *c == '\n')
                    .map_or(self.chars.len(), |offset| self.at + offset);
                let line: String = self.chars[self.at..end].iter().collect();
                self.at = (end + 1).min(self.chars.len());
                if line.trim() == delimiter {
                    break;
                }
                body.push_str(&line);
                body.push('\n');
            }
            if let Some(command) = script.commands.get_mut(index) {
                command.here = Some(body);
            }
        }
    }

    fn word(&mut self, until: Option<char>) -> Word {
        let mut word = Word::default();
        while let Some(c) = self.peek() {
            // `}` ends something only where a word begins: `find -exec rm {} +`.
            if Some(c) == until && c != '"' && (c != '}' || word == Word::default()) {
                break;
            }
            match c {
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' => break,
                '(' | ')' => break,
                '<' | '>' => {
                    if self.chars.get(self.at + 1) == Some(&'(') {
                        self.at += 2;
                        word.process = true;
                        self.nested(')', &mut word);
                        continue;
                    }
                    break;
                }
                '\'' => {
                    self.at += 1;
                    while let Some(c) = self.peek() {
                        self.at += 1;
                        if c == '\'' {
                            break;
                        }
                        word.text.push(c);
                    }
                }
                '"' => {
                    self.at += 1;
                    self.double_quoted(&mut word);
                }
                '\\' => {
                    self.at += 1;
                    if let Some(c) = self.peek() {
                        word.text.push(c);
                        self.at += 1;
                    }
                }
                '$' => self.dollar(&mut word),
                '`' => {
                    self.at += 1;
                    self.nested('`', &mut word);
                }
                c => {
                    word.text.push(c);
                    self.at += 1;
                }
            }
        }
        word
    }

    fn double_quoted(&mut self, word: &mut Word) {
        while let Some(c) = self.peek() {
            match c {
                '"' => {
                    self.at += 1;
                    return;
                }
                '\\' => {
                    self.at += 1;
                    if let Some(c) = self.peek() {
                        if !matches!(c, '"' | '\\' | '$' | '`' | '\n') {
                            word.text.push('\\');
                        }
                        word.text.push(c);
                        self.at += 1;
                    }
                }
                '$' => self.dollar(word),
                '`' => {
                    self.at += 1;
                    self.nested('`', word);
                }
                c => {
                    word.text.push(c);
                    self.at += 1;
                }
            }
        }
    }

    fn dollar(&mut self, word: &mut Word) {
        self.at += 1;
        match self.peek() {
            Some('(') => {
                self.at += 1;
                if self.peek() == Some('(') {
                    // Arithmetic.
                    self.at += 1;
                    let mut open = 2;
                    while let Some(c) = self.peek() {
                        self.at += 1;
                        open += match c {
                            '(' => 1,
                            ')' => -1,
                            _ => 0,
                        };
                        if open == 0 {
                            break;
                        }
                    }
                    word.text.push_str(HOLE);
                    return;
                }
                self.nested(')', word);
            }
            Some('{') => {
                self.at += 1;
                let start = self.at;
                while self.peek().is_some_and(|c| c != '}') {
                    self.at += 1;
                }
                let inner: String = self.chars[start..self.at].iter().collect();
                self.at += 1;
                let name: String = inner
                    .trim_start_matches(['#', '!'])
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                if let Some(default) = default_of(&inner, &name) {
                    word.defaults.push((name.clone(), default));
                }
                variable(word, &name);
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let start = self.at;
                while self
                    .peek()
                    .is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
                {
                    self.at += 1;
                }
                let name: String = self.chars[start..self.at].iter().collect();
                variable(word, &name);
            }
            Some('\'') => {}
            // What a script or a function is called with, and as what.
            Some(c @ '0'..='9') => {
                self.at += 1;
                variable(word, c.encode_utf8(&mut [0; 4]));
            }
            Some('@' | '*' | '#' | '?' | '$' | '!') => {
                self.at += 1;
                word.text.push_str(HOLE);
            }
            _ => word.text.push('$'),
        }
    }

    fn nested(&mut self, end: char, word: &mut Word) {
        if self.depth >= DEPTH {
            while self.peek().is_some_and(|c| c != end) {
                self.at += 1;
            }
        } else {
            self.depth += 1;
            let script = self.script(Some(end));
            self.depth -= 1;
            word.substitutions.push(script);
        }
        self.at += 1;
        word.text.push_str(HOLE);
    }
}

/// What stands in for a variable that is not set, where that is written out.
fn default_of(inside: &str, name: &str) -> Option<String> {
    let rest = inside.strip_prefix(name).filter(|_| !name.is_empty())?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let default = rest.strip_prefix(['-', '='])?;
    let default = default.trim_matches(['"', '\'']);
    let is_plain = !default.contains(['$', '`', '\\', '"', '\'']);
    (is_plain && !default.is_empty()).then(|| default.to_owned())
}

fn variable(word: &mut Word, name: &str) {
    match name {
        "HOME" => word.text.push_str("\u{fdd0}home\u{fdd1}"),
        "TMPDIR" | "TMP" | "TEMP" => word.text.push_str("\u{fdd0}temp\u{fdd1}"),
        "PWD" | "INIT_CWD" => word.text.push_str("\u{fdd0}cwd\u{fdd1}"),
        _ => {
            // A mark that whoever knows the variable's value can put it in.
            word.text.push_str(&format!("\u{fdd0}${name}\u{fdd1}"));
        }
    }
    word.variables.push(name.to_owned());
}

/// Whether a command begins that is commands in brackets.
fn begins_group(command: &Command, c: char, next: Option<&char>) -> bool {
    command.words.is_empty()
        && command.assignments.is_empty()
        && command.redirects.is_empty()
        && command.group.is_none()
        && (c == '(' || next.is_none_or(|c| c.is_whitespace()))
}

fn is_group(command: &Command, c: char, next: Option<&char>) -> bool {
    match c {
        '(' | ')' => true,
        '{' => command.words.is_empty() && next.is_none_or(|c| c.is_whitespace()),
        _ => command.words.is_empty(),
    }
}

fn take_word(command: &mut Command, word: Word) {
    if command.words.is_empty() {
        // Words of the language that a command stands behind.
        if matches!(
            word.text.as_str(),
            "if" | "then"
                | "else"
                | "elif"
                | "fi"
                | "do"
                | "done"
                | "while"
                | "until"
                | "!"
                | "time"
                | "exec"
                | "command"
                | "nohup"
                | "sudo"
                | "builtin"
        ) && word.substitutions.is_empty()
        {
            command.tested |= matches!(word.text.as_str(), "if" | "elif" | "while" | "until" | "!");
            return;
        }
        if let Some((name, value)) = word.text.split_once('=')
            && !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            let value = Word {
                text: value.to_owned(),
                ..word.clone()
            };
            command.assignments.push((name.to_owned(), value));
            return;
        }
    }
    command.words.push(word);
}

fn finish(script: &mut Script, command: &mut Command, link: Link) {
    if command.words.is_empty()
        && command.assignments.is_empty()
        && command.redirects.is_empty()
        && command.function.is_none()
        && command.group.is_none()
    {
        *command = Command::default();
        return;
    }
    command.link = link;
    script.commands.push(std::mem::take(command));
}

#[cfg(test)]
mod tests;
