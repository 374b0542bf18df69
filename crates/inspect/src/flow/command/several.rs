//! An address that is one of several: the one that the user sets, or else one that stands in
//! the package.

use super::base_name;
use super::fetch::fetches;
use crate::flow::possible::stands_there;
use crate::flow::{Analysis, Site, is_foreign};
use crate::ir::{Expr, ExprId, Program};
use crate::pure::{FileId, HOLE_START};

impl Analysis<'_> {
    /// The words of a list of them, each as [`Analysis::one_of_addresses`] gives it where it is
    /// written out.
    pub(super) fn words_of_list(
        &mut self,
        program: &Program,
        site: Site,
        list: ExprId,
        texts: Vec<String>,
        words: &mut Vec<String>,
    ) {
        let parts = match program.expr(list) {
            Expr::Array(parts) => program.list(parts),
            _ => &[],
        };
        let is_written_out = parts.len() == texts.len();
        for (position, text) in texts.into_iter().enumerate() {
            let word = match parts.get(position).filter(|_| is_written_out) {
                Some(part) => self.one_of_addresses(site, *part, words, text),
                None => text,
            };
            words.push(word);
        }
    }

    /// An address that an expression can be and that stands in the package, with its place: one
    /// of a stranger before one of the package's own. None where it came from elsewhere.
    pub(in crate::flow) fn constant_address(
        &mut self,
        file: FileId,
        expr: ExprId,
    ) -> Option<(String, String)> {
        let labels = self.labels(file, expr, None);
        if labels.iter().any(|label| is_foreign(label.kind)) {
            return None;
        }
        let mut own = None;
        for value in self.possible(file, expr, 0) {
            let Some(address) = value.any_text().filter(|_| stands_there(&value)) else {
                continue;
            };
            let Some(place) = self.host_in(&value, 0) else {
                continue;
            };
            let is_own = self.own_host(&place);
            let found = (address.to_owned(), place);
            if !is_own {
                return Some(found);
            }
            own.get_or_insert(found);
        }
        own
    }

    /// A word of the command line of a client: where its beginning is not known, the constant
    /// address that it can be.
    pub(super) fn one_of_addresses(
        &mut self,
        site: Site,
        arg: ExprId,
        before: &[String],
        text: String,
    ) -> String {
        let is_asked = before
            .first()
            .is_some_and(|program| fetches(base_name(program)));
        if !is_asked || !text.starts_with(HOLE_START) {
            return text;
        }
        self.constant_address(site.file, arg)
            .map_or(text, |(address, _)| address)
    }
}
