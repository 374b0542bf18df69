//! Methods of lists.

use super::{js_range, turns};
use crate::ir::Language;
use crate::limit::evaluating;
use crate::pure::value::Value;
use crate::pure::{Machine, operate};
use std::rc::Rc;

impl Machine<'_> {
    #[allow(clippy::too_many_lines, reason = "one arm a method")]
    pub(super) fn array_method(
        &mut self,
        items: &Rc<std::cell::RefCell<Vec<Value>>>,
        name: &str,
        args: &[Value],
        language: Language,
    ) -> Value {
        match name {
            "push" | "append" => {
                let mut items = items.borrow_mut();
                if items.len() + args.len() > evaluating::ELEMENTS {
                    return Value::Unknown;
                }
                items.extend(args.iter().cloned());
                Value::Number(items.len() as f64)
            }
            "extend" => {
                let mut more = args
                    .first()
                    .and_then(operate::elements)
                    .unwrap_or_else(|| vec![Value::Unknown]);
                let mut items = items.borrow_mut();
                if items.len() + more.len() <= evaluating::ELEMENTS {
                    self.pay(more.len() / 4);
                    items.append(&mut more);
                }
                Value::Null
            }
            "pop" => {
                let mut items = items.borrow_mut();
                match args.first().and_then(Value::number) {
                    Some(0.0) if !items.is_empty() => {
                        self.pay(items.len() / evaluating::MOVED);
                        items.remove(0)
                    }
                    _ => items.pop().unwrap_or(Value::Undefined),
                }
            }
            "shift" => {
                let mut items = items.borrow_mut();
                if items.is_empty() {
                    Value::Undefined
                } else {
                    items.remove(0)
                }
            }
            "unshift" => {
                let mut items = items.borrow_mut();
                if items.len() + args.len() > evaluating::ELEMENTS {
                    return Value::Unknown;
                }
                drop(items.splice(0..0, args.iter().cloned()));
                Value::Number(items.len() as f64)
            }
            "reverse" => {
                items.borrow_mut().reverse();
                if language == Language::Python {
                    Value::Null
                } else {
                    Value::Array(Rc::clone(items))
                }
            }
            "rev" | "copied" | "cloned" if language == Language::Rust => {
                let mut out = items.borrow().clone();
                if name == "rev" {
                    out.reverse();
                }
                Value::array(out)
            }
            _ if language == Language::Rust && turns::is_of_turns(name) => {
                match turns::of_list(&items.borrow(), name, args) {
                    Some(out) => Value::array(out),
                    None => Value::Unknown,
                }
            }
            "len" if language == Language::Rust => Value::Number(items.borrow().len() as f64),
            // Numbers that are collected are bytes, and stay a list.
            "concat"
                if language == Language::Rust
                    && args.is_empty()
                    && !items.borrow().is_empty()
                    && items
                        .borrow()
                        .iter()
                        .all(|item| matches!(item, Value::Number(_))) =>
            {
                Value::Array(Rc::clone(items))
            }
            // Letters become a text; anything else stays a list.
            "collect" if language == Language::Rust => {
                let letters =
                    |item: &Value| matches!(item, Value::Text(text) if text.chars().count() <= 1);
                if items.borrow().iter().all(letters) {
                    join(&items.borrow(), "")
                } else {
                    Value::Array(Rc::clone(items))
                }
            }
            "join" | "concat"
                if language != Language::Python
                    && (name == "join" || language == Language::Rust) =>
            {
                let separator = args.first().and_then(Value::as_text).unwrap_or_else(|| {
                    if language == Language::Rust {
                        String::new()
                    } else {
                        ",".to_owned()
                    }
                });
                join(&items.borrow(), &separator)
            }
            "toString" => join(&items.borrow(), ","),
            "concat" => {
                let mut out = items.borrow().clone();
                for arg in args {
                    match arg {
                        Value::Array(more) => out.extend(more.borrow().iter().cloned()),
                        other => out.push(other.clone()),
                    }
                    if out.len() > evaluating::ELEMENTS {
                        return Value::Unknown;
                    }
                }
                Value::array(out)
            }
            "slice" => {
                let length = items.borrow().len();
                let (from, to) = js_range(
                    args.first().and_then(Value::number),
                    args.get(1).and_then(Value::number),
                    length,
                );
                Value::array(items.borrow()[from..to].to_vec())
            }
            "splice" => {
                let mut items = items.borrow_mut();
                let (from, _) = js_range(args.first().and_then(Value::number), None, items.len());
                let count = args
                    .get(1)
                    .and_then(Value::number)
                    .map_or(items.len() - from, |n| {
                        (n.max(0.0) as usize).min(items.len() - from)
                    });
                Value::array(
                    items
                        .splice(from..from + count, args.iter().skip(2).cloned())
                        .collect(),
                )
            }
            "first" if language == Language::Rust => {
                items.borrow().first().cloned().unwrap_or(Value::Undefined)
            }
            "last" if language == Language::Rust => {
                items.borrow().last().cloned().unwrap_or(Value::Undefined)
            }
            "get" | "nth" if language == Language::Rust => args
                .first()
                .and_then(Value::number)
                .map_or(Value::Unknown, |at| {
                    let item = items.borrow().get(at as usize).cloned();
                    item.unwrap_or(Value::Undefined)
                }),
            "split_first" | "split_last" if language == Language::Rust => {
                let items = items.borrow();
                let split = match name {
                    "split_first" => items.split_first(),
                    _ => items.split_last(),
                };
                split.map_or(Value::Undefined, |(one, rest)| {
                    Value::array(vec![one.clone(), Value::array(rest.to_vec())])
                })
            }
            "map" | "filter" | "forEach" | "flatMap" | "filter_map" | "flat_map" | "for_each"
                if language == Language::Rust || !name.contains('_') =>
            {
                let Some(function) = args.first() else {
                    return Value::Unknown;
                };
                let snapshot = items.borrow().clone();
                let mut out = Vec::with_capacity(snapshot.len());
                for (index, item) in snapshot.iter().enumerate() {
                    if self.spent() {
                        return Value::Unknown;
                    }
                    let result = self.invoke(
                        function,
                        Value::Undefined,
                        vec![
                            item.clone(),
                            Value::Number(index as f64),
                            Value::Array(Rc::clone(items)),
                        ],
                        false,
                        language,
                    );
                    match name {
                        "map" => out.push(result),
                        // What is not known may be there.
                        "filter_map" if matches!(result, Value::Undefined | Value::Null) => {}
                        "filter_map" => out.push(result),
                        "flatMap" | "flat_map" => {
                            out.extend(operate::elements(&result).unwrap_or_else(|| vec![result]));
                            if out.len() > evaluating::ELEMENTS {
                                return Value::Unknown;
                            }
                        }
                        "filter" => match result.truth() {
                            Some(true) => out.push(item.clone()),
                            Some(false) => {}
                            // What is not known may be kept.
                            None => out.push(item.clone()),
                        },
                        _ => {}
                    }
                }
                Value::array(out)
            }
            "reduce" | "reduceRight" => {
                let Some(function) = args.first() else {
                    return Value::Unknown;
                };
                let mut snapshot = items.borrow().clone();
                if name == "reduceRight" {
                    snapshot.reverse();
                }
                let mut rest = snapshot.into_iter().enumerate();
                let mut sum = match args.get(1) {
                    Some(initial) => initial.clone(),
                    None => match rest.next() {
                        Some((_, first)) => first,
                        None => return Value::Unknown,
                    },
                };
                for (index, item) in rest {
                    if self.spent() {
                        return Value::Unknown;
                    }
                    sum = self.invoke(
                        function,
                        Value::Undefined,
                        vec![sum, item, Value::Number(index as f64)],
                        false,
                        language,
                    );
                }
                sum
            }
            "indexOf" | "includes" | "index" | "count" => {
                let wanted = args.first().cloned().unwrap_or(Value::Unknown);
                let at = items
                    .borrow()
                    .iter()
                    .position(|item| operate::equal(item, &wanted) == Some(true));
                if name == "includes" {
                    Value::Bool(at.is_some())
                } else {
                    Value::Number(at.map_or(-1.0, |at| at as f64))
                }
            }
            "at" => {
                let length = items.borrow().len() as f64;
                let at = args.first().and_then(Value::number).unwrap_or(0.0);
                let at = if at < 0.0 { at + length } else { at };
                items
                    .borrow()
                    .get(at as usize)
                    .cloned()
                    .unwrap_or(Value::Undefined)
            }
            "entries" => Value::array(
                items
                    .borrow()
                    .iter()
                    .enumerate()
                    .map(|(index, item)| {
                        Value::array(vec![Value::Number(index as f64), item.clone()])
                    })
                    .collect(),
            ),
            "keys" => Value::array(
                (0..items.borrow().len())
                    .map(|index| Value::Number(index as f64))
                    .collect(),
            ),
            "values" | "copy" => Value::array(items.borrow().clone()),
            "fill" => {
                let with = args.first().cloned().unwrap_or(Value::Undefined);
                items
                    .borrow_mut()
                    .iter_mut()
                    .for_each(|item| *item = with.clone());
                Value::Array(Rc::clone(items))
            }
            "sort" | "flat" => {
                if name == "flat" {
                    let mut flat = Vec::new();
                    for item in items.borrow().iter() {
                        match item {
                            Value::Array(inner) => flat.extend(inner.borrow().iter().cloned()),
                            other => flat.push(other.clone()),
                        }
                        if flat.len() > evaluating::ELEMENTS {
                            return Value::Unknown;
                        }
                    }
                    return Value::array(flat);
                }
                self.sorted(items, args.first(), language)
            }
            "toSorted" => {
                let own = Rc::new(items.borrow().clone().into());
                self.sorted(&own, args.first(), language)
            }
            _ => Value::Unknown,
        }
    }

    /// Sorts a list where it stands, by what a function says or by the texts of its elements.
    fn sorted(
        &mut self,
        items: &Rc<std::cell::RefCell<Vec<Value>>>,
        by: Option<&Value>,
        language: Language,
    ) -> Value {
        /// A longer list is not sorted.
        const MOST: usize = 1_024;
        if language != Language::JavaScript || items.borrow().len() > MOST {
            return Value::Unknown;
        }
        let mut sorted: Vec<Value> = Vec::new();
        for item in items.borrow().clone() {
            let (mut low, mut high) = (0, sorted.len());
            while low < high {
                let middle = usize::midpoint(low, high);
                let other = &sorted[middle];
                let is_before = match by {
                    Some(by) => {
                        let args = vec![item.clone(), other.clone()];
                        let order = self.invoke(by, Value::Undefined, args, false, language);
                        match order.number() {
                            Some(order) => order < 0.0,
                            None => return Value::Unknown,
                        }
                    }
                    None => match (item.known_text(), other.known_text()) {
                        (Some(item), Some(other)) => item < other,
                        _ => return Value::Unknown,
                    },
                };
                if is_before {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            sorted.insert(low, item);
        }
        *items.borrow_mut() = sorted;
        Value::Array(Rc::clone(items))
    }
}

/// Methods of the class of arrays that are asked for by name: `[].filter.constructor`.
pub(super) fn array_method(name: &str) -> Value {
    match name {
        "filter" | "map" | "forEach" | "find" | "sort" | "flat" | "at" | "slice" | "concat"
        | "reduce" | "join" => Value::native(format!("Array.prototype.{name}")),
        _ => Value::Undefined,
    }
}

/// A list of what was split; of too much nothing is known.
pub(super) fn list_of(parts: impl Iterator<Item = Value>) -> Value {
    let parts: Vec<Value> = parts.take(evaluating::ELEMENTS / 4 + 1).collect();
    if parts.len() > evaluating::ELEMENTS / 4 {
        Value::Unknown
    } else {
        Value::array(parts)
    }
}

pub(super) fn join(items: &[Value], separator: &str) -> Value {
    let mut out = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        match item {
            Value::Undefined | Value::Null => {}
            item => out.push_str(
                &item
                    .as_text()
                    .unwrap_or_else(|| crate::pure::HOLE.to_owned()),
            ),
        }
        if out.len() > evaluating::STRING {
            return Value::Unknown;
        }
    }
    Value::Text(out.into())
}
