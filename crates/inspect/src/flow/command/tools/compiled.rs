//! What builders of other languages run: build scripts of cargo, commands of CMake.

use super::Text;
use crate::cargo;
use crate::flow::Analysis;
use crate::flow::command::defined::Defined;
use crate::flow::command::start::quoted;
use crate::flow::command::{At, Piped, Variables};
use crate::package::join;
use crate::pure::{FileId, HOLE_START};
use crate::unpack::plain;
use std::collections::BTreeMap;

/// Files of CMake that one run reads.
const FILES: usize = 16;
/// Bytes of one.
const LONGEST: usize = 1 << 18;
/// Commands that are taken from one.
const COMMANDS: usize = 64;

impl Analysis<'_> {
    /// `cargo build` and what wraps it: the build script of the crate, and its program where it is
    /// run.
    pub(super) fn compiled_by_cargo(
        &mut self,
        base: &str,
        args: &[Text],
        at: &At,
        reached: &mut Vec<FileId>,
    ) {
        if !self.runs_in_package(at) {
            return;
        }
        let mut folder = at.folder.clone();
        let mut verb = match base {
            "napi" | "neon" | "wasm-pack" => Some("build"),
            _ => None,
        };
        let mut words = args.iter().map(|(text, _)| text.as_str());
        while let Some(word) = words.next() {
            let (option, value) = match word.split_once('=') {
                Some((option, value)) => (option, Some(value)),
                None => (word, None),
            };
            match option {
                "--manifest-path" => {
                    if let Some(path) = value.or_else(|| words.next()) {
                        let path = path.strip_suffix("Cargo.toml").unwrap_or(path);
                        folder = plain(&join(&at.folder, path.trim_end_matches('/')));
                    }
                }
                "-C" | "--cwd" => {
                    if let Some(path) = value.or_else(|| words.next()) {
                        folder = plain(&join(&at.folder, path));
                    }
                }
                "build" | "b" | "rustc" | "check" | "c" | "test" | "t" | "bench" | "install"
                | "zigbuild" | "xwin" => verb = verb.or(Some("build")),
                "run" | "r" => verb = Some("run"),
                _ => {}
            }
        }
        if verb.is_none() || folder.contains(HOLE_START) {
            return;
        }
        reached.extend(cargo::run_by_build(self.package, &folder));
        if verb == Some("run") {
            reached.extend(self.package.find(&join(&folder, "src/main.rs")));
        }
    }

    /// `cmake -S folder`: what its files run while they are read.
    pub(super) fn configured_by_cmake(
        &mut self,
        base: &str,
        args: &[Text],
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) {
        if !self.runs_in_package(at) {
            return;
        }
        let mut folder = (base == "cmake-js").then(String::new);
        let mut words = args.iter().map(|(text, _)| text.as_str());
        while let Some(word) = words.next() {
            match word {
                "--build" | "--install" | "-E" | "-P" | "--version" => return,
                "-S" | "-d" | "--directory" => folder = words.next().map(str::to_owned),
                "-B" | "-D" | "-G" | "-A" | "-T" => {
                    words.next();
                }
                _ if word.starts_with('-') => {}
                _ if base == "cmake" && folder.is_none() => folder = Some(word.to_owned()),
                _ => {}
            }
        }
        if let Some(folder) = folder.filter(|folder| !folder.contains(HOLE_START)) {
            let folder = plain(&join(&at.folder, &folder));
            let defined = Defined::of_cmake(args, &at.holes);
            self.read_by_cmake(&folder, &defined, at, variables, reached);
        }
    }

    fn read_by_cmake(
        &mut self,
        folder: &str,
        defined: &Defined,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) {
        let mut waiting = vec![folder.to_owned()];
        let mut seen: Vec<String> = Vec::new();
        while let Some(folder) = waiting.pop() {
            if seen.len() >= FILES || seen.contains(&folder) {
                continue;
            }
            seen.push(folder.clone());
            let Some(bytes) = self
                .package
                .find(&join(&folder, "CMakeLists.txt"))
                .and_then(|file| self.package.file(file).bytes.clone())
            else {
                continue;
            };
            if bytes.len() > LONGEST {
                self.cut_short(at.zone);
                continue;
            }
            let read = Read::of(&String::from_utf8_lossy(&bytes), defined);
            for line in read.lines {
                let inside = At {
                    folder: folder.clone(),
                    holes: defined.in_line(&line),
                    ..at.clone()
                };
                self.apart(variables, |all, variables| {
                    all.run_text(&line, &inside, Piped::default(), variables, reached)
                });
            }
            waiting.extend(read.below.iter().map(|below| plain(&join(&folder, below))));
        }
    }
}

/// What a file of CMake runs, and the folders whose files it reads.
#[derive(Debug, Default)]
struct Read {
    lines: Vec<String>,
    below: Vec<String>,
}

