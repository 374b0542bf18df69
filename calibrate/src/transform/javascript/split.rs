//! T2: parts in other files. T12: parts in files that are no code.

use super::top::{Sort, Top, movable, needed, tops};
use super::{Code, Place, is_code, parses, place_of, quote, sound, with_code};
use crate::transform::edit::{Edits, base64, extension, file_name, folder};
use crate::transform::{File, Random, new_path};
use oxc_ast::AstKind;
use std::collections::{BTreeSet, HashSet};

/// Names for new files that look like any other.
const STEMS: &[&str] = &["helper", "lib", "part", "common", "base", "u"];

/// Moves functions, constants or texts into a second module.
pub fn split(files: &[File], random: &mut Random) -> Option<Vec<File>> {
    let mut out = files.to_vec();
    let mut any = false;
    for (path, text) in files.iter().filter(|(path, _)| is_code(path)) {
        let new = new_path(&out, folder(path), STEMS, extension(path), random);
        let texts_first = random.chance(1, 4);
        let done = with_code(path, text, |code| {
            if code.reads_itself() {
                return None;
            }
            if texts_first {
                texts(code, &new, random).or_else(|| functions(code, &new))
            } else {
                functions(code, &new).or_else(|| texts(code, &new, random))
            }
        });
        if let Some((changed, moved)) = done
            && sound(path, text, &changed)
            && parses(&new, &moved)
        {
            put(&mut out, path, changed);
            out.push((new, moved));
            any = true;
        }
    }
    any.then_some(out)
}

fn put(files: &mut [File], path: &str, text: String) {
    if let Some(file) = files.iter_mut().find(|(other, _)| other == path) {
        file.1 = text;
    }
}

/// Functions and constants that use nothing but each other and imports.
fn functions(code: &Code<'_>, new: &str) -> Option<(String, String)> {
    let scoping = code.semantic.scoping();
    let tops = tops(code);
    let tied = ["module", "exports", "__filename", "arguments"];
    let moved: Vec<usize> = tops
        .iter()
        .enumerate()
        .filter(|(_, top)| {
            let fits = match top.sort {
                Sort::Function => true,
                Sort::Variable if top.pure => {
                    code.slice(top.span).starts_with("const") && !top.globals.contains("require")
                }
                Sort::Variable => can_be_computed_elsewhere(code, top),
                _ => false,
            };
            fits && !top.this
                && !tied.iter().any(|name| top.globals.contains(*name))
                && top.declares.iter().all(|symbol| {
                    !scoping.symbol_is_mutated(*symbol)
                        && scoping.symbol_redeclarations(*symbol).is_empty()
                })
        })
        .map(|(index, _)| index)
        .collect();
    let moved = in_their_order(code, &tops, moved);
    let used: HashSet<_> = tops
        .iter()
        .enumerate()
        .filter(|(index, _)| !moved.contains(index))
        .flat_map(|(_, top)| top.uses.iter().copied())
        .collect();
    let names: BTreeSet<&str> = moved
        .iter()
        .flat_map(|index| tops[*index].declares.iter())
        .filter(|symbol| used.contains(*symbol))
        .map(|symbol| scoping.symbol_name(*symbol))
        .collect();
    if names.is_empty() {
        return None;
    }
    let names: Vec<&str> = names.into_iter().collect();
    let names = names.join(", ");
    let mut part = String::new();
    if code.program.has_use_strict_directive() {
        part.push_str("'use strict';\n");
    }
    for top in needed(&tops, &moved) {
        part.push_str(&top.closed(code));
        part.push('\n');
    }
    let mut edits = Edits::default();
    let from = quote(&format!("./{}", file_name(new)));
    edits.insert(
        code.head()?,
        if code.is_module() {
            format!("import {{ {names} }} from {from};\n")
        } else {
            format!("const {{ {names} }} = require({from});\n")
        },
    );
    for index in &moved {
        let top = &tops[*index];
        part.push_str(&top.closed(code));
        part.push('\n');
        edits.replace(top.span.start as usize, top.span.end as usize, ";");
    }
    part.push_str(&if code.is_module() {
        format!("export {{ {names} }};\n")
    } else {
        format!("module.exports = {{ {names} }};\n")
    });
    Some((edits.apply(code.text)?, part))
}

