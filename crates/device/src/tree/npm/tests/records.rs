//! What managers note of their own work is judged by what it says.

use super::*;

fn pnpm() -> (World, String) {
    let world = World::new();
    let manifest = manifest("a", "1.0.0");
    let bytes = Tarball::new()
        .file("package.json", manifest.as_bytes())
        .bytes();
    let digest = world.keep(&bytes);
    world.write(
        "node_modules/.pnpm/a@1.0.0/node_modules/a/package.json",
        &manifest,
    );
    let lock = format!(
        "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: {{integrity: {}}}\nsnapshots:\n  a@1.0.0: {{}}\n",
        digest.to_sri()
    );
    world.write("pnpm-lock.yaml", &lock);
    (world, lock)
}

fn standing(world: &World, lockfile: &str, path: &str) -> String {
    let report = world.check_with(lockfile, &world.options());
    let mut loose = report.loose.iter();
    let found = loose.find(|one| one.path == path).unwrap();
    match &found.standing {
        Standing::Explained(_) => "explained".into(),
        Standing::MadeHere { .. } => "made here".into(),
        Standing::Unexplained => "unexplained".into(),
    }
}

#[test]
fn pnpm_s_records_are_right_where_they_say_what_the_lockfile_says() {
    let (world, lock) = pnpm();
    let modules = r#"{"storeDir": "/srv/store/v10", "layoutVersion": 5, "skipped": []}"#;
    let state = r#"{"lastValidatedTimestamp": 1, "projects": {}, "settings": {}}"#;
    let look = |name: &str, text: &str| {
        let path = format!("node_modules/{name}");
        world.write(&path, text);
        standing(&world, "pnpm-lock.yaml", &path)
    };
    assert_eq!(look(".modules.yaml", modules), "explained");
    assert_eq!(
        look(".modules.yaml", &modules.replace("v10", "v11")),
        "explained"
    );
    assert_eq!(
        look(".modules.yaml", "storeDir: /srv/store/v3\n"),
        "made here"
    );
    assert_eq!(
        look(".modules.yaml", &format!("{modules}\nevil()")),
        "unexplained"
    );
    assert_eq!(look(".modules.yaml", r#"{"other": 1}"#), "made here");
    for (more, answer) in [
        (r#""virtualStoreDir": ".pnpm""#, "explained"),
        (r#""virtualStoreDir": "../../evil""#, "made here"),
        (r#""virtualStoreDir": "/srv/links""#, "made here"),
        (
            r#""registries": {"default": "https://registry.example/"}"#,
            "explained",
        ),
        (r#""registries": {"default": "evil"}"#, "unexplained"),
    ] {
        let text = modules.replace("\"layoutVersion\"", &format!("{more}, \"layoutVersion\""));
        assert_eq!(look(".modules.yaml", &text), answer, "{more}");
    }
    assert_eq!(look(".pnpm-workspace-state-v1.json", state), "explained");
    assert_eq!(look(".pnpm-workspace-state-v1.json", "evil"), "unexplained");
    assert_eq!(look(".pnpm/lock.yaml", &lock), "explained");
    let other = lock.replace("a@1.0.0", "a@1.0.1");
    assert_eq!(look(".pnpm/lock.yaml", &other), "unexplained");
    assert!(is_record("apps/web/node_modules/.modules.yaml"));
    assert!(!is_record("node_modules/.cache/.modules.yaml"));
}

#[test]
fn yarn_s_records_lead_nowhere_else_than_the_lockfile() {
    let world = World::new();
    let lock = "# yarn lockfile v1\n\n\na@^1.0.0:\n  version \"1.0.0\"\n  resolved \"https://registry.example/a/-/a-1.0.0.tgz#0123456789012345678901234567890123456789\"\n";
    world.write("yarn.lock", lock);
    let look = |name: &str, text: &str| {
        let path = format!("node_modules/{name}");
        world.write(&path, text);
        standing(&world, "yarn.lock", &path)
    };
    let record = |host: &str, sha1: &str| {
        format!(
            r#"{{"flags": [], "lockfileEntries": {{"a@^1.0.0": "https://{host}/a/-/a-1.0.0.tgz#{sha1}"}}}}"#
        )
    };
    let sha1 = "0123456789012345678901234567890123456789";
    for (host, sha1, answer) in [
        ("registry.example", sha1, "explained"),
        ("mirror.example/npm", sha1, "explained"),
        ("registry.example", "01", "unexplained"),
    ] {
        assert_eq!(look(".yarn-integrity", &record(host, sha1)), answer);
    }
    let state = |place: &str| {
        format!(
            "__metadata:\n  version: 1\n\n\"own@workspace:.\":\n  locations:\n    - \"{place}\"\n"
        )
    };
    for (place, answer) in [
        ("", "explained"),
        ("packages/own", "explained"),
        ("node_modules/evil", "unexplained"),
        ("../evil", "unexplained"),
    ] {
        assert_eq!(look(".yarn-state.yml", &state(place)), answer, "{place}");
    }
    let map = |url: &str| format!(r#"{{"packages": {{"a": {{"url": "{url}"}}}}}}"#);
    assert_eq!(look(".package-map.json", &map("..")), "explained");
    for evil in [
        "../../evil",
        "/srv/evil",
        "./evil",
        "data:text/javascript,1",
    ] {
        assert_eq!(
            look(".package-map.json", &map(evil)),
            "unexplained",
            "{evil}"
        );
    }
}

#[test]
fn names_of_yarn_s_map_lead_to_folders_of_their_name() {
    let world = World::new();
    let lock = "# yarn lockfile v1\n\n\na@^1.0.0:\n  version \"1.0.0\"\n  resolved \"https://registry.example/a/-/a-1.0.0.tgz#0123456789012345678901234567890123456789\"\n";
    world.write("yarn.lock", lock);
    world.write("package.json", r#"{"name": "own"}"#);
    world.write("node_modules/a/package.json", manifest("a", "1.0.0"));
    let look = |name: &str, to: &str| {
        let map = format!(
            r#"{{"packages": {{".": {{"url": "..", "dependencies": {{"{name}": "{to}"}}}}, "a": {{"url": "./a"}}}}}}"#
        );
        let path = "node_modules/.package-map.json";
        world.write(path, map);
        standing(&world, "yarn.lock", path)
    };
    assert_eq!(look("a", "a"), "explained");
    assert_eq!(look("own", "."), "explained");
    assert_eq!(look("b", "a"), "unexplained");
    assert_eq!(look("a", "evil"), "unexplained");
    assert_eq!(look("a", "."), "made here");
}
