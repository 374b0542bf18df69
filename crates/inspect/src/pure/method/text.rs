//! Methods of texts.

use super::js_range;
use super::list::{join, list_of};
use super::path::of_path;
use crate::ir::Language;
use crate::limit::evaluating;
use crate::pure::builtin::Match;
use crate::pure::value::{HOLE_START, Value, to_u32};
use crate::pure::{Machine, builtin, operate};
use rustc_hash::FxHashMap;
use std::rc::Rc;

impl Machine<'_> {
    #[allow(clippy::too_many_lines, reason = "one arm a method")]
    pub(super) fn text_method(
        &mut self,
        text: &Rc<str>,
        name: &str,
        args: &[Value],
        language: Language,
    ) -> Value {
        let number = |index: usize| args.get(index).and_then(Value::number);
        if matches!(name, "charAt" | "at" | "charCodeAt" | "codePointAt") {
            return self.letter(text, name, number(0).unwrap_or(0.0));
        }
        // Of a text with holes only what keeps them in place is known.
        let holes = text.contains(HOLE_START);
        let part = |index: usize| args.get(index).and_then(Value::known_text);
        if language == Language::Rust
            && let Some(value) = of_path(text, name, args)
        {
            return value;
        }
        // A text that may be missing: `env::var("HOME").map(|home| …)`.
        if language == Language::Rust {
            match (name, args) {
                ("map" | "and_then", [then @ (Value::Function(_) | Value::Native(_))])
                | ("map_or" | "map_or_else", [_, then @ (Value::Function(_) | Value::Native(_))]) =>
                {
                    let given = vec![Value::Text(Rc::clone(text))];
                    return self.invoke(then, Value::Undefined, given, false, language);
                }
                ("or" | "or_else" | "filter" | "inspect", [_]) => {
                    return Value::Text(Rc::clone(text));
                }
                _ => {}
            }
        }
        match name {
            "toString" | "valueOf" | "strip" | "trim" if args.is_empty() => {
                Value::text(text.trim_matches(|c: char| {
                    name.starts_with("strip") && c.is_whitespace()
                        || name == "trim" && c.is_whitespace()
                }))
            }
            "concat" => continued(text, "", args),
            "chars" if language == Language::Rust && !holes => Value::array(
                text.chars()
                    .take(evaluating::STRING / 64)
                    .map(|c| Value::text(c.encode_utf8(&mut [0; 4])))
                    .collect(),
            ),
            "bytes" if language == Language::Rust && !holes => {
                Value::bytes(text.as_bytes().to_vec())
            }
            "join" if language == Language::Python => {
                let Some(items) = args.first().and_then(operate::elements) else {
                    return Value::Unknown;
                };
                join(&items, text)
            }
            "format" if language == Language::Python => python_format(text, args),
            "toLowerCase" | "lower" | "toLocaleLowerCase" if !holes => {
                Value::text(&text.to_lowercase())
            }
            "toUpperCase" | "upper" if !holes => Value::text(&text.to_uppercase()),
            "expanduser" | "resolve" | "absolute" | "as_posix" => match text.strip_prefix('~') {
                Some(rest) => {
                    Value::text(&format!("{HOLE_START}home{}{rest}", crate::pure::HOLE_END))
                }
                None => Value::Text(Rc::clone(text)),
            },
            "joinpath" => continued(text, "/", args),
            "with_name" => match (text.rsplit_once('/'), part(0)) {
                (Some((folder, _)), Some(name)) => {
                    let close =
                        if folder.contains(HOLE_START) && !folder.contains(crate::pure::HOLE_END) {
                            crate::pure::HOLE_END.to_string()
                        } else {
                            String::new()
                        };
                    Value::text(&format!("{folder}{close}/{name}"))
                }
                _ => Value::Unknown,
            },
            "read_text" | "read_bytes" | "open" if language == Language::Python => match self
                .own_file(text)
                .or_else(|| self.file_of_build(text))
            {
                Some(bytes) if name == "read_bytes" => Value::bytes(bytes),
                Some(bytes) if name == "read_text" => Value::text(&String::from_utf8_lossy(&bytes)),
                _ => Value::Unknown,
            },
            "encode" if !holes => Value::bytes(text.as_bytes().to_vec()),
            "replace" | "replaceAll" => self.replace(text, name, args, language),
            _ if holes => Value::Unknown,
            "split" => match (language, args.first()) {
                (_, Some(Value::Text(_))) => {
                    let Some(separator) = part(0) else {
                        return Value::Unknown;
                    };
                    if separator.is_empty() {
                        list_of(
                            text.chars()
                                .map(|c| Value::text(c.encode_utf8(&mut [0; 4]))),
                        )
                    } else {
                        list_of(text.split(separator).map(Value::text))
                    }
                }
                (Language::Python, None) => list_of(text.split_whitespace().map(Value::text)),
                (Language::JavaScript, None) => Value::array(vec![Value::Text(Rc::clone(text))]),
                (Language::JavaScript, Some(Value::Regex(regex))) => {
                    split_at(&regex.pattern, &regex.flags, text, &mut self.steps)
                }
                _ => Value::Unknown,
            },
            "splitlines" => list_of(text.lines().map(Value::text)),
            "lines" if language == Language::Rust => list_of(text.lines().map(Value::text)),
            "split_whitespace" | "split_ascii_whitespace" if language == Language::Rust => {
                list_of(text.split_whitespace().map(Value::text))
            }
            "strip_prefix" | "strip_suffix" if language == Language::Rust => {
                part(0).map_or(Value::Unknown, |part| {
                    let rest = match name {
                        "strip_prefix" => text.strip_prefix(part),
                        _ => text.strip_suffix(part),
                    };
                    rest.map_or(Value::Undefined, Value::text)
                })
            }
            "trim_start" if language == Language::Rust => Value::text(text.trim_start()),
            "trim_end" if language == Language::Rust => Value::text(text.trim_end()),
            "trim_start_matches" | "trim_end_matches" | "trim_matches"
                if language == Language::Rust =>
            {
                part(0)
                    .filter(|part| !part.is_empty())
                    .map_or(Value::Unknown, |part| {
                        let mut rest: &str = text;
                        if name != "trim_end_matches" {
                            rest = rest.trim_start_matches(part);
                        }
                        if name != "trim_start_matches" {
                            rest = rest.trim_end_matches(part);
                        }
                        Value::text(rest)
                    })
            }
            "to_lowercase" | "to_ascii_lowercase" if language == Language::Rust => {
                Value::text(&text.to_lowercase())
            }
            "to_uppercase" | "to_ascii_uppercase" if language == Language::Rust => {
                Value::text(&text.to_uppercase())
            }
            "split_once" if language == Language::Rust => {
                part(0).map_or(Value::Unknown, |part| match text.split_once(part) {
                    Some((before, behind)) => {
                        Value::array(vec![Value::text(before), Value::text(behind)])
                    }
                    None => Value::Undefined,
                })
            }
            "slice" | "substring" | "substr" => js_slice(text, name, number(0), number(1)),
            "repeat" => {
                let times = number(0).unwrap_or(0.0) as usize;
                if text.len().saturating_mul(times) > evaluating::STRING {
                    Value::Unknown
                } else {
                    Value::text(&text.repeat(times))
                }
            }
            "indexOf" | "find" | "index" => part(0).map_or(Value::Unknown, |part| {
                Value::Number(
                    text.find(part)
                        .map_or(-1.0, |at| text[..at].chars().count() as f64),
                )
            }),
            "lastIndexOf" | "rfind" | "rindex" => part(0).map_or(Value::Unknown, |part| {
                Value::Number(
                    text.rfind(part)
                        .map_or(-1.0, |at| text[..at].chars().count() as f64),
                )
            }),
            "includes" => part(0).map_or(Value::Unknown, |part| Value::Bool(text.contains(part))),
            "startsWith" | "startswith" => {
                part(0).map_or(Value::Unknown, |part| Value::Bool(text.starts_with(part)))
            }
            "endsWith" | "endswith" => {
                part(0).map_or(Value::Unknown, |part| Value::Bool(text.ends_with(part)))
            }
            "trimStart" | "lstrip" if args.is_empty() => Value::text(text.trim_start()),
            "trimEnd" | "rstrip" if args.is_empty() => Value::text(text.trim_end()),
            "padStart" | "zfill" => {
                let width = number(0).unwrap_or(0.0) as usize;
                let fill = if name == "zfill" {
                    "0"
                } else {
                    part(1).unwrap_or(" ")
                };
                let missing = width.saturating_sub(text.chars().count());
                if missing > 4096 || fill.is_empty() {
                    return Value::Unknown;
                }
                let pad: String = fill.chars().cycle().take(missing).collect();
                Value::text(&(pad + text))
            }
            "match" | "matchAll" => match args.first() {
                Some(Value::Regex(regex)) => {
                    let every = regex.flags.contains('g');
                    matched(
                        &regex.pattern,
                        &regex.flags,
                        text,
                        every,
                        name == "matchAll",
                        &mut self.steps,
                    )
                }
                _ => Value::Unknown,
            },
            "swapcase" => Value::text(
                &text
                    .chars()
                    .map(|c| {
                        if c.is_uppercase() {
                            c.to_ascii_lowercase()
                        } else {
                            c.to_ascii_uppercase()
                        }
                    })
                    .collect::<String>(),
            ),
            "translate" => translate(text, args.first()),
            _ => Value::Unknown,
        }
    }

    pub(super) fn replace(
        &mut self,
        text: &Rc<str>,
        name: &str,
        args: &[Value],
        language: Language,
    ) -> Value {
        let with = args.get(1);
        match args.first() {
            Some(Value::Text(_)) => {
                let (Some(from), Some(to)) = (args[0].known_text(), with.and_then(Value::as_text))
                else {
                    return Value::Unknown;
                };
                let all = language != Language::JavaScript || name == "replaceAll";
                replaced(text, from, &to, all)
            }
            Some(Value::Regex(regex)) => {
                let chars: Vec<char> = text.chars().collect();
                let every = regex.flags.contains('g');
                let found =
                    builtin::matches(&regex.pattern, &regex.flags, &chars, every, &mut self.steps);
                let Some(found) = found else {
                    return Value::Unknown;
                };
                let mut out = String::new();
                let mut rest = 0;
                for groups in found {
                    let Some((start, end)) = groups.first().copied().flatten() else {
                        return Value::Unknown;
                    };
                    out.extend(&chars[rest..start]);
                    rest = end;
                    let Some(new) = self.replacement(with, &chars, &groups, language) else {
                        return Value::Unknown;
                    };
                    out.push_str(&new);
                    if out.len() > evaluating::STRING || self.spent() {
                        return Value::Unknown;
                    }
                }
                out.extend(&chars[rest..]);
                Value::Text(out.into())
            }
            _ => Value::Unknown,
        }
    }
}

