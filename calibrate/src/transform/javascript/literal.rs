//! T3: texts that are decoded when they are used.

use super::{Code, Place, place_of, quote, with_code};
use crate::transform::Random;
use crate::transform::edit::{Edits, base64, hex, pieces};
use oxc_ast::AstKind;

/// Encodes literals and the fixed parts of templates.
pub fn encode_all(path: &str, text: &str, random: &mut Random) -> Option<String> {
    with_code(path, text, |code| {
        if code.reads_itself() {
            return None;
        }
        let mut edits = Edits::default();
        for node in code.nodes() {
            match node.kind() {
                AstKind::StringLiteral(literal) => {
                    if literal.lone_surrogates || literal.value.len() < 2 || random.chance(1, 8) {
                        continue;
                    }
                    let Some(place) = place_of(code, node, literal) else {
                        continue;
                    };
                    let encoded = encode(&literal.value, random);
                    let with = match place {
                        Place::Expression => spaced(code, literal.span.start as usize, encoded),
                        Place::Key => format!("[{encoded}]"),
                    };
                    edits.replace(literal.span.start as usize, literal.span.end as usize, with);
                }
                AstKind::TemplateLiteral(template) => {
                    if matches!(code.parent(node), AstKind::TaggedTemplateExpression(_)) {
                        continue;
                    }
                    for quasi in &template.quasis {
                        let Some(cooked) = quasi.value.cooked else {
                            continue;
                        };
                        // The place must be the text itself, without `${` and `}`.
                        let exact = code.slice(quasi.span) == quasi.value.raw.as_str();
                        if !exact || quasi.lone_surrogates || cooked.len() < 3 {
                            continue;
                        }
                        let encoded = encode(&cooked, random);
                        edits.replace(
                            quasi.span.start as usize,
                            quasi.span.end as usize,
                            format!("${{{encoded}}}"),
                        );
                    }
                }
                _ => {}
            }
        }
        edits.apply(text)
    })
}

/// A literal ends a word (`return'a'`), a parenthesis or a name may not.
fn spaced(code: &Code<'_>, at: usize, encoded: String) -> String {
    let before = code
        .text
        .get(..at)
        .and_then(|text| text.chars().next_back());
    if before.is_some_and(crate::transform::edit::is_name) {
        format!(" {encoded}")
    } else {
        encoded
    }
}

/// An expression that gives a text.
pub fn encode(text: &str, random: &mut Random) -> String {
    let ascii = text.is_ascii();
    match random.below(9) {
        0 => format!(
            "Buffer.from('{}', 'base64').toString()",
            base64(text.as_bytes())
        ),
        1 if ascii => format!("atob('{}')", base64(text.as_bytes())),
        2 => format!(
            "Buffer.from('{}', 'hex').toString('utf8')",
            hex(text.as_bytes())
        ),
        3 if ascii => {
            let reversed: String = text.chars().rev().collect();
            format!("{}.split('').reverse().join('')", quote(&reversed))
        }
        4 => {
            let codes: Vec<String> = text.encode_utf16().map(|unit| unit.to_string()).collect();
            format!("String.fromCharCode({})", codes.join(", "))
        }
        5 => {
            let parts: Vec<String> = pieces(text, 3, random)
                .iter()
                .map(|piece| quote(piece))
                .collect();
            format!("[{}].join('')", parts.join(", "))
        }
        6 if ascii => {
            let shift = 1 + random.below(5) as u32;
            let codes: Vec<String> = text
                .bytes()
                .map(|byte| (u32::from(byte) + shift).to_string())
                .collect();
            format!(
                "[{}].map((c) => String.fromCharCode(c - {shift})).join('')",
                codes.join(",")
            )
        }
        7 => {
            // Escapes only: no decoder, but no readable text.
            let escaped: String = text
                .encode_utf16()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect();
            format!("'{escaped}'")
        }
        _ => {
            let parts: Vec<String> = pieces(text, 3, random)
                .iter()
                .map(|piece| quote(piece))
                .collect();
            format!("({})", parts.join(" + "))
        }
    }
}
