//! The parts of an SPDX 2.3 document that customs writes.

use super::id::Name;
use serde::Serialize;

pub(super) const NOASSERTION: &str = "NOASSERTION";
pub(super) const NONE_ASSERTED: &[&str] = &[NOASSERTION];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) spdx_version: &'static str,
    pub(super) data_license: &'static str,
    #[serde(rename = "SPDXID")]
    pub(super) id: Name,
    pub(super) name: String,
    pub(super) document_namespace: String,
    pub(super) creation_info: CreationInfo,
    pub(super) packages: Vec<Package>,
    pub(super) files: Vec<File>,
    pub(super) relationships: Vec<Relationship>,
}

#[derive(Serialize)]
pub(super) struct CreationInfo {
    pub(super) created: String,
    pub(super) creators: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Purpose {
    Application,
    Library,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Package {
    pub(super) name: String,
    #[serde(rename = "SPDXID")]
    pub(super) id: Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version_info: Option<String>,
    pub(super) primary_package_purpose: Purpose,
    /// Where it was downloaded from is not in the record.
    pub(super) download_location: &'static str,
    pub(super) files_analyzed: bool,
    #[serde(
        rename = "packageVerificationCode",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) verification_code: Option<VerificationCode>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) checksums: Vec<Checksum>,
    pub(super) license_concluded: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) license_info_from_files: &'static [&'static str],
    pub(super) license_declared: &'static str,
    pub(super) copyright_text: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) external_refs: Vec<ExternalRef>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) annotations: Vec<Annotation>,
}

impl Package {
    /// With what every package has, and no files.
    pub(super) fn new(id: Name, name: &str, purpose: Purpose) -> Self {
        Self {
            name: name.to_owned(),
            id,
            version_info: None,
            primary_package_purpose: purpose,
            download_location: NOASSERTION,
            files_analyzed: false,
            verification_code: None,
            checksums: Vec::new(),
            license_concluded: NOASSERTION,
            license_info_from_files: &[],
            license_declared: NOASSERTION,
            copyright_text: NOASSERTION,
            external_refs: Vec::new(),
            annotations: Vec::new(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct VerificationCode {
    #[serde(rename = "packageVerificationCodeValue")]
    pub(super) value: String,
}

#[derive(Serialize)]
pub(super) struct Checksum {
    pub(super) algorithm: &'static str,
    #[serde(rename = "checksumValue")]
    pub(super) value: String,
}

#[derive(Serialize)]
pub(super) struct ExternalRef {
    #[serde(rename = "referenceCategory")]
    pub(super) category: &'static str,
    #[serde(rename = "referenceType")]
    pub(super) kind: &'static str,
    #[serde(rename = "referenceLocator")]
    pub(super) locator: String,
}

#[derive(Serialize)]
pub(super) struct Annotation {
    #[serde(rename = "annotationDate")]
    pub(super) date: String,
    #[serde(rename = "annotationType")]
    pub(super) kind: &'static str,
    pub(super) annotator: String,
    pub(super) comment: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File {
    #[serde(rename = "fileName")]
    pub(super) name: String,
    #[serde(rename = "SPDXID")]
    pub(super) id: Name,
    pub(super) checksums: Vec<Checksum>,
    pub(super) license_concluded: &'static str,
    pub(super) license_info_in_files: &'static [&'static str],
    pub(super) copyright_text: &'static str,
    pub(super) comment: String,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Relation {
    Describes,
    Contains,
    DependsOn,
}

#[derive(Serialize)]
pub(super) struct Relationship {
    #[serde(rename = "spdxElementId")]
    pub(super) from: Name,
    #[serde(rename = "relationshipType")]
    pub(super) kind: Relation,
    #[serde(rename = "relatedSpdxElement")]
    pub(super) to: Name,
}
