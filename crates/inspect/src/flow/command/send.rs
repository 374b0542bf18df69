//! Programs that send: over sockets, to other machines, to services.

use super::{At, Piped};
use crate::flow::Analysis;
use crate::flow::label::Label;
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
}
