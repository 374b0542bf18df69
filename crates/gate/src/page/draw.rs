//! A sheet as HTML.

use super::address::{Search, View};
use super::frame::{self, ago, span, time};
use super::html::Html;
use super::sheet::{DecidedLine, Part, ReceivedLine, RefusalLine, Sheet};
use super::table::{Cell, Column, cell, number, table, text};
use super::{hours, search};
use customs_model::{ReleaseId, Timestamp};
use customs_rules::show_end;
use customs_store::{Served, Who};

/// The whole page of a view.
pub fn html(sheet: &Sheet, view: &View) -> String {
    let json = view.link(after_of(view).as_deref(), true);
    frame::page(
        view.title(),
        view.path(),
        Some(&json),
        Some(sheet),
        |h| match view {
            View::Overview => overview(h, sheet),
            View::Held(_) => {
                lead(
                    h,
                    "Releases that no resolver is shown before their time, the next one to \
                         end first. As they were decided last: who asks again may be told \
                         otherwise.",
                );
                held(h, sheet, view);
            }
            View::Blocked(_) => {
                lead(
                    h,
                    "Releases that are delivered to nobody, the newest decision first.",
                );
                blocked(h, sheet, view);
            }
            View::Refusals(_) => {
                lead(h, "Requests that policy refused, the newest first.");
                refusals(h, sheet, view);
            }
            View::Received(asked, _) => search::received(h, sheet, asked, view),
            View::Style | View::Icon => {}
        },
    )
}

fn after_of(view: &View) -> Option<String> {
    match view {
        View::Held(after)
        | View::Blocked(after)
        | View::Refusals(after)
        | View::Received(_, after) => after.as_ref().map(ToString::to_string),
        View::Overview | View::Style | View::Icon => None,
    }
}

/// The sentence below a title.
pub fn lead(h: &mut Html, text: &str) {
    h.say("p", &[], text);
}

fn overview(h: &mut Html, sheet: &Sheet) {
    summary(h, sheet);
    section(h, "held", "Held now", |h| held(h, sheet, &View::Held(None)));
    section(h, "blocked", "Blocked", |h| {
        blocked(h, sheet, &View::Blocked(None))
    });
    section(h, "refused", "Refused requests", |h| {
        refusals(h, sheet, &View::Refusals(None));
    });
    section(h, "received", "Who received a release", |h| {
        search::form(h, &Search::default());
    });
    section(h, "hours", "The last three hours", |h| {
        hours::plots(h, sheet)
    });
    section(h, "registries", "Registries", |h| {
        hours::registries(h, sheet)
    });
}

fn section(h: &mut Html, id: &'static str, title: &str, inside: impl FnOnce(&mut Html)) {
    let labelled = format!("{id}-heading");
    h.el("section", &[("aria-labelledby", &labelled)], |h| {
        h.say("h2", &[("id", &labelled)], title);
        h.line();
        inside(h);
    });
    h.line();
}