impl Machine<'_> {
    /// What stands for a match afterwards: a text with its marks put in, or what a
    /// function gives.
    fn replacement(
        &mut self,
        with: Option<&Value>,
        chars: &[char],
        groups: &Match,
        language: Language,
    ) -> Option<String> {
        match with? {
            Value::Text(to) => {
                // It is gone through for each match.
                self.pay_for_bytes(to.len() as u64);
                expanded(to, chars, groups)
            }
            function @ Value::Function(_) => {
                let mut args = texts_of(chars, groups);
                let start = groups
                    .first()
                    .copied()
                    .flatten()
                    .map_or(0, |(start, _)| start);
                args.push(Value::Number(start as f64));
                self.invoke(function, Value::Undefined, args, false, language)
                    .as_text()
            }
            // `text.replace(/a/g, 0)`: written as a text.
            other @ (Value::Number(_) | Value::Bool(_)) if language == Language::JavaScript => {
                other.as_text()
            }
            _ => None,
        }
    }
}

/// A text with others behind it, each behind what stands between them. Past the bound of a
/// text nothing is made.
fn continued(text: &str, between: &str, parts: &[Value]) -> Value {
    let mut out = text.to_owned();
    for part in parts {
        let part = part.as_text();
        let part = part.as_deref().unwrap_or(crate::pure::HOLE);
        if out.len() + between.len() + part.len() > evaluating::STRING {
            return Value::Unknown;
        }
        out.push_str(between);
        out.push_str(part);
    }
    Value::Text(out.into())
}

