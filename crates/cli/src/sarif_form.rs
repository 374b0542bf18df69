//! What the schema of SARIF 2.1.0 (OASIS, errata 01) says of the parts that are written here: which members an
//! object has, of what sort each is, and which it must have. The schema admits no others, but in bags of
//! properties; neither does this, so whoever writes a new member looks it up and adds it here.

use Form::{AtLeast, Bag, Choice, Each, Flag, List, Object, Text, Texts, Unique, Uri};
use serde_json::Value;

/// The sort of a member.
#[derive(Clone, Copy)]
enum Form {
    Text,
    /// A reference as RFC 3986 has it.
    Uri,
    Flag,
    /// A whole number that is no smaller.
    AtLeast(i64),
    Choice(&'static [&'static str]),
    Object(&'static str),
    List(&'static str),
    /// A list that has at least one.
    Each(&'static str),
    /// A list in which nothing occurs twice.
    Unique(&'static str),
    /// A list of texts of a choice, each once.
    Texts(&'static [&'static str]),
    /// An object whose members are texts.
    Map,
    /// Whatever a tool likes; `tags` is a list of texts, each once.
    Bag,
}

const LEVEL: Form = Choice(&["none", "note", "warning", "error"]);

type Members = &'static [(&'static str, Form)];

/// An object, the members that it must have, and all that it may have.
const OBJECTS: [(&str, &[&str], Members); 22] = [
    (
        "log",
        &["version", "runs"],
        &[
            ("$schema", Uri),
            ("version", Choice(&["2.1.0"])),
            ("runs", List("run")),
        ],
    ),
    (
        "run",
        &["tool"],
        &[
            ("tool", Object("tool")),
            ("automationDetails", Object("runAutomationDetails")),
            (
                "columnKind",
                Choice(&["utf16CodeUnits", "unicodeCodePoints"]),
            ),
            ("invocations", List("invocation")),
            ("artifacts", Unique("artifact")),
            ("results", List("result")),
        ],
    ),
    ("tool", &["driver"], &[("driver", Object("toolComponent"))]),
    (
        "toolComponent",
        &["name"],
        &[
            ("name", Text),
            ("version", Text),
            ("semanticVersion", Text),
            ("informationUri", Uri),
            ("rules", Unique("reportingDescriptor")),
        ],
    ),
    (
        "reportingDescriptor",
        &["id"],
        &[
            ("id", Text),
            ("name", Text),
            ("shortDescription", Object("multiformatMessageString")),
            ("fullDescription", Object("multiformatMessageString")),
            ("help", Object("multiformatMessageString")),
            ("helpUri", Uri),
            ("defaultConfiguration", Object("reportingConfiguration")),
            ("properties", Bag),
        ],
    ),
    (
        "multiformatMessageString",
        &["text"],
        &[("text", Text), ("markdown", Text)],
    ),
    ("reportingConfiguration", &[], &[("level", LEVEL)]),
    ("runAutomationDetails", &[], &[("id", Text)]),
    (
        "invocation",
        &["executionSuccessful"],
        &[
            ("executionSuccessful", Flag),
            ("toolExecutionNotifications", List("notification")),
        ],
    ),
    (
        "notification",
        &["message"],
        &[
            ("level", LEVEL),
            ("message", Object("message")),
            ("locations", Unique("location")),
        ],
    ),
    // A text, or the id of one; ids are not used.
    ("message", &["text"], &[("text", Text)]),
    (
        "artifact",
        &[],
        &[
            ("location", Object("artifactLocation")),
            ("description", Object("message")),
            ("parentIndex", AtLeast(-1)),
            ("roles", Texts(&["analysisTarget"])),
        ],
    ),
    (
        "result",
        &["message"],
        &[
            ("ruleId", Text),
            ("ruleIndex", AtLeast(-1)),
            ("level", LEVEL),
            ("message", Object("message")),
            ("locations", List("location")),
            ("codeFlows", List("codeFlow")),
            ("partialFingerprints", Form::Map),
            ("properties", Bag),
        ],
    ),
    (
        "location",
        &[],
        &[
            ("physicalLocation", Object("physicalLocation")),
            ("logicalLocations", Unique("logicalLocation")),
            ("message", Object("message")),
        ],
    ),
    // An address, or the location of an artifact; addresses of memory are not used.
    (
        "physicalLocation",
        &["artifactLocation"],
        &[
            ("artifactLocation", Object("artifactLocation")),
            ("region", Object("region")),
        ],
    ),
    (
        "artifactLocation",
        &[],
        &[("uri", Uri), ("index", AtLeast(-1))],
    ),
    (
        "region",
        &[],
        &[
            ("startLine", AtLeast(1)),
            ("startColumn", AtLeast(1)),
            ("byteOffset", AtLeast(-1)),
            ("byteLength", AtLeast(0)),
        ],
    ),
    (
        "logicalLocation",
        &[],
        &[("fullyQualifiedName", Text), ("kind", Text)],
    ),
    (
        "codeFlow",
        &["threadFlows"],
        &[("threadFlows", Each("threadFlow"))],
    ),
    (
        "threadFlow",
        &["locations"],
        &[("locations", Each("threadFlowLocation"))],
    ),
    (
        "threadFlowLocation",
        &[],
        &[("location", Object("location"))],
    ),
    ("propertyBag", &[], &[]),
];

