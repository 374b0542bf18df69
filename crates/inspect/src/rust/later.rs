//! Values that are made when somebody asks for them first: `LazyLock::new(f)`.

use super::Lowering;
use crate::ir::{Expr as Ir, ExprId, Span};

impl Lowering {
    /// What a cell that is filled when it is first read holds: what its function gives.
    pub(super) fn made_later(
        &mut self,
        path: &syn::Path,
        args: &[ExprId],
        at: Span,
    ) -> Option<ExprId> {
        let [maker] = args else {
            return None;
        };
        let mut names = path.segments.iter().rev();
        let (last, of) = (names.next()?, names.next()?);
        let is_lazy = ["LazyLock", "LazyCell", "Lazy"]
            .iter()
            .any(|name| of.ident == name);
        let is_own = self.types.is_type(&of.ident.to_string());
        let is_function = matches!(
            self.builder.program().expr(*maker),
            Ir::Function(_) | Ir::Name(..)
        );
        (last.ident == "new" && is_lazy && !is_own && is_function)
            .then(|| self.builder.call(*maker, &[], false, at))
    }
}