/// A text with one piece in the place of another, wherever it stands or where it stands
/// first. How long that will be is counted before it is made.
fn replaced(text: &str, from: &str, to: &str, all: bool) -> Value {
    if from.is_empty() {
        return Value::Unknown;
    }
    let times = if all {
        text.matches(from).count()
    } else {
        usize::from(text.contains(from))
    };
    let kept = text.len().saturating_sub(times.saturating_mul(from.len()));
    if times.saturating_mul(to.len()).saturating_add(kept) > evaluating::STRING {
        return Value::Unknown;
    }
    Value::Text(text.replacen(from, to, times).into())
}

/// The texts of a match: the whole and its groups.
fn texts_of(chars: &[char], groups: &Match) -> Vec<Value> {
    groups
        .iter()
        .map(|group| match group {
            Some((start, end)) => {
                Value::Text(chars[*start..*end].iter().collect::<String>().into())
            }
            None => Value::Undefined,
        })
        .collect()
}

/// A replacement with `$&`, `$1` and `$$` put in.
fn expanded(to: &str, chars: &[char], groups: &Match) -> Option<String> {
    let mut out = String::new();
    let mut rest = to.chars().peekable();
    while let Some(c) = rest.next() {
        if out.len() > evaluating::STRING {
            return None;
        }
        if c != '$' {
            out.push(c);
            continue;
        }
        let number = match rest.peek().copied() {
            Some('$') => {
                rest.next();
                out.push('$');
                continue;
            }
            Some('&') => 0,
            Some(digit @ '1'..='9') => digit.to_digit(10)? as usize,
            Some('`' | '\'' | '<') => return None,
            _ => {
                out.push('$');
                continue;
            }
        };
        rest.next();
        if let Some((start, end)) = groups.get(number).copied().flatten() {
            out.extend(&chars[start..end]);
        }
    }
    Some(out)
}