/// Whether variables may be given their values in another file of the same folder, where
/// nothing runs before them that stays.
fn can_be_computed_elsewhere(code: &Code<'_>, top: &Top) -> bool {
    let text = code.slice(top.span);
    let own = ["require.", "import.meta"];
    (!top.waits || code.is_module()) && !own.iter().any(|word| text.contains(word))
}

/// Whether a statement does something, or has another file of the package do something.
fn does_something(code: &Code<'_>, top: &Top) -> bool {
    let text = code.slice(top.span);
    let relative = ["'./", "\"./", "'../", "\"../"];
    let is_bare = top.sort == Sort::Import && top.declares.is_empty();
    !top.pure || is_bare || relative.iter().any(|begin| text.contains(begin))
}

/// Which of some statements can run in another file, before all that stays: what does something
/// keeps its place behind everything else that does.
fn in_their_order(code: &Code<'_>, tops: &[Top], moved: Vec<usize>) -> Vec<usize> {
    let mut moved = movable(tops, moved);
    loop {
        let stays = |index: &usize| {
            !moved.contains(index)
                && tops
                    .get(*index)
                    .is_some_and(|top| top.sort != Sort::Function && does_something(code, top))
        };
        let first = (0..tops.len()).find(stays).unwrap_or(tops.len());
        let before = moved.len();
        moved.retain(|index| {
            *index < first
                || tops
                    .get(*index)
                    .is_some_and(|top| top.pure || top.sort == Sort::Function)
        });
        if moved.len() == before {
            return moved;
        }
        moved = movable(tops, moved);
    }
}

/// Changes literals to what `name` gives for a number, and gives the texts.
fn take_texts(
    code: &Code<'_>,
    random: &mut Random,
    edits: &mut Edits,
    name: impl Fn(usize) -> String,
) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    for node in code.nodes() {
        let AstKind::StringLiteral(literal) = node.kind() else {
            continue;
        };
        if literal.lone_surrogates || literal.value.len() < 3 || random.chance(1, 6) {
            continue;
        }
        let Some(place) = place_of(code, node, literal) else {
            continue;
        };
        let value = literal.value.to_string();
        let number = taken
            .iter()
            .position(|text| *text == value)
            .unwrap_or_else(|| {
                taken.push(value);
                taken.len() - 1
            });
        let with = match place {
            Place::Expression => format!(" {}", name(number)),
            Place::Key => format!("[{}]", name(number)),
        };
        edits.replace(literal.span.start as usize, literal.span.end as usize, with);
    }
    taken
}

/// Texts as constants of a second module.
fn texts(code: &Code<'_>, new: &str, random: &mut Random) -> Option<(String, String)> {
    let table = random.name(code.text);
    let mut edits = Edits::default();
    let texts = take_texts(code, random, &mut edits, |number| {
        format!("{table}.k{number}")
    });
    if texts.is_empty() {
        return None;
    }
    let from = quote(&format!("./{}", file_name(new)));
    let (head, keyword) = if code.is_module() {
        (
            format!("import * as {table} from {from};\n"),
            "export const k",
        )
    } else {
        (format!("const {table} = require({from});\n"), "exports.k")
    };
    edits.insert(code.head()?, head);
    let part: String = texts
        .iter()
        .enumerate()
        .map(|(number, text)| format!("{keyword}{number} = {};\n", quote(text)))
        .collect();
    Some((edits.apply(code.text)?, part))
}

