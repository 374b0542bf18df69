//! T7: what a file does when it is loaded is done a moment later.

use super::top::{Sort, tops};
use super::with_code;
use crate::transform::Random;
use crate::transform::edit::Edits;
use std::collections::HashSet;

/// Moves the statements that do something into a callback, all into one and in their order:
/// then only the moment changes.
pub fn later(path: &str, text: &str, random: &mut Random) -> Option<String> {
    with_code(path, text, |code| {
        if code.reads_itself() {
            return None;
        }
        let tops = tops(code);
        let mut inside: Vec<bool> = tops
            .iter()
            .map(|top| {
                matches!(
                    top.sort,
                    Sort::Function | Sort::Class | Sort::Variable | Sort::Other
                )
            })
            .collect();
        // What is used from outside must stay outside, and then it must do nothing itself.
        loop {
            let used: HashSet<_> = tops
                .iter()
                .zip(&inside)
                .filter(|(_, inside)| !**inside)
                .flat_map(|(top, _)| top.uses.iter().copied())
                .collect();
            let mut changed = false;
            for (index, top) in tops.iter().enumerate() {
                if !inside[index] || top.declares.is_disjoint(&used) {
                    continue;
                }
                if !top.pure {
                    return None;
                }
                inside[index] = false;
                changed = true;
            }
            if !changed {
                break;
            }
        }
        let chosen: Vec<_> = tops
            .iter()
            .zip(&inside)
            .filter(|(_, inside)| **inside)
            .map(|(top, _)| top)
            .collect();
        if chosen.iter().any(|top| top.returns) || chosen.iter().all(|top| top.pure) {
            return None;
        }
        let last = chosen.last()?;
        let mut edits = Edits::default();
        let mut body = String::new();
        for top in &chosen {
            body.push_str(&top.closed(code));
            body.push('\n');
            if top.span != last.span {
                edits.replace(top.span.start as usize, top.span.end as usize, "");
            }
        }
        let waits = chosen.iter().any(|top| top.waits);
        let maybe_async = if waits { "async " } else { "" };
        // A browser has no `setImmediate`; what uses `require` or `process` runs in Node.
        let is_node =
            text.contains("require(") || text.contains("process") || text.contains("node:");
        let name = random.name(text);
        let this = chosen.iter().any(|top| top.this);
        let wrapped = match random.below(if is_node { 7 } else { 4 }) {
            0 => format!("setTimeout({maybe_async}() => {{\n{body}}}, 0);"),
            1 => format!("Promise.resolve().then({maybe_async}() => {{\n{body}}});"),
            2 => format!("(async () => {{\nawait null;\n{body}}})();"),
            3 if !this => format!("async function {name}() {{\n{body}}}\n{name}();"),
            4 => format!("setImmediate({maybe_async}() => {{\n{body}}});"),
            5 => format!("process.nextTick({maybe_async}() => {{\n{body}}});"),
            _ => format!("queueMicrotask({maybe_async}() => {{\n{body}}});"),
        };
        edits.replace(
            last.span.start as usize,
            last.span.end as usize,
            format!(";{wrapped}"),
        );
        edits.apply(text)
    })
}
