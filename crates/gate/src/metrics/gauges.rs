//! What is so now: who waits, what is held, how old the advisories are.

use super::Page;
use customs_intel::Snapshot;
use customs_model::Timestamp;

/// Numbers of this moment, beside what is counted.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    /// Requests that wait for their turn.
    pub waiting: usize,
    /// Questions to registries that wait for theirs.
    pub fetches: usize,
    /// What is held, as it was counted last; none where it was not.
    pub held: Option<u64>,
    /// The advisories in force; none where there are none.
    pub feed: Option<Feed>,
}

/// The advisories in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Feed {
    count: usize,
    read: Timestamp,
    newest: Option<Timestamp>,
}

impl Feed {
    pub fn of(snapshot: &Snapshot) -> Self {
        Self {
            count: snapshot.len(),
            read: snapshot.loaded_at(),
            newest: snapshot.newest_change(),
        }
    }
}

impl Gauges {
    pub(super) fn render(&self, page: &mut Page) {
        let mut gauge = |name: &str, what: &str, value: Option<i64>| {
            if let Some(value) = value {
                page.head(name, "gauge", what);
                page.line(name, "", &value.to_string());
            }
        };
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        gauge(
            "requests_waiting",
            "Requests that wait for their turn: others of their client are answered, or of everybody.",
            Some(number(self.waiting)),
        );
        gauge(
            "fetches_waiting",
            "Documents that wait for a turn to be asked of their registry.",
            Some(number(self.fetches)),
        );
        gauge(
            "held_releases",
            "Releases and files that are held, as the ledger had them within the last minute; of more than \
             5000 it says 5000.",
            self.held
                .map(|held| i64::try_from(held).unwrap_or(i64::MAX)),
        );
        let feed = self.feed.as_ref();
        gauge(
            "advisories",
            "Advisories in force.",
            feed.map(|feed| number(feed.count)),
        );
        gauge(
            "advisories_read_time_seconds",
            "When the advisories in force were read, in seconds since 1970.",
            feed.map(|feed| feed.read.as_second()),
        );
        gauge(
            "advisories_changed_time_seconds",
            "When the newest of the advisories in force was changed by its author, in seconds since 1970: how \
             old the feed is.",
            feed.and_then(|feed| feed.newest).map(Timestamp::as_second),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_not_told() {
        let text = |gauges: Gauges| {
            let mut page = Page(String::new());
            gauges.render(&mut page);
            page.0
        };
        let nothing = text(Gauges::default());
        assert!(
            nothing.contains("customs_gate_requests_waiting 0\n"),
            "{nothing}"
        );
        assert!(!nothing.contains("advisories") && !nothing.contains("held"));
        let record = r#"{"id":"MAL-1","modified":"2026-11-20T00:00:00Z","summary":"inert",
            "affected":[{"package":{"ecosystem":"npm","name":"a"},"versions":["1.0.0"]}]}"#;
        let read = Timestamp::from_second(1_790_000_000).unwrap();
        let snapshot = Snapshot::from_records([("a.json", record)], read);
        let all = text(Gauges {
            waiting: 3,
            fetches: 2,
            held: Some(7),
            feed: Some(Feed::of(&snapshot)),
        });
        for line in [
            "customs_gate_requests_waiting 3",
            "customs_gate_fetches_waiting 2",
            "customs_gate_held_releases 7",
            "customs_gate_advisories 1",
            "customs_gate_advisories_read_time_seconds 1790000000",
            "customs_gate_advisories_changed_time_seconds 1795132800",
            "# TYPE customs_gate_held_releases gauge",
        ] {
            assert!(all.lines().any(|known| known == line), "{line}: {all}");
        }
    }
}
