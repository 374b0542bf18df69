//! Programs that send: over sockets, to other machines, to services.

use super::{At, Piped, Variables};
use crate::flow::label::Label;
use crate::flow::{Analysis, is_secret};
use crate::know;
use crate::pure::shown;
use customs_model::{SinkKind, SourceKind, Target};

impl Analysis<'_> {
    pub(super) fn socket(
        &mut self,
        name: &str,
        args: &[(String, Vec<Label>)],
        input: &Piped,
        at: &At,
    ) {
        let host = args
            .iter()
            .map(|(text, _)| text.as_str())
            .find(|text| text.contains('.'))
            .map(|text| know::host_of(text.rsplit(',').next().unwrap_or(text)).unwrap_or_default());
        let target = host
            .clone()
            .map_or(Target::Caller, |host| Target::Constant(shown(&host)));
        let labels: Vec<Label> = args
            .iter()
            .flat_map(|(_, labels)| labels.iter().cloned())
            .chain(input.labels.iter().cloned())
            .collect();
        self.leaves(&labels, SinkKind::Network, name, &target, at);
        let shell = args.iter().any(|(text, _)| {
            matches!(text.as_str(), "-e" | "-c") || text.to_ascii_lowercase().contains("exec:")
        });
        if shell {
            let label = self.source(
                SourceKind::Remote,
                &format!("the answer of {}", host.unwrap_or_default()),
                at,
            );
            self.command_flow(&label, SinkKind::Process, name, target, at, Vec::new());
        }
    }

    /// A package that is published.
    pub(super) fn publishes(&mut self, base: &str, texts: &[&str], variables: &Variables, at: &At) {
        let what = texts.first().copied().unwrap_or_default();
        let label = self.source(SourceKind::Constant, &format!("{base} {what}"), at);
        let named = texts
            .iter()
            .find(|text| text.contains("://"))
            .and_then(|text| know::host_of(text))
            .or_else(|| {
                ["NPM_CONFIG_REGISTRY", "npm_config_registry"]
                    .iter()
                    .find_map(|name| variables.get(*name))
                    .and_then(|(text, _)| know::host_of(text))
            });
        self.command_flow(
            &label,
            SinkKind::Publication,
            base,
            named.map_or(Target::Caller, |host| Target::Constant(shown(&host))),
            at,
            Vec::new(),
        );
    }

    /// `nslookup …`: a name that is looked up says something to whoever answers.
    pub(super) fn looked_up(
        &mut self,
        base: &str,
        texts: &[&str],
        all_labels: &[Label],
        input: &Piped,
        at: &At,
    ) {
        let target = texts
            .iter()
            .filter(|text| text.contains('.'))
            .max_by_key(|text| text.len())
            .map_or(Target::Caller, |text| Target::Constant(shown(text)));
        let labels = all_labels.iter().chain(&input.labels);
        self.leaves(labels, SinkKind::NameLookup, base, &target, at);
    }

    /// `scp …`: files that are copied to another machine.
    pub(super) fn copied_over(&mut self, base: &str, args: &[(String, Vec<Label>)], at: &At) {
        let texts: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
        let target = texts
            .iter()
            .find(|text| text.contains(':'))
            .map_or(Target::Caller, |text| {
                Target::Constant(shown(text.split(':').next().unwrap_or(text)))
            });
        for (text, labels) in args {
            let mut labels = labels.clone();
            labels.extend(self.content_of(text, at.file, at.span));
            for label in labels.iter().filter(|label| is_secret(label.kind)) {
                self.command_flow(
                    label,
                    SinkKind::Network,
                    base,
                    target.clone(),
                    at,
                    Vec::new(),
                );
            }
        }
    }

    /// `gh …`: what is put where others see it.
    pub(super) fn posted(
        &mut self,
        base: &str,
        texts: &[&str],
        all_labels: &[Label],
        input: &Piped,
        variables: &Variables,
        at: &At,
    ) {
        let target = Target::Constant(
            texts
                .iter()
                .find_map(|text| {
                    know::place_of(text).filter(|host| text.contains("://") && host.contains('.'))
                })
                .or_else(|| variables.get("GH_HOST").map(|(host, _)| host.clone()))
                .unwrap_or_else(|| format!("the service behind {base}")),
        );
        for label in all_labels
            .iter()
            .chain(&input.labels)
            .filter(|label| is_secret(label.kind))
        {
            self.command_flow(
                label,
                SinkKind::Network,
                base,
                target.clone(),
                at,
                Vec::new(),
            );
        }
    }
}
