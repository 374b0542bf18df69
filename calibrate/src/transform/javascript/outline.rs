//! T11: statements in functions that are called in their place; functions at the end.

use super::top::{Sort, tops};
use super::{Code, with_code};
use crate::transform::Random;
use crate::transform::edit::{Edits, has_word};
use oxc_ast::AstKind;
use oxc_semantic::AstNode;
use oxc_span::{GetSpan, Span};

/// Outlines statements and values, then moves the functions to the end of the file.
pub fn outline(path: &str, text: &str, random: &mut Random) -> Option<String> {
    let outlined = with_code(path, text, |code| outline_here(code, random));
    let moved = with_code(path, outlined.as_deref().unwrap_or(text), |code| {
        functions_last(code, random)
    });
    moved.or(outlined)
}

fn outline_here(code: &Code<'_>, random: &mut Random) -> Option<String> {
    if code.reads_itself() {
        return None;
    }
    let mut edits = Edits::default();
    let mut done = 0;
    for node in code.nodes() {
        let at = node.span();
        if (at.start as usize) < done {
            continue;
        }
        match node.kind() {
            AstKind::ExpressionStatement(_) if in_list(code, node) && movable(code, at) => {
                if random.chance(1, 4) {
                    continue;
                }
                let piece = code.slice(at).trim_end().trim_end_matches(';');
                let name = random.name(code.text);
                let with = match random.below(3) {
                    0 => format!(";(() => {{ {piece}; }})();"),
                    1 => format!(";const {name} = () => {{ {piece}; }};\n{name}();"),
                    _ => format!(";(function () {{ {piece}; }})();"),
                };
                edits.replace(at.start as usize, at.end as usize, with);
                done = at.end as usize;
            }
            AstKind::VariableDeclarator(variable) => {
                let Some(value) = &variable.init else {
                    continue;
                };
                let at = value.span();
                let plain = value.is_literal()
                    || value.is_function()
                    || value.is_identifier_reference()
                    || value.is_require_call();
                if plain || !movable(code, at) || random.chance(1, 2) {
                    continue;
                }
                edits.replace(
                    at.start as usize,
                    at.end as usize,
                    format!("(() => ({}))()", code.slice(at)),
                );
                done = at.end as usize;
            }
            _ => {}
        }
    }
    edits.apply(code.text)
}

/// It stands in a list of statements, not behind `if (a)`.
fn in_list(code: &Code<'_>, node: &AstNode<'_>) -> bool {
    matches!(
        code.semantic.nodes().parent_kind(node.id()),
        AstKind::Program(_) | AstKind::FunctionBody(_) | AstKind::BlockStatement(_)
    )
}

/// It means the same in a function of its own.
fn movable(code: &Code<'_>, at: Span) -> bool {
    let text = code.slice(at);
    !["await", "yield", "this", "super", "arguments", "eval"]
        .iter()
        .any(|word| has_word(text, word))
        && !text.contains("new.target")
        // What is given to `exports` is looked for at the top by bundlers, and by people.
        && !text.starts_with("module.exports")
        && !text.starts_with("exports.")
}

/// Declared functions are there before the first statement runs, wherever they stand.
fn functions_last(code: &Code<'_>, random: &mut Random) -> Option<String> {
    let tops = tops(code);
    let functions: Vec<_> = tops
        .iter()
        .filter(|top| top.sort == Sort::Function)
        .collect();
    let last = tops.last()?;
    let mut names = std::collections::HashSet::new();
    let unique = functions
        .iter()
        .all(|top| top.declares.iter().all(|symbol| names.insert(*symbol)));
    if functions.is_empty() || !unique {
        return None;
    }
    let mut edits = Edits::default();
    let mut pieces: Vec<String> = Vec::new();
    for function in functions {
        pieces.push(code.slice(function.span).to_owned());
        edits.replace(
            function.span.start as usize,
            function.span.end as usize,
            // What stood before it and behind it must not become one statement.
            ";",
        );
    }
    random.shuffle(&mut pieces);
    edits.insert(
        last.span.end as usize,
        format!("\n;{}\n", pieces.join("\n")),
    );
    edits.apply(code.text)
}
