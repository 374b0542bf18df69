//! Programs that run scripts: files, texts in their words, and what comes in.

use super::check::new_shell;
use super::start::has_network;
use super::{At, Piped, Variables, base_name, runs_its_input};
use crate::flow::child::beside;
use crate::flow::label::Label;
use crate::flow::sink::short;
use crate::flow::{Analysis, is_secret};
use crate::ir::Language;
use crate::know;
use crate::package::join;
use crate::pure::{FileId, HOLE};
use crate::shell::decoded_power_shell;
use customs_model::{Mark, SignKind, SinkKind, SourceKind, Target, Zone};
use std::rc::Rc;

/// Secrets behind a text in its command line that are told from each other.
const GIVEN: usize = 8;

/// The variable that holds options of node.
const NODE_OPTIONS: &str = "NODE_OPTIONS";

impl Analysis<'_> {
    /// Text from elsewhere that an interpreter gets.
    pub(super) fn interpreted(&mut self, interpreter: &str, labels: &[Label], at: &At) {
        for label in labels.iter().filter(|label| {
            matches!(
                label.kind,
                SourceKind::Remote | SourceKind::Decoded | SourceKind::Opaque
            )
        }) {
            let target = match label.kind {
                SourceKind::Remote => {
                    Target::Constant(label.name.trim_start_matches("the answer of ").to_owned())
                }
                _ => Target::Opaque,
            };
            let used = at.site.map(|site| (site.file, site.expr));
            let marks = if at.site.is_some() {
                self.pinned(label, at.file, used)
            } else {
                Vec::new()
            };
            self.command_flow(label, SinkKind::Process, interpreter, target, at, marks);
        }
    }

    /// `node …`, `python …`: a file, a text, or what comes in.
    #[allow(clippy::too_many_arguments, reason = "the parts of a command")]
    pub(super) fn script_run(
        &mut self,
        name: &str,
        language: Language,
        args: &[(String, Vec<Label>)],
        input: &Piped,
        at: &At,
        reached: &mut Vec<FileId>,
    ) {
        let mut rest = args.iter();
        let mut code = None;
        let mut file = None;
        while let Some((text, labels)) = rest.next() {
            // `--eval=…` is `--eval …`.
            let (option, joined) = match text.split_once('=') {
                Some((option, value)) if text.starts_with("--") => {
                    (option, Some((value.to_owned(), labels.clone())))
                }
                _ => (text.as_str(), None),
            };
            match option {
                "-e" | "--eval" | "-p" | "--print" | "-c" | "eval" | "-pe" => {
                    code = joined.or_else(|| rest.next().cloned());
                    break;
                }
                _ if loads_first(option) => {
                    if let Some((text, _)) = joined.or_else(|| rest.next().cloned()) {
                        self.file_run(&text, name, at, reached);
                    }
                }
                _ if joined.is_none() && has_value(language, option) => {
                    rest.next();
                }
                "-" | "-u" => {}
                "run" if matches!(name, "bun" | "deno") => {}
                "-m" if language == Language::Python => {
                    if let Some((module, _)) = rest.next() {
                        self.module_run(module, at, reached);
                    }
                    return;
                }
                option if option.starts_with('-') => {}
                _ => {
                    file = Some((text.clone(), labels.clone()));
                    break;
                }
            }
        }
        if let Some((text, labels)) = &code {
            self.interpreted(name, labels, at);
            let behind = rest.flat_map(|(_, labels)| labels);
            let secrets = behind.filter(|label| is_secret(label.kind));
            self.text_is_given = secrets
                .map(|label| (label.kind, Rc::clone(&label.name)))
                .take(GIVEN)
                .collect();
            self.code_run(text, language, at, reached);
            self.text_is_given.clear();
        } else if let Some((text, labels)) = file {
            if text.contains("://") {
                let host = know::place_of(&text).unwrap_or_default();
                let label = self.source(SourceKind::Remote, &format!("the answer of {host}"), at);
                self.command_flow(
                    &label,
                    SinkKind::Process,
                    name,
                    Target::Constant(host),
                    at,
                    Vec::new(),
                );
            }
            let _ = labels;
            // What a shell makes of a pattern.
            let mut paths = Vec::new();
            if text.contains('*') {
                paths = self.paths_like(&text, at);
            }
            if paths.is_empty() {
                paths.push(text);
            }
            for path in paths {
                self.taken_for_code(&path, language, at);
                self.file_run(&path, name, at, reached);
            }
        } else {
            self.input_interpreted(name, input, at);
            if let Some(path) = &input.file
                && self.package_file(path, at).is_some()
            {
                self.taken_for_code(path, language, at);
                self.file_run(path, name, at, reached);
            }
            if let Some(text) = &input.text {
                self.code_run(text, language, at, reached);
            }
        }
    }

    /// A text of code that an interpreter gets in its words or at its input.
    fn code_run(&mut self, text: &str, language: Language, at: &At, reached: &mut Vec<FileId>) {
        if at.zone > Zone::Never {
            let named = self.named_files(text, at);
            let (code, data): (Vec<FileId>, Vec<FileId>) = named
                .into_iter()
                .partition(|id| self.package.language(*id).is_some());
            let data = data
                .into_iter()
                .filter_map(|id| beside(self.package.file(id)))
                .collect();
            let folder = at.folder.clone();
            // Hooks import what lies in their folder, and Python what is installed.
            let imports = match language {
                Language::Python => text.contains("import"),
                Language::JavaScript => {
                    (self.runs_in_package(at) || text.contains("\u{fdd0}package/"))
                        && uses_what_it_loads(text)
                }
                Language::Rust => false,
            };
            let place = at.place.clone();
            self.left_behind.of_text.clear();
            self.child_among(&folder, text, language, at.zone, place, imports, data);
            self.starts_of_text(at, reached);
            reached.extend(code);
        }
    }

    /// A file that is run as code, whatever it is called.
    fn taken_for_code(&mut self, path: &str, language: Language, at: &At) {
        if at.zone > Zone::Never
            && let Some(id) = self.package_file(path, at)
            && self.package.language(id).is_none()
        {
            self.package.file(id).forced.set(Some(language));
            self.sign(
                SignKind::CodeInData,
                at.zone,
                self.package.file(id).path.clone(),
                at.place.clone(),
            );
        }
    }

    /// `NODE_OPTIONS`: what each node that is started loads first.
    pub(super) fn told_by_environment(
        &mut self,
        base: &str,
        at: &At,
        variables: &Variables,
        reached: &mut Vec<FileId>,
    ) {
        /// Words of such options.
        const WORDS: usize = 64;
        let starts_node = matches!(
            base,
            "node" | "nodejs" | "npm" | "npx" | "yarn" | "pnpm" | "tsx" | "ts-node" | "electron"
        );
        let Some((options, _)) = variables.get(NODE_OPTIONS).filter(|_| starts_node) else {
            return;
        };
        let mut words = options.split_whitespace().take(WORDS);
        while let Some(word) = words.next() {
            let (option, joined) = match word.split_once('=') {
                Some((option, value)) => (option, Some(value)),
                None => (word, None),
            };
            if loads_first(option)
                && let Some(path) = joined.or_else(|| words.next())
            {
                self.file_run(path.trim_matches(['\'', '"']), base, at, reached);
            }
        }
    }

    /// `python -m …`: a module, or the `__main__` of a folder of modules.
    fn module_run(&mut self, module: &str, at: &At, reached: &mut Vec<FileId>) {
        if at.zone == Zone::Never || module.starts_with('.') {
            return;
        }
        let inner = module.replace('.', "/");
        let mut roots = vec!["", "src", "lib"];
        if self.runs_in_package(at) {
            roots.insert(0, &at.folder);
        }
        let found = roots.iter().find_map(|root| {
            let path = join(root, &inner);
            let names = [format!("{path}/__main__.py"), format!("{path}.py")];
            names.iter().find_map(|name| self.package.find(name))
        });
        reached.extend(found);
    }

    /// Files of the package that a text of code in a hook names: `require('./lib/post')`.
    /// Hooks run in the package's folder; what code starts runs in the user's.
    fn named_files(&self, text: &str, at: &At) -> Vec<FileId> {
        if !self.runs_in_package(at) {
            return Vec::new();
        }
        text.split(['\'', '"', '`'])
            .filter(|part| (3..200).contains(&part.len()) && part.contains(['.', '/']))
            .filter(|part| !part.contains(|c: char| c.is_whitespace() || c == '('))
            .filter_map(|part| self.package_file(part, at))
            .take(8)
            .collect()
    }

    /// `sh …`: a text, a file, or what comes in.
    #[allow(clippy::too_many_arguments, reason = "the parts of a command")]
    pub(super) fn shell_run(
        &mut self,
        base: &str,
        args: &[(String, Vec<Label>)],
        processes: &[Vec<Label>],
        input: &Piped,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Piped {
        let texts: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
        for labels in processes {
            self.interpreted(base, labels, at);
        }
        if let Some(position) = texts
            .iter()
            .position(|text| text.starts_with('-') && !text.starts_with("--") && text.contains('c'))
        {
            if let Some((text, labels)) = args.get(position + 1) {
                self.interpreted(base, labels, at);
                let inner = At {
                    holes: labels.clone().into(),
                    in_file: false,
                    ..at.clone()
                };
                let options = texts.get(..=position).unwrap_or_default();
                return self.apart(variables, |all, variables| {
                    new_shell(options, variables);
                    all.run_text(text, &inner, input.clone(), variables, reached)
                });
            }
        } else if let Some((text, _)) = args
            .iter()
            .find(|(text, _)| !text.starts_with('-') && text != HOLE)
            .filter(|_| !reads_input(&texts))
        {
            self.file_run(text, base, at, reached);
        } else if processes.is_empty() {
            self.input_interpreted(base, input, at);
            if let Some(path) = &input.file
                && self.package_file(path, at).is_some()
            {
                self.file_run(path, base, at, reached);
            }
            if let Some(text) = &input.text {
                return self.apart(variables, |all, variables| {
                    new_shell(&texts, variables);
                    all.run_text(text, at, Piped::default(), variables, reached)
                });
            }
        }
        Piped::default()
    }

    /// `powershell …`: a text, plain or encoded, a file, or what comes in.
    pub(super) fn power_shell_run(
        &mut self,
        base: &str,
        args: &[(String, Vec<Label>)],
        input: &Piped,
        at: &At,
        reached: &mut Vec<FileId>,
    ) -> Piped {
        let texts: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
        let line = decoded_power_shell(&texts).unwrap_or_else(|| texts.join(" "));
        if texts
            .iter()
            .any(|text| text.to_ascii_lowercase().starts_with("-e"))
            && decoded_power_shell(&texts).is_some()
            && has_network(&line)
        {
            let label = self.source(SourceKind::Decoded, "an encoded command", at);
            self.command_flow(
                &label,
                SinkKind::Process,
                base,
                Target::Constant(short(&line)),
                at,
                vec![Mark::HiddenEffect],
            );
        }
        self.power_shell(&line, at);
        for (text, _) in args {
            if text.ends_with(".ps1") {
                self.file_run(text, base, at, reached);
            }
        }
        self.input_interpreted(base, input, at);
        Piped::default()
    }

    /// `sudo …`, `env …`, `xargs …`: the program behind it.
    #[allow(clippy::too_many_arguments, reason = "the parts of a command")]
    pub(super) fn wrapped(
        &mut self,
        base: &str,
        args: &[(String, Vec<Label>)],
        processes: &[Vec<Label>],
        input: &Piped,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Piped {
        let rest = behind_options(base, args);
        for (text, labels) in args.iter().take(args.len() - rest.len()) {
            if let Some(options) = text.strip_prefix("NODE_OPTIONS=") {
                variables.insert(
                    NODE_OPTIONS.to_owned(),
                    (options.to_owned(), labels.clone()),
                );
            }
        }
        if rest.is_empty() {
            if base == "env" {
                return Piped {
                    labels: vec![self.source(SourceKind::Environment, "env", at)],
                    ..Piped::default()
                };
            }
            return input.clone();
        }
        if base == "xargs" {
            let mut rest = rest;
            let mut labels = input.labels.clone();
            let runs_words = rest
                .first()
                .is_some_and(|(name, _)| runs_its_input(base_name(name)));
            labels.extend(input.opaque.iter().filter(|_| runs_words).cloned());
            let text = input.text.clone().unwrap_or_else(|| HOLE.to_owned());
            rest.push((text, labels));
            return self.program_run(&rest, processes, &Piped::default(), at, variables, reached);
        }
        self.program_run(&rest, processes, input, at, variables, reached)
    }
}

/// Whether a text of JavaScript does more with a file than to load it.
fn uses_what_it_loads(text: &str) -> bool {
    let loads = text.contains("require") || text.contains("import");
    loads
        && [").", ")(", ")[", "=", "import ", "spawn", "exec", "fork"]
            .iter()
            .any(|use_of_it| text.contains(use_of_it))
}

/// The program behind a program that starts it, with its words.
fn behind_options(base: &str, args: &[(String, Vec<Label>)]) -> Vec<(String, Vec<Label>)> {
    // Those of its options that have a value in the next word.
    let valued: &[&str] = match base {
        "nice" => &["-n", "--adjustment"],
        "sudo" | "doas" => &["-u", "-g", "-C", "--user", "--group"],
        "env" => &["-u", "--unset"],
        "timeout" => &["-s", "-k", "--signal", "--kill-after"],
        "xargs" => &["-n", "-I", "-P", "-L", "-d", "-s", "-E", "-a"],
        "exec" => &["-a"],
        "time" => &["-f", "-o"],
        "dotenv" => &["-e", "-v"],
        _ => &[],
    };
    let is_env = matches!(base, "env" | "cross-env" | "cross-env-shell");
    let is_duration = |text: &str| {
        let number = text.trim_end_matches(['s', 'm', 'h', 'd']);
        !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '.')
    };
    let mut at = 0;
    while let Some((text, _)) = args.get(at) {
        if valued.contains(&text.as_str()) {
            at += 2;
        } else if text.starts_with('-')
            || is_env && text.contains('=')
            || base == "timeout" && is_duration(text)
        {
            at += 1;
        } else {
            break;
        }
    }
    args.get(at..).unwrap_or_default().to_vec()
}

/// Options of node and bun with a file that runs before the script.
fn loads_first(option: &str) -> bool {
    matches!(
        option,
        "-r" | "--require" | "--import" | "--loader" | "--experimental-loader" | "--preload"
    )
}

/// Options whose value stands in the next word.
fn has_value(language: Language, option: &str) -> bool {
    match language {
        Language::JavaScript => matches!(
            option,
            "-C" | "--conditions"
                | "--env-file"
                | "--env-file-if-exists"
                | "--input-type"
                | "--title"
                | "--disable-warning"
                | "--unhandled-rejections"
                | "--dns-result-order"
                | "--icu-data-dir"
                | "--openssl-config"
                | "--tsconfig"
        ),
        Language::Python => matches!(option, "-W" | "-X" | "--check-hash-based-pycs"),
        Language::Rust => false,
    }
}

/// Whether a shell is told to read what comes in, and that words are for what stands there:
/// `sh -s -- word`.
fn reads_input(words: &[&str]) -> bool {
    let options = words
        .iter()
        .take_while(|word| word.starts_with('-') && **word != "--");
    let mut short = options.filter_map(|word| word.strip_prefix('-'));
    short.any(|word| word.contains('s') && word.chars().all(|c| c.is_ascii_alphabetic()))
}
