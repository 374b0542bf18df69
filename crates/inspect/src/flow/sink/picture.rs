//! What a page sends by asking for a picture, a script or a frame.

use crate::flow::Analysis;
use crate::ir::{Expr, Program, Store};
use crate::know;
use crate::pure::{FileId, Value};
use customs_model::{SinkKind, SourceKind, Target};
use std::rc::Rc;

impl Analysis<'_> {
    /// `new Image().src = 'https://…?' + document.cookie`.
    pub(in crate::flow) fn asked_for(&mut self, program: &Rc<Program>, file: FileId, store: Store) {
        if store.key.is_none_or(|key| program.name(key) != "src") {
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
        let labels = self.labels(file, store.value, None);
        let taken: Vec<_> = labels
            .iter()
            .filter(|label| label.kind == SourceKind::InputDevice && know::is_of_page(&label.name))
            .cloned()
            .collect();
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
                &format!("{}.src", native.path),
                Target::Constant(host.clone()),
                zone,
                file,
                store.value,
                Vec::new(),
            );
        }
    }
}

#[cfg(test)]
mod tests;
