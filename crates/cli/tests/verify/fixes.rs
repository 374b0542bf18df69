//! `customs check --fix` where the lockfile itself is edited: what is written is what cargo and uv
//! take for their own, and neither of them is run for it.

use crate::check::Shop;
use crate::world::folder_of;
use std::process::Command;

/// A program that has to succeed.
fn succeeds(shop: &Shop, program: &str, words: &[&str]) {
    let mut command = Command::new(program);
    command.args(words);
    let ran = shop.run(command);
    assert!(ran.status.success(), "{words:?}: {ran:?}");
}

/// Shows the change, then writes it; gives what was shown.
fn fixed(shop: &Shop, lockfile: &str) -> String {
    let policy = shop.policy();
    assert_eq!(policy["answer"]["answer"], "no", "{policy}");
    let before = shop.read(lockfile);
    let shown = shop.customs(&["--fix"]);
    assert_eq!(shown.status.code(), Some(1), "{shown:?}");
    assert_eq!(shop.read(lockfile), before);
    let written = shop.customs(&["--fix", "--yes"]);
    assert_eq!(written.status.code(), Some(5), "{written:?}");
    assert_ne!(shop.read(lockfile), before);
    String::from_utf8(shown.stdout).unwrap()
}

#[test]
fn cargos_lockfile_is_edited_and_cargo_takes_it_as_it_is() {
    let shop = Shop::of("arrayref");
    let index = format!("sparse+{}/index/", shop.registry());
    shop.write(
        ".cargo/config.toml",
        &format!(
            "[source.crates-io]\nreplace-with = \"shop\"\n[source.shop]\nregistry = \"{index}\"\n"
        ),
    );
    shop.write(
        "project/Cargo.toml",
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\narrayref = \"0.3\"\n",
    );
    shop.write("project/src/lib.rs", "");
    let cargo = env!("CARGO");
    succeeds(&shop, cargo, &["generate-lockfile"]);
    let lock = shop.read("project/Cargo.lock");
    assert!(lock.contains("name = \"proc-macro1\""), "{lock}");
    let shown = fixed(&shop, "project/Cargo.lock");
    for part in [
        "arrayref@0.3.10 → 0.3.4",
        "-version = \"0.3.10\"",
        "+version = \"0.3.4\"",
        "-name = \"proc-macro1\"",
    ] {
        assert!(shown.contains(part), "{part:?} is not in {shown}");
    }
    assert!(!shown.contains("cargo update"), "{shown}");
    let lock = shop.read("project/Cargo.lock");
    assert!(!lock.contains("proc-macro1"), "{lock}");
    succeeds(&shop, cargo, &["fetch", "--locked"]);
    assert_eq!(shop.read("project/Cargo.lock"), lock);
    let policy = shop.policy();
    assert_ne!(policy["answer"]["answer"], "no", "{policy}");
}

#[test]
fn uvs_lockfile_is_edited_and_uv_takes_it_as_it_is() {
    let shop = Shop::of("litellm");
    let index = format!("{}/simple/", shop.registry());
    shop.write(
        ".config/uv/uv.toml",
        &format!("[[index]]\nurl = \"{index}\"\ndefault = true\n"),
    );
    shop.write(
        "project/pyproject.toml",
        "[project]\nname = \"shop\"\nversion = \"0.1.0\"\nrequires-python = \">=3.9\"\ndependencies = [\"litellm>=1.82\"]\n",
    );
    let uv = folder_of("uv").join("uv");
    let uv = uv.to_str().unwrap();
    succeeds(&shop, uv, &["lock"]);
    let shown = fixed(&shop, "project/uv.lock");
    for part in [
        "litellm@1.82.8 → 1.82.6",
        "-version = \"1.82.8\"",
        "+version = \"1.82.6\"",
    ] {
        assert!(shown.contains(part), "{part:?} is not in {shown}");
    }
    assert!(!shown.contains("uv lock"), "{shown}");
    let lock = shop.read("project/uv.lock");
    succeeds(&shop, uv, &["lock", "--check"]);
    succeeds(&shop, uv, &["lock"]);
    assert_eq!(shop.read("project/uv.lock"), lock);
    let policy = shop.policy();
    assert_ne!(policy["answer"]["answer"], "no", "{policy}");
}
