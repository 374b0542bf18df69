//! Files that a command line writes and runs.

use super::check::fail_fast;
use super::{At, FOLDER, LEVELS, Piped, Variables, base_name, is_interpreter};
use crate::flow::label::Label;
use crate::flow::{Analysis, is_foreign};
use crate::ir::{ExprId, Span};
use crate::know;
use crate::limit::evaluating;
use crate::package::join;
use crate::pure::{FileId, HOLE_END, HOLE_START, shown};
use crate::unpack::plain;
use customs_model::{Mark, SinkKind, SourceKind, Target, Zone};

/// How a path begins that lies in the package.
pub(super) const PACKAGE: &str = "\u{fdd0}package/";

impl Analysis<'_> {
    pub(super) fn redirected(
        &mut self,
        path: &str,
        words: &[(String, Vec<Label>)],
        out: &Piped,
        input: &Piped,
        at: &At,
    ) {
        if let Some(host) = path
            .strip_prefix("/dev/tcp/")
            .or_else(|| path.strip_prefix("/dev/udp/"))
        {
            let host = host.split('/').next().unwrap_or(host).to_owned();
            let target = Target::Constant(shown(&host));
            if words
                .first()
                .is_some_and(|(name, _)| is_interpreter(base_name(name)))
            {
                let label = self.source(
                    SourceKind::Remote,
                    &format!("the answer of {}", shown(&host)),
                    at,
                );
                self.command_flow(
                    &label,
                    SinkKind::Process,
                    "a shell on a socket",
                    target,
                    at,
                    Vec::new(),
                );
            } else {
                self.leaves(&out.labels, SinkKind::Network, "/dev/tcp", &target, at);
            }
            return;
        }
        let mut labels = out.labels.clone();
        labels.extend(input.labels.iter().cloned());
        let content = out.text.as_deref().or(input.text.as_deref());
        self.file_written(path, labels, content, "a redirection", at);
    }

    pub(super) fn file_written(
        &mut self,
        path: &str,
        labels: Vec<Label>,
        content: Option<&str>,
        how: &str,
        at: &At,
    ) {
        if path == "/dev/null" || at.zone == Zone::Never {
            return;
        }
        if let Some(what) = know::configuration(path) {
            let label = labels
                .iter()
                .find(|label| is_foreign(label.kind))
                .cloned()
                .unwrap_or_else(|| self.source(SourceKind::Constant, what, at));
            let marks = if content.is_some_and(crate::flow::child::names_an_effect) {
                vec![Mark::HiddenEffect]
            } else {
                Vec::new()
            };
            self.command_flow(
                &label,
                SinkKind::Configuration,
                how,
                Target::Constant(format!("{} ({what})", shown(path))),
                at,
                marks,
            );
        }
        self.write_file(path, labels, at.zone, at.file, at.span);
    }

    pub(super) fn file_run(&mut self, path: &str, how: &str, at: &At, reached: &mut Vec<FileId>) {
        if at.zone == Zone::Never {
            return;
        }
        if let Some(file) = self.package_file(path, at) {
            if is_within_package(path) || self.runs_in_package(at) {
                reached.push(file);
                if self.is_unread_start(file, path, how, at) {
                    return;
                }
            }
            self.reached_script(file, at, reached);
            return;
        }
        // What was written by the same line is told at once.
        if let Some(written) = self.cells.written(path) {
            let checked = self.cells.is_checked(path);
            for label in written.iter().filter(|label| is_foreign(label.kind)) {
                let used = at.site.map(|site| (site.file, site.expr));
                let mut marks = self.pinned(label, at.file, used);
                if checked && !marks.contains(&Mark::PinnedByDigest) {
                    marks = vec![Mark::PinnedByDigest];
                }
                marks.extend(self.answer_marks(label));
                self.command_flow(
                    label,
                    SinkKind::ExecutedFile,
                    how,
                    Target::Constant(shown(path)),
                    at,
                    marks,
                );
            }
        }
        self.runs_what_was_made(path, how, at, reached);
        if let Some(site) = at.site {
            self.cells.run(path, how, at.zone, site.file, site.expr);
        } else {
            self.cells.run(path, how, at.zone, at.file, ExprId(0));
        }
    }

    /// A shell script of the package is read as a command line.
    pub(super) fn reached_script(&mut self, file: FileId, at: &At, reached: &mut Vec<FileId>) {
        // A binary is no script.
        if self.package.language(file).is_some() || !self.package.file(file).kind.is_text() {
            return;
        }
        if at.level >= LEVELS - 1 {
            self.cut_short(at.zone);
            return;
        }
        let Some(bytes) = self.package.file(file).bytes.clone() else {
            return;
        };
        if bytes.len() > evaluating::SCRIPT {
            self.cut_short(at.zone);
            return;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let inner = At {
            file,
            span: Span { start: 0, end: 0 },
            place: self.place(file, Span::default()),
            lines: true,
            in_file: true,
            ..at.clone()
        };
        let path = self.package.file(file).path.clone();
        if path.ends_with(".ps1") || path.ends_with(".bat") || path.ends_with(".cmd") {
            self.power_shell(&text, &inner);
        }
        let mut variables = Variables::default();
        // `$0`: where the script lies, whatever folder it runs in.
        let own = format!("{PACKAGE}{path}{HOLE_END}");
        for name in ["0", "BASH_SOURCE"] {
            variables.insert(name.to_owned(), (own.clone(), Vec::new()));
        }
        if let Some(first) = text.lines().next().filter(|line| line.starts_with("#!")) {
            let options: Vec<&str> = first.split_whitespace().skip(1).collect();
            fail_fast(&options, &mut variables);
        }
        self.run_text(&text, &inner, Piped::default(), &mut variables, reached);
    }

    /// `cd …`: to another folder of the package. One that is elsewhere, or is made only then, is
    /// not known, and what follows is read as if nothing had happened.
    pub(super) fn moves(&self, words: &[(String, Vec<Label>)], at: &At, variables: &mut Variables) {
        let [_, (path, _)] = words else {
            return;
        };
        if path == "-" {
            variables.remove(FOLDER);
            return;
        }
        let folder = match path.strip_prefix(PACKAGE) {
            Some(inside) => plain(&inside.replace(HOLE_END, "")),
            None if path.starts_with('/') || path.contains(HOLE_START) => return,
            None => plain(&join(&at.folder, path)),
        };
        let inside = join(&folder, "");
        let is_known = folder.is_empty()
            || self
                .package
                .ids()
                .any(|id| self.package.file(id).path.starts_with(&inside))
            || self.is_unpacked_folder(&folder);
        if is_known && folder != at.folder {
            variables.insert(FOLDER.to_owned(), (folder, Vec::new()));
        }
    }

    /// Whether the package's folder is the one that a command line runs in: hooks run there, and
    /// what they start. Other code runs in the user's.
    pub(super) fn runs_in_package(&self, at: &At) -> bool {
        at.site.is_none() || self.outer.zone.unwrap_or(at.zone) == Zone::Install
    }

    /// The path in the package that begins with the folder that a hook runs in, by a variable:
    /// `$PWD/x.js`; or with the place where the package itself is installed:
    /// `$INIT_CWD/node_modules/NAME/x.js`.
    fn inside_by_variable(&self, path: &str, at: &At) -> Option<String> {
        if at.site.is_some() {
            return None;
        }
        let (variable, rest) = path.strip_prefix(HOLE_START)?.split_once(HOLE_END)?;
        let rest = rest.strip_prefix('/')?;
        if !matches!(variable, "cwd" | "$npm_config_local_prefix") {
            return None;
        }
        let manifest = self.package.find("package.json")?;
        let bytes = self.package.file(manifest).bytes.as_deref()?;
        let json: serde_json::Value = serde_json::from_slice(bytes).ok()?;
        let own = json.get("name").and_then(serde_json::Value::as_str);
        let own = own.map(|name| format!("node_modules/{name}/"));
        match own.and_then(|own| rest.strip_prefix(&own)) {
            Some(inside) => Some(inside.to_owned()),
            None => (variable == "cwd").then(|| join(&at.folder, rest)),
        }
    }

    /// What `$0` is in a script of the package: its own path.
    pub(super) fn path_of_script(&self, at: &At) -> Option<String> {
        let file = self.package.file(at.file);
        let begins = |bytes: &[u8]| bytes.starts_with(b"#!");
        let is_script = at.site.is_none()
            && (file.path.ends_with(".sh") || file.bytes.as_deref().is_some_and(begins));
        is_script.then(|| format!("{PACKAGE}{}{HOLE_END}", file.path))
    }

    /// `. file`: a script of the package that is read as if it stood here, with the variables
    /// that are set.
    pub(super) fn sourced(
        &mut self,
        path: &str,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Piped {
        let script = self
            .package_file(path, at)
            .filter(|file| self.package.language(*file).is_none());
        let (Some(file), Some(text)) = (script, self.own_text(path, at)) else {
            return Piped::default();
        };
        let begin = Span::default();
        let at = At {
            file,
            span: begin,
            place: self.place(file, begin),
            lines: true,
            in_file: true,
            ..at.clone()
        };
        self.run_text(&text, &at, Piped::default(), variables, reached)
    }

    pub(super) fn package_file(&self, path: &str, at: &At) -> Option<FileId> {
        let inside = path
            .strip_prefix(PACKAGE)
            .map(|rest| {
                rest.replace(HOLE_END, "")
                    .trim_start_matches('/')
                    .to_owned()
            })
            .or_else(|| self.inside_by_variable(path, at));
        let relative = match &inside {
            Some(inside) => inside.clone(),
            None if path.starts_with('/') || path.contains(HOLE_START) => {
                return self.unpacked_file(path);
            }
            None => {
                // Code starts processes in the user's folder, hooks in the package's.
                join(&at.folder, path.trim_start_matches("./"))
            }
        };
        let found = self.package.find(&relative).or_else(|| {
            self.package
                .node_file(&relative)
                .filter(|id| self.package.language(*id).is_some())
        });
        found.or_else(|| self.unpacked_file(&plain(&relative)))
    }
}

/// Whether a path begins with the place of the package, as `__dirname` does.
pub(super) fn is_within_package(path: &str) -> bool {
    path.starts_with(PACKAGE)
}
