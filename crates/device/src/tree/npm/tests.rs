//! Synthetic trees: what is tampered with is told, and what is ordinary is explained.

use super::*;
use crate::tree::{Against, Caches};
use crate::tree::testing::{Tarball, sha512};
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

/// A project with a store of artifacts beside it.
struct World {
    folder: tempfile::TempDir,
    lock: BTreeMap<String, serde_json::Value>,
}

impl World {
    fn new() -> Self {
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
            lock: BTreeMap::new(),
        };
        fs::create_dir_all(world.project().join("node_modules")).unwrap();
        world
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    fn at(&self, path: &str) -> PathBuf {
        self.project().join(path)
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Keeps an artifact in the store and gives its integrity.
    fn keep(&self, bytes: &[u8]) -> Digest {
        let digest = sha512(bytes);
        let hex = digest.to_hex();
        let folder = self.store().join("sha512").join(&hex[..2]);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(&hex[2..]), bytes).unwrap();
        digest
    }

    fn lock(&mut self, place: &str, version: &str, digest: &Digest, more: serde_json::Value) {
        let mut entry = serde_json::json!({"version": version, "integrity": digest.to_sri()});
        let more = more.as_object().unwrap().clone();
        entry.as_object_mut().unwrap().extend(more);
        self.lock.insert(place.to_owned(), entry);
    }

    /// A package with a manifest, a module and a program, installed as npm does it.
    fn install(&mut self, name: &str, version: &str) {
        let manifest = manifest(name, version);
        let bytes = Tarball::new()
            .file("package.json", manifest.as_bytes())
            .file("index.js", b"module.exports = 1;\n")
            .file("cli.js", b"#!/usr/bin/env node\n")
            .bytes();
        let digest = self.keep(&bytes);
        let place = format!("node_modules/{name}");
        self.lock(&place, version, &digest, serde_json::json!({}));
        self.write(&format!("{place}/package.json"), manifest);
        self.write(&format!("{place}/index.js"), "module.exports = 1;\n");
        self.write(&format!("{place}/cli.js"), "#!/usr/bin/env node\n");
        executable(&self.at(&format!("{place}/cli.js")));
    }

    fn options(&self) -> Options {
        Options {
            gate_store: Some(self.store()),
            ..Options::default()
        }
    }

    fn write_lock(&self) {
        let lock = serde_json::json!({"lockfileVersion": 3, "packages": self.lock});
        self.write("package-lock.json", lock.to_string());
    }

    fn check(&self, options: &Options) -> TreeReport {
        self.write_lock();
        self.check_with("package-lock.json", options)
    }

    fn check_with(&self, lockfile: &str, options: &Options) -> TreeReport {
        let lock = Lock::open(&self.at(lockfile)).unwrap();
        check(&self.project(), &lock, options)
    }

    fn told(&self) -> String {
        told(&self.check(&self.options()))
    }
}

