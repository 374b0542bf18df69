//! The parts of a CycloneDX 1.6 document that customs writes. The schema forbids other members
//! in nearly every object, so what is not here cannot be written.

use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bom {
    #[serde(rename = "$schema")]
    pub(super) schema: &'static str,
    pub(super) bom_format: &'static str,
    pub(super) spec_version: &'static str,
    pub(super) serial_number: String,
    pub(super) version: u32,
    pub(super) metadata: Metadata,
    pub(super) components: Vec<Component>,
    pub(super) dependencies: Vec<Dependency>,
    pub(super) compositions: Vec<Composition>,
}

#[derive(Serialize)]
pub(super) struct Metadata {
    pub(super) timestamp: String,
    pub(super) tools: Tools,
    pub(super) component: Component,
    pub(super) properties: Vec<Property>,
}

#[derive(Serialize)]
pub(super) struct Tools {
    pub(super) components: Vec<Component>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Application,
    Library,
    File,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Component {
    #[serde(rename = "type")]
    pub(super) kind: Kind,
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    pub(super) bom_ref: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<String>,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) purl: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) external_references: Vec<ExternalReference>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) components: Vec<Component>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) evidence: Option<Evidence>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) properties: Vec<Property>,
}

impl Component {
    /// With what the schema demands, and nothing else.
    pub(super) fn new(kind: Kind, name: &str) -> Self {
        Self {
            kind,
            bom_ref: None,
            group: None,
            name: name.to_owned(),
            version: None,
            hashes: Vec::new(),
            purl: None,
            external_references: Vec::new(),
            components: Vec::new(),
            evidence: None,
            properties: Vec::new(),
        }
    }
}

/// Hexadecimal, never the base64 of an integrity string.
#[derive(Serialize)]
pub(super) struct Hash {
    pub(super) alg: &'static str,
    pub(super) content: String,
}

#[derive(Serialize)]
pub(super) struct ExternalReference {
    pub(super) url: String,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) comment: &'static str,
}

#[derive(Serialize)]
pub(super) struct Evidence {
    pub(super) occurrences: Vec<Occurrence>,
}

#[derive(Serialize)]
pub(super) struct Occurrence {
    pub(super) location: String,
}

#[derive(Serialize)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dependency {
    #[serde(rename = "ref")]
    pub(super) on: String,
    pub(super) depends_on: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Aggregate {
    Complete,
    Incomplete,
    Unknown,
}

#[derive(Serialize)]
pub(super) struct Composition {
    pub(super) aggregate: Aggregate,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) assemblies: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) dependencies: Vec<String>,
}
