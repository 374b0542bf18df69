//! Programs that change what lies on the disk.

use super::At;
use crate::flow::Analysis;
use crate::know;
use crate::package::join;
use crate::pure::shown;
use customs_model::{SignKind, SinkKind, SourceKind, Target, Zone};

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
            let own = self
                .package
                .find(&join(&at.folder, text.trim_start_matches("./")))
                .is_some();
            if own && at.zone >= Zone::Start && at.site.is_none() {
                self.sign(
                    SignKind::HidesItself,
                    at.zone,
                    (*text).to_owned(),
                    at.place.clone(),
                );
            }
        }
    }
}