/// Says what of a log is not as the schema demands.
pub(crate) fn wrong(log: &Value) -> Vec<String> {
    let mut said = Vec::new();
    object(log, "log", "", &mut said);
    said
}

fn object(value: &Value, name: &str, at: &str, said: &mut Vec<String>) {
    let Some((_, must, members)) = OBJECTS.iter().find(|(one, ..)| *one == name) else {
        return said.push(format!("{at}: nothing is known of {name}"));
    };
    let Some(map) = value.as_object() else {
        return said.push(format!("{at}: no object"));
    };
    let absent = must.iter().filter(|key| !map.contains_key(**key));
    said.extend(absent.map(|key| format!("{at}: no {key}")));
    for (key, value) in map {
        let at = format!("{at}/{key}");
        match members.iter().find(|(one, _)| one == key) {
            None => said.push(format!("{at}: {name} has no such member")),
            Some((_, form)) => member(value, *form, &at, said),
        }
    }
}

fn member(value: &Value, form: Form, at: &str, said: &mut Vec<String>) {
    let is_right = match form {
        Text => value.is_string(),
        Uri => value.as_str().is_some_and(is_reference),
        Flag => value.is_boolean(),
        AtLeast(least) => value.as_i64().is_some_and(|number| number >= least),
        Choice(all) => value.as_str().is_some_and(|text| all.contains(&text)),
        Texts(all) => {
            let list = value.as_array();
            list.is_some_and(|list| {
                let known = |one: &Value| one.as_str().is_some_and(|text| all.contains(&text));
                list.iter().all(known) && is_unique(list)
            })
        }
        Form::Map => value
            .as_object()
            .is_some_and(|map| map.values().all(Value::is_string)),
        Bag => value.as_object().is_some_and(|bag| {
            let tags = bag.get("tags").map(|tags| tags.as_array().cloned());
            tags.is_none_or(|tags| {
                tags.is_some_and(|tags| tags.iter().all(Value::is_string) && is_unique(&tags))
            })
        }),
        Object(name) => return object(value, name, at, said),
        List(name) | Each(name) | Unique(name) => match value.as_array() {
            None => false,
            Some(list) => {
                for (number, one) in list.iter().enumerate() {
                    object(one, name, &format!("{at}/{number}"), said);
                }
                let is_short = matches!(form, Each(_)) && list.is_empty();
                !is_short && (!matches!(form, Unique(_)) || is_unique(list))
            }
        },
    };
    if !is_right {
        let text: String = value.to_string().chars().take(200).collect();
        said.push(format!("{at}: not allowed: {text}"));
    }
}

/// Only letters that a reference may have, and no other than whole escapes.
fn is_reference(text: &str) -> bool {
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let is_right = match byte {
            b'%' => {
                let hex = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
                hex(rest.next()) && hex(rest.next())
            }
            byte => byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&byte),
        };
        if !is_right {
            return false;
        }
    }
    true
}

fn is_unique(list: &[Value]) -> bool {
    let mut texts: Vec<String> = list.iter().map(Value::to_string).collect();
    texts.sort_unstable();
    texts.windows(2).all(|pair| pair[0] != pair[1])
}

#[test]
fn what_the_schema_does_not_allow_is_told_by_its_place() {
    let log = serde_json::json!({
        "version": "2.0",
        "runs": [{
            "tool": { "driver": { "name": "x", "rules": [{ "id": 1 }, { "id": 1 }] } },
            "results": [
                { "message": "x", "level": "bad", "extra": 1 },
                { "message": { "text": "x" }, "locations": [{
                    "physicalLocation": { "artifactLocation": { "uri": "a b" }, "region": { "startLine": 0 } },
                }], "codeFlows": [{ "threadFlows": [] }] },
            ],
        }],
    });
    let mut said = wrong(&log);
    said.sort();
    insta::assert_snapshot!(said.join("\n"), @r#"
    /runs/0/results/0/extra: result has no such member
    /runs/0/results/0/level: not allowed: "bad"
    /runs/0/results/0/message: no object
    /runs/0/results/1/codeFlows/0/threadFlows: not allowed: []
    /runs/0/results/1/locations/0/physicalLocation/artifactLocation/uri: not allowed: "a b"
    /runs/0/results/1/locations/0/physicalLocation/region/startLine: not allowed: 0
    /runs/0/tool/driver/rules/0/id: not allowed: 1
    /runs/0/tool/driver/rules/1/id: not allowed: 1
    /runs/0/tool/driver/rules: not allowed: [{"id":1},{"id":1}]
    /version: not allowed: "2.0"
    "#);
    assert_eq!(wrong(&serde_json::json!({})), [": no version", ": no runs"]);
}
