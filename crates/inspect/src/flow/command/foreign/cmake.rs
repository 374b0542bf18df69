//! Rules of CMake and of ninja: the commands that they run beside compilers.

use super::Text;
use crate::flow::Analysis;
use crate::flow::command::defined::Defined;
use crate::flow::command::file::PACKAGE;
use crate::flow::command::start::quoted;
use crate::flow::command::{At, Piped, Variables};
use crate::ir::Span;
use crate::package::{folder, join};
use crate::pure::{FileId, HOLE, HOLE_END};
use customs_model::Zone;
use std::rc::Rc;

/// Files of rules, bytes of one, and commands of all.
const FILES: usize = 32;
const LONGEST: usize = 256 << 10;
const COMMANDS: usize = 128;

impl Analysis<'_> {
    /// `cmake …`, `ninja`: what the package's own rules run.
    pub(super) fn built_by_commands(
        &mut self,
        base: &str,
        args: &[Text],
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) {
        if at.zone == Zone::Never {
            return;
        }
        let texts: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
        match base {
            "cmake" | "cmake3" | "cmake-js" => {
                let mut files: Vec<FileId> = texts
                    .iter()
                    .filter_map(|text| self.own_path(text, at))
                    .filter(|id| self.package.file(*id).path.ends_with(".cmake"))
                    .collect();
                let mut folders: Vec<String> = texts
                    .iter()
                    .map(|text| text.strip_prefix("-S").unwrap_or(text))
                    .filter(|text| text.contains(['.', '/']) || !text.starts_with('-'))
                    .filter_map(|text| self.own_folder(text, at))
                    .collect();
                if self.runs_in_package(at) {
                    folders.push(at.folder.clone());
                }
                let rules = folders.iter();
                let rules =
                    rules.filter_map(|folder| self.package.find(&join(folder, "CMakeLists.txt")));
                files.extend(rules.take(1));
                let defined = Defined::of_cmake(args, &at.holes);
                self.cmake_files(files, &defined, at, variables, reached);
            }
            "ninja" | "ninja-build" | "samu" => {
                let named = texts.iter().find_map(|text| {
                    let path = self.own_path(text, at)?;
                    self.package
                        .file(path)
                        .path
                        .ends_with(".ninja")
                        .then_some(path)
                });
                let folder = texts
                    .iter()
                    .position(|text| *text == "-C")
                    .and_then(|at| texts.get(at + 1))
                    .map_or(at.folder.clone(), |inner| join(&at.folder, inner));
                let usual = || {
                    let own = self.runs_in_package(at);
                    own.then(|| self.package.find(&join(&folder, "build.ninja")))?
                };
                if let Some(file) = named.or_else(usual) {
                    self.ninja_file(file, &folder, at, variables, reached);
                }
            }
            _ => {}
        }
    }

    fn cmake_files(
        &mut self,
        mut files: Vec<FileId>,
        defined: &Defined,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) {
        let mut next = 0;
        let mut commands = 0;
        while let Some(file) = files.get(next).copied() {
            next += 1;
            let is_new = self.is_new_rule(file, "", at.zone);
            let Some(text) = is_new.then(|| self.rules_text(file, at)).flatten() else {
                continue;
            };
            let here = folder(&self.package.file(file).path).to_owned();
            for call in calls(&text) {
                match call.name.as_str() {
                    "include" | "add_subdirectory" => {
                        let Some(name) = call.words.first() else {
                            continue;
                        };
                        let path = join(&here, name);
                        let names = [path.clone(), format!("{path}/CMakeLists.txt")];
                        let found = names.iter().find_map(|name| self.package.find(name));
                        files.extend(found.filter(|id| files.len() < FILES && !files.contains(id)));
                    }
                    "execute_process" | "add_custom_command" | "add_custom_target"
                    | "exec_program" => {
                        for words in commands_of(&call) {
                            commands += 1;
                            if commands > COMMANDS {
                                self.cut_short(at.zone);
                                return;
                            }
                            let line = words
                                .iter()
                                .map(|word| quoted(&known(word, &here, defined)))
                                .collect::<Vec<_>>()
                                .join(" ");
                            let inner = At {
                                holes: defined.in_words(&words),
                                ..self.at_rules(file, call.at, &here, at)
                            };
                            self.apart(variables, |all, variables| {
                                all.run_text(&line, &inner, Piped::default(), variables, reached)
                            });
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn ninja_file(
        &mut self,
        file: FileId,
        folder: &str,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) {
        let is_new = self.is_new_rule(file, folder, at.zone);
        let Some(text) = is_new.then(|| self.rules_text(file, at)).flatten() else {
            return;
        };
        let mut offset = 0;
        let mut commands = 0;
        for line in text.split_inclusive('\n') {
            let begin = offset;
            offset += line.len();
            let Some(command) = line.trim().strip_prefix("command") else {
                continue;
            };
            let Some(command) = command.trim_start().strip_prefix('=') else {
                continue;
            };
            commands += 1;
            if commands > COMMANDS {
                self.cut_short(at.zone);
                return;
            }
            let inner = self.at_rules(file, begin, folder, at);
            let command = command.trim().to_owned();
            self.apart(variables, |all, variables| {
                all.run_text(&command, &inner, Piped::default(), variables, reached)
            });
        }
    }

    /// The text of a file of rules.
    fn rules_text(&mut self, file: FileId, at: &At) -> Option<String> {
        let bytes = self.package.file(file).bytes.clone()?;
        if bytes.len() > LONGEST {
            self.cut_short(at.zone);
            return None;
        }
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A place in a file of rules.
    fn at_rules(&self, file: FileId, offset: usize, folder: &str, at: &At) -> At {
        let start = u32::try_from(offset).unwrap_or(u32::MAX);
        let span = Span {
            start,
            end: start.saturating_add(1),
        };
        At {
            file,
            span,
            place: self.place(file, span),
            folder: folder.to_owned(),
            lines: false,
            // What its words hold was not written by whoever started it.
            holes: Rc::from([]),
            ..at.clone()
        }
    }
}

/// A call in rules of CMake.
#[derive(Debug, PartialEq, Eq)]
struct Call {
    name: String,
    words: Vec<String>,
    /// The byte that it begins at.
    at: usize,
}

/// The calls of a file.
fn calls(text: &str) -> Vec<Call> {
    let mut found = Vec::new();
    let mut chars = text.char_indices().peekable();
    let mut name = String::new();
    let mut begin = 0;
    while let Some((at, c)) = chars.next() {
        match c {
            '#' => {
                chars.by_ref().find(|(_, c)| *c == '\n');
                name.clear();
            }
            '(' if !name.is_empty() => {
                let words = words_in(&mut chars);
                found.push(Call {
                    name: std::mem::take(&mut name).to_ascii_lowercase(),
                    words,
                    at: begin,
                });
            }
            c if c.is_alphanumeric() || c == '_' => {
                if name.is_empty() {
                    begin = at;
                }
                name.push(c);
            }
            ' ' | '\t'
                if chars
                    .peek()
                    .is_some_and(|(_, c)| matches!(c, '(' | ' ' | '\t')) => {}
            _ => name.clear(),
        }
    }
    found
}

/// The words up to the end of a call.
fn words_in(chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut depth = 1_u32;
    let mut is_word = false;
    while let Some((_, c)) = chars.next() {
        match c {
            '"' => {
                is_word = true;
                while let Some((_, c)) = chars.next() {
                    match c {
                        '\\' => word.extend(chars.next().map(|(_, c)| c)),
                        '"' => break,
                        c => word.push(c),
                    }
                }
                continue;
            }
            '#' => {
                chars.by_ref().find(|(_, c)| *c == '\n');
            }
            '(' => {
                depth += 1;
                continue;
            }
            ')' => depth -= 1,
            c if c.is_whitespace() => {}
            c => {
                is_word = true;
                word.push(c);
                continue;
            }
        }
        if is_word {
            words.push(std::mem::take(&mut word));
            is_word = false;
        }
        if depth == 0 {
            break;
        }
    }
    words
}

/// The commands in a call: what stands behind each `COMMAND`, up to the next word of CMake's own.
fn commands_of(call: &Call) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = Vec::new();
    let mut is_inside = call.name == "exec_program";
    if is_inside {
        found.push(Vec::new());
    }
    for word in &call.words {
        let is_keyword = word.len() > 2 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        if word == "COMMAND" {
            is_inside = true;
            found.push(Vec::new());
        } else if is_keyword {
            is_inside = word == "ARGS" && is_inside;
        } else if is_inside && let Some(last) = found.last_mut() {
            last.push(word.clone());
        }
    }
    found.retain(|words| !words.is_empty());
    found
}

/// A word with what CMake itself puts in, and what it was told to.
fn known(word: &str, here: &str, defined: &Defined) -> String {
    let mut out = String::new();
    let mut rest = word;
    while let Some((before, behind)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, behind)) = behind.split_once('}') else {
            return out + HOLE;
        };
        rest = behind;
        match name {
            "CMAKE_COMMAND" => out.push_str("cmake"),
            "PYTHON_EXECUTABLE" | "Python3_EXECUTABLE" | "Python_EXECUTABLE" | "PYTHON" => {
                out.push_str("python");
            }
            "PERL_EXECUTABLE" | "PERL" => out.push_str("perl"),
            "RUBY_EXECUTABLE" | "Ruby_EXECUTABLE" => out.push_str("ruby"),
            "CMAKE_CURRENT_SOURCE_DIR" | "CMAKE_CURRENT_LIST_DIR" => {
                out.push_str(&format!("{PACKAGE}{here}{HOLE_END}"));
            }
            "CMAKE_SOURCE_DIR" | "PROJECT_SOURCE_DIR" => {
                out.push_str(&format!("{PACKAGE}{HOLE_END}"));
            }
            name => out.push_str(defined.value(name).unwrap_or(HOLE)),
        }
    }
    out + rest
}