/// The pieces of a text between the matches of a pattern.
fn split_at(pattern: &str, flags: &str, text: &str, steps: &mut u32) -> Value {
    // Text that only asks whether somebody looks: to try it out takes longer than anyone waits.
    if pattern.contains("+)+)") {
        return Value::Unknown;
    }
    let chars: Vec<char> = text.chars().collect();
    let Some(found) = builtin::matches(pattern, flags, &chars, true, steps) else {
        return Value::Unknown;
    };
    let mut pieces = Vec::new();
    let mut rest = 0;
    for groups in found {
        let [Some((start, end))] = groups[..] else {
            // Groups would be among the pieces.
            return Value::Unknown;
        };
        if end == start {
            return Value::Unknown;
        }
        pieces.push(Value::Text(
            chars[rest..start].iter().collect::<String>().into(),
        ));
        rest = end;
    }
    pieces.push(Value::Text(chars[rest..].iter().collect::<String>().into()));
    Value::array(pieces)
}

/// What `text.match(pattern)` gives; with `apart`, each match with its groups.
pub(super) fn matched(
    pattern: &str,
    flags: &str,
    text: &str,
    every: bool,
    apart: bool,
    steps: &mut u32,
) -> Value {
    let chars: Vec<char> = text.chars().collect();
    let Some(found) = builtin::matches(pattern, flags, &chars, every, steps) else {
        return Value::Unknown;
    };
    let mut all = found.iter().map(|groups| texts_of(&chars, groups));
    if apart {
        return Value::array(all.map(Value::array).collect());
    }
    if every && !found.is_empty() {
        return Value::array(all.filter_map(|texts| texts.into_iter().next()).collect());
    }
    all.next().map_or(Value::Null, Value::array)
}

pub(super) fn char_at(text: &str, index: usize) -> Value {
    let found = if text.is_ascii() {
        text.as_bytes().get(index).map(|byte| char::from(*byte))
    } else if text.contains(HOLE_START) {
        return Value::Unknown;
    } else {
        text.chars().nth(index)
    };
    found.map_or(Value::Undefined, |c| {
        Value::text(c.encode_utf8(&mut [0; 4]))
    })
}

pub(super) fn js_slice(text: &str, name: &str, from: Option<f64>, to: Option<f64>) -> Value {
    let chars: Vec<char> = text.chars().collect();
    let length = chars.len();
    let (from, to) = match name {
        "slice" => js_range(from, to, length),
        "substring" => {
            let a = from.unwrap_or(0.0).clamp(0.0, length as f64) as usize;
            let b = to.unwrap_or(length as f64).clamp(0.0, length as f64) as usize;
            (a.min(b), a.max(b))
        }
        _ => {
            let (from, _) = js_range(from, None, length);
            let count = to.map_or(length - from, |n| n.max(0.0) as usize);
            (from, (from + count).min(length))
        }
    };
    Value::text(&chars[from..to].iter().collect::<String>())
}

pub(super) fn python_format(text: &str, args: &[Value]) -> Value {
    let mut out = String::new();
    let mut rest = text;
    let mut next = 0;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open].replace("}}", "}"));
        if rest[open..].starts_with("{{") {
            out.push('{');
            rest = &rest[open + 2..];
            continue;
        }
        let Some(close) = rest[open..].find('}') else {
            return Value::Unknown;
        };
        let field = &rest[open + 1..open + close];
        let index = if field.is_empty() {
            next += 1;
            Some(next - 1)
        } else {
            field.parse().ok()
        };
        let value = match index {
            Some(index) => args.get::<usize>(index).and_then(Value::as_text),
            None => under_name(args, field),
        };
        match value {
            Some(value) => out.push_str(&value),
            None => out.push_str(crate::pure::HOLE),
        }
        if out.len() > evaluating::STRING {
            return Value::Unknown;
        }
        rest = &rest[open + close + 1..];
    }
    out.push_str(&rest.replace("}}", "}"));
    Value::Text(out.into())
}

