//! Tools that start what their words name: runners of scripts, watchers, wrappers; and tools whose
//! configuration is code, which runs when they do.

mod compiled;
mod configuration;
mod pattern;
mod rules;

use super::defined::Defined;
use super::{At, Piped, Variables};
use crate::flow::Analysis;
use crate::flow::label::Label;
use crate::ir::{FuncId, Language};
use crate::package::join;
use crate::pure::{FileId, Value};
use crate::unpack::plain;
use configuration::configurations;
use customs_model::Zone;
use pattern::{is_like, is_path_like};
use rules::{lines_of_rules, words_of_make};

/// A word of a command line, with what is in it.
type Text = (String, Vec<Label>);

/// Files that one pattern means.
const FILES: usize = 16;
/// Scripts that one pattern means.
const SCRIPTS: usize = 32;
/// Endings of code that tools read as their configuration.
const CODE: [&str; 8] = [
    ".js",
    ".cjs",
    ".mjs",
    ".ts",
    ".mts",
    ".cts",
    ".babel.js",
    ".esm.js",
];

impl Analysis<'_> {
    /// A tool that starts other programs or runs code of the package. Gives nothing for any
    /// other program.
    pub(super) fn tool_run(
        &mut self,
        base: &str,
        args: &[Text],
        input: &Piped,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Option<Piped> {
        match base {
            "run-s" | "run-p" | "npm-run-all" | "npm-run-all2" => {
                for (text, _) in args.iter().filter(|(text, _)| !text.starts_with('-')) {
                    // `"build -- --fast"`: a script with what it is called with.
                    let name = text.split_whitespace().next().unwrap_or_default();
                    self.scripts_like(name, at, variables, reached);
                }
            }
            "concurrently" | "conc" => {
                for line in lines_of(args) {
                    match line.split_once(':') {
                        Some(("npm" | "yarn" | "pnpm" | "bun" | "node", name)) => {
                            let name = name.split_whitespace().next().unwrap_or_default();
                            self.scripts_like(name, at, variables, reached);
                        }
                        _ => {
                            self.apart(variables, |all, variables| {
                                all.run_text(&line, at, Piped::default(), variables, reached)
                            });
                        }
                    }
                }
            }
            "nyc" | "c8" | "env-cmd" | "dotenvx" | "shx" | "dotenv-cli" | "wait-on" | "retry"
            | "with-env" => {
                let rest = behind(base, args)?;
                return Some(self.program_run(rest, &[], input, at, variables, reached));
            }
            "nodemon" | "node-dev" | "ts-node-dev" | "tsnd" | "babel-node" | "swc-node" | "zx"
            | "jiti" | "esno" | "esmo" | "vite-node" | "ts-node-esm" | "ts-node-script" | "pm2"
            | "pm2-runtime" | "forever" | "mocha" | "ava" | "tape" | "jasmine" => {
                let started = matches!(args.first(), Some((verb, _)) if matches!(verb.as_str(), "start" | "restart" | "watch" | "run"));
                let rest = &args[usize::from(started)..];
                if let Some((line, _)) = value_of(rest, &["--exec", "-x"]) {
                    let line = line.clone();
                    self.apart(variables, |all, variables| {
                        all.run_text(&line, at, Piped::default(), variables, reached)
                    });
                }
                self.script_run(base, Language::JavaScript, rest, input, at, reached);
                self.configured_by_code(base, args, at, reached);
            }
            "make" | "gmake" => self.made_by_rules(args, at, variables, reached)?,
            "cargo" | "cross" | "napi" | "cargo-cp-artifact" | "neon" | "wasm-pack"
                if args.first().is_none_or(|(text, _)| text != "publish") =>
            {
                self.compiled_by_cargo(base, args, at, reached);
            }
            "cmake" | "cmake-js" => self.configured_by_cmake(base, args, at, variables, reached),
            "find" => return self.each_found(args, at, variables, reached),
            _ if !configurations(base).is_empty() => {
                self.configured_by_code(base, args, at, reached);
            }
            _ => return self.bundled_program(base, args, at, reached),
        }
        Some(Piped::default())
    }

    /// Scripts of the manifest whose names a pattern means: `build:*`.
    fn scripts_like(
        &mut self,
        pattern: &str,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) {
        let names = self.script_names(at);
        let names = names.into_iter().filter(|name| is_like(pattern, name));
        for name in names.take(SCRIPTS).collect::<Vec<_>>() {
            self.npm_script(&name, at, variables, reached);
        }
    }

    /// The code that a tool reads as its configuration: one that is named, or the one that it
    /// looks for.
    fn configured_by_code(
        &mut self,
        base: &str,
        args: &[Text],
        at: &At,
        reached: &mut Vec<FileId>,
    ) {
        if !self.runs_in_package(at) || at.zone == Zone::Never {
            return;
        }
        const NAMED: [&str; 5] = ["--config", "-c", "--gulpfile", "-f", "--gruntfile"];
        let named = value_of(args, &NAMED).map(|(path, _)| path.clone());
        // rollup reads none unless it is told to.
        let is_told = base != "rollup"
            || args.iter().any(|(text, _)| {
                matches!(text.as_str(), "-c" | "--config") || text.starts_with("--config")
            });
        let mut files: Vec<FileId> = Vec::new();
        if let Some(path) = &named
            && let Some(file) = self.package_file(path, at)
        {
            files.push(file);
        } else if is_told {
            let stems = configurations(base).iter();
            let names = stems.flat_map(|stem| CODE.map(|ending| format!("{stem}{ending}")));
            let found = names.filter_map(|name| self.package.find(&join(&at.folder, &name)));
            files.extend(found);
            // A name that is whole already.
            let whole = configurations(base).iter();
            files.extend(whole.filter_map(|name| self.package.find(&join(&at.folder, name))));
        }
        for file in files {
            if self.package.language(file).is_none() {
                continue;
            }
            reached.push(file);
            self.calls_what_it_hands_out(file, args, at.zone);
        }
    }

    /// A tool calls the function that its configuration hands out, and the tasks that its words
    /// name.
    fn calls_what_it_hands_out(&mut self, file: FileId, args: &[Text], zone: Zone) {
        let mut called = Vec::new();
        match self.machine.handed_out(file) {
            Value::Function(closure) => called.push((closure.file, closure.function)),
            Value::Object(object) => {
                for (name, value) in object.entries.borrow().iter() {
                    let is_named = args.iter().any(|(text, _)| **text == **name);
                    if let Value::Function(closure) = value
                        && (is_named || &**name == "default")
                    {
                        called.push((closure.file, closure.function));
                    }
                }
            }
            _ => {}
        }
        let called: Vec<(FileId, FuncId)> = called;
        for (file, function) in called {
            self.started_functions.push((zone, file, function));
        }
    }

    /// `make`: the lines below the rule that is named, or the first one.
    fn made_by_rules(
        &mut self,
        args: &[Text],
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Option<()> {
        /// Bytes of a file of rules.
        const LONGEST: usize = 1 << 16;
        if !self.runs_in_package(at) {
            return None;
        }
        let (folder, named, wanted) = words_of_make(args);
        let defined = Defined::of_make(args, &at.holes);
        let moved = At {
            folder: plain(&join(&at.folder, &folder)),
            ..at.clone()
        };
        let at = &moved;
        let names = match &named {
            Some(name) => std::slice::from_ref(name),
            None => &["GNUmakefile", "makefile", "Makefile"].map(str::to_owned)[..],
        };
        let file = names
            .iter()
            .find_map(|name| self.package.find(&join(&at.folder, name)))?;
        let bytes = self.package.file(file).bytes.clone()?;
        if bytes.len() > LONGEST {
            self.cut_short(at.zone);
            return None;
        }
        if !self.is_new_rule(file, &wanted.join(" "), at.zone) {
            return Some(());
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for line in lines_of_rules(&text, &wanted, &defined) {
            let at = At {
                holes: defined.in_line(&line),
                ..at.clone()
            };
            self.apart(variables, |all, variables| {
                all.run_text(&line, &at, Piped::default(), variables, reached)
            });
        }
        Some(())
    }

    /// `find … -exec program {} ;`.
    fn each_found(
        &mut self,
        args: &[Text],
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Option<Piped> {
        let is_run = |(text, _): &Text| matches!(text.as_str(), "-exec" | "-execdir" | "-ok");
        let begin = args.iter().position(is_run)? + 1;
        let words = args.get(begin..)?;
        let end = words
            .iter()
            .position(|(text, _)| matches!(text.as_str(), ";" | "\\;" | "+"));
        let words = words.get(..end.unwrap_or(words.len()))?;
        let pattern = value_of(args, &["-name", "-iname"])?.0.clone();
        for path in self.paths_like(&format!("**/{pattern}"), at) {
            let line: Vec<Text> = words
                .iter()
                .map(|(text, labels)| (text.replace("{}", &path), labels.clone()))
                .collect();
            let input = Piped::default();
            self.program_run(&line, &[], &input, at, variables, reached);
        }
        None
    }

    /// A program of the package itself, or of one that lies in its archive.
    fn bundled_program(
        &mut self,
        base: &str,
        args: &[Text],
        at: &At,
        reached: &mut Vec<FileId>,
    ) -> Option<Piped> {
        if at.site.is_some() || base.is_empty() || base.contains(['.', '/', ' ']) {
            return None;
        }
        let path = self.own_bin(base, at).or_else(|| {
            let inner = At {
                folder: join(&at.folder, &format!("node_modules/{base}")),
                ..at.clone()
            };
            let path = self.own_bin(base, &inner)?;
            Some(join(&inner.folder, path.trim_start_matches("./")))
        })?;
        let _ = args;
        self.file_run(&path, "a command", at, reached);
        Some(Piped::default())
    }

    /// Files of the folder that a command line runs in which a pattern of a shell means.
    pub(super) fn paths_like(&self, pattern: &str, at: &At) -> Vec<String> {
        if !self.runs_in_package(at) {
            return Vec::new();
        }
        let inside = join(&at.folder, "");
        let inside = if at.folder.is_empty() { "" } else { &inside };
        let pattern = pattern.trim_start_matches("./");
        let mut found: Vec<String> = self
            .package
            .ids()
            .filter_map(|id| self.package.file(id).path.strip_prefix(inside))
            .map(|path| path.trim_start_matches('/'))
            .filter(|path| is_path_like(pattern, path))
            .map(str::to_owned)
            .collect();
        found.sort();
        found.truncate(FILES);
        found
    }
}

/// The lines that `concurrently` runs.
fn lines_of(args: &[Text]) -> Vec<String> {
    const VALUED: [&str; 14] = [
        "-n",
        "--names",
        "-c",
        "--prefix-colors",
        "-p",
        "--prefix",
        "-s",
        "--success",
        "-m",
        "--max-processes",
        "--restart-tries",
        "--restart-after",
        "--kill-signal",
        "-t",
    ];
    let mut lines = Vec::new();
    let mut rest = args.iter();
    while let Some((text, _)) = rest.next() {
        if VALUED.contains(&text.as_str()) {
            rest.next();
        } else if !text.starts_with('-') {
            lines.push(text.clone());
        }
    }
    lines
}

/// What a wrapper starts, with its words.
fn behind<'t>(base: &str, args: &'t [Text]) -> Option<&'t [Text]> {
    let valued: &[&str] = match base {
        "env-cmd" => &["-f", "--file", "-e", "--environments", "-r", "--rc-file"],
        "dotenvx" | "dotenv-cli" => &["-f", "--env-file", "-e", "-v"],
        "nyc" | "c8" => &["-r", "--reporter", "-x", "--exclude", "--include", "-n"],
        _ => &[],
    };
    let mut at = 0;
    while let Some((text, _)) = args.get(at) {
        if text == "--" {
            at += 1;
            break;
        }
        if valued.contains(&text.as_str()) {
            at += 2;
        } else if text.starts_with('-') || base == "dotenvx" && text == "run" {
            at += 1;
        } else {
            break;
        }
    }
    args.get(at..).filter(|rest| !rest.is_empty())
}

/// The value of an option, in its own word or behind `=`.
fn value_of<'t>(args: &'t [Text], options: &[&str]) -> Option<&'t Text> {
    let at = args
        .iter()
        .position(|(text, _)| options.contains(&text.as_str()))?;
    args.get(at + 1).filter(|(text, _)| !text.starts_with('-'))
}

#[cfg(test)]
mod tests;