impl Read {
    fn of(text: &str, defined: &Defined) -> Self {
        let mut read = Self::default();
        let given = defined.all();
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut set: BTreeMap<String, String> = given.collect();
        for (name, words) in commands(text) {
            let words: Vec<String> = words.iter().map(|word| filled(word, &set)).collect();
            let line = match (name.as_str(), &words[..]) {
                ("set", [name, value]) => {
                    set.insert(name.clone(), value.clone());
                    continue;
                }
                ("add_subdirectory", [folder, ..]) => {
                    read.below.push(folder.clone());
                    continue;
                }
                ("execute_process", words) => piped(words),
                ("exec_program", [program, rest @ ..]) => {
                    let args = rest.iter().skip_while(|word| *word != "ARGS").skip(1);
                    let all: Vec<&str> = std::iter::once(program)
                        .chain(args)
                        .map(String::as_str)
                        .collect();
                    all.join(" ")
                }
                ("file", [how, address, path, ..]) if how == "DOWNLOAD" => {
                    format!("curl -o {} {}", quoted(path), quoted(address))
                }
                _ => continue,
            };
            if read.lines.len() < COMMANDS && !line.is_empty() {
                read.lines.push(line);
            }
        }
        read
    }
}

/// The commands of `execute_process`, each of which gets what the one before it writes.
fn piped(words: &[String]) -> String {
    const KEYS: [&str; 20] = [
        "WORKING_DIRECTORY",
        "TIMEOUT",
        "RESULT_VARIABLE",
        "RESULTS_VARIABLE",
        "OUTPUT_VARIABLE",
        "ERROR_VARIABLE",
        "INPUT_FILE",
        "OUTPUT_FILE",
        "ERROR_FILE",
        "OUTPUT_QUIET",
        "ERROR_QUIET",
        "COMMAND_ECHO",
        "OUTPUT_STRIP_TRAILING_WHITESPACE",
        "ERROR_STRIP_TRAILING_WHITESPACE",
        "ENCODING",
        "ECHO_OUTPUT_VARIABLE",
        "ECHO_ERROR_VARIABLE",
        "COMMAND_ERROR_IS_FATAL",
        "ANY",
        "LAST",
    ];
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut is_command = false;
    for word in words {
        if word == "COMMAND" {
            lines.push(Vec::new());
            is_command = true;
        } else if KEYS.contains(&word.as_str()) {
            is_command = false;
        } else if is_command && let Some(line) = lines.last_mut() {
            line.push(quoted(word));
        }
    }
    let lines: Vec<String> = lines.iter().map(|line| line.join(" ")).collect();
    lines.join(" | ")
}

/// A word with the variables in it that are known: folders of the build are all the one that it
/// runs in.
fn filled(word: &str, set: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = word;
    while let Some((before, behind)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, behind)) = behind.split_once('}') else {
            rest = behind;
            break;
        };
        match (set.get(name), own_program(name)) {
            (Some(value), _) => out.push_str(value),
            (None, Some(program)) => out.push_str(program),
            (None, None) if name.ends_with("_DIR") => out.push('.'),
            (None, None) => {
                out.push('$');
                out.push_str(name);
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// The program that CMake itself puts into a variable.
fn own_program(name: &str) -> Option<&'static str> {
    Some(match name {
        "CMAKE_COMMAND" => "cmake",
        "CMAKE_CTEST_COMMAND" => "ctest",
        "CMAKE_CPACK_COMMAND" => "cpack",
        "CMAKE_AR" => "ar",
        "CMAKE_RANLIB" => "ranlib",
        "CMAKE_LINKER" => "ld",
        "CMAKE_NM" => "nm",
        "CMAKE_STRIP" => "strip",
        "CMAKE_OBJCOPY" => "objcopy",
        "CMAKE_OBJDUMP" => "objdump",
        "CMAKE_C_COMPILER" => "cc",
        "CMAKE_CXX_COMPILER" => "c++",
        _ => return None,
    })
}

/// The commands of a file, with their words.
fn commands(text: &str) -> Vec<(String, Vec<String>)> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    let mut name = String::new();
    while let Some(c) = chars.next() {
        match c {
            '#' => {
                while chars.next_if(|c| *c != '\n').is_some() {}
                name.clear();
            }
            '(' => {
                let words = words_of(&mut chars);
                if !name.is_empty() {
                    out.push((name.to_ascii_lowercase(), words));
                }
                name.clear();
            }
            c if c.is_alphanumeric() || c == '_' => name.push(c),
            ' ' | '\t' => {}
            _ => name.clear(),
        }
    }
    out
}

fn words_of(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut level = 0;
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => word.extend(chars.next()),
                        c => word.push(c),
                    }
                }
                words.push(std::mem::take(&mut word));
                continue;
            }
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            '(' => level += 1,
            ')' if level == 0 => break,
            ')' => level -= 1,
            c if !c.is_whitespace() => {
                word.push(c);
                continue;
            }
            _ => {}
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_of_cmake_runs_is_read_with_its_variables() {
        let text = "# execute_process(COMMAND no)\nset(TOOL sh)\n\
                    execute_process(COMMAND ${TOOL} -c \"a | b\" OUTPUT_VARIABLE x)\n\
                    EXECUTE_PROCESS(COMMAND a COMMAND b\n WORKING_DIRECTORY c)\n\
                    file(DOWNLOAD https://a.invalid/b ${CMAKE_BINARY_DIR}/c)\n\
                    file(READ d e)\nadd_subdirectory(below)\n\
                    execute_process(COMMAND ${CMAKE_AR} /def:${D})\n";
        let read = Read::of(text, &Defined::default());
        assert_eq!(
            read.lines,
            [
                "sh -c 'a | b'",
                "a | b",
                "curl -o ./c https://a.invalid/b",
                // What nobody set is the shell's to know; its own programs are not.
                "ar '/def:$D'",
            ]
        );
        assert_eq!(read.below, ["below"]);
    }
}
