//! One `[[exemption]]` of a policy file.

use super::super::exemption::{Ends, Exemption, Place};
use super::super::matching::Match;
use super::super::range::VersionRange;
use super::{LONGEST_TEXT, Refused, Value, no, no_rule};
use crate::rule::{self, NEVER_WAIVED};
use customs_model::{Ecosystem, Timestamp, printable};
use toml::de::{DeTable, DeValue};

const KEYS: [&str; 6] = ["match", "rules", "reason", "owner", "expires", "until"];

pub(super) fn read(table: &DeTable<'_>, place: Place) -> Result<Exemption, Refused> {
    for (key, _) in table {
        if !KEYS.contains(&key.get_ref().as_ref()) {
            return Err((Some(key.span().start), no("key", key.get_ref(), KEYS)));
        }
    }
    let matches = matches(need(table, "match")?)?;
    let ecosystem = match &matches {
        Match::Name(name) | Match::Range(name, _) => Some(name.ecosystem()),
        Match::Release(id) => Some(id.package.ecosystem()),
        Match::Pattern(_) | Match::Digest(_) => None,
    };
    Ok(Exemption {
        rules: rules(need(table, "rules")?)?,
        reason: text(table, "reason")?,
        owner: text(table, "owner")?,
        ends: ends(table, ecosystem)?,
        matches,
        place,
        run_time: None,
    })
}

fn get<'a, 'i>(table: &'a DeTable<'i>, key: &str) -> Option<&'a Value<'i>> {
    table
        .iter()
        .find(|(k, _)| k.get_ref().as_ref() == key)
        .map(|(_, value)| value)
}

fn need<'a, 'i>(table: &'a DeTable<'i>, key: &str) -> Result<&'a Value<'i>, Refused> {
    get(table, key).ok_or_else(|| (None, format!("it has no {key}")))
}

fn here(value: &Value<'_>, why: String) -> Refused {
    (Some(value.span().start), why)
}

fn text(table: &DeTable<'_>, key: &str) -> Result<String, Refused> {
    let value = need(table, key)?;
    match value.get_ref().as_str().map(str::trim) {
        Some(text) if !text.is_empty() => Ok(printable(text, LONGEST_TEXT)),
        Some(_) | None => Err(here(value, format!("{key} is a text that says something"))),
    }
}

fn matches(value: &Value<'_>) -> Result<Match, Refused> {
    let text = value
        .get_ref()
        .as_str()
        .ok_or_else(|| here(value, "match is a text".to_owned()))?;
    match Match::parse(text).map_err(|why| here(value, why))? {
        Match::Pattern(_) => Err(here(
            value,
            "an exemption is bound to a name, a version, a range or a digest, not to a '*'"
                .to_owned(),
        )),
        bound => Ok(bound),
    }
}

fn rules(value: &Value<'_>) -> Result<Vec<&'static str>, Refused> {
    let all = value.get_ref().as_array().filter(|all| !all.is_empty());
    let all = all.ok_or_else(|| {
        here(
            value,
            "rules is a list of the rules that it waives".to_owned(),
        )
    })?;
    all.iter()
        .map(|value| {
            let id = value.get_ref().as_str().unwrap_or_default();
            match rule::find(id) {
                Some(_) if id == NEVER_WAIVED => Err(here(
                    value,
                    format!("no exemption of a file waives {NEVER_WAIVED}"),
                )),
                Some(rule) => Ok(rule.doc().id),
                None => Err(here(value, no_rule(id))),
            }
        })
        .collect()
}

fn ends(table: &DeTable<'_>, ecosystem: Option<Ecosystem>) -> Result<Ends, Refused> {
    match (get(table, "expires"), get(table, "until")) {
        (Some(value), None) => date(value).map(Ends::At),
        (None, Some(value)) => until(value, ecosystem),
        (Some(value), Some(_)) => Err(here(
            value,
            "it has expires and until; one of them".to_owned(),
        )),
        (None, None) => Err((
            None,
            "it has no end; write expires = 2027-01-31, or until = \"never\" if you mean it"
                .to_owned(),
        )),
    }
}

/// A date ends at its first instant, in UTC: on that day the rule counts again.
fn date(value: &Value<'_>) -> Result<Timestamp, Refused> {
    let written = match value.get_ref() {
        DeValue::Datetime(at) => at.to_string(),
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => String::new(),
    };
    let written = written.trim();
    let instant = if written.len() == 10 {
        format!("{written}T00:00:00Z")
    } else {
        written.to_owned()
    };
    instant.parse().map_err(|_| {
        let shown = printable(written, 40);
        here(
            value,
            format!("expires = {shown:?} is not a date; write 2027-01-31 or 2027-01-31T12:00:00Z"),
        )
    })
}

fn until(value: &Value<'_>, ecosystem: Option<Ecosystem>) -> Result<Ends, Refused> {
    let text = value.get_ref().as_str().unwrap_or_default().trim();
    if text == "never" {
        return Ok(Ends::Never);
    }
    match text.split_once(':') {
        Some(("fixed", id)) if !id.trim().is_empty() => {
            return Ok(Ends::Fixed(printable(id.trim(), 60)));
        }
        Some(("version", range)) => {
            if let Some(range) =
                ecosystem.and_then(|ecosystem| VersionRange::parse(ecosystem, range))
            {
                return Ok(Ends::Version(range));
            }
        }
        Some(_) | None => {}
    }
    let known = "\"fixed:GHSA-…\", \"version:>=1.4\" (with a name, not a digest) or \"never\"";
    Err(here(
        value,
        format!("until = {:?} is none of {known}", printable(text, 60)),
    ))
}
