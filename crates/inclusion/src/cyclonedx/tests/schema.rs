//! The rules of the schema of CycloneDX 1.6 for the parts that are written: members that are
//! required, members that are allowed, forms of values, references that lead somewhere.

use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn complies(document: &Value) {
    object(
        document,
        &["bomFormat", "specVersion"],
        &[
            "$schema",
            "serialNumber",
            "version",
            "metadata",
            "components",
            "dependencies",
            "compositions",
        ],
    );
    assert_eq!(
        document["$schema"],
        "http://cyclonedx.org/schema/bom-1.6.schema.json"
    );
    assert_eq!(document["bomFormat"], "CycloneDX");
    assert_eq!(document["specVersion"], "1.6");
    assert!(document["version"].as_u64().unwrap() >= 1);
    let number = text(&document["serialNumber"])
        .strip_prefix("urn:uuid:")
        .unwrap();
    let parts: Vec<&str> = number.split('-').collect();
    assert_eq!(
        parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
        [8, 4, 4, 4, 12]
    );
    assert!(parts.iter().all(|part| is_hex(part)), "{number}");
    assert!(parts[2].starts_with('5') && parts[3].starts_with(['8', '9', 'a', 'b']));

    let mut refs = BTreeSet::new();
    metadata(&document["metadata"], &mut refs);
    components(&document["components"], &mut refs);
    graph(document, &refs);
}

fn metadata(metadata: &Value, refs: &mut BTreeSet<String>) {
    object(
        metadata,
        &[],
        &["timestamp", "tools", "component", "properties"],
    );
    let time = text(&metadata["timestamp"]);
    time.parse::<customs_model::Timestamp>().unwrap();
    assert!(time.ends_with('Z'));
    object(&metadata["tools"], &[], &["components"]);
    components(&metadata["tools"]["components"], refs);
    component(&metadata["component"], refs);
    properties(&metadata["properties"]);
}

fn components(all: &Value, refs: &mut BTreeSet<String>) {
    unique(all);
    list(all).iter().for_each(|one| component(one, refs));
}

fn component(component: &Value, refs: &mut BTreeSet<String>) {
    object(
        component,
        &["type", "name"],
        &[
            "bom-ref",
            "group",
            "version",
            "hashes",
            "purl",
            "externalReferences",
            "components",
            "evidence",
            "properties",
        ],
    );
    assert!(["application", "library", "file"].contains(&text(&component["type"])));
    text(&component["name"]);
    if let Some(own) = component.get("bom-ref") {
        let own = text(own);
        assert!(!own.is_empty() && !own.starts_with("urn:cdx:"));
        assert!(refs.insert(own.to_owned()), "{own} twice");
    }
    for key in ["group", "version", "purl"] {
        component.get(key).map(text);
    }
    for hash in component.get("hashes").map(list).unwrap_or_default() {
        object(hash, &["alg", "content"], &[]);
        let content = text(&hash["content"]);
        let length = match text(&hash["alg"]) {
            "SHA-1" => 40,
            "SHA-256" => 64,
            "SHA-384" => 96,
            "SHA-512" => 128,
            other => panic!("{other} is no algorithm"),
        };
        assert!(content.len() == length && is_hex(content), "{hash}");
    }
    for reference in component
        .get("externalReferences")
        .map(list)
        .unwrap_or_default()
    {
        object(reference, &["url", "type"], &["comment"]);
        assert_eq!(reference["type"], "vcs");
        assert!(text(&reference["url"]).is_ascii());
        text(&reference["comment"]);
    }
    if let Some(evidence) = component.get("evidence") {
        object(evidence, &[], &["occurrences"]);
        for occurrence in list(&evidence["occurrences"]) {
            object(occurrence, &["location"], &[]);
            text(&occurrence["location"]);
        }
    }
    component.get("properties").map(properties);
    if let Some(nested) = component.get("components") {
        components(nested, refs);
    }
}

fn properties(all: &Value) {
    for property in list(all) {
        object(property, &["name"], &["value"]);
        assert!(text(&property["name"]).starts_with("customs:"));
        text(&property["value"]);
    }
}

fn graph(document: &Value, refs: &BTreeSet<String>) {
    let known = |reference: &Value| assert!(refs.contains(text(reference)), "{reference}");
    unique(&document["dependencies"]);
    let mut told = BTreeSet::new();
    for dependency in list(&document["dependencies"]) {
        object(dependency, &["ref"], &["dependsOn"]);
        known(&dependency["ref"]);
        assert!(told.insert(text(&dependency["ref"])));
        unique(&dependency["dependsOn"]);
        list(&dependency["dependsOn"]).iter().for_each(known);
    }
    unique(&document["compositions"]);
    for composition in list(&document["compositions"]) {
        object(composition, &["aggregate"], &["assemblies", "dependencies"]);
        let aggregate = text(&composition["aggregate"]);
        assert!(["complete", "incomplete", "unknown"].contains(&aggregate));
        for key in ["assemblies", "dependencies"] {
            let Some(parts) = composition.get(key) else {
                continue;
            };
            unique(parts);
            list(parts).iter().for_each(known);
        }
    }
}

/// Required members are there, and no others than these and the allowed ones.
fn object(value: &Value, required: &[&str], allowed: &[&str]) {
    let object = value.as_object().unwrap();
    for key in required {
        assert!(object.contains_key(*key), "no {key} in {value:#}");
    }
    for key in object.keys() {
        let is_known = required.contains(&key.as_str()) || allowed.contains(&key.as_str());
        assert!(is_known, "{key} is not allowed in {value:#}");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn unique(value: &Value) {
    let texts: BTreeSet<String> = list(value).iter().map(ToString::to_string).collect();
    assert_eq!(
        texts.len(),
        list(value).len(),
        "twice the same in {value:#}"
    );
}

fn is_hex(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
