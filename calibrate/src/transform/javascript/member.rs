//! T9: members by computed names.

use super::literal::encode;
use super::{quote, with_code};
use crate::transform::Random;
use crate::transform::edit::Edits;
use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, PropertyKey};
use oxc_span::GetSpan;

/// Objects for which `Reflect.get` may stand in the place of a dot.
const OBJECTS: &[&str] = &["process", "globalThis", "module", "require"];

/// `a.b` becomes `a['b']`, `a['\x62']`, or `Reflect.get(a, 'b')`; keys become computed.
pub fn compute(path: &str, text: &str, random: &mut Random) -> Option<String> {
    with_code(path, text, |code| {
        if code.reads_itself() {
            return None;
        }
        let mut edits = Edits::default();
        for node in code.nodes() {
            match node.kind() {
                AstKind::StaticMemberExpression(member) => {
                    let in_decorator =
                        code.semantic.nodes().ancestor_kinds(node.id()).any(|kind| {
                            matches!(kind, AstKind::Decorator(_) | AstKind::TSTypeQuery(_))
                        });
                    if in_decorator || random.chance(1, 8) {
                        continue;
                    }
                    let name = member.property.name.as_str();
                    let object = member.object.span();
                    let end = member.property.span.end as usize;
                    // A call needs its `this`, and a value is no target.
                    let plain_use = match code.parent(node) {
                        AstKind::CallExpression(call) => call.callee.span() != member.span,
                        AstKind::AssignmentExpression(assignment) => {
                            assignment.left.span() != member.span
                        }
                        AstKind::UpdateExpression(_)
                        | AstKind::UnaryExpression(_)
                        | AstKind::NewExpression(_)
                        | AstKind::TaggedTemplateExpression(_)
                        | AstKind::ChainExpression(_)
                        | AstKind::ParenthesizedExpression(_)
                        | AstKind::ForInStatement(_)
                        | AstKind::ForOfStatement(_)
                        | AstKind::ArrayAssignmentTarget(_)
                        | AstKind::AssignmentTargetRest(_)
                        | AstKind::AssignmentTargetWithDefault(_)
                        | AstKind::AssignmentTargetPropertyProperty(_) => false,
                        _ => true,
                    };
                    let known = matches!(&member.object, Expression::Identifier(found)
                        if OBJECTS.contains(&found.name.as_str()) && code.symbol_of(found).is_none());
                    if plain_use && known && !member.optional && random.chance(1, 2) {
                        edits.insert(object.start as usize, "Reflect.get(");
                        edits.replace(object.end as usize, end, format!(", {})", quote(name)));
                        continue;
                    }
                    let key = key(name, random);
                    let with = if member.optional {
                        format!("?.[{key}]")
                    } else {
                        format!("[{key}]")
                    };
                    edits.replace(object.end as usize, end, with);
                }
                AstKind::ObjectProperty(property) if !property.computed && !property.shorthand => {
                    if let PropertyKey::StaticIdentifier(name) = &property.key
                        && name.name != "__proto__"
                        && random.chance(1, 2)
                    {
                        edits.replace(
                            name.span.start as usize,
                            name.span.end as usize,
                            format!("[{}]", key(&name.name, random)),
                        );
                    }
                }
                _ => {}
            }
        }
        edits.apply(text)
    })
}

fn key(name: &str, random: &mut Random) -> String {
    match random.below(4) {
        0 => {
            let escaped: String = name
                .encode_utf16()
                .map(|unit| {
                    if unit < 0x100 {
                        format!("\\x{unit:02x}")
                    } else {
                        format!("\\u{unit:04x}")
                    }
                })
                .collect();
            format!("'{escaped}'")
        }
        1 if name.len() > 2 => encode(name, random),
        _ => quote(name),
    }
}