fn manifest(name: &str, version: &str) -> String {
    format!(r#"{{"name": "{name}", "version": "{version}", "bin": {{"{name}": "cli.js"}}}}"#)
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn link(target: &str, at: &Path) {
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(target, at).unwrap();
}

fn told(report: &TreeReport) -> String {
    let mut out = String::new();
    for package in &report.packages {
        let answer = match &package.answer {
            Answer::Yes => "yes".to_owned(),
            Answer::No => "NO".to_owned(),
            Answer::NotChecked(because) => format!("not checked: {because}"),
        };
        writeln!(out, "{} {answer}", package.release.spoken()).unwrap();
        if let Some(decoy) = &package.decoy {
            writeln!(out, "  claims to be {decoy}").unwrap();
        }
        for difference in &package.differences {
            writeln!(out, "  {}", one(difference)).unwrap();
        }
    }
    for difference in &report.loose {
        writeln!(out, "loose {}", one(difference)).unwrap();
    }
    for poisoned in &report.poisoned {
        writeln!(
            out,
            "poisoned {} {}",
            poisoned.cache,
            poisoned.release.spoken()
        )
        .unwrap();
    }
    for note in &report.not_checked {
        writeln!(out, "note {note}").unwrap();
    }
    out
}

fn one(difference: &Difference) -> String {
    let standing = match &difference.standing {
        Standing::Unexplained => "UNEXPLAINED".to_owned(),
        Standing::MadeHere { maker, .. } => format!("made here by {maker}"),
        Standing::Explained(cause) => match cause {
            Cause::Manager { what } | Cause::InstallScript { what } | Cause::Installer { what } => {
                what.clone()
            }
            Cause::CopyOf { release, path } => format!("copy of {} {path}", release.spoken()),
            Cause::Patch { file } => format!("patch {file}"),
            Cause::Bytecode { source } => source.clone(),
            Cause::OtherPlatform => "for another platform".to_owned(),
        },
    };
    format!("{:?} {}: {standing}", difference.kind, difference.path)
}

#[test]
fn an_untouched_tree_is_as_it_should_be() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    link("../a/cli.js", &world.at("node_modules/.bin/a"));
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 yes
    loose Extra node_modules/.bin/a: a link to a program that its package declares
    ");
}

/// A way to tamper with the tree of package `a`.
type Tampering = (&'static str, fn(&World));

const TAMPERINGS: &[Tampering] = &[
    ("edited", |w| {
        w.write("node_modules/a/index.js", "module.exports = 2;\n")
    }),
    ("added", |w| w.write("node_modules/a/more.js", "evil")),
    ("deleted", |w| {
        fs::remove_file(w.at("node_modules/a/index.js")).unwrap()
    }),
    ("file replaced by a folder", |w| {
        fs::remove_file(w.at("node_modules/a/index.js")).unwrap();
        w.write("node_modules/a/index.js/index.js", "evil");
    }),
    ("file replaced by a link to the same bytes", |w| {
        fs::rename(w.at("node_modules/a/index.js"), w.at("elsewhere.js")).unwrap();
        link("../../elsewhere.js", &w.at("node_modules/a/index.js"));
    }),
    ("package replaced by a link out of the tree", |w| {
        fs::rename(w.at("node_modules/a"), w.folder.path().join("a")).unwrap();
        link("../../a", &w.at("node_modules/a"));
    }),
    ("twin that differs by case", |w| {
        w.write("node_modules/a/Index.js", "evil")
    }),
    ("hidden folder in the package", |w| {
        w.write("node_modules/a/.x/y.js", "evil")
    }),
    ("nested node_modules", |w| {
        w.write("node_modules/a/node_modules/b/index.js", "evil")
    }),
    ("package that nobody locked", |w| {
        w.write("node_modules/evil/index.js", "evil")
    }),
    ("file beside the packages", |w| {
        w.write("node_modules/index.js", "evil")
    }),
    ("decoy", |w| {
        w.write("node_modules/a/package.json", manifest("a", "0.9.0"))
    }),
    ("another package's manifest", |w| {
        w.write("node_modules/a/package.json", manifest("b", "1.0.0"))
    }),
    ("program that leads elsewhere", |w| {
        w.write("evil.js", "evil");
        link("../../evil.js", &w.at("node_modules/.bin/a"));
    }),
    ("program under another name", |w| {
        link("../a/cli.js", &w.at("node_modules/.bin/git"))
    }),
    ("program that is a script", |w| {
        w.write("node_modules/.bin/a", "#!/bin/sh\nevil\n")
    }),
    ("hidden list with another digest", |w| {
        w.write("node_modules/.package-lock.json", r#"{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0", "integrity": "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA="}}}"#);
    }),
    ("native module where nothing is built", |w| {
        w.write("node_modules/a/build/x.node", "\x7fELF")
    }),
    ("not executable any more", |w| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(
            w.at("node_modules/a/cli.js"),
            fs::Permissions::from_mode(0o644),
        )
        .unwrap();
    }),
    ("cache", |w| {
        w.write("node_modules/.cache/babel/x.json", "{}")
    }),
    ("folder that is empty", |w| {
        fs::create_dir_all(w.at("node_modules/a/empty")).unwrap()
    }),
    ("package deleted", |w| {
        fs::remove_dir_all(w.at("node_modules/a")).unwrap()
    }),
];

#[test]
fn each_way_to_tamper_is_told_by_its_path() {
    let mut out = String::new();
    for (name, tamper) in TAMPERINGS {
        let mut world = World::new();
        world.install("a", "1.0.0");
        tamper(&world);
        write!(out, "== {name}\n{}", world.told()).unwrap();
    }
    insta::assert_snapshot!(out, @r"
    == edited
    a@1.0.0 NO
      Modified index.js: UNEXPLAINED
    == added
    a@1.0.0 NO
      Extra more.js: UNEXPLAINED
    == deleted
    a@1.0.0 NO
      Missing index.js: UNEXPLAINED
    == file replaced by a folder
    a@1.0.0 NO
      OtherType index.js: UNEXPLAINED
      Extra index.js/index.js: UNEXPLAINED
    == file replaced by a link to the same bytes
    a@1.0.0 NO
      OtherType index.js: UNEXPLAINED
    == package replaced by a link out of the tree
    a@1.0.0 NO
      Missing : UNEXPLAINED
    loose Extra node_modules/a: UNEXPLAINED
    == twin that differs by case
    a@1.0.0 NO
      Extra Index.js: UNEXPLAINED
    == hidden folder in the package
    a@1.0.0 NO
      Extra .x/y.js: UNEXPLAINED
    == nested node_modules
    a@1.0.0 NO
      Extra node_modules/b/index.js: UNEXPLAINED
    == package that nobody locked
    a@1.0.0 yes
    loose Extra node_modules/evil/index.js: UNEXPLAINED
    == file beside the packages
    a@1.0.0 yes
    loose Extra node_modules/index.js: UNEXPLAINED
    == decoy
    a@1.0.0 NO
      claims to be a@0.9.0
      Modified package.json: UNEXPLAINED
    == another package's manifest
    a@1.0.0 NO
      claims to be b@1.0.0
      Modified package.json: UNEXPLAINED
    == program that leads elsewhere
    a@1.0.0 yes
    loose Extra node_modules/.bin/a: UNEXPLAINED
    == program under another name
    a@1.0.0 yes
    loose Extra node_modules/.bin/git: UNEXPLAINED
    == program that is a script
    a@1.0.0 yes
    loose Extra node_modules/.bin/a: UNEXPLAINED
    == hidden list with another digest
    a@1.0.0 yes
    loose Extra node_modules/.package-lock.json: UNEXPLAINED
    == native module where nothing is built
    a@1.0.0 NO
      Extra build/x.node: UNEXPLAINED
    == not executable any more
    a@1.0.0 yes
      Mode cli.js: only whether it can be executed differs; its bytes are the artifact's
    == cache
    a@1.0.0 yes
    loose Extra node_modules/.cache/babel/x.json: made here by the cache of babel
    == folder that is empty
    a@1.0.0 yes
    == package deleted
    a@1.0.0 NO
      Missing : UNEXPLAINED
    ");
}

#[test]
fn a_lockfile_that_names_another_package_is_told_by_the_manifest() {
    let mut world = World::new();
    world.install("odd", "3.0.1");
    let entry = world.lock.remove("node_modules/odd").unwrap();
    fs::rename(
        world.at("node_modules/odd"),
        world.at("node_modules/number"),
    )
    .unwrap();
    world.lock.insert("node_modules/number".into(), entry);
    insta::assert_snapshot!(world.told(), @r"
    number@3.0.1 NO
      claims to be odd@3.0.1
    ");
}

#[test]
fn what_a_platform_package_brings_may_be_copied_and_nothing_else() {
    let mut world = World::new();
    let binary = b"\x7fELF the program";
    let wrapper = r#"{"name": "w", "version": "1.0.0", "scripts": {"postinstall": "node i"}}"#;
    let bytes = Tarball::new()
        .file("package.json", wrapper.as_bytes())
        .program("bin/w", b"#!/usr/bin/env node\n")
        .bytes();
    let digest = world.keep(&bytes);
    world.lock(
        "node_modules/w",
        "1.0.0",
        &digest,
        serde_json::json!({"hasInstallScript": true}),
    );
    world.write("node_modules/w/package.json", wrapper);
    world.write("node_modules/w/bin/w", binary);
    executable(&world.at("node_modules/w/bin/w"));
    let platform = r#"{"name": "@w/here", "version": "1.0.0"}"#;
    let bytes = Tarball::new()
        .file("package.json", platform.as_bytes())
        .program("bin/w", binary)
        .bytes();
    let digest = world.keep(&bytes);
    let here = serde_json::json!({"optional": true, "os": ["!none"]});
    world.lock("node_modules/@w/here", "1.0.0", &digest, here);
    world.write("node_modules/@w/here/package.json", platform);
    world.write("node_modules/@w/here/bin/w", binary);
    executable(&world.at("node_modules/@w/here/bin/w"));
    let elsewhere = serde_json::json!({"optional": true, "os": ["none"]});
    world.lock("node_modules/@w/elsewhere", "1.0.0", &digest, elsewhere);
    insta::assert_snapshot!(world.told(), @r"
    @w/elsewhere@1.0.0 yes
      Missing : for another platform
    @w/here@1.0.0 yes
    w@1.0.0 yes
      Modified bin/w: copy of @w/here@1.0.0 bin/w
    ");
    world.write("node_modules/w/bin/w", b"\x7fELF another");
    insta::assert_snapshot!(world.told(), @r"
    @w/elsewhere@1.0.0 yes
      Missing : for another platform
    @w/here@1.0.0 yes
    w@1.0.0 NO
      Modified bin/w: UNEXPLAINED
    ");
}

#[test]
fn what_a_script_at_install_builds_is_made_here() {
    let mut world = World::new();
    let manifest =
        r#"{"name": "n", "version": "1.0.0", "scripts": {"install": "node-gyp rebuild"}}"#;
    let bytes = Tarball::new()
        .file("package.json", manifest.as_bytes())
        .bytes();
    let digest = world.keep(&bytes);
    world.lock("node_modules/n", "1.0.0", &digest, serde_json::json!({}));
    world.write("node_modules/n/package.json", manifest);
    world.write("node_modules/n/build/Release/n.node", "\x7fELF");
    world.write("node_modules/n/index.js", "evil");
    insta::assert_snapshot!(world.told(), @r"
    n@1.0.0 NO
      Extra build/Release/n.node: made here by the install script of n@1.0.0
      Extra index.js: UNEXPLAINED
    ");
    fs::remove_file(world.at("node_modules/n/index.js")).unwrap();
    let mut report = world.check(&world.options());
    report.pin(&|path| path.ends_with("n.node").then(|| Digest::sha256(b"\x7fELF")));
    assert_eq!(report.packages[0].answer, Answer::Yes);
    report.pin(&|path| path.ends_with("n.node").then(|| Digest::sha256(b"other")));
    assert_eq!(report.packages[0].answer, Answer::No);
}

#[test]
fn a_committed_patch_explains_what_it_makes_and_nothing_else() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    let patch = "diff --git a/node_modules/a/index.js b/node_modules/a/index.js\n--- a/node_modules/a/index.js\n+++ b/node_modules/a/index.js\n@@ -1 +1 @@\n-module.exports = 1;\n+module.exports = 3;\n";
    world.write("patches/a+1.0.0.patch", patch);
    world.write("node_modules/a/index.js", "module.exports = 3;\n");
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 yes
      Modified index.js: patch patches/a+1.0.0.patch
    ");
    world.write("node_modules/a/index.js", "module.exports = 4;\n");
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 NO
      Modified index.js: UNEXPLAINED
    ");
}

#[test]
fn a_copy_that_is_not_what_is_promised_is_a_poisoned_cache_and_proves_nothing() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    let bytes = Tarball::new().file("package.json", b"{}").bytes();
    let digest = sha512(b"something else");
    let hex = digest.to_hex();
    let folder = world.store().join("sha512").join(&hex[..2]);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(&hex[2..]), bytes).unwrap();
    world.lock("node_modules/a", "1.0.0", &digest, serde_json::json!({}));
    insta::assert_snapshot!(world.told(), @r"
    a@1.0.0 not checked: the copy in the gate's store is not what the lockfile promises; empty that cache, and fetch it again
    poisoned the gate's store a@1.0.0
    ");
}

#[test]
fn what_is_absent_or_has_no_digest_is_not_checked() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    let options = Options::default();
    insta::assert_snapshot!(told(&world.check(&options)), @r"a@1.0.0 not checked: its artifact is not on this computer; fetch it with --fetch");
    world.lock.get_mut("node_modules/a").unwrap()["integrity"] = serde_json::json!("");
    insta::assert_snapshot!(world.told(), @r"a@1.0.0 not checked: the lockfile promises no digest of it; let its manager write one");
}

#[test]
fn an_unchanged_tree_is_not_read_again_and_a_change_is_seen_whatever_its_mtime() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    world.install("b", "1.0.0");
    let seen = world.folder.path().join("seen");
    let options = Options {
        seen: Some(seen),
        now: SystemTime::now() + Duration::from_secs(60),
        ..world.options()
    };
    assert_eq!(world.check(&options).unchanged, 0);
    let again = world.check(&options);
    assert_eq!(again.unchanged, 2);
    assert!(
        again
            .packages
            .iter()
            .all(|package| package.answer == Answer::Yes)
    );
    let deep = Options {
        deep: true,
        ..options.clone()
    };
    assert_eq!(world.check(&deep).unchanged, 0);

    let file = world.at("node_modules/a/index.js");
    let modified = fs::metadata(&file).unwrap().modified().unwrap();
    std::thread::sleep(Duration::from_millis(20));
    fs::write(&file, "module.exports = 9;\n").unwrap();
    let opened = fs::File::options().write(true).open(&file).unwrap();
    opened.set_modified(modified).unwrap();
    let report = world.check(&options);
    assert_eq!(report.unchanged, 1);
    assert_eq!(report.packages[0].answer, Answer::No);
}

#[test]
fn pnpm_s_layout_is_read_by_the_names_of_its_folders() {
    let world = World::new();
    let manifest = manifest("a", "1.0.0");
    let bytes = Tarball::new()
        .file("package.json", manifest.as_bytes())
        .file("cli.js", b"c")
        .bytes();
    let digest = world.keep(&bytes);
    let store = "node_modules/.pnpm/a@1.0.0_react@18.0.0/node_modules";
    world.write(&format!("{store}/a/package.json"), &manifest);
    world.write(&format!("{store}/a/cli.js"), "c");
    executable(&world.at(&format!("{store}/a/cli.js")));
    link(
        ".pnpm/a@1.0.0_react@18.0.0/node_modules/a",
        &world.at("node_modules/a"),
    );
    link(
        ".pnpm/a@1.0.0_react@18.0.0/node_modules/a",
        &world.at("node_modules/react"),
    );
    let lock = format!(
        "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        specifier: ^1\n        version: 1.0.0\npackages:\n  a@1.0.0:\n    resolution: {{integrity: {}}}\nsnapshots:\n  a@1.0.0: {{}}\n",
        digest.to_sri()
    );
    world.write("pnpm-lock.yaml", lock);
    let report = world.check_with("pnpm-lock.yaml", &world.options());
    insta::assert_snapshot!(told(&report), @r"
    a@1.0.0 yes
    loose Extra node_modules/a: a link to the package of its name
    loose Extra node_modules/react: UNEXPLAINED
    ");
}

#[test]
fn a_script_of_pnpm_names_folders_by_their_real_path_and_a_project_may_be_named_otherwise() {
    let mut world = World::new();
    world.install("a", "1.0.0");
    let real = fs::canonicalize(world.project()).unwrap();
    let shim = format!(
        "#!/bin/sh\nexport NODE_PATH=\"{}/node_modules\"\nexec node \"$basedir/../a/cli.js\" \"$@\"\n",
        real.display()
    );
    world.write("node_modules/.bin/a", shim);
    world.write_lock();
    let named = world.project().join("node_modules/..");
    let lock = Lock::open(&world.at("package-lock.json")).unwrap();
    let report = check(&named, &lock, &world.options());
    assert!(matches!(report.loose[0].standing, Standing::Explained(_)));
}

#[test]
fn pnpm_s_own_list_is_named_as_such() {
    let world = World::new();
    let manifest = manifest("a", "1.0.0");
    let place = "node_modules/.pnpm/a@1.0.0/node_modules/a";
    world.write(&format!("{place}/package.json"), &manifest);
    world.write(&format!("{place}/cli.js"), "edited");
    let tarball = sha512(b"the tarball");
    let hex = tarball.to_hex();
    let store = world.folder.path().join("pnpm/v10");
    let list = serde_json::json!({"files": {
        "package.json": {"integrity": sha512(manifest.as_bytes()).to_sri(), "mode": 420, "size": 1},
        "cli.js": {"integrity": sha512(b"c").to_sri(), "mode": 420, "size": 1},
    }});
    let folder = store.join("index").join(&hex[..2]);
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join(format!("{}-a@1.0.0.json", &hex[2..64])),
        list.to_string(),
    )
    .unwrap();
    let lock = format!(
        "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: {{integrity: {}}}\nsnapshots:\n  a@1.0.0: {{}}\n",
        tarball.to_sri()
    );
    world.write("pnpm-lock.yaml", lock);
    let options = Options {
        caches: Caches {
            pnpm_store: Some(store),
            ..Caches::default()
        },
        ..world.options()
    };
    let report = world.check_with("pnpm-lock.yaml", &options);
    assert!(matches!(
        report.packages[0].against,
        Some(Against::OwnList { .. })
    ));
    assert_eq!(
        report.packages[0].differences[0].expected,
        Some(sha512(b"c"))
    );
    insta::assert_snapshot!(told(&report), @r"
    a@1.0.0 NO
      Modified cli.js: UNEXPLAINED
    ");
}

#[test]
fn yarn_1_is_walked_and_a_manifest_is_only_a_claim() {
    let world = World::new();
    let manifest = manifest("a", "1.0.0");
    let bytes = Tarball::new()
        .file("package.json", manifest.as_bytes())
        .bytes();
    let digest = world.keep(&bytes);
    world.write("node_modules/a/package.json", &manifest);
    let lock = format!(
        "# yarn lockfile v1\n\n\na@^1.0.0:\n  version \"1.0.0\"\n  resolved \"https://registry.example/a/-/a-1.0.0.tgz\"\n  integrity {}\n",
        digest.to_sri()
    );
    world.write("yarn.lock", lock);
    let look = || told(&world.check_with("yarn.lock", &world.options()));
    insta::assert_snapshot!(look(), @r"a@1.0.0 yes");
    world.write(
        "node_modules/a/package.json",
        manifest.replace("1.0.0", "2.0.0"),
    );
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 NO
      claims to be a@2.0.0
      Modified package.json: UNEXPLAINED
    ");
}

#[test]
fn yarn_4_is_compared_with_its_own_zip() {
    use std::io::Write as _;
    let world = World::new();
    let manifest = manifest("a", "1.0.0");
    let mut zip = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = ::zip::write::SimpleFileOptions::default().unix_permissions(0o644);
    for (path, content) in [("package.json", manifest.as_str()), ("index.js", "i")] {
        zip.start_file(format!("node_modules/a/{path}"), options)
            .unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    let digest = sha512(&bytes);
    world.write(".yarn/cache/a-npm-1.0.0-0123456789-10c0.zip", &bytes);
    world.write("node_modules/a/package.json", &manifest);
    world.write("node_modules/a/index.js", "edited");
    let lock = format!(
        "__metadata:\n  version: 8\n  cacheKey: 10c0\n\n\"a@npm:^1.0.0\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  checksum: 10c0/{}\n  languageName: node\n  linkType: hard\n",
        digest.to_hex()
    );
    world.write("yarn.lock", lock);
    let look = || told(&world.check_with("yarn.lock", &world.options()));
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 NO
      Modified index.js: UNEXPLAINED
    ");
    fs::remove_dir_all(world.at("node_modules")).unwrap();
    world.write(".pnp.cjs", "loader");
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 yes
    loose Extra .pnp.cjs: made here by Yarn: its loader of modules, code that each program here runs first
    ");
    let unplugged = ".yarn/unplugged/a-npm-1.0.0-0123456789/node_modules/a";
    world.write(&format!("{unplugged}/package.json"), &manifest);
    world.write(&format!("{unplugged}/index.js"), "edited");
    world.write(&format!("{unplugged}/.ready"), "");
    world.write(".yarn/unplugged/evil.js", "evil");
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 yes
    a@1.0.0 NO
      Extra .ready: Yarn's mark that it unpacked a package; it is empty
      Modified index.js: UNEXPLAINED
    loose Extra .pnp.cjs: made here by Yarn: its loader of modules, code that each program here runs first
    loose Extra .yarn/unplugged/evil.js: UNEXPLAINED
    ");
    world.write(".yarn/cache/a-npm-1.0.0-0123456789-10c0.zip", "other");
    insta::assert_snapshot!(look(), @r"
    a@1.0.0 NO
    a@1.0.0 not checked: the copy in Yarn's cache is not what the lockfile promises; empty that cache, and fetch it again
    loose Extra .pnp.cjs: made here by Yarn: its loader of modules, code that each program here runs first
    loose Extra .yarn/unplugged/evil.js: UNEXPLAINED
    poisoned Yarn's cache a@1.0.0
    ");
}