/// Moves code into a file that is no code, or texts into JSON.
pub fn into_data(files: &[File], random: &mut Random) -> Option<Vec<File>> {
    let mut out = files.to_vec();
    let mut any = false;
    for (path, text) in files.iter().filter(|(path, _)| is_code(path)) {
        let texts_first = random.chance(1, 3);
        let data = new_path(
            &out,
            folder(path),
            &["data", "assets", "cache", "model", "table"],
            ["dat", "bin", "txt", "node_cache"][random.below(4)],
            random,
        );
        let json = new_path(
            &out,
            folder(path),
            &["strings", "words", "en"],
            "json",
            random,
        );
        let done = with_code(path, text, |code| {
            if code.reads_itself() {
                return None;
            }
            let code_first = (!texts_first)
                .then(|| {
                    whole(code, &data, random).map(|(text, moved)| (text, data.clone(), moved))
                })
                .flatten();
            code_first.or_else(|| {
                json_texts(code, &json, random).map(|(text, moved)| (text, json.clone(), moved))
            })
        });
        if let Some((changed, new, moved)) = done
            && sound(path, text, &changed)
        {
            put(&mut out, path, changed);
            out.push((new, moved));
            any = true;
        }
    }
    any.then_some(out)
}

/// The whole of a CommonJS file behind one line that loads it.
fn whole(code: &Code<'_>, new: &str, random: &mut Random) -> Option<(String, String)> {
    if code.is_module() || code.is_typescript() {
        return None;
    }
    let tops = tops(code);
    let name = quote(file_name(new));
    let line = match &code.program.hashbang {
        Some(line) => format!("{}\n", code.slice(line.span)),
        None => String::new(),
    };
    let body = match &code.program.hashbang {
        Some(line) => code.text.get(line.span.end as usize..)?,
        None => code.text,
    };
    let read =
        format!("require('fs').readFileSync(require('path').join(__dirname, {name}), 'utf8')");
    let returns = tops.iter().any(|top| top.returns);
    let this = tops.iter().any(|top| top.this);
    // A module of its own has another `module` and another name.
    let alone = ["require.main", "module.parent", "__filename"]
        .iter()
        .all(|word| !code.text.contains(word));
    let mut moved = body.to_owned();
    let loader = match random.below(5) {
        0 if alone => format!("module.exports = require('./' + {name});"),
        1 if !returns => {
            moved = base64(body.as_bytes());
            format!("eval(Buffer.from({read}, 'base64').toString());")
        }
        2 if !this => format!(
            "new Function('require', 'module', 'exports', '__dirname', '__filename', {read})(require, module, exports, __dirname, __filename);"
        ),
        3 => format!("module._compile({read}, __filename);"),
        _ if !returns => format!("eval({read});"),
        _ => return None,
    };
    Some((format!("{line}{loader}\n"), moved))
}

/// Texts in a file of JSON.
fn json_texts(code: &Code<'_>, new: &str, random: &mut Random) -> Option<(String, String)> {
    let table = random.name(code.text);
    let mut edits = Edits::default();
    let texts = take_texts(code, random, &mut edits, |number| {
        format!("{table}[{number}]")
    });
    if texts.is_empty() {
        return None;
    }
    let from = quote(&format!("./{}", file_name(new)));
    let head = if code.is_module() {
        let read = random.name(code.text);
        format!(
            "import {{ readFileSync as {read} }} from 'node:fs';\nconst {table} = JSON.parse({read}(new URL({from}, import.meta.url), 'utf8'));\n"
        )
    } else if random.chance(1, 2) {
        format!("const {table} = require({from});\n")
    } else {
        format!(
            "const {table} = JSON.parse(require('fs').readFileSync(__dirname + {}, 'utf8'));\n",
            quote(&format!("/{}", file_name(new)))
        )
    };
    edits.insert(code.head()?, head);
    let json = serde_json::to_string(&texts).ok()?;
    Some((edits.apply(code.text)?, json))
}
