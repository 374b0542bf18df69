//! Numbers and ranges.

use crate::pure::operate;
use crate::pure::value::Value;

pub(super) fn parse_int(text: &str, radix: Option<f64>) -> f64 {
    let text = text.trim();
    let (negative, text) = text
        .strip_prefix('-')
        .map_or((false, text), |rest| (true, rest));
    let (radix, text) = match radix {
        None | Some(0.0) => text
            .strip_prefix("0x")
            .map_or((10, text), |rest| (16, rest)),
        Some(16.0) => (16, text.strip_prefix("0x").unwrap_or(text)),
        Some(radix) if (2.0..=36.0).contains(&radix) => (radix as u32, text),
        Some(_) => return f64::NAN,
    };
    let digits: String = text.chars().take_while(|c| c.is_digit(radix)).collect();
    if digits.is_empty() {
        return f64::NAN;
    }
    let value = digits
        .chars()
        .filter_map(|c| c.to_digit(radix))
        .fold(0.0, |sum, digit| sum * f64::from(radix) + f64::from(digit));
    if negative { -value } else { value }
}

/// A number that no register holds, as its bytes, the first one the greatest: texts are
/// hidden in such ones, and only turned into bytes again.
pub(super) fn large_number(digits: &str, radix: u32) -> Option<Vec<u8>> {
    let bits = match radix {
        2 => 1,
        16 => 4,
        _ => return None,
    };
    let mut out = Vec::with_capacity(digits.len() * bits / 8 + 1);
    let (mut held, mut count) = (0_u32, 0);
    for digit in digits.chars().rev().filter(|c| *c != '_') {
        held |= digit.to_digit(radix)? << count;
        count += bits;
        if count >= 8 {
            out.push((held & 255) as u8);
            held >>= 8;
            count -= 8;
        }
    }
    if held > 0 {
        out.push(held as u8);
    }
    out.reverse();
    (!out.is_empty()).then_some(out)
}

pub(super) fn range(args: &[Value]) -> Option<Value> {
    let numbers: Vec<i64> = args
        .iter()
        .map(|arg| arg.number().map(|n| n as i64))
        .collect::<Option<_>>()?;
    let (from, to, step) = match numbers[..] {
        [to] => (0, to, 1),
        [from, to] => (from, to, 1),
        [from, to, step] if step != 0 => (from, to, step),
        _ => return None,
    };
    let count = ((to - from) as f64 / step as f64).ceil();
    if count > 1_048_576.0 {
        return None;
    }
    let count = count.max(0.0) as i64;
    Some(Value::array(
        (0..count)
            .map(|index| Value::Number((from + index * step) as f64))
            .collect(),
    ))
}

pub(super) fn zip(args: &[Value]) -> Option<Value> {
    let lists: Vec<Vec<Value>> = args.iter().map(operate::elements).collect::<Option<_>>()?;
    let length = lists.iter().map(Vec::len).min().unwrap_or(0);
    Some(Value::array(
        (0..length)
            .map(|index| Value::array(lists.iter().map(|list| list[index].clone()).collect()))
            .collect(),
    ))
}

/// A list that begins anew again and again: it is only gone through beside another.
pub(super) fn again(list: &Value) -> Option<Value> {
    const ROUND: usize = 1 << 14;
    let elements = operate::elements(list).filter(|list| !list.is_empty())?;
    Some(Value::array(
        elements.into_iter().cycle().take(ROUND).collect(),
    ))
}

/// `str.maketrans(from, to)`: by the numbers of the letters.
pub(super) fn letters_for_letters(args: &[Value]) -> Option<Value> {
    let [from, to] = args else {
        return None;
    };
    let (from, to) = (from.known_text()?, to.known_text()?);
    if from.chars().count() != to.chars().count() {
        return None;
    }
    let pairs = from.chars().zip(to.chars()).map(|(from, to)| {
        let key = u32::from(from).to_string();
        (key.into(), Value::Number(f64::from(u32::from(to))))
    });
    Some(Value::object(pairs.collect()))
}

pub(super) fn math(name: &str, args: &[Value]) -> Option<Value> {
    let numbers: Vec<f64> = args.iter().map(Value::number).collect::<Option<_>>()?;
    let first = numbers.first().copied().unwrap_or(f64::NAN);
    Some(Value::Number(match name {
        "floor" => first.floor(),
        "ceil" => first.ceil(),
        "round" => (first + 0.5).floor(),
        "trunc" => first.trunc(),
        "abs" => first.abs(),
        "sqrt" => first.sqrt(),
        "pow" => first.powf(*numbers.get(1)?),
        "max" => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        "min" => numbers.iter().copied().fold(f64::INFINITY, f64::min),
        "sign" => first.signum(),
        _ => return None,
    }))
}
