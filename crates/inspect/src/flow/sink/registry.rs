//! What is written into the registry of Windows.

use crate::flow::{Analysis, Site};
use crate::ir::{Expr, ExprId, Program};
use crate::know;
use crate::pure::{Value, shown};
use customs_model::{SinkKind, SourceKind, Target, Zone};

impl Analysis<'_> {
    /// `winreg.SetValueEx(winreg.OpenKey(HKEY_CURRENT_USER, r"…\CurrentVersion\Run"), …)`: a
    /// program that starts with the user's session.
    pub(super) fn registered(
        &mut self,
        program: &Program,
        site: Site,
        path: &str,
        args: &[ExprId],
        zone: Zone,
    ) {
        let Some(key) = args.first() else {
            return;
        };
        let Value::Native(native) = self.machine.fold(site.file, *key) else {
            return;
        };
        let opens = ["OpenKey()", "OpenKeyEx()", "CreateKey()", "CreateKeyEx()"];
        let Some((file, made)) = native.made_at.filter(|(file, _)| *file == site.file) else {
            return;
        };
        if !opens.iter().any(|open| native.path.ends_with(open)) {
            return;
        }
        let Expr::Call { args, .. } = program.expr(made) else {
            return;
        };
        let Some(name) = program.list(args).get(1).copied() else {
            return;
        };
        let name = self.machine.fold(file, name);
        let Some(what) = name.any_text().and_then(know::configuration) else {
            return;
        };
        let label = self.label_at(SourceKind::Constant, what, site);
        let target = format!("{} ({what})", shown(name.any_text().unwrap_or_default()));
        self.flow(
            &label,
            SinkKind::Configuration,
            path,
            Target::Constant(target),
            zone,
            site.file,
            site.expr,
            Vec::new(),
        );
    }
}
