//! Programs that change what lies on the disk.

use super::{At, Piped, base_name};
use crate::flow::{Analysis, is_foreign};
use crate::know;
use crate::package::join;
use crate::pure::shown;
use customs_model::{Mark, SignKind, SinkKind, SourceKind, Target, Zone};

impl Analysis<'_> {
    pub(super) fn removed(&mut self, name: &str, texts: &[&str], at: &At) {
        let recursive = matches!(name, "rimraf")
            || texts.iter().any(|text| {
                text.starts_with('-') && text.to_ascii_lowercase().contains('r')
                    || text.eq_ignore_ascii_case("/s")
            });
        for text in texts.iter().filter(|text| {
            !text.starts_with('-')
                && !text.eq_ignore_ascii_case("/s")
                && !text.eq_ignore_ascii_case("/q")
        }) {
            if recursive && let Some(what) = know::user_place(text) {
                let label = self.source(SourceKind::UserPlace, what, at);
                let options = texts.iter().copied().filter(|text| text.starts_with('-'));
                let line: Vec<&str> = std::iter::once(name).chain(options).collect();
                self.command_flow(
                    &label,
                    SinkKind::Destruction,
                    &line.join(" "),
                    Target::Constant(shown(text)),
                    at,
                    Vec::new(),
                );
            }
            // By its name, or as the script that the command stands in.
            let named = join(&at.folder, text.trim_start_matches("./"));
            let own = self.package.find(&named).is_some()
                || self.path_of_script(at).is_some_and(|own| own == *text);
            if own && at.zone >= Zone::Start && at.site.is_none() {
                self.sign(
                    SignKind::HidesItself,
                    at.zone,
                    shown(text),
                    at.place.clone(),
                );
            }
        }
    }

    /// `cp …`: a file in another place.
    pub(super) fn copied(&mut self, base: &str, texts: &[&str], at: &At) {
        let paths: Vec<&str> = texts
            .iter()
            .copied()
            .filter(|text| !text.starts_with('-'))
            .collect();
        if let [from @ .., to] = paths.as_slice()
            && let Some(first) = from.first()
        {
            let labels = self.content_of(first, at.file, at.span);
            let full = if to.ends_with('/') {
                format!("{to}{}", base_name(first))
            } else {
                (*to).to_owned()
            };
            if let Some(what) = know::configuration(&full)
                && let Some(copied) = self.package_file(first, at)
                && self.copy_acts(copied, at.zone, at.place.clone())
            {
                let label = self.source(SourceKind::OwnFile, first, at);
                self.command_flow(
                    &label,
                    SinkKind::Configuration,
                    base,
                    Target::Constant(format!("{} ({what})", shown(&full))),
                    at,
                    vec![Mark::HiddenEffect],
                );
            }
            let checked = self.cells.is_checked(first);
            self.file_written(&full, labels, None, base, at);
            if checked {
                self.cells.check(&full, true);
            }
            if at.zone >= Zone::Start
                && base != "ln"
                && full.trim_start_matches("./") == "package.json"
            {
                self.sign(SignKind::HidesItself, at.zone, full, at.place.clone());
            }
        }
    }

    /// `crontab …`: a timed job.
    pub(super) fn timed(&mut self, texts: &[&str], input: &Piped, at: &At) {
        let lists = texts.contains(&"-l") || texts.contains(&"-r");
        if !lists {
            let label = input
                .labels
                .iter()
                .find(|label| is_foreign(label.kind))
                .cloned()
                .unwrap_or_else(|| self.source(SourceKind::Constant, "a timed job", at));
            self.command_flow(
                &label,
                SinkKind::Configuration,
                "crontab",
                Target::Constant("timed job".to_owned()),
                at,
                Vec::new(),
            );
        }
    }

    /// `schtasks …`: a job that the system starts.
    pub(super) fn start_up_job(&mut self, base: &str, texts: &[&str], at: &At) {
        if texts.iter().any(|text| {
            matches!(
                text.to_ascii_lowercase().as_str(),
                "/create" | "load" | "bootstrap" | "submit"
            )
        }) {
            let label = self.source(SourceKind::Constant, "a start-up job", at);
            self.command_flow(
                &label,
                SinkKind::Configuration,
                base,
                Target::Constant("start-up job".to_owned()),
                at,
                Vec::new(),
            );
        }
    }

    /// `reg …`: an entry that the system starts programs by.
    pub(super) fn start_up_entry(&mut self, base: &str, texts: &[&str], at: &At) {
        // What is only asked for, kept or taken away starts nothing.
        let verb = texts.first().map(|verb| verb.to_ascii_lowercase());
        if matches!(
            verb.as_deref(),
            Some("query" | "export" | "save" | "delete" | "compare")
        ) {
            return;
        }
        // A line of Windows that is read as one of a shell has lost its backslashes.
        if texts
            .iter()
            .any(|text| text.replace('\\', "").contains("CurrentVersionRun"))
        {
            let label = self.source(SourceKind::Constant, "a start-up entry", at);
            self.command_flow(
                &label,
                SinkKind::Configuration,
                base,
                Target::Constant("start-up entry".to_owned()),
                at,
                Vec::new(),
            );
        }
    }
}
