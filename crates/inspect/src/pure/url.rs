//! `data:` addresses: a module in its own name. Addresses that are put together by `URL`.

use super::{FileId, HOLE, Machine, Value};
use crate::ir::{Expr, ExprId, Program};
use base64::Engine as _;

impl Machine<'_> {
    /// The address that `new URL(path, base)` is, where both are known.
    pub(super) fn address(&mut self, made: Option<(FileId, ExprId)>) -> Option<Value> {
        let (file, made) = made?;
        let program = self.surroundings.program(file)?;
        let Expr::Call { args, .. } = program.expr(made) else {
            return None;
        };
        match program.list(args) {
            [whole] => {
                let whole = self.fold(file, *whole);
                let text = whole.any_text()?;
                // `url.search = secret`: what stands behind the host is more than was written.
                let behind = if is_changed(&program, made) { HOLE } else { "" };
                text.contains("://")
                    .then(|| Value::text(&format!("{text}{behind}")))
            }
            [path, base, ..] => {
                let (path, base) = (self.fold(file, *path), self.fold(file, *base));
                joined(path.any_text()?, base.any_text()?).map(|text| Value::text(&text))
            }
            [] => None,
        }
    }
}

/// Whether parts behind the host are set later, of an address that has a name.
fn is_changed(program: &Program, made: ExprId) -> bool {
    let holds = |expr: ExprId| match program.expr(expr) {
        Expr::Name(atom, scope) => program
            .resolve(atom, scope)
            .is_some_and(|symbol| program.symbol(symbol).values.contains(&made)),
        _ => false,
    };
    program.exprs.iter().any(|expr| match expr {
        Expr::Assign(place, _) => match program.expr(*place) {
            Expr::Member(object, name) => {
                matches!(program.name(name), "pathname" | "search" | "hash") && holds(object)
            }
            _ => false,
        },
        _ => false,
    }) || program.calls.iter().any(|(call, _)| {
        let Expr::Call { callee, .. } = program.expr(*call) else {
            return false;
        };
        let Expr::Member(parameters, name) = program.expr(callee) else {
            return false;
        };
        matches!(program.name(name), "append" | "set")
            && matches!(program.expr(parameters), Expr::Member(object, name)
                if program.name(name) == "searchParams" && holds(object))
    })
}

/// A path at the host of an address.
fn joined(path: &str, base: &str) -> Option<String> {
    if path.contains("://") {
        return Some(path.to_owned());
    }
    let (scheme, rest) = base.split_once("://")?;
    if let Some(path) = path.strip_prefix("//") {
        return Some(format!("{scheme}://{path}"));
    }
    let (host, inner) = rest.split_once('/').unwrap_or((rest, ""));
    Some(match path.strip_prefix('/') {
        Some(path) => format!("{scheme}://{host}/{path}"),
        None => match inner.rsplit_once('/') {
            Some((folder, _)) => format!("{scheme}://{host}/{folder}/{path}"),
            None => format!("{scheme}://{host}/{path}"),
        },
    })
}

/// The text of a `data:` address.
pub fn data_url(url: &str) -> Option<String> {
    let (kind, body) = url.strip_prefix("data:")?.split_once(',')?;
    if kind.ends_with(";base64") {
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(body)
            .ok()?;
        return Some(String::from_utf8_lossy(&bytes).into_owned());
    }
    Some(super::builtin::percent_decode(body, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_put_behind_the_host_of_its_base() {
        let of = |path: &str, base: &str| joined(path, base);
        assert_eq!(
            of("/w", "https://a.invalid").as_deref(),
            Some("https://a.invalid/w")
        );
        assert_eq!(
            of("w", "https://a.invalid/b/c").as_deref(),
            Some("https://a.invalid/b/w")
        );
        assert_eq!(
            of("//b.invalid/w", "https://a.invalid").as_deref(),
            Some("https://b.invalid/w")
        );
        assert_eq!(of("./a.json", "\u{fdd0}package/b.js\u{fdd1}"), None);
    }
}
