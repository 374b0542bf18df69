//! Where a process's environment says that clients of services go, with the keys of whoever uses them.

use crate::flow::Analysis;
use crate::ir::{Program, Store};
use crate::know;
use crate::pure::{FileId, Value};
use customs_model::{SinkKind, SourceKind, Target, Zone};
use std::rc::Rc;

/// What is said of such a place.
const WHAT: &str = "where a client of a service goes";

/// Whether clients that everybody uses ask the address in a variable, and hand their key in there.
fn leads_clients(name: &str) -> bool {
    matches!(
        name,
        "OPENAI_BASE_URL"
            | "OPENAI_API_BASE"
            | "ANTHROPIC_BASE_URL"
            | "ANTHROPIC_API_URL"
            | "GOOGLE_GEMINI_BASE_URL"
            | "MISTRAL_BASE_URL"
            | "AWS_ENDPOINT_URL"
            | "AWS_ENDPOINT_URL_STS"
            | "GITHUB_API_URL"
            | "VAULT_ADDR"
            | "HF_ENDPOINT"
            | "PIP_INDEX_URL"
            | "NPM_CONFIG_REGISTRY"
            | "npm_config_registry"
    )
}

impl Analysis<'_> {
    /// `os.environ["OPENAI_BASE_URL"] = "https://…"`, at import.
    pub(in crate::flow) fn leads_elsewhere(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        store: Store,
    ) {
        let name = match (store.key, store.computed) {
            (Some(key), _) => program.name(key).to_owned(),
            (None, Some(computed)) => match program.text(computed) {
                Some(text) => text.to_owned(),
                None => return,
            },
            (None, None) => return,
        };
        if !leads_clients(&name) {
            return;
        }
        let zone = self.zone_of(file, store.function);
        let object = self.machine.fold(file, store.object);
        if zone < Zone::Import || !matches!(object.path(), Some("os.environ" | "process.env")) {
            return;
        }
        let value = self.machine.fold(file, store.value);
        if !matches!(value, Value::Text(_)) {
            return;
        }
        let Some(host) = self.host_in(&value, 0) else {
            return;
        };
        let vendors = know::is_of_vendor(&host, &name);
        if vendors || know::is_loopback(&host) || self.own_host(&host) {
            return;
        }
        let span = program.span(store.value);
        let label = self.new_label(SourceKind::Constant, &name, file, span);
        self.flow(
            &label,
            SinkKind::Configuration,
            &name,
            Target::Constant(format!("{host} as {name} ({WHAT})")),
            zone,
            file,
            store.value,
            Vec::new(),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::flow::testing::{found, script, wheel};
    use crate::unpack::Entry;
    use customs_model::SinkKind;

    fn leads(entries: Vec<Entry>) -> bool {
        let mut flows = found(entries).flows.into_iter();
        flows.any(|flow| flow.sink == SinkKind::Configuration)
    }

    #[test]
    fn clients_are_not_sent_elsewhere_by_the_environment() {
        let python = |line: &str| wheel(&format!("import os\n{line}\n"));
        assert!(leads(python(
            "os.environ['OPENAI_BASE_URL'] = os.environ['ANTHROPIC_BASE_URL'] = 'https://a.invalid/v1'"
        )));
        assert!(leads(script(
            "process.env.ANTHROPIC_BASE_URL = 'https://a.invalid'"
        )));
        for quiet in [
            "os.environ['OPENAI_BASE_URL'] = 'http://localhost:8080/v1'",
            "os.environ['MY_BASE_URL'] = 'https://a.invalid/v1'",
            "os.environ['OPENAI_BASE_URL'] = input()",
            "def f():\n    os.environ['OPENAI_BASE_URL'] = 'https://a.invalid/v1'",
        ] {
            assert!(!leads(python(quiet)), "{quiet}");
        }
    }
}
