//! A backup that somebody asks for.

use super::{Recogniser, Seen};
use customs_model::{Flow, SinkKind, SourceKind, Target, Zone, printable};

pub(super) static ASKED_BACKUP: Recogniser = Recogniser {
    id: "asked-backup",
    what: "Whatever files a walk finds are sent to a host that stands in the package, by code that somebody \
           calls.",
    why: "Clients of backups and of deployments send the folder that they are told to send.",
    twin: "The code names the credential file that it sends, or nobody calls it.",
    limits: "Which folder is walked is not looked at here: one that the code chooses is a finding of its own \
             where it runs unasked.",
    recognises,
    without: |flow| {
        if is_asked(flow) {
            flow.source_name = "a credential file".to_owned();
        }
    },
};

fn recognises(flow: &Flow, _seen: &Seen<'_>) -> Option<String> {
    is_asked(flow).then(|| {
        format!(
            "{} leave when somebody calls it",
            printable(&flow.source_name, 80)
        )
    })
}

/// Whether what a walk found is sent by code that somebody calls.
pub(crate) fn is_asked(flow: &Flow) -> bool {
    flow.source == SourceKind::CredentialFile
        && matches!(flow.sink, SinkKind::Network | SinkKind::NameLookup)
        && matches!(flow.target, Target::Constant(_))
        && matches!(flow.zone, Zone::Called | Zone::Command)
        && flow.source_name.starts_with("files of a walk")
}

#[cfg(test)]
mod tests {
    use crate::recognise::tests::{flow, pair};
    use customs_model::{Flow, SinkKind, SourceKind, Zone};

    fn sent(name: &str) -> Flow {
        let mut flow = flow(
            (SourceKind::CredentialFile, name),
            SinkKind::Network,
            "backup.example",
            &[],
        );
        flow.zone = Zone::Command;
        flow
    }

    #[test]
    fn what_a_walk_finds_may_be_sent_on_demand_and_a_named_key_may_not() {
        pair(
            "asked-backup",
            sent("files of a walk"),
            sent("~/.ssh/id_rsa (SSH keys)"),
        );
    }
}
