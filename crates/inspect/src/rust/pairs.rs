//! Values that a macro is handed as names with what they hold: `json!({"a": b})`,
//! `hashmap! { "a" => b }`.

use super::Lowering;
use crate::ir::{Expr as Ir, ExprId, Span};
use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use syn::Expr;

impl Lowering {
    /// The object that is written out; none where it is something else.
    pub(super) fn written_pairs(&mut self, tokens: &TokenStream, at: Span) -> Option<ExprId> {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        if let [TokenTree::Group(group)] = &tokens[..] {
            return self.written_group(group, at);
        }
        self.pairs(&tokens, at)
    }

    fn written_group(&mut self, group: &Group, at: Span) -> Option<ExprId> {
        let inside: Vec<TokenTree> = group.stream().into_iter().collect();
        match group.delimiter() {
            Delimiter::Brace => self.pairs(&inside, at),
            Delimiter::Bracket => {
                let mut items = Vec::new();
                for item in pieces(&inside) {
                    items.push(self.written_value(item, at)?);
                }
                let items = self.builder.list(&items);
                Some(self.builder.add(Ir::Array(items), at))
            }
            Delimiter::Parenthesis | Delimiter::None => None,
        }
    }

    fn pairs(&mut self, tokens: &[TokenTree], at: Span) -> Option<ExprId> {
        let mut entries = Vec::new();
        for piece in pieces(tokens) {
            let (key, value) = pair(piece)?;
            let key = syn::parse2::<Expr>(key.iter().cloned().collect()).ok()?;
            if !may_be_key(&key) {
                return None;
            }
            let key = self.expression(&key);
            let value = self.written_value(value, at)?;
            entries.extend([key, value]);
        }
        if entries.is_empty() {
            return None;
        }
        let entries = self.builder.list(&entries);
        Some(self.builder.add(Ir::Object(entries), at))
    }

    fn written_value(&mut self, tokens: &[TokenTree], at: Span) -> Option<ExprId> {
        if let [TokenTree::Group(group)] = tokens
            && let Some(written) = self.deeper(|this| this.written_group(group, at)).flatten()
        {
            return Some(written);
        }
        let value = syn::parse2::<Expr>(tokens.iter().cloned().collect()).ok()?;
        Some(self.expression(&value))
    }
}

/// Whether an expression can name what stands behind it; a pattern of `select!` cannot.
const fn may_be_key(key: &Expr) -> bool {
    matches!(
        key,
        Expr::Lit(_)
            | Expr::Path(_)
            | Expr::Paren(_)
            | Expr::Group(_)
            | Expr::Macro(_)
            | Expr::Call(_)
            | Expr::MethodCall(_)
    )
}

/// What stands between commas.
fn pieces(tokens: &[TokenTree]) -> impl Iterator<Item = &[TokenTree]> {
    let is_comma =
        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    tokens.split(is_comma).filter(|piece| !piece.is_empty())
}

/// What stands before and behind the first `:` or `=>`.
fn pair(piece: &[TokenTree]) -> Option<(&[TokenTree], &[TokenTree])> {
    let mut at = 0;
    while let Some(token) = piece.get(at) {
        if let TokenTree::Punct(first) = token {
            let next = match piece.get(at + 1) {
                Some(TokenTree::Punct(next)) if first.spacing() == Spacing::Joint => {
                    Some(next.as_char())
                }
                _ => None,
            };
            match (first.as_char(), next) {
                (':', Some(':')) => at += 1,
                (':', _) => return Some((&piece[..at], &piece[at + 1..])),
                ('=', Some('>')) => return Some((&piece[..at], &piece[at + 2..])),
                _ => {}
            }
        }
        at += 1;
    }
    None
}
