//! The config file: what is wrong with it is said, with its place and what was meant.

use super::world::{Site, put, token};
use crate::program::customs;

fn check(site: &Site) -> (bool, String) {
    let mut command = customs(site.folder.path(), &["gate", "--check", "--config"]);
    let output = command.arg(site.at("customs-gate.toml")).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    let folder = site.folder.path().display().to_string();
    (output.status.success(), said.replace(&folder, "FOLDER"))
}

#[tokio::test]
async fn a_config_is_checked_without_serving() {
    let site = Site::new().await.with_tls();
    site.tokens(&[&token("ci", ""), &token("old", "revoked = true\n")]);
    site.write_config();
    let (ok, said) = check(&site);
    assert!(ok, "{said}");
    let expected = "is in order: 1 registries, 2 tokens, 1 policies, TLS";
    assert!(said.contains(expected), "{said}");
}

#[tokio::test]
async fn what_is_wrong_is_said_with_its_place_and_what_was_meant() {
    let site = Site::new().await.with_tls();
    site.tokens(&[&token("ci", "")]);
    let whole = site.config();
    for (from, to, words) in [
        (
            "public-url",
            "public-ulr",
            "7:1: no key \"public-ulr\"; did you mean \"public-url\"?",
        ),
        (
            "visibility",
            "visibilty",
            "no key \"visibilty\"; did you mean \"visibility\"?",
        ),
        ("[tls]", "[tsl]", "no key \"tsl\"; did you mean \"tls\"?"),
        ("\"public\"", "\"open\"", "unknown variant `open`"),
        (
            "version = 1",
            "version = 2",
            "this customs reads version = 1 only",
        ),
        ("\"npm\"", "\"gem\"", "unknown variant `gem`"),
        ("tls.key", "gone.key", "cannot read FOLDER/gone.key"),
        ("\"tls.key\"", "\"tls.crt\"", "it has no private key"),
        (
            "public-url = \"https://",
            "public-url = \"ftp://",
            "it is no http or https address",
        ),
        ("tokens.toml", "none.toml", "cannot read FOLDER/none.toml"),
        (
            "url = \"http://",
            "url = \"http://ann:pw@",
            "its address has a password in it",
        ),
    ] {
        let text = whole.replacen(from, to, 1);
        assert_ne!(text, whole, "{from}");
        put(&site.at("customs-gate.toml"), &text);
        let (ok, said) = check(&site);
        assert!(!ok && said.contains(words), "{to}: {said}");
        assert!(!said.contains("pw"), "{said}");
    }
    let open = whole
        .replace("[tls]", "[policies]")
        .replace("certificate", "a");
    let open = open.replace("key =", "b =");
    put(
        &site.at("customs-gate.toml"),
        &open.replace("address = \"127.0.0.1", "address = \"0.0.0.0"),
    );
    let (ok, said) = check(&site);
    assert!(!ok, "{said}");
    site.write_config();
    put(
        &site.at("tokens.toml"),
        "version = 1\n[[token]]\nname = \"a\"\ndigst = \"x\"\n",
    );
    let (ok, said) = check(&site);
    let words = "tokens.toml:4:1: no key \"digst\"; did you mean \"digest\"?";
    assert!(!ok && said.contains(words), "{said}");
}

#[tokio::test]
async fn a_token_that_was_made_is_taken_and_its_secret_is_in_no_file() {
    let site = Site::new().await;
    site.tokens(&[]);
    let file = site.at("tokens.toml");
    let make = |name: &str| {
        let arguments = ["gate", "token", name, "--for", "90d", "--to"];
        let mut command = customs(site.folder.path(), &arguments);
        command.arg(&file).output().unwrap()
    };
    let made = make("ci@build/7");
    assert!(made.status.success());
    let secret = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    assert!(
        secret.starts_with("customs_") && secret.len() == 72,
        "{secret}"
    );
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains(&secret));
    let twice = make("ci@build/7");
    assert!(!twice.status.success());
    assert!(!make("two\nlines").status.success());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    let served = site.start().await;
    let mut ci = token("ci@build/7", "");
    ci.secret = secret;
    let whoami = served.get("/-/customs/whoami", &ci).await.json();
    assert_eq!(whoami["token"], "ci@build/7");
    assert!(whoami["expires"].is_string(), "{whoami}");
}
