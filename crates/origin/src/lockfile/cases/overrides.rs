//! What a lockfile says to take instead of what is asked for, and the project does or does not.

use super::super::Options;
use super::super::testing::{manifest, said_with};
use super::{bun, pnpm};
use customs_ecosystem::lockfile::{Kind, ManifestKind};
use insta::assert_snapshot;
use std::collections::BTreeMap;

/// The project's manifest, with more keys.
fn json(more: &str) -> String {
    format!(r#"{{"name":"shop","dependencies":{{"is-number":"^7.0.0","kind-of":"^6.0.3"}}{more}}}"#)
}

/// With what `pnpm-workspace.yaml` says to take instead; none: nobody knows.
fn said(kind: Kind, lock: &str, json: &str, settings: Option<&[(&str, &str)]>) -> String {
    let manifest = manifest(ManifestKind::PackageJson, "", json);
    let owned = |(selector, with): &(&str, &str)| ((*selector).to_owned(), (*with).to_owned());
    let options = Options {
        overrides: settings.map(|all| all.iter().map(owned).collect::<BTreeMap<_, _>>()),
        ..Options::default()
    };
    said_with(kind, lock, &[manifest], &options)
}

/// pnpm's lockfile with an override.
fn of_pnpm(with: &str) -> String {
    let rules = format!("overrides:\n  is-number: {with}\n\nimporters:");
    pnpm().replace("importers:", &rules)
}

/// bun's lockfile with an override.
fn of_bun(with: &str) -> String {
    let rules =
        format!("  \"overrides\": {{\n    \"is-number\": \"{with}\",\n  }},\n  \"packages\"");
    bun().replace("  \"packages\"", &rules)
}

#[test]
fn an_override_that_only_the_lockfile_has_is_told() {
    assert_snapshot!(said(Kind::PnpmLock, &of_pnpm("7.0.0"), &json(""), Some(&[])), @r"
    warning lock-manifest: the lockfile says to take something else than is asked for, and the project does not
        is-number: 7.0.0
    ");
    assert_snapshot!(said(Kind::BunLock, &of_bun("7.0.0"), &json(""), None), @r"
    warning lock-manifest: the lockfile says to take something else than is asked for, and the project does not
        is-number: 7.0.0
    ");
}

#[test]
fn an_override_that_the_project_has_is_quiet_wherever_it_stands() {
    let lock = of_pnpm("7.0.0");
    for (more, settings) in [
        ("", &[("is-number", "7.0.0")][..]),
        (r#","pnpm":{"overrides":{"is-number":"7.0.0"}}"#, &[]),
        (r#","resolutions":{"**/is-number":"npm:7.0.0"}"#, &[]),
        // What the catalog says is not known here.
        ("", &[("is-number", "catalog:")]),
    ] {
        let text = said(Kind::PnpmLock, &lock, &json(more), Some(settings));
        assert_eq!(text, "", "{more}");
    }
    for more in [
        r#","overrides":{"is-number":"7.0.0"}"#,
        r#","overrides":{"is-number":{".":"7.0.0"}}"#,
        r#","resolutions":{"**/is-number":"7.0.0"}"#,
    ] {
        let text = said(Kind::BunLock, &of_bun("7.0.0"), &json(more), None);
        assert_eq!(text, "", "{more}");
    }
    // `$name` is what the project asks for itself.
    let own = json(r#","overrides":{"is-number":"$is-number"}"#);
    assert_eq!(said(Kind::BunLock, &of_bun("^7.0.0"), &own, None), "");
}

#[test]
fn what_a_hook_or_settings_that_nobody_read_may_have_changed_is_no_difference() {
    assert_eq!(said(Kind::PnpmLock, &of_pnpm("7.0.0"), &json(""), None), "");
    let hooked = of_pnpm("7.0.0").replace("overrides:", "pnpmfileChecksum: abc\n\noverrides:");
    assert_eq!(said(Kind::PnpmLock, &hooked, &json(""), Some(&[])), "");
}

#[test]
fn an_override_that_the_lockfile_does_not_know_or_has_in_other_words_is_told() {
    let more = json(r#","pnpm":{"overrides":{"is-number":"7.0.0"}}"#);
    assert_snapshot!(said(Kind::PnpmLock, &pnpm(), &more, Some(&[])), @r"
    warning lock-manifest: the project says what to take for is-number, and the lockfile does not know it
    ");
    assert_snapshot!(said(Kind::PnpmLock, &of_pnpm("npm:is-odd@3.0.1"), &more, Some(&[])), @r"
    warning lock-manifest: the lockfile says to take something else instead of a package than the project does
        is-number: 7.0.0 in the project, npm:is-odd@3.0.1 in the lockfile
    ");
    let more = json(r#","resolutions":{"is-number":"7.0.0"}"#);
    assert_snapshot!(said(Kind::BunLock, &bun(), &more, None), @r"
    warning lock-manifest: the project says what to take for is-number, and the lockfile does not know it
    ");
}

#[test]
fn overrides_that_a_manager_does_not_read_need_not_be_in_its_lockfile() {
    let npms = json(r#","overrides":{"is-number":"7.0.0"}"#);
    assert_eq!(said(Kind::PnpmLock, &pnpm(), &npms, Some(&[])), "");
    let below = json(
        r#","overrides":{"kind-of":{"is-number":"7.0.0"}},"resolutions":{"kind-of/is-number":"7.0.0"}"#,
    );
    assert_eq!(said(Kind::BunLock, &bun(), &below, None), "");
}
