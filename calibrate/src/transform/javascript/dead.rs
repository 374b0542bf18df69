//! T4: code that is never run.

use super::with_code;
use crate::transform::Random;
use crate::transform::edit::Edits;
use oxc_ast::AstKind;
use oxc_span::GetSpan;

/// Adds branches whose condition is always false, functions that nobody calls, and padding.
pub fn dead(path: &str, text: &str, random: &mut Random) -> Option<String> {
    with_code(path, text, |code| {
        if code.reads_itself() {
            return None;
        }
        let head = code.head()?;
        let mut edits = Edits::default();
        for _ in 0..=random.below(2) {
            edits.insert(head, format!("{}\n", padding(text, random)));
        }
        for statement in code.program.body.iter().skip(1) {
            if random.chance(1, 2) {
                let at = statement.span().start as usize;
                edits.insert(at, format!("{}\n", branch(text, random)));
            }
        }
        for node in code.nodes() {
            if let AstKind::FunctionBody(body) = node.kind()
                && let Some(first) = body.statements.first()
                && random.chance(1, 2)
            {
                let at = first.span().start as usize;
                edits.insert(at, format!("{}\n", branch(text, random)));
            }
        }
        let end = code.program.body.last()?.span().end as usize;
        edits.insert(end, format!("\n;{}\n", function(text, random)));
        edits.apply(text)
    })
}

/// A condition that is never true, and is no constant to the eye.
fn never(random: &mut Random) -> String {
    let number = 3 + random.below(90);
    match random.below(6) {
        0 => format!("typeof {number} === 'string'"),
        1 => format!("(({number} * {number} + {number}) & 1) === 1"),
        2 => format!("[].length > {number}"),
        3 => format!("'{number}'.length === {}", number + 7),
        4 => format!("Math.abs(-{number}) < 0"),
        _ => format!("Date.now() < {number}"),
    }
}

/// Something harmless.
fn work(text: &str, random: &mut Random) -> String {
    let name = random.name(text);
    let number = random.below(1000);
    match random.below(4) {
        0 => format!(
            "var {name} = [{number}, {}].map(String).join('-');",
            number / 3
        ),
        1 => format!("console.log('step {number}');"),
        2 => format!(
            "for (var {name} = 0; {name} < {number}; {name}++) {{ if ({name} % 7 === 9) break; }}"
        ),
        _ => format!("var {name} = {{ id: {number}, ok: true }}; {name}.id += 1;"),
    }
}

fn branch(text: &str, random: &mut Random) -> String {
    format!("if ({}) {{ {} }}", never(random), work(text, random))
}

fn function(text: &str, random: &mut Random) -> String {
    let name = random.name(text);
    format!(
        "function {name}(a, b) {{ {} {} return a === b; }}",
        work(text, random),
        branch(text, random)
    )
}

fn padding(text: &str, random: &mut Random) -> String {
    if random.chance(1, 2) {
        return function(text, random);
    }
    let name = random.name(text);
    let numbers: Vec<String> = (0..16 + random.below(48))
        .map(|_| random.below(4096).to_string())
        .collect();
    format!("var {name} = [{}];", numbers.join(", "))
}
