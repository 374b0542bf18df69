//! What leaves, or changes the machine, by programs that have another purpose: mail, stores of
//! objects, notes that others see, files that are looked for, settings of package managers.

use super::{At, Piped, Variables};
use crate::flow::Analysis;
use crate::flow::label::Label;
use crate::know;
use crate::pure::{FileId, HOLE_START, shown};
use customs_model::{SinkKind, SourceKind, Target};

/// Under this name the variables of a script hold the socket that `exec` opened.
const SOCKET: &str = "exec's socket";

type Words<'a> = &'a [(String, Vec<Label>)];

impl Analysis<'_> {
    /// What a command sends or changes besides what its own reading tells.
    pub(super) fn leaves_by(
        &mut self,
        base: &str,
        args: Words<'_>,
        input: &Piped,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) {
        let texts: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
        match (base, texts.as_slice()) {
            ("mail" | "mailx" | "mutt" | "sendmail" | "msmtp" | "swaks" | "ssmtp", [..]) => {
                let to = texts.iter().find_map(|text| text.rsplit_once('@'));
                let to = to.map(|(_, host)| host);
                self.sends_all(base, args, input, to, at);
            }
            ("openssl", ["s_client", ..]) | ("ssh", [_, _, ..]) => {
                let to = texts
                    .iter()
                    .copied()
                    .find(|text| !text.starts_with('-') && text.contains(['.', ':']));
                let to = to.map(|to| to.rsplit('@').next().unwrap_or(to));
                let to = to.map(|to| to.split(':').next().unwrap_or(to));
                self.sends_all(base, args, input, to, at);
            }
            ("aws", ["s3", ..]) | ("gsutil" | "az" | "mc" | "b2" | "rclone" | "s3cmd", [..]) => {
                let to = texts
                    .iter()
                    .rev()
                    .copied()
                    .find(|text| text.contains("://"));
                let to = to.filter(|to| texts.last() == Some(to));
                if let Some(to) = to {
                    let host = know::place_of(to);
                    self.sends_all(base, args, input, host.as_deref(), at);
                }
            }
            ("gh" | "glab" | "hub", ["gist" | "release" | "snippet", ..]) => {
                let host = match base {
                    "glab" => "gitlab.com",
                    _ => "github.com",
                };
                self.sends_all(base, args, input, Some(host), at);
            }
            ("git", words) if words.contains(&"push") => self.pushes(base, words, at),
            ("find", [..]) => self.found_and_run(args, at, variables, reached),
            ("dd", [..]) => {
                let to = texts.iter().find_map(|text| text.strip_prefix("of="));
                if let Some(to) = to.filter(|to| is_drive(to)) {
                    self.destroys("dd", to, at);
                }
            }
            ("shred", [..]) => {
                let is_lost =
                    |path: &&str| is_drive(path) || know::credential_place(path).is_some();
                for path in texts.iter().copied().filter(is_lost) {
                    self.destroys(base, path, at);
                }
            }
            ("wipefs" | "sgdisk", [..]) => {
                if let Some(to) = texts.iter().copied().find(|text| is_drive(text)) {
                    self.destroys(base, to, at);
                }
            }
            _ if base.starts_with("mkfs") => {
                if let Some(to) = texts.iter().copied().find(|text| is_drive(text)) {
                    self.destroys(base, to, at);
                }
            }
            ("systemctl", words) if words.contains(&"enable") => {
                self.settled(base, "a service", "service", at);
            }
            _ => self.changes_settings(base, &texts, at),
        }
    }

    /// `git push ADDRESS`: the folder that goes there may hold any file that was written before.
    fn pushes(&mut self, base: &str, words: &[&str], at: &At) {
        let behind = words.iter().skip_while(|word| **word != "push").skip(1);
        let mut behind = behind.filter(|word| !word.starts_with('-'));
        let address = behind.next().copied().unwrap_or_default();
        // `git@host:owner/name.git`
        let host = match address.split_once('@') {
            Some((_, rest)) if !address.contains("://") => rest.split(':').next(),
            _ => None,
        };
        let to = match host {
            Some(host) => Some(host.to_owned()),
            None if address.contains("://") => know::place_of(address),
            // A name that was given to it: whoever has the folder says where it leads.
            None => return,
        };
        let labels = self.cells.secrets();
        let target = to.map_or(Target::Caller, |to| Target::Constant(shown(&to)));
        self.leaves(&labels, SinkKind::Network, base, &target, at);
    }

    /// All that a command is given, and what is in the files that it names, goes to a host.
    fn sends_all(&mut self, base: &str, args: Words<'_>, input: &Piped, to: Option<&str>, at: &At) {
        let mut labels = input.labels.clone();
        for (text, inner) in args {
            labels.extend(inner.iter().cloned());
            let path = text.strip_prefix('@').unwrap_or(text);
            labels.extend(self.content_of(path, at.file, at.span));
        }
        let target = to.map_or(Target::Caller, |to| Target::Constant(shown(to)));
        self.leaves(&labels, SinkKind::Network, base, &target, at);
    }

    /// `find FOLDER -name PATTERN -exec COMMAND {} ;`: the command is run with what is found.
    fn found_and_run(
        &mut self,
        args: Words<'_>,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) {
        let root = args
            .first()
            .map(|(text, _)| text.clone())
            .unwrap_or_default();
        let name = args
            .iter()
            .skip_while(|(text, _)| !matches!(text.as_str(), "-name" | "-iname" | "-path"))
            .nth(1)
            .map(|(text, _)| text.trim_start_matches(['*', '.', '/']).to_owned());
        if args.iter().any(|(text, _)| text == "-delete") && name.is_none() {
            self.removed("rm", &["-rf", &root], at);
        }
        let exec = args
            .iter()
            .position(|(text, _)| matches!(text.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir"));
        // What is found in the package is known by its name, and read as what it is.
        let is_elsewhere = root.starts_with(['/', '~', HOLE_START]);
        let Some(exec) = exec.filter(|_| is_elsewhere) else {
            return;
        };
        let found = match name {
            Some(name) if know::credential_place(&root).is_none() => {
                format!("{}/.{name}", root.trim_end_matches('/'))
            }
            _ => root,
        };
        let words: Vec<(String, Vec<Label>)> = args
            .iter()
            .skip(exec + 1)
            .take_while(|(text, _)| !matches!(text.as_str(), ";" | "+" | "\\;"))
            .map(|(text, labels)| (text.replace("{}", &found), labels.clone()))
            .collect();
        if at.level < super::LEVELS {
            let at = At {
                level: at.level + 1,
                ..at.clone()
            };
            self.program_run(&words, &[], &Piped::default(), &at, variables, reached);
        }
    }

    fn destroys(&mut self, base: &str, path: &str, at: &At) {
        let what = know::user_place(path)
            .or_else(|| know::credential_place(path))
            .unwrap_or("a drive");
        let label = self.source(SourceKind::UserPlace, what, at);
        let target = Target::Constant(shown(path));
        self.command_flow(&label, SinkKind::Destruction, base, target, at, Vec::new());
    }

    fn settled(&mut self, base: &str, what: &str, place: &str, at: &At) {
        let label = self.source(SourceKind::Constant, what, at);
        let target = Target::Constant(place.to_owned());
        self.command_flow(
            &label,
            SinkKind::Configuration,
            base,
            target,
            at,
            Vec::new(),
        );
    }

    /// Settings that say where packages come from, or what is run beside them, of the whole machine
    /// or user: `npm config set registry URL`, `git config --global url.URL.insteadOf URL`.
    fn changes_settings(&mut self, base: &str, texts: &[&str], at: &At) {
        let lower: Vec<String> = texts.iter().map(|text| text.to_ascii_lowercase()).collect();
        let says = |words: &[&str]| {
            lower
                .iter()
                .any(|text| words.iter().any(|word| text.contains(word)))
        };
        let sets = lower.first().is_some_and(|verb| verb == "config")
            && lower.get(1).is_some_and(|verb| verb == "set");
        let changes = match base {
            "npm" | "pnpm" | "yarn" => {
                (sets || lower.first().is_some_and(|verb| verb == "set"))
                    && says(&[
                        "registry",
                        "script-shell",
                        "proxy",
                        "node-options",
                        "npmregistryserver",
                    ])
                    && !says(&["--location=project", "--location project"])
            }
            "pip" | "pip3" => sets && says(&["index-url", "find-links", "proxy", "trusted-host"]),
            "go" => {
                lower.first().is_some_and(|verb| verb == "env")
                    && says(&["goproxy=", "goflags=", "gonosum"])
            }
            "git" => {
                lower.first().is_some_and(|verb| verb == "config")
                    && says(&["--global", "--system"])
                    && says(&[
                        "insteadof",
                        "core.sshcommand",
                        "core.fsmonitor",
                        "core.editor",
                        "core.pager",
                        "credential.helper",
                        "init.templatedir",
                        "http.proxy",
                        "http.sslverify",
                    ])
            }
            _ => false,
        };
        if changes {
            let what = match base {
                "git" => "git's settings",
                _ => "settings of a package manager",
            };
            self.settled(base, what, &format!("{base}'s settings"), at);
        }
    }

    /// `exec 3<>/dev/tcp/HOST/PORT`: what is written to it later goes there.
    pub(super) fn opens_socket(path: &str, variables: &mut Variables) {
        if path.starts_with("/dev/tcp/") || path.starts_with("/dev/udp/") {
            variables.insert(SOCKET.to_owned(), (path.to_owned(), Vec::new()));
        }
    }

    /// The path that a redirection to a number means, where `exec` opened a socket.
    pub(super) fn socket_of(path: &str, variables: &Variables) -> Option<String> {
        path.strip_prefix('&')?;
        variables.get(SOCKET).map(|(path, _)| path.clone())
    }

    /// What is read from a socket that stands as a file.
    pub(super) fn read_of_socket(&mut self, path: &str, at: &At) -> Option<Label> {
        let host = path
            .strip_prefix("/dev/tcp/")
            .or_else(|| path.strip_prefix("/dev/udp/"))?;
        let host = shown(host.split('/').next().unwrap_or(host));
        Some(self.source(SourceKind::Remote, &format!("the answer of {host}"), at))
    }
}

/// Whether a path is a drive.
fn is_drive(path: &str) -> bool {
    let Some(name) = path.strip_prefix("/dev/") else {
        return false;
    };
    [
        "sd", "hd", "vd", "xvd", "nvme", "mmcblk", "disk", "rdisk", "mapper/",
    ]
    .iter()
    .any(|kind| name.starts_with(kind))
}

#[cfg(test)]
mod tests;
