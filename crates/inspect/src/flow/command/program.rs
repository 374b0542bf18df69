//! What each program does with its words.

use super::check::fail_fast;
use super::clipboard::reads_clipboard;
use super::credential::gives_credentials;
use super::escape::{escaped, printed};
use super::fetch::fetches;
use super::file::PACKAGE;
use super::npm::run_by_node;
use super::{At, FOLDER, Piped, Variables, base_name};
use crate::flow::label::Label;
use crate::flow::{Analysis, is_foreign};
use crate::ir::Language;
use crate::know;
use crate::package::folder;
use crate::pure::{FileId, HOLE, HOLE_END, HOLE_START};
use customs_model::{SinkKind, SourceKind, Target};

impl Analysis<'_> {
    #[allow(
        clippy::too_many_lines,
        clippy::too_many_arguments,
        reason = "one arm a command"
    )]
    pub(super) fn program_run(
        &mut self,
        words: &[(String, Vec<Label>)],
        processes: &[Vec<Label>],
        input: &Piped,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Piped {
        let Some((name, name_labels)) = words.first() else {
            return input.clone();
        };
        let args = &words[1..];
        let texts: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
        let base = base_name(name).to_ascii_lowercase();
        let base = base.strip_suffix(".exe").unwrap_or(&base);
        // What npm tells its scripts where it and its node are.
        let base = match base {
            "\u{fdd0}$npm_node_execpath\u{fdd1}" | "\u{fdd0}$node\u{fdd1}" => "node",
            base => base,
        };
        let all_labels: Vec<Label> = args
            .iter()
            .flat_map(|(_, labels)| labels.iter().cloned())
            .collect();
        let credentials = gives_credentials(base, &texts);
        self.told_by_environment(base, at, variables, reached);
        self.agent_run(base, args, input, at);
        self.leaves_by(base, args, input, at, variables, reached);
        self.starts_more(words, base, input, at, variables, reached);
        if let Some(out) = self.brings(base, args, input, at, variables) {
            return out;
        }
        if let Some(out) = self.tool_run(base, args, input, at, variables, reached) {
            return out;
        }
        match base {
            _ if fetches(base) => {
                return self.fetched(base, args, input, at);
            }
            "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" | "fish" => {
                return self.shell_run(base, args, processes, input, at, variables, reached);
            }
            "cmd" => {
                let rest: Vec<&str> = texts
                    .iter()
                    .copied()
                    .skip_while(|text| text.starts_with('/'))
                    .collect();
                let line = rest.join(" ");
                self.power_shell(&line, at);
                return self.run_text(&line, at, input.clone(), variables, reached);
            }
            "powershell" | "pwsh" if reads_clipboard(base, &texts) => {
                return Piped {
                    labels: vec![self.source(SourceKind::InputDevice, "the clipboard", at)],
                    ..Piped::default()
                };
            }
            "powershell" | "pwsh" => {
                return self.power_shell_run(base, args, input, at, reached);
            }
            "bun"
                if texts.first().is_some_and(|text| !text.contains(['.', '/']))
                    && let Some(out) = self.npm_run(base, args, at, variables, reached) =>
            {
                return out;
            }
            "node" if let Some(name) = run_by_node(&texts) => {
                return self.npm_script(name, at, variables, reached);
            }
            "node" | "bun" | "deno" | "ts-node" | "tsx" | "nodejs" | "electron" => {
                self.script_run(base, Language::JavaScript, args, input, at, reached)
            }
            "npx" | "pnpx" | "bunx" => {
                if let Some((text, _)) = args.iter().find(|(text, _)| {
                    text.contains("://") || text.starts_with("git+") || text.starts_with("github:")
                }) {
                    let address = match text.strip_prefix("github:") {
                        Some(repository) => format!("github.com/{repository}"),
                        None => text.clone(),
                    };
                    let host = know::place_of(&address).unwrap_or_default();
                    let label =
                        self.source(SourceKind::Remote, &format!("the answer of {host}"), at);
                    self.command_flow(
                        &label,
                        SinkKind::Process,
                        base,
                        Target::Constant(host),
                        at,
                        Vec::new(),
                    );
                }
                if let Some(out) = self.own_program(args, at, variables, reached) {
                    return out;
                }
            }
            "pip" | "pip3" | "pipx" => self.pip_run(&texts, at),
            name if name.starts_with("python") || name == "py" || name == "pypy3" => {
                match texts.as_slice() {
                    ["-m", "pip", rest @ ..] => {
                        self.pip_run(rest, at);
                    }
                    ["-m", "twine", rest @ ..] if rest.first() == Some(&"upload") => {
                        self.publishes("twine", rest, variables, at);
                    }
                    _ => {}
                }
                for labels in processes {
                    self.interpreted(base, labels, at);
                }
                self.script_run(base, Language::Python, args, input, at, reached);
            }
            "perl" | "ruby" | "php" | "osascript" | "cscript" | "wscript" => {
                self.interpreted(base, &input.labels, at);
                if args.is_empty() {
                    self.interpreted(base, input.opaque.as_slice(), at);
                }
                for labels in processes {
                    self.interpreted(base, labels, at);
                }
                let foreign: Vec<Label> = all_labels
                    .iter()
                    .filter(|label| is_foreign(label.kind))
                    .cloned()
                    .collect();
                self.interpreted(base, &foreign, at);
                if let Some((text, _)) = args
                    .iter()
                    .find(|(text, _)| !text.starts_with('-') && !text.contains(' '))
                {
                    self.file_run(text, base, at, reached);
                }
                let line = texts.join(" ");
                if base == "osascript"
                    && line.contains("do shell script")
                    && let Some(inner) = line.split('"').nth(1)
                {
                    return self.run_text(inner, at, Piped::default(), variables, reached);
                }
            }
            "eval" => {
                self.interpreted("eval", &all_labels, at);
                let line = texts.join(" ");
                return self.run_text(&line, at, Piped::default(), variables, reached);
            }
            "source" | "." => {
                for labels in processes {
                    self.interpreted(base, labels, at);
                }
                if let Some((text, _)) = args.first() {
                    self.file_run(text, base, at, reached);
                    return self.sourced(text, at, variables, reached);
                }
            }
            // Of `command -v python3` the reader leaves `command` out.
            "which" | "-v" => {
                let found = texts.last().filter(|name| !name.starts_with('-'));
                return Piped {
                    text: found.map(|name| (*name).to_owned()),
                    ..Piped::default()
                };
            }
            "dirname" if texts.len() == 1 => {
                return Piped {
                    labels: all_labels,
                    text: texts.first().map(|path| parent(path)),
                    ..Piped::default()
                };
            }
            "pwd" if variables.contains_key(FOLDER) => {
                return Piped {
                    labels: vec![self.source(SourceKind::Identity, base, at)],
                    text: Some(format!("{PACKAGE}{}{HOLE_END}", at.folder)),
                    ..Piped::default()
                };
            }
            "sudo" | "nohup" | "exec" | "time" | "command" | "setsid" | "nice" | "timeout"
            | "env" | "xargs" | "start" | "cross-env" | "cross-env-shell" | "dotenv"
            | "builtin" | "doas" => {
                return self.wrapped(base, args, processes, input, at, variables, reached);
            }
            "mktemp" => {
                return Piped {
                    labels: Vec::new(),
                    text: Some("\u{fdd0}temp\u{fdd1}/made".to_owned()),
                    ..Piped::default()
                };
            }
            "printenv" | "set" | "export" | "declare"
                if args.is_empty() || texts == ["-p"] || texts == ["-x"] || texts == ["-px"] =>
            {
                return Piped {
                    labels: vec![self.source(SourceKind::Environment, base, at)],
                    ..Piped::default()
                };
            }
            "printenv" => {
                let labels = texts.first().map_or_else(Vec::new, |name| {
                    self.environment_variable(name, at.file, at.span)
                });
                return Piped {
                    labels,
                    ..Piped::default()
                };
            }
            "export" | "local" | "readonly" => {
                for (text, labels) in args {
                    if let Some((name, value)) = text.split_once('=') {
                        variables.insert(name.to_owned(), (value.to_owned(), labels.clone()));
                    }
                }
            }
            "for" => {
                if let [name, keyword, values @ ..] = texts.as_slice()
                    && *keyword == "in"
                {
                    let mut labels = Vec::new();
                    for value in values {
                        labels.extend(self.content_of(value, at.file, at.span));
                    }
                    let text = values
                        .iter()
                        .find(|value| know::credential_place(value).is_some())
                        .or_else(|| values.first())
                        .copied()
                        .unwrap_or_default();
                    variables.insert((*name).to_owned(), (text.to_owned(), labels));
                }
            }
            "cat" | "head" | "tail" | "type" | "less" | "more" | "strings" | "sed" | "awk"
            | "grep" | "egrep" | "rg" | "find" | "tar" | "zip" | "7z" | "gzip" | "openssl"
            | "gpg" | "jq" | "cut" | "tac" => {
                return self.files_read(base, args, input, at);
            }
            "printf" if printed(&texts).is_some() => {
                return Piped {
                    labels: all_labels,
                    text: printed(&texts),
                    ..Piped::default()
                };
            }
            "echo" | "printf" => {
                let is_option = |text: &&&str| matches!(**text, "-n" | "-e" | "-en" | "-ne");
                let undone = texts.iter().take_while(is_option).any(|o| o.contains('e'));
                let text = texts
                    .iter()
                    .filter(|text| !matches!(**text, "-n" | "-e" | "-en" | "-ne"))
                    .copied()
                    .collect::<Vec<_>>()
                    .join(" ");
                let text = if undone {
                    escaped(&text)
                } else {
                    text.replace("\\n", "\n")
                };
                return Piped {
                    labels: all_labels,
                    text: Some(text),
                    ..Piped::default()
                };
            }
            "base64" | "base32" | "xxd" | "rev" | "gunzip" | "zcat" | "tr" | "certutil"
                if base != "certutil" =>
            {
                return self.decoded_text(base, &texts, args, input, at);
            }
            "whoami" | "hostname" | "id" | "ifconfig" | "ip" | "ipconfig" | "pwd"
            | "hostnamectl" | "systeminfo" | "uname" | "who" | "w" | "dscl" | "logname" => {
                let identifies = base != "uname"
                    || texts
                        .iter()
                        .any(|text| text.contains('n') || text.contains('a'));
                let labels = if identifies {
                    vec![self.source(SourceKind::Identity, base, at)]
                } else {
                    Vec::new()
                };
                return Piped {
                    labels,
                    ..Piped::default()
                };
            }
            _ if credentials.is_some() => {
                return self.credentials(credentials.unwrap_or_default(), at);
            }
            _ if reads_clipboard(base, &texts) => {
                return Piped {
                    labels: vec![self.source(SourceKind::InputDevice, "the clipboard", at)],
                    ..Piped::default()
                };
            }
            "npm" | "yarn" | "pnpm" | "twine" | "cargo" | "poetry" | "flit" | "bun publish"
                if let Some(from) = publishing(base, &texts) =>
            {
                let texts = texts.get(from..).unwrap_or_default();
                self.publishes(base, texts, variables, at);
            }
            "npm" | "pnpm" | "yarn" => {
                let ran = self.npm_run(base, args, at, variables, reached);
                return ran.unwrap_or_else(|| Piped {
                    labels: input.labels.clone(),
                    ..Piped::default()
                });
            }
            "nslookup" | "dig" | "host" | "ping" | "drill" | "resolvectl" => {
                self.looked_up(base, &texts, &all_labels, input, at);
                if base != "ping" {
                    return self.answered(&texts, at);
                }
            }
            "nc" | "ncat" | "netcat" | "telnet" | "socat" => {
                self.socket(base, args, input, at);
                return self.answered(&texts, at);
            }
            "scp" | "rsync" | "sftp" | "ftp" | "rclone" | "s3cmd" => {
                self.copied_over(base, args, at);
            }
            "chmod" => {
                let executable = texts.iter().any(|text| {
                    text.contains('x')
                        || text.len() >= 3 && text.chars().all(|c| c.is_ascii_digit())
                });
                if executable {
                    for (text, _) in args.iter().skip(1) {
                        self.file_run(text, "chmod", at, &mut Vec::new());
                    }
                }
            }
            "rm" | "rmdir" | "shred" | "del" | "rd" | "rimraf" | "unlink" => {
                self.removed(base, &texts, at)
            }
            "tee" => {
                for text in texts.iter().filter(|text| !text.starts_with('-')) {
                    self.file_written(text, input.labels.clone(), input.text.as_deref(), "tee", at);
                }
                return input.clone();
            }
            "cp" | "mv" | "ln" | "install" | "copy" | "move" => {
                self.copied(base, &texts, at);
            }
            "gh" | "glab" | "hub"
                if matches!(
                    texts.first(),
                    Some(&("issue" | "gist" | "repo" | "api" | "pr" | "release" | "secret"))
                ) =>
            {
                self.posted(base, &texts, &all_labels, input, variables, at);
            }
            "sha256sum" | "sha512sum" | "sha384sum" | "shasum" | "sha1sum" | "b2sum"
            | "minisign" | "cosign" => {
                let names = self.checked_files(base, &texts, input.text.as_deref(), at);
                self.check_holds(names);
                return Piped {
                    labels: input.labels.clone(),
                    ..Piped::default()
                };
            }
            "set" => fail_fast(&texts, variables),
            "crontab" => {
                self.timed(&texts, input, at);
            }
            "schtasks" | "launchctl" | "at" if base != "at" => {
                self.start_up_job(base, &texts, at);
            }
            "reg" => {
                self.start_up_entry(base, &texts, at);
            }
            // What the user is called, where it is only asked for.
            "git"
                if texts.first() == Some(&"config")
                    && matches!(texts.last(), Some(&("user.email" | "user.name"))) =>
            {
                return Piped {
                    labels: vec![self.source(SourceKind::Identity, "git's user", at)],
                    ..Piped::default()
                };
            }
            "git"
                if texts.first() == Some(&"config")
                    && texts.contains(&"--global")
                    && !texts.iter().any(|text| only_reads_settings(text))
                    && texts
                        .iter()
                        .any(|text| text.contains("hooksPath") || text.contains("alias.")) =>
            {
                let label = self.source(SourceKind::Constant, "git's settings", at);
                self.command_flow(
                    &label,
                    SinkKind::Configuration,
                    base,
                    Target::Constant("git hook".to_owned()),
                    at,
                    Vec::new(),
                );
            }
            "certutil" | "bitsadmin" | "mshta" | "regsvr32" | "rundll32" | "msiexec" | "hh" => {
                // `rundll32 FILE,Entry`, `regsvr32 /s FILE`, `msiexec /i FILE`: what it holds runs.
                if !matches!(base, "certutil" | "bitsadmin") {
                    for text in texts.iter().filter(|text| !text.starts_with(['/', '-'])) {
                        let file = text.split_once(',').map_or(*text, |(file, _)| file);
                        self.file_run(file, base, at, reached);
                    }
                }
                self.power_shell(&format!("{base} {}", texts.join(" ")), at)
            }
            "cd" | "test" | "[" | "true" | "false" | "exit" | "mkdir" | "touch" | "sleep"
            | "wait" | "shift" | "return" | "trap" | "unset" | "ls" => {}
            "read" => {
                // Each line that comes in is in the variables, one after the other.
                for text in texts.iter().filter(|text| !text.starts_with('-')) {
                    let value = (HOLE.to_owned(), input.labels.clone());
                    variables.insert((*text).to_owned(), value);
                }
            }
            _ => {
                let function = self
                    .shell_functions
                    .iter()
                    .find(|(known, _)| known == name)
                    .map(|(_, body)| body.clone());
                if let Some(body) = function {
                    let function = (name.as_str(), &body);
                    return self.function_run(
                        function,
                        args,
                        input.clone(),
                        at,
                        variables,
                        reached,
                    );
                }
                self.interpreted(
                    name,
                    &name_labels
                        .iter()
                        .filter(|label| label.kind != SourceKind::OwnFile)
                        .cloned()
                        .collect::<Vec<_>>(),
                    at,
                );
                if name.contains(['/', '\\'])
                    || name.contains(HOLE_START)
                    || self.cells.written(name).is_some()
                    || name.contains('.')
                        && at.site.is_none()
                        && self.package_file(name, at).is_some()
                {
                    self.file_run(name, "a command", at, reached);
                }
                return Piped {
                    labels: input.labels.clone(),
                    ..Piped::default()
                };
            }
        }
        Piped::default()
    }
}

