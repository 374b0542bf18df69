//! What programs bring from elsewhere besides what `curl` and its like fetch: clones, copies from other
//! machines, what a socket answers, and what is unpacked of all that.

use super::{At, Piped, Variables, base_name};
use crate::flow::Analysis;
use crate::flow::is_foreign;
use crate::flow::label::Label;
use crate::know;
use crate::pure::shown;
use customs_model::{Mark, SinkKind, SourceKind, Target};
use words::{
    Unpacking, builds, host_of, is_afar, is_commit, is_input, starts_a_file, takes_a_value,
    without_options,
};

/// Under this name the variables of a script hold the folder that it went to, where that was filled from
/// elsewhere, and what came there.
const FILLED: &str = "cd into what came";

#[cfg(test)]
mod tests;
mod words;

type Words<'a> = &'a [(String, Vec<Label>)];

impl Analysis<'_> {
    /// What a command brings; what comes out of it where it gives that out.
    pub(super) fn brings(
        &mut self,
        base: &str,
        args: Words<'_>,
        input: &Piped,
        at: &At,
        variables: &mut Variables,
    ) -> Option<Piped> {
        let texts: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
        self.starts_what_came(base, &texts, at, variables);
        match (base, texts.as_slice()) {
            ("git" | "svn" | "hg" | "gh" | "glab", [..]) => {
                self.cloned(base, &texts, at, variables);
            }
            ("scp" | "rsync" | "sftp" | "rclone" | "s3cmd" | "gsutil", [..])
            | ("aws", ["s3", ..]) => return self.copied_here(base, args, at),
            ("openssl", ["s_client", ..]) | ("ssh", [_, ..]) => {
                return Some(self.answered(&texts, at));
            }
            ("certutil" | "bitsadmin", [..]) => self.taken_by_system(base, &texts, at),
            ("tar" | "bsdtar" | "gtar" | "unzip" | "7z" | "7za" | "7zz" | "unrar", [..]) => {
                self.unpacked(base, &texts, input, at);
            }
            ("gunzip" | "bunzip2" | "unxz" | "unzstd" | "unlzma", [..]) => {
                self.inflated(base, &texts, at);
            }
            ("go", ["run" | "install", ..]) | ("cargo", ["install", ..]) => {
                self.built_from_afar(base, &texts, at);
            }
            ("uv", ["pip", rest @ ..]) => self.pip_run(rest, at),
            ("source" | ".", [file, ..]) if is_input(file) => {
                self.interpreted(base, &input.labels, at);
            }
            _ => {}
        }
        None
    }

    /// What a socket or another machine says.
    pub(super) fn answered(&mut self, texts: &[&str], at: &At) -> Piped {
        let host = texts
            .iter()
            .filter(|text| !text.starts_with('-') && text.contains('.'))
            .find_map(|text| host_of(text))
            .unwrap_or_else(|| "a host".to_owned());
        let name = format!("the answer of {}", shown(&host));
        if at.zone > customs_model::Zone::Never {
            self.capability("network", at.zone, Some(host), at.place.clone());
        }
        let label = self.source(SourceKind::Remote, &name, at);
        Piped {
            labels: vec![label],
            ..Piped::default()
        }
    }

    /// `git clone URL [FOLDER]`, and what sets a clone to a commit.
    fn cloned(&mut self, base: &str, texts: &[&str], at: &At, variables: &Variables) {
        let mut plain = without_options(texts, takes_a_value);
        let verbs: &[&str] = match base {
            "svn" => &["checkout", "co", "export"],
            "gh" | "glab" => &["repo"],
            _ => &["clone"],
        };
        let Some(verb) = plain.next() else {
            return;
        };
        if base == "git" && matches!(verb, "checkout" | "reset" | "switch" | "pull" | "merge") {
            // The clone that it stands in, or is told: no other one is set by it.
            let told = texts
                .iter()
                .skip_while(|text| **text != "-C")
                .nth(1)
                .copied();
            let here = variables.get(FILLED).map(|(folder, _)| folder.as_str());
            if let Some(folder) = told.or(here) {
                let holds = !matches!(verb, "pull" | "merge") && plain.any(is_commit);
                self.cells.folders.bind(folder, holds);
            }
            return;
        }
        if !verbs.contains(&verb) || matches!(base, "gh" | "glab") && plain.next() != Some("clone")
        {
            return;
        }
        let Some(address) = plain.next() else {
            return;
        };
        let host = match base {
            "gh" => Some(format!(
                "github.com/{}",
                address.split('/').next().unwrap_or(address)
            )),
            _ => host_of(address),
        };
        // A folder of this machine is no host.
        let Some(host) = host else {
            return;
        };
        let folder = plain.next().map(str::to_owned);
        let folder = folder.unwrap_or_else(|| {
            let name = base_name(address.trim_end_matches('/'));
            name.strip_suffix(".git").unwrap_or(name).to_owned()
        });
        let name = format!("the answer of {}", shown(&host));
        let label = self.source(SourceKind::Remote, &name, at);
        let bound = texts
            .iter()
            .any(|text| text.strip_prefix("--revision=").is_some_and(is_commit));
        self.capability("network", at.zone, Some(host), at.place.clone());
        self.fill_folder(&folder, vec![label], bound, at);
    }

    /// `scp machine:file .`, `aws s3 cp s3://bucket/file .`
    fn copied_here(&mut self, base: &str, args: Words<'_>, at: &At) -> Option<Piped> {
        let texts: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
        let plain: Vec<&str> = without_options(&texts, |_| false).collect();
        let (to, from) = plain.split_last()?;
        let from = from.iter().find(|text| is_afar(text))?;
        if is_afar(to) {
            return None;
        }
        let host = host_of(from)?;
        let name = format!("the answer of {}", shown(&host));
        let label = self.source(SourceKind::Remote, &name, at);
        self.capability("network", at.zone, Some(host), at.place.clone());
        if *to == "-" {
            return Some(Piped {
                labels: vec![label],
                ..Piped::default()
            });
        }
        let is_folder = to.ends_with(['/', '.']) || from.ends_with('/');
        if is_folder || matches!(base, "rsync" | "rclone") {
            self.fill_folder(to, vec![label.clone()], false, at);
            let file = format!("{}/{}", to.trim_end_matches('/'), base_name(from));
            self.file_written(&file, vec![label], None, base, at);
        } else {
            self.file_written(to, vec![label], None, base, at);
        }
        None
    }

    /// `certutil -urlcache -f URL FILE`, `bitsadmin /transfer NAME URL FILE`: downloaders of Windows.
    fn taken_by_system(&mut self, base: &str, texts: &[&str], at: &At) {
        let mut rest = texts.iter().skip_while(|text| !text.contains("://"));
        let (Some(url), Some(file)) = (rest.next(), rest.next()) else {
            return;
        };
        let host = know::place_of(url).unwrap_or_default();
        let label = self.source(SourceKind::Remote, &format!("the answer of {host}"), at);
        self.file_written(file, vec![label], None, base, at);
    }

    /// `tar xf FILE`, `unzip FILE -d FOLDER`, where the archive came from elsewhere.
    fn unpacked(&mut self, base: &str, texts: &[&str], input: &Piped, at: &At) {
        let Some(unpacking) = Unpacking::of(base, texts) else {
            return;
        };
        let (labels, checked) = match unpacking.archive {
            Some(archive) => (
                self.cells.written(archive).unwrap_or_default(),
                self.cells.is_checked(archive),
            ),
            None => (input.labels.clone(), false),
        };
        self.fill_folder(unpacking.folder, labels, checked, at);
    }

    /// `gunzip FILE.gz` leaves `FILE`.
    fn inflated(&mut self, base: &str, texts: &[&str], at: &At) {
        for text in texts.iter().filter(|text| !text.starts_with('-')) {
            let Some((path, _)) = text.rsplit_once('.') else {
                continue;
            };
            let Some(labels) = self.cells.written(text) else {
                continue;
            };
            self.file_written(path, labels, None, base, at);
            if self.cells.is_checked(text) {
                self.cells.check(path, true);
            }
        }
    }

    /// `go run host/path@version`, `cargo install --git URL`: fetched, built, and here to be run.
    fn built_from_afar(&mut self, base: &str, texts: &[&str], at: &At) {
        let address = match base {
            "go" => texts.iter().skip(1).copied().find(|text| {
                text.contains('@')
                    && text
                        .split('/')
                        .next()
                        .is_some_and(|host| host.contains('.'))
            }),
            _ => {
                let mut words = texts.iter().copied();
                words
                    .find_map(|word| match word.split_once('=') {
                        Some(("--git", address)) => Some(address),
                        _ => None,
                    })
                    .or_else(|| {
                        let mut words = texts.iter().copied().skip_while(|word| *word != "--git");
                        words.nth(1)
                    })
            }
        };
        let Some(host) = address.and_then(host_of) else {
            return;
        };
        let bound = texts.iter().any(|text| is_commit(text));
        let label = self.source(
            SourceKind::Remote,
            &format!("the answer of {}", shown(&host)),
            at,
        );
        let marks = match bound {
            true => vec![Mark::PinnedByDigest],
            false => Vec::new(),
        };
        let target = Target::Constant(shown(&host));
        self.command_flow(&label, SinkKind::Process, base, target, at, marks);
    }

    fn fill_folder(&mut self, folder: &str, labels: Vec<Label>, checked: bool, at: &At) {
        if !labels.iter().any(|label| is_foreign(label.kind)) {
            return;
        }
        let step = crate::flow::label::Step::Written(shown(folder).into());
        let labels = self.hop(labels, &step, at.file, at.span);
        let file = Some(at.file);
        self.cells
            .folders
            .fill(folder, &labels, at.zone, file, checked);
    }

    /// Remembers that a script goes to a folder that was filled from elsewhere.
    pub(super) fn moves_to_filled(&self, folder: &str, variables: &mut Variables) {
        if !folder.is_empty() && self.cells.folders.is_in(folder) {
            let labels = self.cells.folders.labels_of(&inside(folder));
            variables.insert(FILLED.to_owned(), (folder.to_owned(), labels));
        } else if folder.starts_with('/') || folder == "-" {
            variables.remove(FILLED);
        }
    }

    /// A command that runs what lies in a folder that was filled from elsewhere.
    fn starts_what_came(&mut self, base: &str, texts: &[&str], at: &At, variables: &Variables) {
        let builds = builds(base, texts);
        let there = variables.get(FILLED).cloned();
        let (folder, labels) = match there {
            Some((folder, labels)) if builds || starts_a_file(base, texts) => (folder, labels),
            _ if builds => {
                let named = texts.iter().map(|text| {
                    let value = text.split_once('=').map_or(*text, |(_, value)| value);
                    value
                        .strip_prefix("-C")
                        .filter(|path| !path.is_empty())
                        .unwrap_or(value)
                });
                let Some(folder) = named
                    .into_iter()
                    .find(|path| self.cells.folders.is_in(path))
                else {
                    return;
                };
                let labels = self.cells.folders.labels_of(&inside(folder));
                (folder.to_owned(), labels)
            }
            _ => return,
        };
        let checked = self.cells.folders.are_checked(&inside(&folder));
        let checked = checked.unwrap_or_default();
        for label in labels.iter().filter(|label| is_foreign(label.kind)) {
            let used = at.site.map(|site| (site.file, site.expr));
            let mut marks = self.pinned(label, at.file, used);
            if checked && !marks.contains(&Mark::PinnedByDigest) {
                marks = vec![Mark::PinnedByDigest];
            }
            marks.extend(self.answer_marks(label));
            let target = Target::Constant(shown(&folder));
            self.command_flow(label, SinkKind::ExecutedFile, base, target, at, marks);
        }
    }
}

/// A path in a folder, whatever it is called.
fn inside(folder: &str) -> String {
    format!("{}/x", folder.trim_end_matches('/'))
}
