//! T2: parts in other files. T12: parts in files that are no code.

use super::{Code, at, begin, is_code, parses, quote, with_code};
use crate::transform::edit::{Edits, base64, extension, file_name, folder, has_word};
use crate::transform::{File, Random, new_path};
use ruff_python_ast::{AnyNodeRef, Expr, Stmt};
use std::collections::{BTreeMap, BTreeSet};

/// Moves functions, constants or texts into a second module.
pub fn split(files: &[File], random: &mut Random) -> Option<Vec<File>> {
    let mut out = files.to_vec();
    let mut any = false;
    for (path, text) in files.iter().filter(|(path, _)| is_code(path)) {
        let stems = ["_helper", "_lib", "_part", "_common", "_base"];
        let new = new_path(&out, folder(path), &stems, extension(path), random);
        let stem = file_name(&new).trim_end_matches(".py").to_owned();
        // A file in a package names its neighbours with a dot, a script without one.
        let in_package = files
            .iter()
            .any(|(other, _)| *other == format!("{}__init__.py", folder(path)));
        let from = if in_package { format!(".{stem}") } else { stem };
        let texts_first = random.chance(1, 4);
        let done = with_code(text, |code| {
            if code.reads_itself() {
                return None;
            }
            if texts_first {
                texts(code, &from, random).or_else(|| functions(code, &from))
            } else {
                functions(code, &from).or_else(|| texts(code, &from, random))
            }
        });
        if let Some((changed, moved)) = done
            && parses(&changed)
            && parses(&moved)
            && let Some(file) = out.iter_mut().find(|(other, _)| other == path)
        {
            file.1 = changed;
            out.push((new, moved));
            any = true;
        }
    }
    any.then_some(out)
}

/// Where a line can be put in front of all that may be moved.
fn head(code: &Code<'_>) -> Option<usize> {
    let first = code.body.get(code.first())?;
    let start = begin(first);
    (start == 0 || code.text.as_bytes().get(start - 1) == Some(&b'\n')).then_some(start)
}

