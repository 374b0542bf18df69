//! What npm and its kin run: scripts and programs that the package's own manifest names.

use super::{At, Piped, Variables, base_name};
use crate::flow::Analysis;
use crate::flow::label::Label;
use crate::know;
use crate::package::join;
use crate::pure::FileId;
use crate::unpack::plain;
use customs_model::{SinkKind, SourceKind, Target};
use serde_json::Value;

/// A word of a command line, with what is in it.
type Text = (String, Vec<Label>);

/// Names of scripts that may be run without saying `run`, by their short names too.
fn short_name(verb: &str) -> Option<&'static str> {
    match verb {
        "t" | "tst" | "test" => Some("test"),
        "start" => Some("start"),
        "stop" => Some("stop"),
        "restart" => Some("restart"),
        _ => None,
    }
}

impl Analysis<'_> {
    /// `npm …`, `yarn …`, `pnpm …`, `bun …`. Gives nothing where no script of the package is run.
    pub(super) fn npm_run(
        &mut self,
        base: &str,
        args: &[Text],
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Option<Piped> {
        let mut here = at.clone();
        let mut rest = args;
        let verb = self.next_word(&mut rest, &mut here)?;
        match verb.as_str() {
            "run" | "run-script" | "rum" | "urn" => {
                let name = self.next_word(&mut rest, &mut here)?;
                self.has_script(&name, &here)
                    .then(|| self.npm_script(&name, &here, variables, reached))
            }
            "exec" | "x" | "dlx" if base != "bun" => {
                self.own_program(rest, &here, variables, reached)
            }
            "i" | "install" | "add" if rest.iter().any(|(text, _)| is_address(text)) => {
                let mut words = rest.iter().map(|(text, _)| text.as_str());
                let address = words.find(|text| is_address(text)).unwrap_or_default();
                let address = match address.strip_prefix("github:") {
                    Some(repository) => format!("github.com/{repository}"),
                    None => address.to_owned(),
                };
                self.installs_from(base, &address, at);
                Some(Piped::default())
            }
            "i" | "install" | "ci" | "add" if base != "bun" => {
                let inner = match self.next_word(&mut rest, &mut here) {
                    Some(path) => match self.installed_folder(&path, &here) {
                        Some(folder) => At {
                            folder,
                            ..here.clone()
                        },
                        None => return None,
                    },
                    None => here,
                };
                // In the package's own folder these are the hooks that are read anyway.
                if inner.folder.is_empty() {
                    return None;
                }
                for name in ["preinstall", "install", "postinstall", "prepare"] {
                    if self.has_script(name, &inner) {
                        self.npm_script(name, &inner, variables, reached);
                    }
                }
                Some(Piped::default())
            }
            verb => {
                let name = match short_name(verb) {
                    Some("test") if base == "bun" => return None,
                    Some(name) => name,
                    None if base == "npm" || is_own_verb(base, verb) => return None,
                    None => verb,
                };
                if self.has_script(name, &here) {
                    return Some(self.npm_script(name, &here, variables, reached));
                }
                // What npm starts where nothing else is said.
                if name == "start" && self.package_file("server.js", &here).is_some() {
                    self.file_run("server.js", "node", &here, reached);
                    return Some(Piped::default());
                }
                if base != "npm" && base != "bun" {
                    let words = [(name.to_owned(), Vec::new())];
                    return self.own_program(&words, &here, variables, reached);
                }
                None
            }
        }
    }

    /// A package is installed that no registry has: what it runs then is what lies there then.
    fn installs_from(&mut self, base: &str, address: &str, at: &At) {
        let host = know::place_of(address).unwrap_or_default();
        let label = self.source(SourceKind::Remote, &format!("the answer of {host}"), at);
        let target = Target::Constant(host);
        self.command_flow(&label, SinkKind::Process, base, target, at, Vec::new());
    }

    /// The next word that is no option; those that name a folder change where it runs.
    fn next_word(&self, rest: &mut &[Text], at: &mut At) -> Option<String> {
        while let [(text, _), more @ ..] = *rest {
            *rest = more;
            let (option, mut value) = match text.split_once('=') {
                Some((option, value)) if text.starts_with('-') => (option, Some(value.to_owned())),
                _ => (text.as_str(), None),
            };
            if matches!(option, "--prefix" | "-C" | "--cwd" | "--dir") {
                if value.is_none()
                    && let [(text, _), more @ ..] = *rest
                {
                    value = Some(text.clone());
                    *rest = more;
                }
                at.folder = plain(&join(&at.folder, &value.unwrap_or_default()));
            } else if !text.starts_with('-') {
                return Some(text.clone());
            }
        }
        None
    }

    fn manifest(&self, at: &At) -> Option<Value> {
        let id = self.package.find(&join(&at.folder, "package.json"))?;
        let bytes = self.package.file(id).bytes.as_deref()?;
        serde_json::from_slice(bytes).ok()
    }

    /// The names of the manifest's scripts, in order.
    pub(super) fn script_names(&self, at: &At) -> Vec<String> {
        let json = self.manifest(at);
        let scripts = json
            .as_ref()
            .and_then(|json| json.get("scripts")?.as_object());
        scripts.map_or_else(Vec::new, |scripts| scripts.keys().cloned().collect())
    }

    fn has_script(&self, name: &str, at: &At) -> bool {
        self.manifest(at)
            .and_then(|json| json.get("scripts")?.get(name).map(Value::is_string))
            .unwrap_or_default()
    }

    /// A script of the manifest that another one starts, with what runs before and after it.
    pub(super) fn npm_script(
        &mut self,
        name: &str,
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Piped {
        let Some(json) = self.manifest(at) else {
            return Piped::default();
        };
        for name in [format!("pre{name}"), name.to_owned(), format!("post{name}")] {
            let script = json.get("scripts").and_then(|scripts| scripts.get(&name));
            if let Some(text) = script.and_then(Value::as_str) {
                let outer = variables.remove(super::FOLDER);
                self.apart(variables, |all, variables| {
                    all.run_text(text, at, Piped::default(), variables, reached)
                });
                if let Some(outer) = outer {
                    variables.insert(super::FOLDER.to_owned(), outer);
                }
            }
        }
        Piped::default()
    }

    /// `npx …`: a program of the package's own `bin`, or a line.
    pub(super) fn own_program(
        &mut self,
        args: &[Text],
        at: &At,
        variables: &mut Variables,
        reached: &mut Vec<FileId>,
    ) -> Option<Piped> {
        let mut rest = args;
        while let [(option, _), more @ ..] = rest
            && option.starts_with('-')
        {
            rest = more;
            if matches!(option.as_str(), "-c" | "--call") {
                let (line, _) = rest.first()?;
                let line = line.clone();
                return Some(self.apart(variables, |all, variables| {
                    all.run_text(&line, at, Piped::default(), variables, reached)
                }));
            }
        }
        let (name, _) = rest.first()?;
        if let Some(path) = self.own_bin(name, at) {
            self.file_run(&path, "a command", at, reached);
            return Some(Piped::default());
        }
        if let Some((name, _)) = rest.first() {
            let input = Piped::default();
            let base = base_name(name).to_owned();
            self.starts_more(rest, &base, &input, at, variables, reached);
            let tool = self.tool_run(&base, &rest[1..], &input, at, variables, reached);
            if tool.is_some() {
                return tool;
            }
        }
        let starts = matches!(
            base_name(name),
            "node" | "tsx" | "ts-node" | "sh" | "bash" | "bun"
        );
        starts.then(|| {
            let input = Piped::default();
            self.program_run(rest, &[], &input, at, variables, reached)
        })
    }

    /// The file that the package's own manifest has under the name of a program.
    pub(super) fn own_bin(&self, name: &str, at: &At) -> Option<String> {
        let json = self.manifest(at)?;
        let path = match json.get("bin")? {
            Value::String(path) => {
                let own = json.get("name")?.as_str()?;
                (base_name(own) == name).then_some(path)?
            }
            Value::Object(all) => match all.get(name)? {
                Value::String(path) => path,
                _ => return None,
            },
            _ => return None,
        };
        Some(format!("./{}", path.trim_start_matches("./")))
    }
}

/// Whether a word names a package by its address.
fn is_address(text: &str) -> bool {
    text.starts_with("http://")
        || text.starts_with("https://")
        || text.starts_with("git+")
        || text.starts_with("github:")
}

/// What yarn, pnpm and bun do themselves, whatever scripts there are.
fn is_own_verb(base: &str, verb: &str) -> bool {
    base == "bun" && matches!(verb, "build" | "x" | "test")
        || matches!(
            verb,
            "add"
                | "audit"
                | "cache"
                | "config"
                | "create"
                | "dedupe"
                | "help"
                | "import"
                | "info"
                | "init"
                | "link"
                | "list"
                | "login"
                | "logout"
                | "outdated"
                | "pack"
                | "patch"
                | "publish"
                | "rebuild"
                | "remove"
                | "set"
                | "unlink"
                | "up"
                | "update"
                | "upgrade"
                | "version"
                | "why"
                | "workspace"
                | "workspaces"
        )
}

/// The arguments of node behind `--run`: the name of the script.
pub(super) fn run_by_node<'t>(texts: &[&'t str]) -> Option<&'t str> {
    let mut rest = texts.iter().take_while(|text| text.starts_with("--"));
    let at = rest.position(|text| *text == "--run" || text.starts_with("--run="))?;
    match texts.get(at)?.split_once('=') {
        Some((_, name)) => Some(name),
        None => texts.get(at + 1).copied(),
    }
}
