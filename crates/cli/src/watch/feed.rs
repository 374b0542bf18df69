//! A registry's feed of changes, in the form that CouchDB made common: `_changes` below an
//! address gives names of packages that changed since a position.
//!
//! Where such a feed is, its user says (`--feed`); none is built in.

use customs_model::{Ecosystem, PackageName, Route, printable};
use customs_registry::Upstream;
use customs_registry::http::{Ask, Fetcher, bounded, host_of};
use customs_registry::reqwest::header::ACCEPT;
use serde_json::Value;
use std::collections::BTreeSet;
use url::Url;

/// Changes that are asked for at once.
const PAGE: usize = 1000;
/// Pages that are read in one turn; what is left is read in the next.
const PAGES: u32 = 10;
/// Bytes of one answer.
const LONGEST: usize = 16 << 20;

/// What changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changed {
    /// The packages.
    pub(super) packages: BTreeSet<PackageName>,
    /// Requests that it took.
    pub(super) requests: u32,
}

/// A feed and how far it was read.
#[derive(Debug)]
pub(super) struct Feed {
    upstream: Upstream,
    since: Option<String>,
}

impl Feed {
    /// A feed at an address, with or without `_changes` at its end.
    ///
    /// # Errors
    /// It is no http or https address.
    pub(super) fn new(address: &str) -> Result<Self, String> {
        let base = address.trim().trim_end_matches('/');
        let base = base.strip_suffix("_changes").unwrap_or(base);
        let upstream = Upstream::parse(base, Route::Public).map_err(|error| error.to_string())?;
        Ok(Self {
            upstream,
            since: None,
        })
    }

    /// What changed since the last question; the first one only finds the end of the feed.
    ///
    /// # Errors
    /// It gives no usable answer. The position stays, so nothing is passed over.
    pub(super) async fn changed(&mut self, fetcher: &Fetcher) -> Result<Changed, String> {
        let mut changed = Changed::default();
        let Some(mut since) = self.since.clone() else {
            let (since, requests) = self.end(fetcher).await?;
            self.since = Some(since);
            changed.requests = requests;
            return Ok(changed);
        };
        for _ in 0..PAGES {
            changed.requests += 1;
            let page = self.page(fetcher, &since, PAGE).await?;
            let moved = page.last != since;
            since.clone_from(&page.last);
            let is_full = page.ids.len() >= PAGE;
            let names = page.ids.iter();
            // Design documents and names that no client can ask for.
            changed
                .packages
                .extend(names.filter_map(|id| PackageName::new(Ecosystem::Npm, id).ok()));
            if !is_full || !moved {
                break;
            }
        }
        self.since = Some(since);
        Ok(changed)
    }

    /// The position behind the last change: the database says it of itself, or `now` does.
    async fn end(&self, fetcher: &Fetcher) -> Result<(String, u32), String> {
        let about = self.ask(fetcher, "").await;
        let known = about
            .ok()
            .and_then(|about| position(about.get("update_seq")?));
        if let Some(known) = known {
            return Ok((known, 1));
        }
        let page = self.page(fetcher, "now", 1).await?;
        Ok((page.last, 2))
    }

    async fn page(&self, fetcher: &Fetcher, since: &str, limit: usize) -> Result<Page, String> {
        let since: String = url::form_urlencoded::byte_serialize(since.as_bytes()).collect();
        let answer = self
            .ask(fetcher, &format!("_changes?since={since}&limit={limit}"))
            .await?;
        Page::read(&answer)
    }

    async fn ask(&self, fetcher: &Fetcher, path: &str) -> Result<Value, String> {
        let url: Url = self
            .upstream
            .join(path)
            .map_err(|error| error.to_string())?;
        let host = host_of(&url);
        let ask = Ask::get(url).header(ACCEPT, "application/json");
        let response = fetcher
            .ask(&self.upstream, ask)
            .await
            .map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(format!("{host} answered {status}"));
        }
        let body = bounded(response, LONGEST)
            .await
            .map_err(|error| error.to_string())?;
        serde_json::from_slice(&body).map_err(|error| {
            let why = printable(&error.to_string(), 160);
            format!("{host} sent no feed of changes: {why}")
        })
    }
}

/// One answer.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    ids: Vec<String>,
    last: String,
}

impl Page {
    fn read(answer: &Value) -> Result<Self, String> {
        let no_feed = |what: &str| format!("the feed of changes has no usable {what}");
        let results = answer
            .get("results")
            .and_then(Value::as_array)
            .ok_or_else(|| no_feed("`results`"))?;
        let ids = results
            .iter()
            .filter_map(|one| one.get("id")?.as_str().map(str::to_owned))
            .collect();
        let last = answer
            .get("last_seq")
            .and_then(position)
            .or_else(|| position(results.last()?.get("seq")?))
            .ok_or_else(|| no_feed("position (`last_seq`)"))?;
        Ok(Self { ids, last })
    }
}

/// A position is a number or a text, by the age of the database; nobody else reads it.
fn position(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if !text.is_empty() && text.len() <= 4096 => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_page_gives_names_and_the_next_position() {
        let page = json!({
            "results": [
                {"seq": 11, "id": "axios", "changes": [{"rev": "1-a"}]},
                {"seq": 12, "id": "@babel/core", "changes": [], "deleted": true},
            ],
            "last_seq": 12, "pending": 0,
        });
        let page = Page::read(&page).unwrap();
        assert_eq!(page.ids, ["axios", "@babel/core"]);
        assert_eq!(page.last, "12");
    }

    #[test]
    fn a_position_may_be_text_or_stand_only_in_the_last_change() {
        let page = |text: &str| Page::read(&serde_json::from_str(text).unwrap());
        let last = |text: &str| page(text).map(|page| page.last);
        assert_eq!(
            last(r#"{"results": [], "last_seq": "5-g1AAA"}"#),
            Ok("5-g1AAA".to_owned())
        );
        assert_eq!(
            last(r#"{"results": [{"id": "a", "seq": 7}]}"#),
            Ok("7".to_owned())
        );
        assert!(page(r#"{"results": []}"#).is_err());
        assert!(page(r#"{"error": "not_found"}"#).is_err());
    }

    #[test]
    fn an_address_is_taken_with_and_without_its_end() {
        for address in [
            "https://feed.example/db",
            "https://feed.example/db/",
            "https://feed.example/db/_changes",
        ] {
            let feed = Feed::new(address).unwrap();
            assert_eq!(feed.upstream.base.as_str(), "https://feed.example/db/");
        }
        assert!(Feed::new("file:///etc/passwd").is_err());
    }

    #[test]
    fn no_answer_of_a_feed_does_harm() {
        let seeds = [
            br#"{"results":[{"seq":11,"id":"axios","changes":[]}],"last_seq":11}"#.to_vec(),
            br#"{"results":[{"id":"@a/b","seq":"5-g1AAA"}],"pending":0}"#.to_vec(),
            br#"{"results":[],"last_seq":-1.5e300}"#.to_vec(),
        ];
        let tokens = [
            "{",
            "[",
            "]",
            "null",
            "\"seq\":",
            "\"last_seq\":",
            "\u{202e}",
            "1e9",
        ];
        crate::short::run("feed", &seeds, &tokens, 2_000, &|data| {
            let Ok(answer) = serde_json::from_slice::<Value>(data) else {
                return;
            };
            match Page::read(&answer) {
                Ok(page) => assert!(!page.last.is_empty() && page.last.len() <= 4096),
                Err(why) => assert_eq!(printable(&why, usize::MAX), why),
            }
        });
    }
}
