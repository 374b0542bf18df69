//! Command lines: what a hook, a script or a process that code starts does.

mod agent;
mod brought;
mod change;
mod check;
mod clipboard;
mod credential;
mod defined;
mod edit;
mod escape;
mod fed;
mod fetch;
mod file;
mod filter;
mod foreign;
mod group;
mod handed_in;
mod input;
mod leaving;
mod lines;
mod npm;
mod opaque;
mod otherwise;
mod output;
mod pip;
mod power;
mod program;
mod rows;
mod script;
mod send;
mod several;
mod start;
#[cfg(test)]
mod tests;
mod text;
mod tools;
mod waiting;

use crate::flow::label::Label;
use crate::flow::{Analysis, Labels, Site, is_secret};
use crate::ir::Span;
use crate::limit::evaluating;
use crate::pure::{FileId, HOLE, HOLE_START};
use crate::shell::{Command, Link, Script, Word, parse};
use customs_model::{Edge, Flow, Hop, Mark, Place, SinkKind, SourceKind, Target, Zone};
use rustc_hash::FxHashMap;
use std::rc::Rc;

pub(super) use check::Stop;
pub(super) use foreign::LeftBehind;
pub(super) use lines::is_handed_in;
pub(super) use start::args_of;
pub(super) use waiting::Waiting;

/// Levels of command lines in command lines.
const LEVELS: u8 = 5;
/// Calls of a script's functions in such functions.
const CALLS: u8 = 6;
/// Under this name the variables of a script hold the folder that it went to, below the top of
/// the package.
const FOLDER: &str = "cd";
/// Functions of a command line with its scripts.
const FUNCTIONS: usize = 256;
/// Bytes of a word with the values of its variables, and of what a script says.
const WORD: usize = 64 << 10;
const OUTPUT: usize = 1 << 20;
/// Ways that lead to one word.
const LABELS: usize = 256;

/// Where a command line stands.
#[derive(Debug, Clone)]
struct At {
    zone: Zone,
    file: FileId,
    span: Span,
    place: Place,
    /// The folder that it runs in, below the top of the package.
    folder: String,
    /// What is in the holes of its text.
    holes: Labels,
    level: u8,
    /// How many functions of a script are being run around it.
    calls: u8,
    /// Its text is the whole file: each command has a line of its own.
    lines: bool,
    /// Its text is a file's: of what started it only the arguments came in.
    in_file: bool,
    /// Where in code it stands, if it does.
    site: Option<Site>,
}

/// What flows from one command to the next.
#[derive(Debug, Clone, Default)]
struct Piped {
    labels: Vec<Label>,
    text: Option<String>,
    /// The file whose content it is, as it stands.
    file: Option<String>,
    /// What made another text of one that is known, which is not computed.
    opaque: Option<Label>,
}

/// Variables: their text and what is in them.
type Variables = FxHashMap<String, (String, Vec<Label>)>;