/// The folder of a path, as `dirname` tells it.
fn parent(path: &str) -> String {
    match path.strip_prefix(PACKAGE) {
        Some(inside) => {
            let inside = inside.replace(HOLE_END, "");
            format!("{PACKAGE}{}{HOLE_END}", folder(&inside))
        }
        None => match path.rsplit_once('/') {
            Some((folder, _)) => folder.to_owned(),
            None => ".".to_owned(),
        },
    }
}

/// Whether an option of `git config` only asks for what is set, or takes it away.
fn only_reads_settings(option: &str) -> bool {
    matches!(
        option,
        "--get" | "--get-all" | "--get-regexp" | "--list" | "-l" | "--unset" | "--unset-all"
    )
}

/// Where in the words of a program that manages packages it is told to publish: `npm publish`,
/// `pnpm -r publish`, `yarn npm publish`, `yarn workspaces foreach -A npm publish`.
fn publishing(base: &str, texts: &[&str]) -> Option<usize> {
    let is_word = |text: &&&str| !text.starts_with('-');
    let words = texts.iter().enumerate().filter(|(_, text)| is_word(text));
    let mut words = words.map(|(at, text)| (at, *text)).peekable();
    if base == "yarn" {
        while matches!(words.peek(), Some((_, "npm" | "workspaces" | "foreach"))) {
            words.next();
        }
    }
    let (at, word) = words.next()?;
    matches!(word, "publish" | "upload").then_some(at)
}