/// What is given to a call of Python under a name: `"{host}".format(host=place)`.
fn under_name(args: &[Value], name: &str) -> Option<String> {
    let Some(Value::Object(named)) = args.last() else {
        return None;
    };
    let named = named.entries.borrow();
    let mut named = named.iter().rev();
    named.find(|(key, _)| **key == *name)?.1.as_text()
}

/// A dictionary, or the pairs of one that is made for each of many.
fn table_of(table: &Value) -> Option<FxHashMap<Box<str>, Value>> {
    match table {
        Value::Object(object) => Some(
            object
                .entries
                .borrow()
                .iter()
                .map(|(key, value)| (Box::from(&**key), value.clone()))
                .collect(),
        ),
        Value::Array(pairs) => pairs
            .borrow()
            .iter()
            .map(|pair| match pair {
                Value::Array(pair) => match pair.borrow().as_slice() {
                    [key, value] => Some((key.as_text()?.into_boxed_str(), value.clone())),
                    _ => None,
                },
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

/// Python's `str.translate` with a dictionary of code points.
pub(super) fn translate(text: &str, table: Option<&Value>) -> Value {
    let Some(entries) = table.and_then(table_of) else {
        return Value::Unknown;
    };
    let mut out = String::new();
    for c in text.chars() {
        match entries.get(u32::from(c).to_string().as_str()) {
            Some(Value::Number(number)) => out.extend(char::from_u32(to_u32(*number))),
            Some(Value::Text(text)) => out.push_str(text),
            Some(Value::Null) => {}
            Some(_) => return Value::Unknown,
            None => out.push(c),
        }
        if out.len() > evaluating::STRING {
            return Value::Unknown;
        }
    }
    Value::Text(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn length(value: &Value) -> Option<usize> {
        value.known_text().map(str::len)
    }

    #[test]
    fn what_is_given_by_its_name_stands_where_the_text_has_the_name() {
        let host = Value::object(vec![("host".into(), Value::text("a.invalid"))]);
        let named = python_format("https://{host}/{other}", &[host]);
        let hole = crate::pure::HOLE;
        assert_eq!(named.as_text(), Some(format!("https://a.invalid/{hole}")));
    }

    #[test]
    fn what_would_be_longer_than_a_text_is_not_made() {
        const MOST: usize = evaluating::STRING;
        let half = "a".repeat(MOST / 2);
        // As long as is allowed, and a byte more.
        assert_eq!(length(&replaced(&half, "a", "bb", true)), Some(MOST));
        assert_eq!(length(&replaced(&half, "a", "bbb", true)), None);
        assert_eq!(length(&replaced(&half, "a", &half, false)), Some(MOST - 1));
        assert_eq!(
            length(&replaced(&half, "a", &(half.clone() + "bb"), false)),
            None
        );
        let part = Value::text(&half);
        assert_eq!(
            length(&continued(&half, "", std::slice::from_ref(&part))),
            Some(MOST)
        );
        assert_eq!(
            length(&continued(&half, "/", std::slice::from_ref(&part))),
            None
        );
        let many = vec![part.clone(); 100_000];
        assert_eq!(length(&continued("", "", &many)), None);
        assert_eq!(length(&python_format(&"{0}".repeat(100_000), &many)), None);
        let table = Value::object(vec![("97".into(), part)]);
        assert_eq!(length(&translate(&half, Some(&table))), None);
        let chars: Vec<char> = half.chars().collect();
        let whole: Match = vec![Some((0, chars.len()))];
        assert_eq!(expanded(&"$&".repeat(100_000), &chars, &whole), None);
    }

    proptest! {
        #[test]
        fn a_piece_is_replaced_as_the_library_does(text in "[ab]{0,12}", from in "[ab]{1,3}", to in "[abc]{0,3}", all in any::<bool>()) {
            let wanted = if all {
                text.replace(&from, &to)
            } else {
                text.replacen(&from, &to, 1)
            };
            let made = replaced(&text, &from, &to, all);
            prop_assert_eq!(made.known_text(), Some(wanted.as_str()));
        }
    }
}
