//! T3: texts that are decoded when they are used. T9: members by computed names.

use super::{Code, at, quote, with_code};
use crate::transform::Random;
use crate::transform::edit::{Edits, base64, hex, is_name, pieces};
use ruff_python_ast::{AnyNodeRef, Expr};

/// Encodes literals, and the fixed parts of f-strings.
pub fn encode_all(_path: &str, text: &str, random: &mut Random) -> Option<String> {
    with_code(text, |code| {
        if code.reads_itself() {
            return None;
        }
        let mut edits = Edits::default();
        for (index, (node, _)) in code.nodes.iter().enumerate() {
            match node {
                AnyNodeRef::ExprStringLiteral(literal) => {
                    let value = literal.value.to_str();
                    if value.len() < 2 || !may_change(code, index) || random.chance(1, 8) {
                        continue;
                    }
                    // Asked by every reader of Python; not what is tried here.
                    if value == "__main__" {
                        continue;
                    }
                    let (start, end) = at(*literal);
                    edits.replace(start, end, spaced(code, start, encode(value, random)));
                }
                AnyNodeRef::ExprBytesLiteral(literal) => {
                    let bytes: Vec<u8> = literal
                        .value
                        .iter()
                        .flat_map(|part| part.value.iter().copied())
                        .collect();
                    if bytes.len() < 2 || !may_change(code, index) || random.chance(1, 4) {
                        continue;
                    }
                    let (start, end) = at(*literal);
                    let encoded = if random.chance(1, 2) {
                        format!("bytes.fromhex({})", quote(&hex(&bytes)))
                    } else {
                        format!(
                            "__import__(\"base64\").b64decode({})",
                            quote(&base64(&bytes))
                        )
                    };
                    edits.replace(start, end, spaced(code, start, encoded));
                }
                AnyNodeRef::InterpolatedStringLiteralElement(part) => {
                    let in_spec = code
                        .around(index)
                        .any(|node| matches!(node, AnyNodeRef::InterpolatedStringFormatSpec(_)));
                    let templates = code
                        .around(index)
                        .filter(|node| {
                            matches!(
                                node,
                                AnyNodeRef::ExprFString(_) | AnyNodeRef::ExprTString(_)
                            )
                        })
                        .count();
                    let is_template = code
                        .around(index)
                        .any(|node| matches!(node, AnyNodeRef::ExprTString(_)));
                    if in_spec || is_template || templates != 1 || part.value.len() < 3 {
                        continue;
                    }
                    // Without quotes, which older versions do not allow inside.
                    let bytes: Vec<String> =
                        part.value.bytes().map(|byte| byte.to_string()).collect();
                    let (start, end) = at(*part);
                    edits.replace(
                        start,
                        end,
                        format!("{{bytes([{}]).decode()}}", bytes.join(",")),
                    );
                }
                _ => {}
            }
        }
        edits.apply(text)
    })
}

/// An expression may stand in the place of a literal.
fn may_change(code: &Code<'_>, index: usize) -> bool {
    let is_doc = matches!(code.around(index).next(), Some(AnyNodeRef::StmtExpr(_)));
    let is_list_of_names = code.around(index).any(|node| {
        matches!(node, AnyNodeRef::StmtAssign(assignment)
            if assignment.targets.iter().any(|target| matches!(target, Expr::Name(name)
                if name.id.as_str() == "__all__" || name.id.as_str() == "__slots__")))
    });
    !is_doc && !is_list_of_names && !code.in_template(index) && !code.in_type(index)
}

/// `in"a"` needs no space, `in chr(…)` does.
fn spaced(code: &Code<'_>, start: usize, encoded: String) -> String {
    let before = code
        .text
        .get(..start)
        .and_then(|text| text.chars().next_back());
    if before.is_some_and(is_name) {
        format!(" {encoded}")
    } else {
        encoded
    }
}

/// An expression that gives a text.
pub fn encode(text: &str, random: &mut Random) -> String {
    match random.below(8) {
        0 => format!(
            "__import__(\"base64\").b64decode(\"{}\").decode()",
            base64(text.as_bytes())
        ),
        1 => format!("bytes.fromhex(\"{}\").decode()", hex(text.as_bytes())),
        2 => {
            let reversed: String = text.chars().rev().collect();
            format!("{}[::-1]", quote(&reversed))
        }
        3 => {
            let codes: Vec<String> = text.chars().map(|c| u32::from(c).to_string()).collect();
            format!("\"\".join(map(chr, [{}]))", codes.join(", "))
        }
        4 => {
            let parts: Vec<String> = pieces(text, 3, random)
                .iter()
                .map(|piece| quote(piece))
                .collect();
            format!("\"\".join([{}])", parts.join(", "))
        }
        5 => {
            let shift = 1 + random.below(5) as u32;
            let codes: Vec<String> = text
                .chars()
                .map(|c| (u32::from(c) + shift).to_string())
                .collect();
            format!(
                "\"\".join(chr(c - {shift}) for c in ({},))",
                codes.join(", ")
            )
        }
        6 => {
            let escaped: String = text
                .chars()
                .map(|c| format!("\\U{:08x}", u32::from(c)))
                .collect();
            format!("\"{escaped}\"")
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

/// `a.b` becomes `getattr(a, 'b')`.
pub fn compute(_path: &str, text: &str, random: &mut Random) -> Option<String> {
    with_code(text, |code| {
        if code.reads_itself() {
            return None;
        }
        let mut edits = Edits::default();
        for (index, (node, _)) in code.nodes.iter().enumerate() {
            let AnyNodeRef::ExprAttribute(attribute) = node else {
                continue;
            };
            let name = attribute.attr.as_str();
            // Two underscores in a class are another name.
            let mangled = name.starts_with("__") && !name.ends_with("__");
            // `super()` looks at where it is called.
            let is_super = code.of(&*attribute.value).starts_with("super");
            let in_decorator = code
                .around(index)
                .any(|node| matches!(node, AnyNodeRef::Decorator(_)));
            if !attribute.ctx.is_load()
                || mangled
                || is_super
                || in_decorator
                || code.in_template(index)
                || code.in_type(index)
                || random.chance(1, 6)
            {
                continue;
            }
            let (start, end) = at(*attribute);
            let value_end = at(&*attribute.value).1;
            let name_start = at(&attribute.attr).0;
            // Behind the value there may be parentheses; the dot is the last one.
            let Some(dot) = text
                .get(value_end..name_start)
                .and_then(|gap| gap.rfind('.'))
            else {
                continue;
            };
            let key = if random.chance(1, 3) {
                encode(name, random)
            } else {
                quote(name)
            };
            edits.insert(start, "getattr(");
            edits.replace(value_end + dot, end, format!(", {key})"));
        }
        edits.apply(text)
    })
}
