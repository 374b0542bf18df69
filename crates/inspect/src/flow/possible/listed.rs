//! Texts that are put together of a list.

use super::MOST;
use crate::flow::Analysis;
use crate::ir::{Expr, ExprId, Program};
use crate::pure::{FileId, HOLE, Value};

impl Analysis<'_> {
    /// What a list of texts is, put together: each of its parts, as far as it is known.
    pub(super) fn listed(
        &mut self,
        program: &Program,
        file: FileId,
        list: ExprId,
        args: &[ExprId],
        level: u8,
    ) -> Vec<Value> {
        let between = match args.first() {
            Some(between) => self.machine.fold(file, *between).as_text(),
            None => Some(",".to_owned()),
        };
        let (Expr::Array(parts), Some(between)) = (program.expr(list), between) else {
            return Vec::new();
        };
        let mut out: Option<Vec<String>> = None;
        for part in program.list(parts).iter().take(MOST) {
            let values = self.possible(file, *part, level + 1);
            let texts = values
                .iter()
                .take(MOST)
                .map(|value| value.as_text().unwrap_or_else(|| HOLE.to_owned()));
            let texts: Vec<String> = texts.collect();
            out = Some(match out {
                None => texts,
                Some(before) => before
                    .iter()
                    .flat_map(|before| texts.iter().map(move |text| (before, text)))
                    .map(|(before, text)| format!("{before}{between}{text}"))
                    .take(MOST)
                    .collect(),
            });
        }
        let out = out.unwrap_or_default();
        out.iter().map(|text| Value::text(text)).collect()
    }
}
