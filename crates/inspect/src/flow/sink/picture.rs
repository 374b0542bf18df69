//! What a page sends by asking for a picture, a script or a frame.

use crate::flow::label::Label;
use crate::flow::{Analysis, Site};
use crate::ir::{Expr, Program, Store};
use crate::know;
use crate::pure::{FileId, Native, Value};
use customs_model::{SinkKind, SourceKind, Target, Zone};
use std::rc::Rc;

impl Analysis<'_> {
    /// `new Image().src = 'https://…?' + document.cookie`.
    pub(in crate::flow) fn asked_for(&mut self, program: &Rc<Program>, file: FileId, store: Store) {
        let key = store.key.map(|key| program.name(key));
        if !matches!(key, Some("src" | "href")) {
            return;
        }
        // What is made of nothing but a constant sends nothing.
        if matches!(program.expr(store.value), Expr::Const(_)) {
            return;
        }
        let Value::Native(native) = self.machine.fold(file, store.object) else {
            return;
        };
        if !matches!(&*native.path, "Image()" | "document.createElement()") {
            return;
        }
        let zone = self.zone_of(file, store.function);
        let labels = self.labels(file, store.value, None).to_vec();
        self.loads_hidden(file, store, &native, &labels, zone);
        let is_taken = |label: &&Label| {
            label.kind == SourceKind::Intercepted
                || label.kind == SourceKind::InputDevice && know::is_of_page(&label.name)
        };
        let taken: Vec<_> = labels.iter().filter(is_taken).cloned().collect();
        if taken.is_empty() {
            return;
        }
        let value = self.fold_value(file, store.value, None);
        let Some(host) = self.host_in(&value, 0) else {
            return;
        };
        if self.own_host(&host) {
            return;
        }
        for label in taken {
            self.flow(
                &label,
                SinkKind::Network,
                &format!("{}.{}", native.path, key.unwrap_or_default()),
                Target::Constant(host.clone()),
                zone,
                file,
                store.value,
                Vec::new(),
            );
        }
    }

    /// A script of another host, whose address does not stand in the code as it is:
    /// `script.src = atob('…')`.
    fn loads_hidden(
        &mut self,
        file: FileId,
        store: Store,
        made: &Native,
        labels: &[Label],
        zone: Zone,
    ) {
        let is_hidden = labels.iter().any(|label| label.kind == SourceKind::Decoded);
        let Some((place, call)) = made.made_at.filter(|_| is_hidden) else {
            return;
        };
        let Some(maker) = self.program(place) else {
            return;
        };
        let Expr::Call { args, .. } = maker.expr(call) else {
            return;
        };
        let is_script = maker
            .list(args)
            .first()
            .is_some_and(|tag| maker.text(*tag) == Some("script"));
        if !is_script {
            return;
        }
        let value = self.fold_value(file, store.value, None);
        let Some(host) = self.host_in(&value, 0).filter(|host| !self.own_host(host)) else {
            return;
        };
        // Where the host stands in the code, something else was hidden: a key of it.
        let stands = self
            .package
            .text(file)
            .is_some_and(|text| memchr::memmem::find(text, host.as_bytes()).is_some());
        if stands {
            return;
        }
        let site = Site {
            file,
            expr: store.value,
            function: store.function,
        };
        let label = self.label_at(SourceKind::Remote, &format!("the answer of {host}"), site);
        self.flow(
            &label,
            SinkKind::DynamicCode,
            "document.createElement().src",
            Target::Constant(host),
            zone,
            file,
            store.value,
            Vec::new(),
        );
    }
}

#[cfg(test)]
mod tests;