/// Functions and constants that use nothing but each other and imports.
fn functions(code: &Code<'_>, from: &str) -> Option<(String, String)> {
    let text = code.text;
    let bound = code.module_names(0, text.len())?;
    let mut imports: BTreeMap<String, &Stmt> = BTreeMap::new();
    let mut moved: BTreeMap<String, &Stmt> = BTreeMap::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut twice: BTreeSet<String> = BTreeSet::new();
    // Nothing has run so far that stays, so that values can be computed elsewhere.
    let mut nothing_ran = !has_word(text, "global");
    for (start, statement) in code.lines() {
        let end = at(statement).1;
        let names = code.module_names(start, end)?;
        for name in &names {
            // A name that is bound twice means different things at different times.
            if !seen.insert(name.clone()) {
                twice.insert(name.clone());
            }
        }
        if !code.is_alone(statement) {
            nothing_ran = false;
            continue;
        }
        match statement {
            Stmt::Import(_) | Stmt::ImportFrom(_) => {
                imports.extend(names.into_iter().map(|name| (name, statement)));
            }
            Stmt::FunctionDef(function) if function.decorator_list.is_empty() => {
                moved.insert(function.name.to_string(), statement);
            }
            Stmt::Assign(assignment) if assignment.value.is_literal_expr() || nothing_ran => {
                if let [Expr::Name(name)] = &assignment.targets[..]
                    && !name.id.as_str().starts_with("__")
                {
                    moved.insert(name.id.to_string(), statement);
                }
            }
            _ => {}
        }
        nothing_ran &= does_nothing(statement) || is_assignment(statement);
    }
    moved.retain(|name, _| !twice.contains(name));
    imports.retain(|name, _| !twice.contains(name));
    let uses = |statement: &Stmt| -> BTreeSet<String> {
        let (start, end) = at(statement);
        code.nodes
            .iter()
            .filter(|(node, _)| {
                let (from, to) = at(node);
                start <= from && to <= end
            })
            .filter_map(|(node, _)| match node {
                AnyNodeRef::ExprName(name) => Some(name.id.to_string()),
                _ => None,
            })
            .collect()
    };
    moved.retain(|_, statement| {
        let piece = code.of(*statement);
        // What a module knows of itself is another thing in another one.
        ![
            "global",
            "globals",
            "__name__",
            "__doc__",
            "__package__",
            "__spec__",
            "exec",
            "eval",
        ]
        .iter()
        .any(|word| has_word(piece, word))
    });
    loop {
        let names: BTreeSet<String> = moved.keys().cloned().collect();
        moved.retain(|name, statement| {
            uses(statement).iter().all(|used| {
                used == name
                    || names.contains(used)
                    || imports.contains_key(used)
                    || !bound.contains(used)
            })
        });
        // What is computed stays behind what is computed before it and stays.
        let first_that_stays = code
            .lines()
            .into_iter()
            .filter(|(_, statement)| !does_nothing(statement))
            .map(|(_, statement)| at(statement).0)
            .find(|start| !moved.values().any(|other| at(*other).0 == *start))
            .unwrap_or(usize::MAX);
        moved.retain(|_, statement| does_nothing(statement) || at(*statement).0 < first_that_stays);
        if moved.len() == names.len() {
            break;
        }
    }
    if moved.is_empty() || moved.len() == bound.len() {
        return None;
    }
    let mut part = String::new();
    let mut copied: Vec<usize> = Vec::new();
    let mut order: Vec<(usize, &Stmt)> = moved.values().map(|s| (at(*s).0, *s)).collect();
    order.sort_by_key(|(start, _)| *start);
    for (_, statement) in &order {
        for used in uses(statement) {
            if let Some(import) = imports.get(&used)
                && !copied.contains(&at(*import).0)
            {
                copied.push(at(*import).0);
                part.push_str(code.of(*import));
                part.push('\n');
            }
        }
    }
    let mut edits = Edits::default();
    let names: Vec<&str> = moved.keys().map(String::as_str).collect();
    edits.insert(
        head(code)?,
        format!("from {from} import {}\n", names.join(", ")),
    );
    for (start, statement) in order {
        part.push_str(code.of(statement));
        part.push('\n');
        edits.replace(start, code.line_end(at(statement).1), "");
    }
    Some((edits.apply(text)?, part))
}

/// Whether a statement of a module does nothing but bind names.
fn does_nothing(statement: &Stmt) -> bool {
    match statement {
        Stmt::Import(_) => true,
        // A neighbour may do something when it is imported.
        Stmt::ImportFrom(import) => import.level == 0,
        Stmt::FunctionDef(function) => function.decorator_list.is_empty(),
        Stmt::Assign(assignment) => assignment.value.is_literal_expr(),
        Stmt::Expr(text) => text.value.is_literal_expr(),
        _ => false,
    }
}

/// Whether it gives one name a value.
fn is_assignment(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Assign(assignment) if matches!(assignment.targets[..], [Expr::Name(_)]))
}

/// Changes literals to what `name` gives for a number, and gives the texts.
fn take_texts(
    code: &Code<'_>,
    random: &mut Random,
    edits: &mut Edits,
    name: impl Fn(usize) -> String,
) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    for (index, (node, _)) in code.nodes.iter().enumerate() {
        let AnyNodeRef::ExprStringLiteral(literal) = node else {
            continue;
        };
        let value = literal.value.to_str();
        let is_doc = matches!(code.around(index).next(), Some(AnyNodeRef::StmtExpr(_)));
        if is_doc
            || value.len() < 3
            || value == "__main__"
            || code.in_template(index)
            || code.in_type(index)
            || random.chance(1, 6)
        {
            continue;
        }
        let number = taken
            .iter()
            .position(|text| text == value)
            .unwrap_or_else(|| {
                taken.push(value.to_owned());
                taken.len() - 1
            });
        let (start, end) = at(*literal);
        edits.replace(start, end, format!(" {}", name(number)));
    }
    taken
}

