//! `.cargo/config.toml`: what cargo compiles in the place of what is locked.

use super::vendored::{VendoredError, limit};
use customs_model::printable;
use std::collections::BTreeMap;
use toml::{Table, Value};

const CONFIG: &str = ".cargo/config.toml";

/// One file of cargo's configuration, as far as it says where sources come from. Paths are as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Further files, relative to the folder of this one (`include`).
    pub include: Vec<String>,
    /// Folders whose crates are taken for all of their names (`paths`), relative to the folder that holds
    /// `.cargo`. Cargo.lock does not tell.
    pub paths: Vec<String>,
    /// The tables `[source.NAME]`.
    pub sources: BTreeMap<String, Replaced>,
}

/// One table `[source.NAME]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replaced {
    /// The address of the registry that it is.
    pub registry: Option<String>,
    /// The address of the repository that it is.
    pub git: Option<String>,
    /// The folder of vendored crates that it is, relative to the folder that holds `.cargo`.
    pub directory: Option<String>,
    /// The source that is taken in its place.
    pub replace_with: Option<String>,
}

impl Settings {
    /// Reads one file.
    ///
    /// # Errors
    /// Beyond a bound, or not TOML.
    pub fn parse(config: &[u8]) -> Result<Self, VendoredError> {
        if config.len() > limit::CONFIG {
            return Err(VendoredError::Limit(CONFIG, limit::CONFIG, "bytes"));
        }
        let format = |what: &str| VendoredError::Format(CONFIG, printable(what, 200));
        let text = std::str::from_utf8(config).map_err(|_| format("it is not UTF-8 text"))?;
        let table: Table = text
            .parse()
            .map_err(|e: toml::de::Error| format(e.message()))?;
        let bounded = |list: Vec<String>, what| match list.len() > limit::SOURCES {
            true => Err(VendoredError::Limit(CONFIG, limit::SOURCES, what)),
            false => Ok(list),
        };
        let sources = table.get("source").and_then(Value::as_table);
        let sources = sources.into_iter().flatten();
        let sources: BTreeMap<String, Replaced> = sources
            .filter_map(|(name, source)| Some((name.clone(), Replaced::of(source.as_table()?))))
            .collect();
        if sources.len() > limit::SOURCES {
            return Err(VendoredError::Limit(CONFIG, limit::SOURCES, "sources"));
        }
        Ok(Self {
            include: bounded(included(table.get("include")), "included files")?,
            paths: bounded(texts(table.get("paths")), "paths")?,
            sources,
        })
    }
}

impl Replaced {
    fn of(table: &Table) -> Self {
        let text = |key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
        Self {
            registry: text("registry"),
            git: text("git"),
            directory: text("directory"),
            replace_with: text("replace-with"),
        }
    }
}

/// A text, or a list of texts and of tables with a `path`.
fn included(value: Option<&Value>) -> Vec<String> {
    let path = |one: &Value| {
        let path = one.as_str().or_else(|| one.get("path")?.as_str());
        path.map(str::to_owned)
    };
    match value {
        None => Vec::new(),
        Some(Value::Array(all)) => all.iter().filter_map(path).collect(),
        Some(one) => path(one).into_iter().collect(),
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let all = value.and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|one| one.as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_takes_the_place_of_what_is_locked_is_read() {
        let text =
            b"include = ['a.toml', { path = 'b.toml', optional = true }]\npaths = ['../x']\n\
            [source.main]\nreplace-with='v'\n[source.v]\ndirectory='third/party'\n\
            [source.g]\ngit='https://git.example/a'\n";
        let read = Settings::parse(text).unwrap();
        assert_eq!(read.include, ["a.toml", "b.toml"]);
        assert_eq!(read.paths, ["../x"]);
        assert_eq!(read.sources["main"].replace_with.as_deref(), Some("v"));
        assert_eq!(read.sources["v"].directory.as_deref(), Some("third/party"));
        assert_eq!(
            read.sources["g"].git.as_deref(),
            Some("https://git.example/a")
        );
        assert_eq!(Settings::parse(b"[build]\n").unwrap(), Settings::default());
        let one = Settings::parse(b"include = 'a.toml'\n").unwrap();
        assert_eq!(one.include, ["a.toml"]);
        assert!(Settings::parse(b"[source").is_err());
    }

    #[test]
    fn more_than_anybody_writes_is_refused() {
        let many = format!("paths = [{}]\n", "'x',".repeat(limit::SOURCES + 1));
        let error = Settings::parse(many.as_bytes()).unwrap_err();
        insta::assert_snapshot!(error, @".cargo/config.toml has more than 200 paths, which are not read; let cargo write it again");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Settings::parse(&bytes);
        }
    }
}
