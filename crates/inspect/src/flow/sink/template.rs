//! Functions of libraries that run code or publish it, though that is not what they are named for.

#[cfg(test)]
mod tests;

use crate::flow::{Analysis, Context, Site};
use crate::ir::ExprId;
use crate::pure::FileId;
use crate::pure::Value;
use customs_model::{SinkKind, SourceKind, Target, Zone};
use std::rc::Rc;

/// Variables of a runner of workflows that name files which the steps behind read: the
/// environment, the places where programs are looked for.
const FILES_OF_STEPS: [&str; 3] = ["GITHUB_ENV", "GITHUB_PATH", "BASH_ENV"];

impl Analysis<'_> {
    /// A template is text for whoever wrote the package. Who sends it over the network writes
    /// what stands between its marks, which is run as code. `render(template, data)` of any other
    /// text says nothing.
    pub(super) fn template_sink(
        &mut self,
        site: Site,
        path: &str,
        args: &[ExprId],
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        let Some(template) = args.first() else {
            return;
        };
        let labels = self.labels(site.file, *template, context);
        for label in labels
            .iter()
            .filter(|label| label.kind == SourceKind::Remote)
        {
            let marks = self.pinned(label, site.file, Some((site.file, site.expr)));
            self.flow(
                label,
                SinkKind::DynamicCode,
                path,
                Target::Constant(label.name.to_string()),
                zone,
                site.file,
                site.expr,
                marks,
            );
        }
    }

    /// A release that a function of npm's own library publishes while something is installed. Tools
    /// for releases have it among what they import.
    pub(super) fn published_by(&mut self, site: Site, path: &str, zone: Zone) {
        if !matches!(zone, Zone::Install | Zone::Start) {
            return;
        }
        let label = self.label_at(SourceKind::Constant, path, site);
        self.flow(
            &label,
            SinkKind::Publication,
            path,
            Target::Caller,
            zone,
            site.file,
            site.expr,
            Vec::new(),
        );
    }

    /// What an installation writes into a file that the steps of a workflow behind it read. Actions
    /// do that, which nothing installs.
    pub(super) fn set_for_steps(&mut self, site: Site, path: &str, to: ExprId, zone: Zone) {
        if !matches!(zone, Zone::Install | Zone::Start) {
            return;
        }
        let Some(name) = self.named_by_runner(site.file, to) else {
            return;
        };
        let what = format!("{name} (environment of later steps)");
        let label = self.label_at(SourceKind::Constant, name, site);
        self.flow(
            &label,
            SinkKind::Configuration,
            path,
            Target::Constant(what),
            zone,
            site.file,
            site.expr,
            Vec::new(),
        );
    }

    fn named_by_runner(&mut self, file: FileId, to: ExprId) -> Option<&'static str> {
        let Value::Native(native) = self.machine.fold(file, to) else {
            return None;
        };
        let language = self.package.language(file)?;
        let name = crate::know::environment_name(language, &native.path)?;
        FILES_OF_STEPS.into_iter().find(|known| *known == name)
    }
}