/// Texts as constants of a second module.
fn texts(code: &Code<'_>, from: &str, random: &mut Random) -> Option<(String, String)> {
    let stem = random.name(code.text);
    let mut edits = Edits::default();
    let texts = take_texts(code, random, &mut edits, |number| {
        format!("{stem}_{number}")
    });
    if texts.is_empty() {
        return None;
    }
    let names: Vec<String> = (0..texts.len())
        .map(|number| format!("{stem}_{number}"))
        .collect();
    edits.insert(
        head(code)?,
        format!("from {from} import {}\n", names.join(", ")),
    );
    let part: String = texts
        .iter()
        .zip(&names)
        .map(|(text, name)| format!("{name} = {}\n", quote(text)))
        .collect();
    Some((edits.apply(code.text)?, part))
}

/// Moves code into a file that is no code, or texts into JSON.
pub fn into_data(files: &[File], random: &mut Random) -> Option<Vec<File>> {
    let mut out = files.to_vec();
    let mut any = false;
    for (path, text) in files.iter().filter(|(path, _)| is_code(path)) {
        let texts_first = random.chance(1, 3);
        let end = ["dat", "bin", "txt", "cache"][random.below(4)];
        let data = new_path(&out, folder(path), &["data", "table", "model"], end, random);
        let json = new_path(&out, folder(path), &["strings", "words"], "json", random);
        let done = with_code(text, |code| {
            if code.reads_itself() {
                return None;
            }
            let whole = (!texts_first).then(|| {
                let (changed, moved) = whole(code, &data, random);
                (changed, data.clone(), moved)
            });
            whole.or_else(|| {
                json_texts(code, &json, random).map(|(text, moved)| (text, json.clone(), moved))
            })
        });
        if let Some((changed, new, moved)) = done
            && parses(&changed)
            && let Some(file) = out.iter_mut().find(|(other, _)| other == path)
        {
            file.1 = changed;
            out.push((new, moved));
            any = true;
        }
    }
    any.then_some(out)
}

/// All of a file behind one line that runs it, in the names of the file itself.
fn whole(code: &Code<'_>, new: &str, random: &mut Random) -> (String, String) {
    let name = quote(file_name(new));
    let mut moved = code.text.to_owned();
    let loader = match random.below(4) {
        0 => format!(
            "import os\nexec(open(os.path.join(os.path.dirname(__file__), {name})).read())\n"
        ),
        1 => format!(
            "from pathlib import Path\nexec(Path(__file__).with_name({name}).read_text())\n"
        ),
        2 => {
            moved = base64(code.text.as_bytes());
            format!(
                "import base64, os\nexec(base64.b64decode(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), {name})).read()))\n"
            )
        }
        _ => format!(
            "import os\nwith open(os.path.join(os.path.dirname(__file__), {name}), \"r\") as f:\n    exec(compile(f.read(), {name}, \"exec\"))\n"
        ),
    };
    (loader, moved)
}

/// Texts in a file of JSON.
fn json_texts(code: &Code<'_>, new: &str, random: &mut Random) -> Option<(String, String)> {
    let table = random.name(code.text);
    let module = random.name(code.text);
    let mut edits = Edits::default();
    let texts = take_texts(code, random, &mut edits, |number| {
        format!("{table}[{number}]")
    });
    if texts.is_empty() {
        return None;
    }
    edits.insert(
        head(code)?,
        format!(
            "import json, os as {module}\n{table} = json.load(open({module}.path.join({module}.path.dirname(__file__), {})))\n",
            quote(file_name(new))
        ),
    );
    Some((edits.apply(code.text)?, serde_json::to_string(&texts).ok()?))
}
