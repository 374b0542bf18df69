//! Code in a text: read as a package of its own, one level down.

use super::{Analysis, Labels, Outer};
use crate::ir::Language;
use crate::limit::evaluating;
use crate::package::{File, Package};
use crate::unpack::{Content, Entry, Kind, Tree};
use customs_model::{Place, SinkKind, Zone};
use std::sync::Arc;

impl Analysis<'_> {
    /// Reads a text as code that runs in a zone; what it does is added to what was found.
    /// Whether it has an effect beyond computing.
    pub(super) fn child(
        &mut self,
        text: &str,
        language: Language,
        zone: Zone,
        place: Place,
        _hidden: &Labels,
    ) -> bool {
        if self.outer.level >= evaluating::CHILDREN || text.len() > 2 << 20 {
            return false;
        }
        let name = match language {
            Language::JavaScript => "text.js",
            Language::Python => "text.py",
            Language::Rust => "text.rs",
        };
        let tree = Tree {
            entries: vec![Entry {
                path: format!("text/{name}"),
                content: Content::Whole(Arc::from(text.as_bytes())),
                length: text.len() as u64,
                kind: Kind::Text,
                executable: false,
            }],
            ..Tree::default()
        };
        let package = Package::new(&tree);
        if package
            .files
            .first()
            .is_some_and(|file: &File| file.bytes.is_none())
        {
            return false;
        }
        let outer = Outer {
            level: self.outer.level + 1,
            zone: Some(self.outer.zone.unwrap_or(zone)),
            place: Some(self.outer.place.clone().unwrap_or(place)),
        };
        let found = super::analyse_at(&package, outer);
        let effect = names_an_effect(text)
            || found
                .capabilities
                .iter()
                .any(|capability| is_effect(&capability.name))
            || found
                .flows
                .iter()
                .any(|flow| flow.sink != SinkKind::DynamicCode);
        let steps = evaluating::FLOW_STEPS / 8;
        self.steps = self.steps.saturating_sub(steps.min(self.steps / 2));
        for flow in found.flows {
            self.add_flow(flow);
        }
        for capability in found.capabilities {
            self.capability(
                &capability.name,
                capability.zone,
                capability.detail,
                capability.at,
            );
        }
        for sign in found.signs {
            self.sign(sign.kind, sign.zone, sign.detail, sign.at);
        }
        self.found.exhausted |= found.exhausted;
        effect
    }
}

/// Whether a hidden text names what reaches beyond the program: its variables may be
/// those of the code around it, of which the text alone does not know.
pub(super) fn names_an_effect(text: &str) -> bool {
    const WORDS: [&str; 22] = [
        "child_process",
        "process.env",
        "XMLHttpRequest",
        "fetch(",
        "subprocess",
        "os.system",
        "urllib",
        "socket.",
        "http.client",
        "requests.",
        "curl ",
        "wget ",
        "powershell",
        "/bin/sh",
        "('http",
        "(\"http",
        "net.connect",
        "execSync",
        "spawn(",
        "os.popen",
        "writeFileSync",
        "os.environ",
    ];
    WORDS.iter().any(|word| text.contains(word))
}

/// Whether a capability reaches beyond the program itself.
fn is_effect(name: &str) -> bool {
    matches!(
        name,
        "network"
            | "network.names"
            | "process"
            | "files.write"
            | "files.executable"
            | "files.delete"
            | "files.read"
            | "environment.all"
            | "input"
            | "process.memory"
            | "identity"
    )
}
