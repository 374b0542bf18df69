//! An address that is one of several: the one that the user sets, or else one that stands in
//! the package.

use super::base_name;
use super::fetch::fetches;
use crate::flow::possible::stands_there;
use crate::flow::{Analysis, Site, is_foreign};
use crate::ir::{Expr, ExprId, Program};
use crate::pure::HOLE_START;

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

    /// A word of the command line of a client, where its beginning is not known: an address
    /// that it can be and that stands in the package, one of a stranger before one of the
    /// package's own. What came from elsewhere stays as it is.
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
        let labels = self.labels(site.file, arg, None);
        if labels.iter().any(|label| is_foreign(label.kind)) {
            return text;
        }
        let mut own = None;
        for value in self.possible(site.file, arg, 0) {
            let Some(address) = value.any_text().filter(|_| stands_there(&value)) else {
                continue;
            };
            let Some(place) = self.host_in(&value, 0) else {
                continue;
            };
            if !self.own_host(&place) {
                return address.to_owned();
            }
            own.get_or_insert_with(|| address.to_owned());
        }
        own.unwrap_or(text)
    }
}
