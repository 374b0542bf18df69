//! `config.json` of an index, and the addresses that follow from it.

use serde::{Deserialize, Serialize};
use url::Url;

/// Bytes of a `config.json` that are read.
const LONGEST: usize = 64 << 10;

/// Why a `config.json` is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Too long.
    #[error("config.json has {0} bytes; more than {LONGEST} are not read")]
    TooLong(usize),
    /// Not the JSON that it should be.
    #[error("config.json cannot be read: {0}; is the upstream's address that of a sparse index?")]
    Json(#[from] serde_json::Error),
    /// An address that cannot be asked.
    #[error("{key} of config.json is {value:?}, which is no http or https address")]
    Address {
        /// `dl` or `api`.
        key: &'static str,
        /// As written, made printable.
        value: String,
    },
}

/// An upstream's `config.json`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Config {
    /// Where crates are downloaded, with markers or without.
    pub dl: String,
    /// The web API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// Reads need a token.
    #[serde(default, rename = "auth-required")]
    pub auth_required: bool,
}

const CRATE: &str = "{crate}";
const VERSION: &str = "{version}";
const PREFIX: &str = "{prefix}";
const LOWER_PREFIX: &str = "{lowerprefix}";
const CHECKSUM: &str = "{sha256-checksum}";

impl Config {
    /// Reads it.
    ///
    /// # Errors
    /// Not the expected JSON, or addresses other than http and https ones: nothing of
    /// a registry may make the gate open a file.
    pub fn parse(bytes: &[u8]) -> Result<Self, ConfigError> {
        if bytes.len() > LONGEST {
            return Err(ConfigError::TooLong(bytes.len()));
        }
        let config: Self = serde_json::from_slice(bytes)?;
        let example = download_url(&config.dl, "abcd", "1.0.0", "00");
        address("dl", &example, &config.dl)?;
        if let Some(api) = &config.api {
            address("api", api, api)?;
        }
        Ok(config)
    }

    /// The `config.json` that a gate answers: downloads below `base_url/dl`, the web
    /// API (if the upstream has one) below `base_url/api`, and always with a token,
    /// since the gate holds the user's credentials.
    pub fn rendered(&self, base_url: &str) -> String {
        let base = base_url.trim_end_matches('/');
        let mut config = serde_json::json!({
            "dl": format!("{base}/dl"),
            "auth-required": true,
        });
        if self.api.is_some() {
            config["api"] = format!("{base}/api").into();
        }
        config.to_string()
    }
}

fn address(key: &'static str, url: &str, written: &str) -> Result<(), ConfigError> {
    match Url::parse(url) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(()),
        Ok(_) | Err(_) => Err(ConfigError::Address {
            key,
            value: customs_model::printable(written, 200),
        }),
    }
}

/// Where a crate is downloaded: the markers of `dl` filled in, or, if it has none,
/// `/{crate}/{version}/download` appended, as cargo does it.
pub fn download_url(dl: &str, name: &str, version: &str, cksum_hex: &str) -> String {
    let markers = [CRATE, VERSION, PREFIX, LOWER_PREFIX, CHECKSUM];
    if !markers.iter().any(|marker| dl.contains(marker)) {
        return format!("{dl}/{name}/{version}/download");
    }
    let prefix = prefix(name);
    dl.replace(CRATE, name)
        .replace(VERSION, version)
        .replace(PREFIX, &prefix)
        .replace(LOWER_PREFIX, &prefix.to_lowercase())
        .replace(CHECKSUM, cksum_hex)
}

/// The path of a crate's file in the index: `1/a`, `2/ab`, `3/a/abc`, `ab/cd/abcd`,
/// lower case.
pub fn index_path(name: &str) -> String {
    let name = name.to_lowercase();
    format!("{}/{name}", prefix(&name))
}

/// The folder of that path, with the spelling of the name.
fn prefix(name: &str) -> String {
    let part = |range: std::ops::Range<usize>| name.get(range).unwrap_or_default();
    match name.len() {
        0 => String::new(),
        1 => "1".to_owned(),
        2 => "2".to_owned(),
        3 => format!("3/{}", part(0..1)),
        _ => format!("{}/{}", part(0..2), part(2..4)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_paths_follow_the_length_of_the_name() {
        let paths = ["a", "ab", "Abc", "Abcd", "serde_json"].map(index_path);
        assert_eq!(
            paths,
            ["1/a", "2/ab", "3/a/abc", "ab/cd/abcd", "se/rd/serde_json"]
        );
        // Names are checked before; what slips through must not panic.
        assert_eq!(index_path("äöü"), "ä/ö/äöü");
    }

    #[test]
    fn an_address_without_markers_gets_the_conventional_path() {
        assert_eq!(
            download_url("https://files.example/crates", "Abcd", "1.0.0", "00"),
            "https://files.example/crates/Abcd/1.0.0/download"
        );
    }

    #[test]
    fn every_marker_is_filled_in() {
        assert_eq!(
            download_url(
                "https://files.example/{prefix}/{lowerprefix}/{crate}-{version}.crate?sum={sha256-checksum}",
                "AbCd",
                "1.0.0",
                "c0ffee",
            ),
            "https://files.example/Ab/Cd/ab/cd/AbCd-1.0.0.crate?sum=c0ffee"
        );
    }

    #[test]
    fn a_foreign_dl_is_read_and_the_gates_own_is_served() {
        let config = Config::parse(
            br#"{"dl":"https://files.example/{crate}","api":"https://index.example","extra":1}"#,
        )
        .unwrap();
        assert!(!config.auth_required);
        insta::assert_snapshot!(
            config.rendered("http://127.0.0.1:4873/-/cargo/"),
            @r#"{"api":"http://127.0.0.1:4873/-/cargo/api","auth-required":true,"dl":"http://127.0.0.1:4873/-/cargo/dl"}"#
        );
        let without = Config::parse(br#"{"dl":"https://files.example"}"#).unwrap();
        assert!(!without.rendered("http://gate.example").contains("api\""));
    }

    #[test]
    fn addresses_that_lead_to_files_are_refused_by_name() {
        let error = Config::parse(br#"{"dl":"file:///etc"}"#).unwrap_err();
        insta::assert_snapshot!(error, @r#"dl of config.json is "file:///etc", which is no http or https address"#);
        assert!(Config::parse(br#"{"dl":"{crate}"}"#).is_err());
        assert!(Config::parse(br#"{"dl":"https://a.example","api":"x"}"#).is_err());
        assert!(Config::parse(b"<html>").is_err());
    }
}
