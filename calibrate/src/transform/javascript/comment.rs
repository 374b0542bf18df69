//! T10: comments between the tokens, and other lines.

use super::{Code, with_code};
use crate::transform::Random;
use crate::transform::edit::{Edits, PRAGMAS};
use oxc_ast::AstKind;
use oxc_span::{GetSpan, Span};

/// Puts comments in front of statements, arguments and members.
pub fn comment(path: &str, text: &str, random: &mut Random) -> Option<String> {
    with_code(path, text, |code| {
        if code.reads_itself() || code.has_markup() {
            return None;
        }
        let mut edits = Edits::default();
        for node in code.nodes() {
            let at = node.span();
            match node.kind() {
                AstKind::StaticMemberExpression(member)
                    if !member.optional && random.chance(1, 3) =>
                {
                    edits.insert(member.property.span.start as usize, block(random));
                }
                AstKind::CallExpression(call) => {
                    for argument in &call.arguments {
                        if random.chance(1, 3) {
                            edits.insert(argument.span().start as usize, block(random));
                        }
                    }
                }
                AstKind::ObjectProperty(property) if random.chance(1, 4) => {
                    // Behind the colon, where no other rule can put something.
                    let value = property.value.span();
                    if !property.shorthand && !property.method && value.start > at.start {
                        let between = code.slice(Span::new(property.key.span().end, value.start));
                        if between.trim() == ":" {
                            edits.insert(value.start as usize, block(random));
                        }
                    }
                }
                _ => {}
            }
        }
        for at in statements(code) {
            if random.chance(1, 2) {
                edits.insert(at, line(random));
            }
        }
        edits.apply(text)
    })
}

/// Where statements of a list begin: in front of them a new line changes nothing.
fn statements(code: &Code<'_>) -> Vec<usize> {
    let mut places: Vec<usize> = code
        .program
        .body
        .iter()
        .map(|statement| statement.span().start as usize)
        .collect();
    for node in code.nodes() {
        match node.kind() {
            AstKind::FunctionBody(body) => {
                places.extend(body.statements.iter().map(|s| s.span().start as usize));
            }
            AstKind::BlockStatement(block) => {
                places.extend(block.body.iter().map(|s| s.span().start as usize));
            }
            _ => {}
        }
    }
    places
}

fn block(random: &mut Random) -> String {
    let text = random.pick(PRAGMAS).copied().unwrap_or("");
    match random.below(3) {
        0 => format!("/* {text} */ "),
        1 => format!("/*{}*/", random.below(1000)),
        _ => format!("/** {text} */  "),
    }
}

fn line(random: &mut Random) -> String {
    let text = random.pick(PRAGMAS).copied().unwrap_or("");
    match random.below(3) {
        0 => format!("// {text}\n"),
        1 => format!("\n\n/*\n * {text}\n */\n\t"),
        _ => format!("/* {text} */\n  "),
    }
}
