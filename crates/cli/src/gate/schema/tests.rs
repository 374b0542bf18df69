use super::*;
use crate::gate::config::{
    CredentialEntry, CredentialKind, EcosystemWord, KeepEntry, Limits, Listen, RoleWord, Tls,
    TokenEntry, UpstreamEntry, Visibility,
};
use crate::gate::read;
use std::collections::BTreeSet;

/// What serde names in backticks behind "expected".
fn expected(error: &str) -> BTreeSet<String> {
    let (_, known) = error
        .split_once("expected")
        .unwrap_or_else(|| panic!("{error}"));
    let quoted = known.split('`').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

/// The keys that a type reads.
fn keys<T: DeserializeOwned>() -> BTreeSet<String> {
    let read: Result<T, _> = toml::from_str("\"no such key\" = 1\n");
    expected(read.err().unwrap().message())
}

fn words<T: DeserializeOwned>() -> BTreeSet<String> {
    let read: Result<T, _> = serde_json::from_str("\"no such word\"");
    expected(&read.err().unwrap().to_string())
}

fn properties(schema: &Value) -> BTreeSet<String> {
    let properties = schema["properties"].as_object().unwrap();
    properties.keys().cloned().collect()
}

fn among(schema: &Value) -> BTreeSet<String> {
    let among = schema["enum"].as_array().unwrap().iter();
    among
        .map(|word| word.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_schema_has_the_keys_and_words_that_the_types_read() {
    assert_eq!(properties(&Config::schema()), keys::<Config>());
    assert_eq!(properties(&listen()), keys::<Listen>());
    assert_eq!(properties(&tls()), keys::<Tls>());
    assert_eq!(properties(&keep()), keys::<KeepEntry>());
    assert_eq!(properties(&limits()), keys::<Limits>());
    assert_eq!(properties(&upstream()), keys::<UpstreamEntry>());
    assert_eq!(properties(&credential()), keys::<CredentialEntry>());
    let tokens = Tokens::schema();
    assert_eq!(properties(&tokens), keys::<Tokens>());
    let token = &tokens["properties"]["token"]["items"];
    assert_eq!(properties(token), keys::<TokenEntry>());
    let of = |schema: &Value, key: &str| among(&schema["properties"][key]);
    assert_eq!(of(&upstream(), "ecosystem"), words::<EcosystemWord>());
    assert_eq!(of(&upstream(), "visibility"), words::<Visibility>());
    assert_eq!(of(&credential(), "kind"), words::<CredentialKind>());
    assert_eq!(of(token, "role"), words::<RoleWord>());
}

/// The blocks of TOML in the guide.
fn examples() -> Vec<String> {
    let guide = include_str!("../../../../../docs/team.md");
    let blocks = guide.split("```toml\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn what_the_guide_shows_can_be_read_and_has_every_key() {
    let examples = examples();
    let config: Config = read::parse(&examples[0], "customs-gate.toml").unwrap();
    assert_eq!(config.upstream.len(), 4);
    let tokens: Tokens = read::parse(&examples[1], "tokens.toml").unwrap();
    assert_eq!(tokens.token.len(), 3);
    let all = examples.concat();
    let schemas = [
        Config::schema(),
        listen(),
        tls(),
        limits(),
        keep(),
        upstream(),
        credential(),
    ];
    let token = Tokens::schema()["properties"]["token"]["items"].clone();
    for schema in schemas.iter().chain([&token]) {
        for key in properties(schema) {
            assert!(all.contains(&key), "the guide shows no {key}");
        }
    }
}

#[test]
fn what_is_required_is_and_the_rest_may_be_left_out() {
    let whole = "version = 1\ntokens = \"t\"\n[listen]\naddress = \"a\"\npublic-url = \"u\"\n";
    let read = |text: &str| read::parse::<Config>(text, "x");
    read(whole).unwrap();
    for line in whole.lines().filter(|line| !line.starts_with('[')) {
        assert!(read(&whole.replace(line, "")).is_err(), "{line}");
    }
}

#[test]
fn every_unknown_key_is_said_with_its_place_and_the_nearest_one() {
    let text = "version = 1\ntokns = \"t\"\n[listen]\nadress = \"a\"\n[policies]\nany = \"p\"\n\
                [[upstream]]\necosystem = \"npm\"\ncredential = { knd = \"bearer\" }\nzzz = 1\n";
    let error = read::parse::<Config>(text, "gate.toml").err().unwrap();
    insta::assert_snapshot!(error.to_string(), @r#"
    error: gate.toml:2:1: no key "tokns"; did you mean "tokens"?
    error: gate.toml:4:1: no key "adress"; did you mean "address"?
    error: gate.toml:9:16: no key "knd"; did you mean "kind"?
    error: gate.toml:10:1: no key "zzz"; known here: credential, ecosystem, roots, scopes, url, visibility
    "#);
}
