//! What the gate itself saw of the last hours: caches, waiting, registries.

use super::frame::{ago, time};
use super::html::Html;
use super::plot;
use super::sheet::Sheet;
use super::table::{cell, number, table, text};
use super::watch::{Bar, UpstreamState, Within};
use customs_model::Timestamp;

/// The plots, each with its numbers.
pub fn plots(h: &mut Html, sheet: &Sheet) {
    let bars = sheet.hours.as_deref().unwrap_or_default();
    if bars.iter().all(|bar| bar.requests == 0) {
        let none = "Nothing was asked for since this gate began, or within three hours.";
        h.say("p", &[("class", "none")], none);
        return;
    }
    h.say(
        "p",
        &[("class", "quiet")],
        "Of this gate alone, since it began.",
    );
    h.el("div", &[("class", "plots")], |h| {
        h.el("figure", &[], |h| {
            h.say("figcaption", &[], &cached(bars));
            plot::artifacts(h, bars);
            key(
                h,
                &[
                    ("cache", "the gate's own copy"),
                    ("upstream", "fetched from a registry"),
                    ("other", "a part, or the client had it"),
                ],
            );
        });
        h.el("figure", &[], |h| {
            h.say("figcaption", &[], "How long it took until an answer began");
            plot::waiting(h, bars);
            key(
                h,
                &[
                    ("half", "half of the requests within"),
                    ("most", "95 of 100 within"),
                ],
            );
        });
    });
    h.line();
    h.el("details", &[], |h| {
        h.say("summary", &[], "The same as a table");
        numbers(h, bars);
    });
}

fn cached(bars: &[Bar]) -> String {
    let of = |count: fn(&Bar) -> u64| bars.iter().map(count).sum::<u64>();
    let (cache, upstream) = (of(|bar| bar.cache), of(|bar| bar.upstream));
    match cache + upstream {
        0 => "Artifacts: none was sent whole".to_owned(),
        all => {
            let share = u128::from(cache) * 100 / u128::from(all);
            format!("Artifacts: {cache} of {all} ({share} %) came from the gate's own copy")
        }
    }
}

fn key(h: &mut Html, marks: &[(&'static str, &'static str)]) {
    h.el("ul", &[("class", "key")], |h| {
        for (class, label) in marks {
            h.el("li", &[], |h| {
                let attributes = [
                    ("class", "plot"),
                    ("viewBox", "0 0 28 14"),
                    ("aria-hidden", "true"),
                ];
                h.el("svg", &attributes, |h| match *class {
                    "half" | "most" => {
                        h.el("path", &[("class", class), ("d", "M0 7L28 7")], |_| {})
                    }
                    _ => {
                        let size = [("class", *class), ("width", "28"), ("height", "14")];
                        h.el("rect", &size, |_| {});
                    }
                });
                h.text(label);
            });
        }
    });
}

fn numbers(h: &mut Html, bars: &[Bar]) {
    let columns = [
        text("From"),
        number("Own copy"),
        number("Fetched"),
        number("Other"),
        number("Requests"),
        number("Half within"),
        number("95 of 100 within"),
    ];
    let within = |within: Option<Within>| within.map_or_else(|| "no data".to_owned(), plot::within);
    let rows = bars.iter().map(|bar| {
        let values = [
            bar.cache.to_string(),
            bar.upstream.to_string(),
            bar.other.to_string(),
            bar.requests.to_string(),
            within(bar.half),
            within(bar.most),
        ];
        let mut cells = vec![cell(|h| time(h, bar.from))];
        cells.extend(values.map(|value| cell(move |h: &mut Html| h.text(&value))));
        cells
    });
    table(h, "Five minutes a row", &columns, rows);
}

/// The registries behind the gate.
pub fn registries(h: &mut Html, sheet: &Sheet) {
    let registries = sheet.registries.as_deref().unwrap_or_default();
    if registries.is_empty() {
        let none = "No registry was asked for a document since this gate began.";
        h.say("p", &[("class", "none")], none);
        return;
    }
    let columns = [
        text("Registry"),
        text("State"),
        text("Last confirmed document"),
        text("Last stale document"),
        number("Stale documents"),
    ];
    let now = sheet.at;
    let rows = registries.iter().map(|one| {
        vec![
            cell(|h| h.stranger(&one.registry)),
            cell(|h| state(h, one)),
            cell(move |h| moment(h, one.confirmed, now)),
            cell(move |h| {
                moment(h, one.stale, now);
                if let Some(because) = &one.because {
                    h.el("span", &[("class", "quiet")], |h| h.stranger(because));
                }
            }),
            cell(|h| h.text(&one.stale_documents.to_string())),
        ]
    });
    let caption = "Registries that this gate asked, since it began";
    table(h, caption, &columns, rows);
}

fn state(h: &mut Html, one: &UpstreamState) {
    let (class, said) = match one.state {
        "away" => (
            "bad",
            "cannot be asked; what was delivered before is served on",
        ),
        "was away" => ("text", "answers again"),
        "answers" => ("good", "answers"),
        other => ("text", other),
    };
    h.say("span", &[("class", class)], said);
}

fn moment(h: &mut Html, at: Option<Timestamp>, now: Timestamp) {
    match at {
        None => h.text("none"),
        Some(at) => {
            ago(h, at, now);
        }
    }
}
