//! T6: a file in a function. T7: in a thread. T11: statements in functions of their own.

use super::{Code, Scope, at, begin, indent, with_code};
use crate::transform::Random;
use crate::transform::edit::{Edits, has_word};
use ruff_python_ast::{AnyNodeRef, Expr, Stmt};
use std::collections::BTreeSet;

/// All of a file in a function that is called at its end. What it binds stays global.
pub fn whole(_path: &str, text: &str, random: &mut Random) -> Option<String> {
    with_code(text, |code| {
        if code.reads_itself() || code.runs_text() || annotates(code, 0, text.len()) {
            return None;
        }
        let (start, _) = code.lines().into_iter().next()?;
        let first = code.body.get(code.first())?;
        if start != begin(first) {
            return None;
        }
        let names = code.module_names(start, text.len())?;
        let name = random.name(text);
        let mut out = text.get(..start)?.to_owned();
        out.push_str(&format!("def {name}():\n"));
        out.push_str(&globals(&names));
        out.push_str(&indent(code, start, text.len(), "    "));
        out.push_str(&match random.below(3) {
            0 => format!("{name}()\n"),
            1 => format!("(lambda f: f())({name})\n"),
            _ => format!("for _ in range(1):\n    {name}()\n"),
        });
        Some(out)
    })
}

fn globals(names: &BTreeSet<String>) -> String {
    if names.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    format!("    global {}\n", names.join(", "))
}

/// A name with a type at the top: such a name cannot be declared global.
fn annotates(code: &Code<'_>, from: usize, to: usize) -> bool {
    code.nodes.iter().enumerate().any(|(index, (node, _))| {
        let (start, end) = at(node);
        from <= start
            && end <= to
            && matches!(node, AnyNodeRef::StmtAnnAssign(assignment)
                if matches!(&*assignment.target, Expr::Name(_)))
            && code.scope(index) == Scope::Module
    })
}

/// What a file does when it is imported is done in a thread.
pub fn later(_path: &str, text: &str, random: &mut Random) -> Option<String> {
    with_code(text, |code| {
        if code.reads_itself() || code.runs_text() {
            return None;
        }
        let lines = code.lines();
        let (chosen, rest): (Vec<_>, Vec<_>) = lines
            .into_iter()
            .partition(|(_, statement)| acts(code, statement) && code.is_alone(statement));
        let last = chosen.last()?.0;
        let mut names = BTreeSet::new();
        for (start, statement) in &chosen {
            let end = at(*statement).1;
            if annotates(code, *start, end) {
                return None;
            }
            names.extend(code.module_names(*start, end)?);
        }
        // What stays and runs at once must not wait for what goes.
        let waits = rest.iter().any(|(_, statement)| {
            !matches!(
                statement,
                Stmt::FunctionDef(_) | Stmt::Import(_) | Stmt::ImportFrom(_)
            ) && names.iter().any(|name| has_word(code.of(*statement), name))
        });
        if waits {
            return None;
        }
        let name = random.name(text);
        let mut edits = Edits::default();
        let mut body = format!("def {name}():\n{}", globals(&names));
        for (start, statement) in &chosen {
            let end = code.line_end(at(*statement).1);
            body.push_str(&indent(code, *start, end, "    "));
            if *start != last {
                edits.replace(*start, end, "");
            }
        }
        let module = random.name(text);
        body.push_str(&match random.below(5) {
            0 => format!("import threading as {module}\n{module}.Thread(target={name}).start()\n"),
            1 => format!("import threading as {module}\n{module}.Timer(0, {name}).start()\n"),
            2 => format!("__import__(\"threading\").Thread(target={name}, daemon=False).start()\n"),
            3 => format!("import atexit as {module}\n{module}.register({name})\n"),
            _ => format!(
                "from concurrent.futures import ThreadPoolExecutor as {module}\n{module}(1).submit({name})\n"
            ),
        });
        let (_, statement) = chosen.last()?;
        edits.replace(last, code.line_end(at(*statement).1), body);
        edits.apply(text)
    })
}

/// A statement that does something when the file is imported, and that may be done later.
fn acts(code: &Code<'_>, statement: &Stmt) -> bool {
    match statement {
        Stmt::Expr(inner) => match &*inner.value {
            // The build goes on with what `setup` says.
            Expr::Call(call) => !code.of(&*call.func).ends_with("setup"),
            Expr::StringLiteral(_) => false,
            _ => true,
        },
        Stmt::Assign(assignment) => {
            let is_dunder = assignment
                .targets
                .iter()
                .any(|target| code.of(target).starts_with("__"));
            !is_dunder && !assignment.value.is_literal_expr()
        }
        Stmt::If(choice) => !has_word(code.of(&*choice.test), "__name__"),
        Stmt::Try(attempt) => !attempt
            .body
            .iter()
            .all(|inner| matches!(inner, Stmt::Import(_) | Stmt::ImportFrom(_))),
        Stmt::For(_) | Stmt::While(_) | Stmt::With(_) | Stmt::AugAssign(_) => true,
        _ => false,
    }
}

/// Values and calls in functions of their own, called in their place.
pub fn outline(_path: &str, text: &str, random: &mut Random) -> Option<String> {
    with_code(text, |code| {
        if code.reads_itself() {
            return None;
        }
        let mut edits = Edits::default();
        for (index, (node, _)) in code.nodes.iter().enumerate() {
            let (statement, value): (_, &Expr) = match node {
                AnyNodeRef::StmtExpr(statement) => (at(*statement), &*statement.value),
                AnyNodeRef::StmtAssign(statement) => (at(*statement), &*statement.value),
                _ => continue,
            };
            let line = text
                .get(..statement.0)
                .and_then(|before| before.rfind('\n'))
                .map_or(0, |at| at + 1);
            let Some(indent) = text.get(line..statement.0) else {
                continue;
            };
            let piece = code.of(value);
            let tied = [
                "await",
                "yield",
                "super",
                "locals",
                "globals",
                "vars",
                "exec",
                "eval",
                "dir",
                "__class__",
            ]
            .iter()
            .any(|word| has_word(piece, word));
            let plain = value.is_literal_expr() || matches!(value, Expr::Name(_));
            if !indent.trim().is_empty()
                || tied
                || plain
                || piece.contains(":=")
                || code.scope(index) == Scope::Class
                || random.chance(1, 3)
            {
                continue;
            }
            let name = random.name(text);
            edits.insert(
                line,
                format!("{indent}def {name}():\n{indent}    return ({piece})\n"),
            );
            let (start, end) = at(value);
            edits.replace(start, end, format!("{name}()"));
        }
        edits.apply(text)
    })
}