/// One sentence for who has no time.
fn summary(h: &mut Html, sheet: &Sheet) {
    let mut parts = Vec::new();
    if let Some(held) = &sheet.held {
        parts.push(counted(
            held,
            "release or file is held",
            "releases or files are held",
        ));
    }
    if let Some(blocked) = &sheet.blocked {
        parts.push(counted(blocked, "is blocked", "are blocked"));
    }
    let registries = sheet.registries.as_deref().unwrap_or_default();
    let away = registries.iter().filter(|one| one.state == "away").count();
    parts.push(match (registries.len(), away) {
        (0, _) => "no registry was asked yet".to_owned(),
        (all, 0) => format!("no registry of {all} is away"),
        (all, away) => format!("{away} of {all} registries cannot be asked"),
    });
    h.say("p", &[("class", "lead")], &sentence(&parts.join("; ")));
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

fn counted<T>(part: &Part<T>, one: &str, many: &str) -> String {
    match part {
        Part::NotKnown { .. } => format!("how many {many} is not known"),
        Part::Known {
            rows,
            next: Some(_),
        } => format!("more than {} {many}", rows.len()),
        Part::Known { rows, next: None } if rows.len() == 1 => format!("1 {one}"),
        Part::Known { rows, next: None } if rows.is_empty() => format!("none {many}"),
        Part::Known { rows, next: None } => format!("{} {many}", rows.len()),
    }
}

fn held(h: &mut Html, sheet: &Sheet, view: &View) {
    let columns = [text("Release"), text("Until"), text("Why"), text("Decided")];
    let now = sheet.at;
    list(
        h,
        sheet.held.as_ref(),
        view,
        ("What ends first stands first", &columns),
        "Nothing is held.",
        |line| {
            vec![
                cell(|h| release(h, &line.release, line.file.as_deref())),
                cell(move |h| until(h, line.until, now)),
                cell(|h| why(h, line.rule.as_deref(), line.why.as_deref())),
                cell(move |h| ago(h, line.recorded, now)),
            ]
        },
    );
}

fn blocked(h: &mut Html, sheet: &Sheet, view: &View) {
    let columns = [text("Release"), text("Why"), text("Until"), text("Decided")];
    let now = sheet.at;
    list(
        h,
        sheet.blocked.as_ref(),
        view,
        ("The newest decision first", &columns),
        "Nothing is blocked.",
        |line: &DecidedLine| {
            vec![
                cell(|h| release(h, &line.release, line.file.as_deref())),
                cell(|h| why(h, line.rule.as_deref(), line.why.as_deref())),
                cell(move |h| until(h, line.until, now)),
                cell(move |h| ago(h, line.recorded, now)),
            ]
        },
    );
}

fn refusals(h: &mut Html, sheet: &Sheet, view: &View) {
    let columns = [
        text("Asked for"),
        text("When"),
        text("By whom"),
        text("Why"),
    ];
    let now = sheet.at;
    list(
        h,
        sheet.refusals.as_ref(),
        view,
        ("The newest first", &columns),
        "Nobody was refused anything.",
        |line: &RefusalLine| {
            vec![
                cell(|h| match (&line.release, &line.path) {
                    (Some(asked), _) => release(h, asked, line.file.as_deref()),
                    (None, path) => h.stranger(path.as_deref().unwrap_or("unknown")),
                }),
                cell(move |h| ago(h, line.at, now)),
                cell(|h| who(h, &line.who)),
                cell(|h| why(h, Some(&line.rules.join(", ")), line.why.as_deref())),
            ]
        },
    );
}

/// The rows of deliveries.
pub fn deliveries(h: &mut Html, sheet: &Sheet, view: &View, none: &str) {
    let columns = [
        text("Release"),
        text("To whom"),
        text("When"),
        text("What"),
        number("Bytes"),
    ];
    list(
        h,
        sheet.received.as_ref(),
        view,
        ("By release, the newest first", &columns),
        none,
        |line: &ReceivedLine| {
            vec![
                cell(|h| h.stranger(&line.release.spoken())),
                cell(|h| who(h, &line.who)),
                cell(|h| time(h, line.at)),
                cell(|h| {
                    h.stranger(&line.file);
                    h.say("span", &[("class", "quiet code")], &line.digest);
                    h.say("span", &[("class", "quiet")], how(line.served));
                }),
                cell(|h| h.text(&line.bytes.to_string())),
            ]
        },
    );
}

/// A list with its table, or what is to be said in its place, and the way to its next page.
fn list<'a, T>(
    h: &mut Html,
    part: Option<&'a Part<T>>,
    view: &View,
    (caption, columns): (&str, &[Column]),
    none: &str,
    line: impl Fn(&'a T) -> Vec<Cell<'a>>,
) {
    match part {
        None => {}
        Some(Part::NotKnown { not_known }) => {
            h.say(
                "p",
                &[("class", "problem")],
                &format!("Not known: {not_known}."),
            );
        }
        Some(Part::Known { rows, next }) => {
            match rows.is_empty() {
                true if next.is_some() => h.say("p", &[("class", "none")], "Nothing on this page."),
                true => h.say("p", &[("class", "none")], none),
                false => table(h, caption, columns, rows.iter().map(line)),
            }
            pages(h, view, next.as_deref());
        }
    }
}

fn pages(h: &mut Html, view: &View, next: Option<&str>) {
    let is_first = after_of(view).is_none();
    if next.is_none() && is_first {
        return;
    }
    h.line();
    let label = format!("Pages: {}", view.title());
    h.el("nav", &[("class", "pages"), ("aria-label", &label)], |h| {
        if !is_first {
            h.say("a", &[("href", &view.link(None, false))], "First page");
        }
        if let Some(next) = next {
            let href = view.link(Some(next), false);
            let more = format!("More of: {}", view.title());
            h.say("a", &[("href", &href), ("rel", "next")], &more);
        }
    });
}

fn release(h: &mut Html, release: &ReleaseId, file: Option<&str>) {
    let search = View::Received(Search::for_release(release), None);
    h.el("a", &[("href", &search.link(None, false))], |h| {
        h.stranger(&release.spoken());
    });
    h.say(
        "span",
        &[("class", "quiet")],
        &release.package.ecosystem().to_string(),
    );
    if let Some(file) = file {
        h.el("span", &[("class", "quiet")], |h| h.stranger(file));
    }
}

fn until(h: &mut Html, until: Option<Timestamp>, now: Timestamp) {
    let Some(until) = until else {
        h.text("no end");
        h.say(
            "span",
            &[("class", "quiet")],
            "until somebody decides otherwise",
        );
        return;
    };
    h.say(
        "time",
        &[("datetime", &until.to_string())],
        &show_end(until),
    );
    let left = until.as_second() - now.as_second();
    let left = match left > 0 {
        true => format!("in {}", span(left)),
        false => "ended".to_owned(),
    };
    h.say("span", &[("class", "quiet")], &left);
}

fn why(h: &mut Html, rule: Option<&str>, why: Option<&str>) {
    match why {
        Some(why) => h.stranger(why),
        None => h.text("the rule says no more"),
    }
    if let Some(rule) = rule.filter(|rule| !rule.is_empty()) {
        h.say("span", &[("class", "quiet code")], rule);
    }
}

fn who(h: &mut Html, who: &Who) {
    h.stranger(who.credential.as_deref().unwrap_or("no credential"));
    let rest = [
        ("from", &who.address),
        ("agent", &who.agent),
        ("", &who.client),
    ];
    for (word, part) in rest {
        if let Some(part) = part {
            h.el("span", &[("class", "quiet")], |h| {
                if !word.is_empty() {
                    h.text(&format!("{word} "));
                }
                h.stranger(part);
            });
        }
    }
}

fn how(served: Served) -> &'static str {
    match served {
        Served::Full => "whole, from the registry",
        Served::FromCache => "whole, from the gate's copy",
        Served::Range { .. } => "a part of it",
        Served::ClientCache => "the client had it already",
    }
}