impl Analysis<'_> {
    /// Reads a command line of a manifest; gives the files of the package that it runs.
    pub(super) fn command_line(
        &mut self,
        text: &str,
        zone: Zone,
        file: FileId,
        folder: &str,
        place: &Place,
        _name: &str,
    ) -> Vec<FileId> {
        let at = At {
            zone,
            file,
            span: Span {
                start: place.bytes.0,
                end: place.bytes.1,
            },
            place: place.clone(),
            folder: folder.to_owned(),
            holes: Rc::from([]),
            level: 0,
            calls: 0,
            lines: false,
            in_file: false,
            site: None,
        };
        let mut reached = Vec::new();
        self.listed.clear();
        self.shell_functions.clear();
        self.run_text(
            text,
            &at,
            Piped::default(),
            &mut Variables::default(),
            &mut reached,
        );
        reached
    }

    fn run_text(
        &mut self,
        text: &str,
        at: &At,
        input: Piped,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Piped {
        if at.level >= LEVELS || text.len() > evaluating::SCRIPT {
            self.cut_short(at.zone);
            return Piped::default();
        }
        // A line is a shell of its own, where it is not one of a line.
        let outer = (at.level == 0).then(|| std::mem::take(&mut self.shell_waiting));
        let at = At {
            level: at.level + 1,
            ..at.clone()
        };
        let script = parse(text);
        let out = self.script(&script, &at, input, variables, reached);
        self.run_waiting(variables, reached);
        if let Some(outer) = outer {
            self.shell_waiting = outer;
        }
        out
    }

    fn script(
        &mut self,
        script: &Script,
        at: &At,
        input: Piped,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Piped {
        let mut out = Piped::default();
        let mut piped = input;
        if script.cut {
            self.cut_short(at.zone);
        }
        let outer = (self.stop, std::mem::take(&mut self.listed), self.is_last);
        for (number, command) in script.commands.iter().enumerate() {
            let Some(left) = self.commands.checked_sub(1) else {
                self.cut_short(at.zone);
                break;
            };
            self.commands = left;
            self.stop = check::stop(script, number, variables, &self.shell_functions);
            self.is_last = outer.2 && number + 1 == script.commands.len();
            let placed;
            // The commands in brackets have places of their own.
            let here = if at.lines && command.group.is_none() {
                placed = self.placed(command, at);
                &placed
            } else {
                at
            };
            let input = std::mem::take(&mut piped);
            let mut result = self.command(command, input, here, variables, reached);
            // `{ echo a; echo b; }`: what comes next begins a line.
            if let Some(text) = &mut result.text
                && command.link != Link::Pipe
                && number + 1 < script.commands.len()
                && ends_its_line(command)
            {
                text.push('\n');
            }
            if command.link == Link::Then {
                self.list_ends();
            }
            if command.link == Link::Pipe {
                piped = result;
            } else {
                out.labels.extend(result.labels);
                out.labels.truncate(LABELS);
                out.opaque = out.opaque.take().or(result.opaque);
                out.file = out.file.take().or(result.file);
                out.text = match (out.text.take(), result.text) {
                    (Some(before), Some(after)) if before.len() + after.len() > OUTPUT => {
                        self.cut_short(at.zone);
                        Some(before)
                    }
                    (Some(before), Some(after)) => Some(before + &after),
                    (before, after) => before.or(after),
                };
            }
        }
        (self.stop, self.listed, self.is_last) = outer;
        out
    }

    /// Where a command of a script file stands. What stands in its words has its place.
    fn placed(&self, command: &Command, at: &At) -> At {
        let span = Span {
            start: command.at,
            end: command.at.saturating_add(1),
        };
        At {
            span,
            place: self.place(at.file, span),
            lines: false,
            ..at.clone()
        }
    }

    /// A function of a script: what it does is read with what it is called with.
    fn defined(&mut self, name: &str, body: &Script, at: &At) {
        let known = self
            .shell_functions
            .iter_mut()
            .find(|known| known.0 == name);
        if let Some(known) = known {
            known.1 = body.clone();
        } else if self.shell_functions.len() < FUNCTIONS {
            self.shell_functions.push((name.to_owned(), body.clone()));
        } else {
            self.cut_short(at.zone);
        }
        self.shell_waiting.add(name, body, at);
    }

    /// Runs a function, told by its name and body, with its arguments.
    fn function_run(
        &mut self,
        (name, body): (&str, &Script),
        args: &[(String, Vec<Label>)],
        input: Piped,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Piped {
        let texts: Vec<String> = args.iter().map(|(text, _)| text.clone()).collect();
        if at.calls >= CALLS {
            // One that calls itself with what it was called with does nothing new.
            let mut running = self.shell_calls.iter();
            if !running.any(|call| call.0 == name && call.1 == texts) {
                self.cut_short(at.zone);
            }
            return Piped::default();
        }
        self.shell_waiting.runs(name);
        self.shell_calls.push((name.to_owned(), texts));
        let at = At {
            calls: at.calls + 1,
            ..at.clone()
        };
        let mut before = Vec::new();
        for position in 1..=9_usize {
            let name = position.to_string();
            before.push(match args.get(position - 1) {
                Some(arg) => variables.insert(name, arg.clone()),
                None => variables.remove(&name),
            });
        }
        let out = self.script(body, &at, input, variables, reached);
        self.shell_calls.pop();
        for (number, value) in before.into_iter().enumerate() {
            let name = (number + 1).to_string();
            match value {
                Some(value) => variables.insert(name, value),
                None => variables.remove(&name),
            };
        }
        out
    }

    /// A word's text and what is in it.
    fn word(
        &mut self,
        word: &Word,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> (String, Vec<Label>) {
        let mut text = word.text.clone();
        let mut labels = Vec::new();
        let mut opaque = None;
        for name in &word.variables {
            if let Some((value, inner)) = variables.get(name) {
                // `A=$A$A`, many times.
                let most = value.len().saturating_mul(word.variables.len());
                if text.len().saturating_add(most) > WORD {
                    self.cut_short(at.zone);
                } else {
                    text = text.replace(
                        &format!("{HOLE_START}${name}{}", crate::pure::HOLE_END),
                        value,
                    );
                }
                labels.extend(inner.iter().cloned());
                labels.truncate(LABELS);
            } else if name == "0" {
                let own = self.path_of_script(at).unwrap_or_else(|| HOLE.to_owned());
                text = text.replace(&format!("{HOLE_START}$0{}", crate::pure::HOLE_END), &own);
            } else if !matches!(
                name.as_str(),
                "HOME" | "PWD" | "TMPDIR" | "INIT_CWD" | "TMP" | "TEMP"
            ) {
                labels.extend(self.environment_variable(name, at.file, at.span));
                // Nobody has set it, most often: then this is what runs.
                if let Some((_, default)) = word.defaults.iter().find(|(of, _)| of == name) {
                    let hole = format!("{HOLE_START}${name}{}", crate::pure::HOLE_END);
                    text = text.replacen(&hole, default, 1);
                }
            }
        }
        for script in &word.substitutions {
            let inner = self.apart(variables, |all, variables| {
                check::new_shell(&[], variables);
                all.script(script, at, Piped::default(), variables, reached)
            });
            labels.extend(inner.labels);
            labels.truncate(LABELS);
            // What stands in a word with other texts is a part of one, and no text of its own.
            if text == HOLE && inner.text.is_none() {
                opaque = inner.opaque;
            }
            if let Some(inner) = inner.text {
                if text.len() + inner.len() > WORD {
                    self.cut_short(at.zone);
                } else {
                    text = text.replacen(HOLE, &inner, 1);
                }
            }
        }
        if text.contains(HOLE_START) && (!at.in_file || defined::names_an_argument(word)) {
            labels.extend(at.holes.iter().cloned());
        }
        if let Some(rest) = text.strip_prefix("~/") {
            text = format!("{HOLE_START}home{}/{rest}", crate::pure::HOLE_END);
        } else if text == "~" {
            text = format!("{HOLE_START}home{}", crate::pure::HOLE_END);
        }
        self.opaque = opaque;
        (text, labels)
    }

    fn source(&self, kind: SourceKind, name: &str, at: &At) -> Label {
        Label::read(kind, name, at.file, at.span)
    }

    /// A flow whose sink is a command.
    fn command_flow(
        &mut self,
        label: &Label,
        sink: SinkKind,
        name: &str,
        target: Target,
        at: &At,
        mut marks: Vec<Mark>,
    ) {
        if at.zone == Zone::Never {
            return;
        }
        // Of these the target is a file, and its name says nothing of a host.
        let is_file = matches!(
            sink,
            SinkKind::ExecutedFile | SinkKind::Configuration | SinkKind::Destruction
        );
        if !is_file {
            marks.extend(self.host_marks(&target, label));
        }
        let mut path = self.way(label);
        path.push(Hop {
            what: format!("reaches {name}"),
            at: at.place.clone(),
            edge: Edge::Reaches {
                sink: name.to_owned(),
            },
            hidden: self.hidden(at.file, at.span),
            shown: None,
        });
        self.add_flow(Flow {
            source: label.kind,
            source_name: label.name.to_string(),
            sink,
            sink_name: name.to_owned(),
            target,
            zone: at.zone,
            path,
            marks,
        });
    }

    /// What leaves by a command: a flow for each secret, and for each fact about the host.
    fn leaves<'l>(
        &mut self,
        labels: impl IntoIterator<Item = &'l Label>,
        sink: SinkKind,
        name: &str,
        target: &Target,
        at: &At,
    ) {
        for label in labels {
            if is_secret(label.kind) || label.kind == SourceKind::Identity {
                self.command_flow(label, sink, name, target.clone(), at, Vec::new());
            }
        }
    }

    fn command(
        &mut self,
        command: &Command,
        mut input: Piped,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Piped {
        if let Some((name, body)) = &command.function {
            self.defined(name, body, at);
            return Piped::default();
        }
        if let Some(group) = &command.group {
            return self.grouped(command, group, input, at, variables, reached);
        }
        for (name, value) in &command.assignments {
            let value = self.word(value, at, variables, reached);
            variables.insert(name.clone(), value);
        }
        let mut words: Vec<(String, Vec<Label>)> = Vec::new();
        let mut processes: Vec<Vec<Label>> = Vec::new();
        let runs_words = command.words.first().is_some_and(|first| {
            let name = base_name(&first.text);
            runs_its_input(name) || matches!(name, "eval" | "source" | ".")
        });
        for word in &command.words {
            let mut read = self.word(word, at, variables, reached);
            read.1.extend(self.opaque.take().filter(|_| runs_words));
            if word.process {
                processes.push(read.1.clone());
            }
            words.push(read);
        }
        self.shell_waiting
            .hear(words.iter().map(|(text, _)| text.as_str()));
        let moved;
        let at = match variables.get(FOLDER) {
            Some((folder, _)) => {
                moved = At {
                    folder: folder.clone(),
                    ..at.clone()
                };
                &moved
            }
            None => at,
        };
        self.comes_in(command, &mut input, at, variables, reached);
        // Each part of a pipe is a shell of its own.
        if command.link != Link::Pipe && words.first().is_some_and(|(name, _)| name == "cd") {
            self.moves(&words, at, variables);
            if let [_, (folder, _)] = words.as_slice() {
                self.moves_to_filled(folder, variables);
            }
        }
        let out = self.program_run(&words, &processes, &input, at, variables, reached);
        let out = self.made_of(&input, &words, out, at);
        self.put_out(command, &words, out, &input, at, variables, reached)
    }

    /// What comes in at a command besides what is piped to it.
    fn comes_in(
        &mut self,
        command: &Command,
        input: &mut Piped,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) {
        if let Some(here) = &command.here {
            input.text = Some(here.clone());
            input.file = None;
        }
        for redirect in command.redirects.iter().filter(|redirect| !redirect.out) {
            let (path, labels) = self.word(&redirect.file, at, variables, reached);
            input.labels.extend(labels);
            if redirect.is_text {
                input.opaque = self.opaque.take();
                input.text = Some(path).filter(|text| text != HOLE);
                input.file = None;
                continue;
            }
            let path = Self::socket_of(&path, variables).unwrap_or(path);
            if command.words.is_empty() {
                Self::opens_socket(&path, variables);
            }
            input.labels.extend(self.read_of_socket(&path, at));
            let content = self.content_of(&path, at.file, at.span);
            input.labels.extend(content);
            // What an interpreter reads is entered as a file of its own.
            let first = command.words.first().map(|first| base_name(&first.text));
            if first.is_some_and(|first| !runs_its_input(first)) {
                input.text = self.own_text(&path, at);
            }
            input.file = Some(path);
        }
    }

    /// Where the output of a command goes; gives what is left of it.
    #[allow(clippy::too_many_arguments, reason = "the parts of a command")]
    fn put_out(
        &mut self,
        command: &Command,
        words: &[(String, Vec<Label>)],
        mut out: Piped,
        input: &Piped,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Piped {
        for redirect in command.redirects.iter().filter(|redirect| redirect.out) {
            let (path, _) = self.word(&redirect.file, at, variables, reached);
            let path = match path.starts_with('&') {
                true => match Self::socket_of(&path, variables) {
                    Some(socket) => socket,
                    // It goes where the command's output goes.
                    None => continue,
                },
                false => path,
            };
            // `exec` alone: what it redirects stays so.
            if words.is_empty() {
                Self::opens_socket(&path, variables);
            }
            self.redirected(&path, words, &out, input, at);
            out = Piped::default();
        }
        out
    }
}

/// Whether a command ends the line that it prints.
fn ends_its_line(command: &Command) -> bool {
    let mut words = command.words.iter().map(|word| word.text.as_str());
    words.next() == Some("echo")
        && !words.next().is_some_and(|option| {
            option
                .strip_prefix('-')
                .is_some_and(|letters| letters.contains('n') && letters.len() <= 2)
        })
}

fn base_name(path: &str) -> &str {
    let base = path.rsplit(['/', '\\']).next().unwrap_or(path);
    // What Windows calls a program that is looked for by its name.
    let plain = base.strip_suffix(".cmd").or(base.strip_suffix(".exe"));
    match plain {
        Some(
            plain @ ("npm" | "npx" | "pnpm" | "yarn" | "bun" | "bunx" | "node" | "curl" | "wget"
            | "git" | "gh" | "tar" | "python" | "pip" | "cargo" | "certutil" | "bitsadmin"
            | "rundll32" | "regsvr32" | "mshta" | "msiexec"),
        ) => plain,
        _ => base,
    }
}

/// Whether a program runs what comes in at its input.
pub(super) fn runs_its_input(name: &str) -> bool {
    let name = name.strip_suffix(".exe").unwrap_or(name);
    matches!(
        name,
        "sh" | "bash"
            | "zsh"
            | "dash"
            | "ksh"
            | "ash"
            | "fish"
            | "cmd"
            | "powershell"
            | "pwsh"
            | "node"
            | "python"
            | "python3"
            | "perl"
            | "ruby"
            | "php"
            | "osascript"
            | "bun"
            | "deno"
    )
}

fn is_interpreter(name: &str) -> bool {
    matches!(
        name,
        "sh" | "bash"
            | "zsh"
            | "dash"
            | "ksh"
            | "ash"
            | "exec"
            | "0"
            | "python"
            | "python3"
            | "perl"
    )
}
