//! The form that asks who received something, and its answer.

use super::address::{Search, View, Wrong};
use super::draw::{deliveries, lead};
use super::html::Html;
use super::sheet::{InAll, Sheet};
use customs_model::Ecosystem;

/// The view of a search.
pub fn received(h: &mut Html, sheet: &Sheet, search: &Search, view: &View) {
    lead(
        h,
        "Every delivery of this team's gates is in the ledger. Without a version, all releases of the \
         package are listed. A package URL (pkg:npm/left@1.0.0) may stand in place of the name.",
    );
    form(h, search);
    let Some(Ok(_)) = &search.meant else {
        return;
    };
    h.el("section", &[("aria-labelledby", "answer")], |h| {
        h.el("h2", &[("id", "answer")], |h| {
            h.text("Deliveries of ");
            h.stranger(&asked(search));
        });
        if let Some(all) = &sheet.received_in_all {
            h.say("p", &[], &in_all(all));
        }
        deliveries(h, sheet, view, "This team's ledger has no delivery of it.");
    });
}

fn asked(search: &Search) -> String {
    match search.version.is_empty() || search.name.starts_with("pkg:") {
        true => search.name.clone(),
        false => format!("{}@{}", search.name, search.version),
    }
}

fn in_all(all: &InAll) -> String {
    match (all.count, all.more) {
        (count, true) => format!("More than {count} deliveries."),
        (1, false) => "1 delivery.".to_owned(),
        (count, false) => format!("{count} deliveries."),
    }
}

/// The form. What is wrong stands beside its field.
pub fn form(h: &mut Html, search: &Search) {
    let wrong = match &search.meant {
        Some(Err(wrong)) => Some(wrong),
        None | Some(Ok(_)) => None,
    };
    let attributes = [
        ("method", "get"),
        ("action", "/received"),
        ("role", "search"),
    ];
    h.el("form", &attributes, |h| {
        h.el("div", &[("class", "field")], |h| {
            h.say("label", &[("for", "ecosystem")], "Ecosystem");
            h.el(
                "select",
                &[("id", "ecosystem"), ("name", "ecosystem")],
                |h| {
                    for ecosystem in Ecosystem::ALL {
                        let value = ("value", ecosystem.purl_type());
                        let shown = ecosystem.to_string();
                        match search.ecosystem.eq_ignore_ascii_case(ecosystem.purl_type()) {
                            true => h.say("option", &[value, ("selected", "selected")], &shown),
                            false => h.say("option", &[value], &shown),
                        }
                    }
                },
            );
        });
        field(h, ("name", "Package", "field wide"), &search.name, wrong);
        field(
            h,
            ("version", "Version (optional)", "field"),
            &search.version,
            wrong,
        );
        h.el("div", &[("class", "field")], |h| {
            h.say("button", &[("type", "submit")], "Who received it?");
        });
    });
    h.line();
    if let Some(wrong) = wrong {
        let attributes = [("class", "problem"), ("id", "wrong"), ("role", "alert")];
        h.el("p", &attributes, |h| h.stranger(&wrong.why));
    }
}

fn field(
    h: &mut Html,
    (name, label, class): (&'static str, &'static str, &'static str),
    value: &str,
    wrong: Option<&Wrong>,
) {
    h.el("div", &[("class", class)], |h| {
        h.say("label", &[("for", name)], label);
        let input = [
            ("id", name),
            ("name", name),
            ("value", value),
            ("autocomplete", "off"),
            ("autocapitalize", "none"),
            ("spellcheck", "false"),
            ("maxlength", "300"),
        ];
        match wrong.is_some_and(|wrong| wrong.field == name) {
            true => {
                let told = [("aria-invalid", "true"), ("aria-describedby", "wrong")];
                h.void("input", &[&input[..], &told].concat());
            }
            false => h.void("input", &input),
        }
    });
}
