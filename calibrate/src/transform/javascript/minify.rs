//! T5: no comments and no white space that is not needed.

use super::{Code, with_code};
use crate::transform::Random;
use crate::transform::edit::Edits;
use oxc_ast::AstKind;
use oxc_span::GetSpan;

/// Writes a file without comments, on as few lines as can be.
pub fn minify(path: &str, text: &str, _random: &mut Random) -> Option<String> {
    with_code(path, text, |code| {
        if code.reads_itself() || code.has_markup() {
            return None;
        }
        // TypeScript ends more than statements by lines; there the lines stay.
        let lines_stay = code.is_typescript();
        let mut edits = Edits::default();
        let ends = if lines_stay { Vec::new() } else { ends(code) };
        squeeze(code, lines_stay, &ends, &mut edits);
        edits.apply(text)
    })
}

/// The places where a semicolon is only there by the line's end: it must be written.
fn ends(code: &Code<'_>) -> Vec<usize> {
    let mut ends = Vec::new();
    for node in code.nodes() {
        let at = node.span();
        let needs = match node.kind() {
            AstKind::VariableDeclaration(_) => !matches!(
                code.parent(node),
                AstKind::ForStatement(_) | AstKind::ForInStatement(_) | AstKind::ForOfStatement(_)
            ),
            AstKind::ExpressionStatement(_)
            | AstKind::ReturnStatement(_)
            | AstKind::ThrowStatement(_)
            | AstKind::BreakStatement(_)
            | AstKind::ContinueStatement(_)
            | AstKind::DoWhileStatement(_)
            | AstKind::DebuggerStatement(_)
            | AstKind::Directive(_)
            | AstKind::ImportDeclaration(_)
            | AstKind::ExportAllDeclaration(_)
            | AstKind::ExportNamedDeclaration(_)
            | AstKind::ExportFromDeclaration(_)
            | AstKind::PropertyDefinition(_) => true,
            AstKind::ExportDefaultDeclaration(export) => {
                export.declaration.as_expression().is_some()
            }
            _ => false,
        };
        if !needs {
            continue;
        }
        let end = at.end as usize;
        if code.slice(at).trim_end().ends_with(';') {
            continue;
        }
        let rest = code.text.get(end..).unwrap_or("");
        let next = after_trivia(code, end, rest);
        if next != Some(';') {
            ends.push(end - (code.slice(at).len() - code.slice(at).trim_end().len()));
        }
    }
    ends.sort_unstable();
    ends.dedup();
    ends
}

/// The next character that is neither space nor comment.
fn after_trivia(code: &Code<'_>, from: usize, rest: &str) -> Option<char> {
    let mut skip_to = from;
    for (offset, c) in rest.char_indices() {
        let at = from + offset;
        if at < skip_to {
            continue;
        }
        if let Some(comment) = code
            .program
            .comments
            .iter()
            .find(|comment| comment.span.start as usize == at)
        {
            skip_to = comment.span.end as usize;
            continue;
        }
        if !is_space(c) {
            return Some(c);
        }
    }
    None
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

/// Takes out what is between the tokens.
fn squeeze(code: &Code<'_>, lines_stay: bool, ends: &[usize], edits: &mut Edits) {
    let text = code.text;
    // What is a text itself stays as it is.
    let mut fixed: Vec<(usize, usize)> = code
        .nodes()
        .filter(|node| {
            matches!(
                node.kind(),
                AstKind::StringLiteral(_)
                    | AstKind::TemplateElement(_)
                    | AstKind::RegExpLiteral(_)
                    | AstKind::Directive(_)
                    | AstKind::JSXText(_)
            )
        })
        .map(|node| (node.span().start as usize, node.span().end as usize))
        .collect();
    if let Some(line) = &code.program.hashbang {
        // With its line end.
        fixed.push((line.span.start as usize, line.span.end as usize + 1));
    }
    fixed.sort_unstable();
    let comments: Vec<(usize, usize)> = code
        .program
        .comments
        .iter()
        .map(|comment| (comment.span.start as usize, comment.span.end as usize))
        .collect();
    let starts_at = |list: &[(usize, usize)], at: usize| {
        list.binary_search_by_key(&at, |(start, _)| *start)
            .ok()
            .map(|index| list[index].1)
    };
    let mut at = 0;
    let mut before: Option<char> = None;
    let mut ends = ends.iter().copied().peekable();
    while at < text.len() {
        // A run of spaces and comments.
        let start = at;
        let mut line = false;
        loop {
            if let Some(end) = starts_at(&comments, at) {
                line |= text
                    .get(at..end)
                    .is_some_and(|comment| comment.contains('\n'));
                at = end;
                continue;
            }
            let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else {
                break;
            };
            if !is_space(c) || starts_at(&fixed, at).is_some() {
                break;
            }
            line |= matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
            at += c.len_utf8();
        }
        let after = text.get(at..).and_then(|rest| rest.chars().next());
        let mut semicolon = false;
        while ends.peek().is_some_and(|end| *end <= start) {
            ends.next();
            semicolon = true;
        }
        let gap = if semicolon {
            ";"
        } else if lines_stay && line && before.is_some() && after.is_some() {
            "\n"
        } else if at > start && needs_space(before, after) {
            " "
        } else {
            ""
        };
        if text.get(start..at) != Some(gap) {
            edits.replace(start, at, gap);
        }
        // Then one token, or one character of it.
        let Some(c) = after else {
            break;
        };
        match starts_at(&fixed, at) {
            Some(end) if end > at => {
                let end = end.min(text.len());
                // Behind a template's text comes `${` or the end, which cannot be split.
                before = text
                    .get(at..end)
                    .and_then(|piece| piece.chars().next_back());
                at = end;
            }
            _ => {
                before = Some(c);
                at += c.len_utf8();
            }
        }
    }
}

/// Two characters that would mean something else side by side.
fn needs_space(before: Option<char>, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else {
        return false;
    };
    let word =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '\\' | '#') || !c.is_ascii();
    (word(before) && word(after))
        || matches!(
            (before, after),
            ('+', '+') | ('-', '-') | ('/', _) | (_, '/') | ('<', '!') | ('-', '>')
        )
        || (before.is_ascii_digit() && after == '.')
}
