use super::super::testing::graph;
use super::super::{
    FileChange, LockfileView, Options, docs, explain, judge, judge_together, markdown, page,
    settings_changes, text,
};
use super::{bun, cargo, npm, pnpm, yarn_berry, yarn_classic};
use customs_ecosystem::lockfile::{Graph, Kind};
use proptest::prelude::*;
use std::fmt::Write as _;

fn sources() -> [(Kind, String); 6] {
    [
        (Kind::PackageLock, npm()),
        (Kind::YarnClassic, yarn_classic()),
        (Kind::YarnBerry, yarn_berry()),
        (Kind::BunLock, bun()),
        (Kind::PnpmLock, pnpm()),
        (Kind::CargoLock, cargo()),
    ]
}

/// A lockfile with a stretch of it replaced.
fn near() -> impl Strategy<Value = (Kind, String)> {
    (
        0..6usize,
        any::<prop::sample::Index>(),
        0..40usize,
        "[a-z0-9@:/.#\"-]{0,8}",
    )
        .prop_map(|(which, from, length, with)| {
            let (kind, text) = &sources()[which];
            let start = from.index(text.len());
            let end = (start + length).min(text.len());
            (*kind, format!("{}{with}{}", &text[..start], &text[end..]))
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_damaged_lockfile_is_judged_alike_twice_and_never_panics((kind, damaged) in near()) {
        let Ok(graph) = Graph::read(kind, damaged.as_bytes()) else {
            return Ok(());
        };
        let again = Graph::read(kind, damaged.as_bytes()).unwrap();
        let options = Options::default();
        let view = LockfileView::new("a", &graph, &[], &options);
        let other = LockfileView::new("a", &again, &[], &options);
        prop_assert_eq!(judge(&view), judge(&other));
        let both = [view, other];
        // The same file twice is no contradiction with itself.
        prop_assert!(judge_together(&both).findings.iter().all(|f| f.rule.as_str() == "lock-two-managers"));
        let whole = &sources().into_iter().find(|(k, _)| *k == kind).unwrap().1;
        let base = super::super::testing::graph(kind, whole);
        let (one, two) = (explain("a", &base, &graph), explain("a", &base, &again));
        prop_assert_eq!(&one, &two);
        let _ = (text(&one), markdown(&one, &[]));
        prop_assert!(explain("a", &graph, &again).is_empty());
    }

    #[test]
    fn any_configuration_is_compared_without_panic(before in "([a-z@:/.=\"-]|\n){0,60}", now in "([a-z@:/.=\"-]|\n){0,60}") {
        for path in [".npmrc", ".yarnrc", ".yarnrc.yml", "pip.conf", "uv.toml", "bunfig.toml"] {
            let change = FileChange { path, before: Some(before.as_bytes()), now: Some(now.as_bytes()) };
            let _ = settings_changes(&[change]).iter().map(|c| c.message()).collect::<Vec<_>>();
        }
    }
}

#[test]
fn every_rule_has_an_id_of_its_own_and_a_whole_page() {
    let mut ids: Vec<&str> = docs().iter().map(|doc| doc.id).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for doc in docs() {
        assert!(customs_model::RuleId::parse(doc.id).is_ok(), "{}", doc.id);
        let page = page(doc);
        assert!(
            doc.title.ends_with('.') && !doc.fires.is_empty() && !doc.silent.is_empty(),
            "{page}"
        );
    }
}

#[test]
fn ten_thousand_honest_entries_are_quiet() {
    let text = many(10_000);
    let graph = graph(Kind::PackageLock, &text);
    assert_eq!(graph.packages.len(), 10_000);
    let options = Options::default();
    let view = LockfileView::new("package-lock.json", &graph, &[], &options);
    let judgement = judge(&view);
    assert_eq!(judgement.findings, []);
    assert!(explain("package-lock.json", &graph, &graph).is_empty());
}

/// A project of that many packages, each of which asks for three others.
fn many(count: usize) -> String {
    let mut out = String::from(
        "{\"lockfileVersion\":3,\"packages\":{\"\":{\"dependencies\":{\"p0\":\"^1.0.0\"}}",
    );
    for n in 0..count {
        let digest = customs_model::Digest::sha256(n.to_string().as_bytes()).to_sri();
        let asks =
            [2 * n + 1, 2 * n + 2, n / 2].map(|to| format!("\"p{}\":\"^1.0.0\"", to % count));
        write!(
            out,
            ",\"node_modules/p{n}\":{{\"version\":\"1.0.0\",\"resolved\":\"https://registry.example/p{n}/-/p{n}-1.0.0.tgz\",\"integrity\":\"{digest}\",\"dependencies\":{{{}}}}}",
            asks.join(",")
        )
        .unwrap();
    }
    out + "}}"
}
