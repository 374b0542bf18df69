//! `customs explain RULE`.

use crate::error::Failure;
use crate::{output, verify};

/// Arguments of `customs explain`.
#[derive(clap::Args)]
pub struct Arguments {
    /// A rule's id, such as version-age. Without it all rules are listed.
    rule: Option<String>,
}

/// Prints a rule's page.
pub fn main(arguments: &Arguments) -> Result<u8, Failure> {
    let rules = customs_rules::RuleSet::standard();
    let Some(id) = &arguments.rule else {
        let mut text = String::new();
        for doc in rules.docs() {
            text.push_str(&format!("{:<36} {}\n", doc.id, doc.title));
        }
        for doc in verify::rules() {
            text.push_str(&format!("{:<36} {}\n", doc.id, doc.title));
        }
        output::result(&text)?;
        return Ok(0);
    };
    if let Some(doc) = verify::rules().find(|doc| doc.id == id) {
        output::result(&customs_origin::lockfile::page(doc))?;
        return Ok(0);
    }
    match rules.doc(id) {
        Some(doc) => {
            output::result(&customs_rules::page(doc))?;
            Ok(0)
        }
        None => {
            let near = customs_rules::did_you_mean(
                id,
                rules
                    .docs()
                    .map(|d| d.id)
                    .chain(verify::rules().map(|d| d.id)),
            );
            let hint = near
                .map(|n| format!("; did you mean {n}?"))
                .unwrap_or_default();
            Err(Failure::usage(format!(
                "there is no rule {}{hint}",
                customs_model::printable(id, 60)
            )))
        }
    }
}
