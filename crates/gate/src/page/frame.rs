//! What every page has: head, way around, title, foot.

use super::address::View;
use super::html::Html;
use super::sheet::Sheet;
use customs_model::Timestamp;
use customs_rules::show_instant;

/// The views that the way around names.
fn views() -> [View; 5] {
    [
        View::Overview,
        View::Held(None),
        View::Blocked(None),
        View::Refusals(None),
        View::Received(super::address::Search::default(), None),
    ]
}

/// A whole page: `json` is the address of the same as data.
pub fn page(
    title: &str,
    path: &str,
    json: Option<&str>,
    sheet: Option<&Sheet>,
    inside: impl FnOnce(&mut Html),
) -> String {
    let mut h = Html::document();
    h.el("html", &[("lang", "en")], |h| {
        head(h, title);
        h.el("body", &[], |h| {
            h.say(
                "a",
                &[("class", "skip"), ("href", "#content")],
                "To the content",
            );
            h.line();
            way_around(h, path);
            h.line();
            h.el("main", &[("id", "content"), ("tabindex", "-1")], |h| {
                h.say("h1", &[], title);
                h.line();
                inside(h);
            });
            h.line();
            h.el("footer", &[], |h| foot(h, json, sheet));
        });
    });
    h.line();
    h.into_string()
}

fn head(h: &mut Html, title: &str) {
    h.el("head", &[], |h| {
        h.void("meta", &[("charset", "utf-8")]);
        h.say("title", &[], &format!("{title} · customs gate"));
        let width = "width=device-width, initial-scale=1";
        h.void("meta", &[("name", "viewport"), ("content", width)]);
        h.void("meta", &[("name", "referrer"), ("content", "no-referrer")]);
        h.void(
            "meta",
            &[("name", "color-scheme"), ("content", "light dark")],
        );
        h.void("link", &[("rel", "stylesheet"), ("href", "/style.css")]);
        let icon = [
            ("rel", "icon"),
            ("href", "/icon.svg"),
            ("type", "image/svg+xml"),
        ];
        h.void("link", &icon);
    });
    h.line();
}

fn way_around(h: &mut Html, path: &str) {
    h.el("header", &[], |h| {
        h.say("p", &[("class", "brand")], "customs gate");
        h.el("nav", &[("aria-label", "Views")], |h| {
            h.el("ul", &[], |h| {
                for view in views() {
                    h.el("li", &[], |h| {
                        let href = ("href", view.path());
                        match view.path() == path {
                            true => h.say("a", &[href, ("aria-current", "page")], view.title()),
                            false => h.say("a", &[href], view.title()),
                        }
                    });
                }
            });
        });
    });
}

fn foot(h: &mut Html, json: Option<&str>, sheet: Option<&Sheet>) {
    if let Some(sheet) = sheet {
        h.el("p", &[], |h| {
            h.text("Made on ");
            time(h, sheet.at);
            h.text(&format!(" by customs {}. Times are UTC. ", sheet.version));
            h.text("Load the page again for what happened since.");
        });
    }
    if let Some(json) = json {
        h.el("p", &[("class", "screen")], |h| {
            h.say("a", &[("href", json)], "The same as JSON");
        });
    }
}

/// An instant.
pub fn time(h: &mut Html, at: Timestamp) {
    h.say("time", &[("datetime", &at.to_string())], &show_instant(at));
}

/// A moment, and how long ago it was.
pub fn ago(h: &mut Html, at: Timestamp, now: Timestamp) {
    time(h, at);
    let past = now.as_second() - at.as_second();
    h.say(
        "span",
        &[("class", "quiet")],
        &format!("{} ago", span(past)),
    );
}

/// A time span in its two largest units: `3 d 4 h`, `25 min`, `less than a minute`.
pub fn span(seconds: i64) -> String {
    let minutes = seconds.unsigned_abs() / 60;
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => "less than a minute".to_owned(),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_its_two_largest_units() {
        let spans = [0, 59, 60, 3_600, 3_660, 86_400, 90_000, 86_460].map(span);
        insta::assert_compact_debug_snapshot!(spans, @r#"["less than a minute", "less than a minute", "1 min", "1 h", "1 h 1 min", "1 d", "1 d 1 h", "1 d"]"#);
    }
}
