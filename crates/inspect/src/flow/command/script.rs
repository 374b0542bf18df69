//! Programs that run scripts: files, texts in their words, and what comes in.

use super::check::new_shell;
use super::start::has_network;
use super::{At, Piped, Variables, base_name, runs_its_input};
use crate::flow::child::beside;
use crate::flow::label::Label;
use crate::flow::sink::short;
use crate::flow::{Analysis, Labels};
use crate::ir::Language;
use crate::know;
use crate::package::join;
use crate::pure::{FileId, HOLE};
use crate::shell::decoded_power_shell;
use customs_model::{Mark, SignKind, SinkKind, SourceKind, Target, Zone};

impl Analysis<'_> {
    /// A script of the manifest that another one starts.
    pub(super) fn npm_script(
        &mut self,
        name: &str,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) {
        let Some(id) = self.package.find(&join(&at.folder, "package.json")) else {
            return;
        };
        let text = self
            .package
            .file(id)
            .bytes
            .as_deref()
            .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(bytes).ok())
            .and_then(|json| json.get("scripts")?.get(name)?.as_str().map(str::to_owned));
        if let Some(text) = text {
            self.run_text(&text, at, Piped::default(), variables, reached);
        }
    }

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
            let marks = if at.site.is_some() {
                self.pinned(label, at.file)
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
            match text.as_str() {
                "-e" | "--eval" | "-p" | "--print" | "-c" | "eval" | "-pe" => {
                    code = rest.next();
                    break;
                }
                "-r" | "--require" | "--import" | "--loader" => {
                    if let Some((text, _)) = rest.next() {
                        self.file_run(text, name, at, reached);
                    }
                }
                "-" | "-u" => {}
                "run" if matches!(name, "bun" | "deno") => {}
                "-m" => {
                    rest.next();
                    return;
                }
                option if option.starts_with('-') => {}
                _ => {
                    file = Some((text.clone(), labels.clone()));
                    break;
                }
            }
        }
        if let Some((text, labels)) = code {
            self.interpreted(name, labels, at);
            if at.zone > Zone::Never {
                let named = self.named_files(text, at);
                let (code, data): (Vec<FileId>, Vec<FileId>) = named
                    .into_iter()
                    .partition(|id| self.package.language(*id).is_some());
                let data = data
                    .into_iter()
                    .filter_map(|id| beside(self.package.file(id)))
                    .collect();
                self.child_beside(text, language, at.zone, at.place.clone(), data);
                reached.extend(code);
            }
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
            if at.zone > Zone::Never
                && let Some(id) = self.package_file(&text, at)
                && self.package.language(id).is_none()
            {
                // Whatever it is called, it is run as code.
                self.package.file(id).forced.set(Some(language));
                self.sign(
                    SignKind::CodeInData,
                    at.zone,
                    self.package.file(id).path.clone(),
                    at.place.clone(),
                );
            }
            self.file_run(&text, name, at, reached);
        } else {
            self.input_interpreted(name, input, at);
            if let Some(text) = &input.text
                && at.zone > Zone::Never
            {
                let labels: Labels = input.labels.clone().into();
                self.child(text, language, at.zone, at.place.clone(), &labels);
            }
        }
    }

    /// Files of the package that a text of code in a hook names: `require('./lib/post')`.
    /// Hooks run in the package's folder; what code starts runs in the user's.
    fn named_files(&self, text: &str, at: &At) -> Vec<FileId> {
        if at.site.is_some() {
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
        {
            self.file_run(text, base, at, reached);
        } else if processes.is_empty() {
            self.input_interpreted(base, input, at);
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
        let is_env = matches!(base, "env" | "cross-env" | "cross-env-shell");
        let rest: Vec<(String, Vec<Label>)> = args
            .iter()
            .skip_while(|(text, _)| {
                text.starts_with('-')
                    || is_env && text.contains('=')
                    || text.chars().all(|c| c.is_ascii_digit() || c == 's')
                        && !text.is_empty()
                        && base == "timeout"
            })
            .cloned()
            .collect();
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
