//! What an address of the page asks for. Pure: path and query in, one of a few cases out.

use customs_model::{Ecosystem, PackageName, ReleaseId, Version, printable};
use customs_store::{Next, Subject};
use std::collections::BTreeMap;

/// Bounds of an address.
pub mod limit {
    /// Bytes of a query.
    pub const QUERY: usize = 4_096;
    /// Rows of a list on a page of its own, and those of each list on the first page.
    pub const ROWS: usize = 50;
    /// See [`ROWS`].
    pub const ROWS_BESIDE: usize = 10;
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// All of it, the beginning of each list.
    Overview,
    /// What is held.
    Held(Option<Next>),
    /// What is blocked.
    Blocked(Option<Next>),
    /// Who was refused.
    Refusals(Option<Next>),
    /// Who received something.
    Received(Search, Option<Next>),
    /// The style sheet.
    Style,
    /// The icon.
    Icon,
}

/// What was typed into the form, and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Search {
    /// The ecosystem, as typed.
    pub ecosystem: String,
    /// The name, as typed.
    pub name: String,
    /// The version, as typed.
    pub version: String,
    /// What it means; none: nothing was typed.
    pub meant: Option<Result<Subject, Wrong>>,
}

/// What is wrong with a search, and in which field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The field.
    pub field: &'static str,
    /// A sentence.
    pub why: String,
}

/// An address, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// What to show.
    pub view: View,
    /// As JSON, not as HTML.
    pub json: bool,
}

/// Why there is nothing at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAddress {
    /// No view has this path.
    Unknown,
    /// The query cannot be read: a sentence.
    Query(String),
}

impl Address {
    /// Reads path and query.
    pub fn of(path: &str, query: Option<&str>) -> Result<Self, NoAddress> {
        let query = query.unwrap_or_default();
        if query.len() > limit::QUERY {
            return Err(NoAddress::Query(format!(
                "the query is longer than {} bytes",
                limit::QUERY
            )));
        }
        let mut fields: BTreeMap<String, String> = BTreeMap::new();
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            fields.insert(key.into_owned(), value.into_owned());
        }
        let json = match fields.get("format").map(String::as_str) {
            None | Some("html") => false,
            Some("json") => true,
            Some(other) => {
                let shown = printable(other, 40);
                return Err(NoAddress::Query(format!(
                    "there is no format {shown:?}; it is html or json"
                )));
            }
        };
        let after = fields.get("after").filter(|text| !text.is_empty());
        let after = after.map(|text| text.parse::<Next>()).transpose();
        let after = after.map_err(|error| NoAddress::Query(format!("after: {error}")))?;
        let view = match path {
            "/" => View::Overview,
            "/held" => View::Held(after),
            "/blocked" => View::Blocked(after),
            "/refusals" => View::Refusals(after),
            "/received" => View::Received(Search::of(&fields), after),
            "/style.css" => View::Style,
            "/icon.svg" => View::Icon,
            _ => return Err(NoAddress::Unknown),
        };
        Ok(Self { view, json })
    }
}

impl View {
    /// Its address, without what a search adds.
    pub const fn path(&self) -> &'static str {
        match self {
            Self::Overview => "/",
            Self::Held(_) => "/held",
            Self::Blocked(_) => "/blocked",
            Self::Refusals(_) => "/refusals",
            Self::Received(..) => "/received",
            Self::Style => "/style.css",
            Self::Icon => "/icon.svg",
        }
    }

    /// What it is called.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Held(_) => "Held now",
            Self::Blocked(_) => "Blocked",
            Self::Refusals(_) => "Refused requests",
            Self::Received(..) => "Who received it",
            Self::Style => "Style",
            Self::Icon => "Icon",
        }
    }

    /// Its address with what is searched for.
    pub fn link(&self, after: Option<&str>, json: bool) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Self::Received(search, _) = self {
            for (key, value) in search.fields() {
                if !value.is_empty() {
                    query.append_pair(key, value);
                }
            }
        }
        if let Some(after) = after {
            query.append_pair("after", after);
        }
        if json {
            query.append_pair("format", "json");
        }
        let query = query.finish();
        match query.is_empty() {
            true => self.path().to_owned(),
            false => format!("{}?{query}", self.path()),
        }
    }
}

impl Search {
    /// For the receivers of one release.
    pub fn for_release(release: &ReleaseId) -> Self {
        Self {
            ecosystem: release.package.ecosystem().purl_type().to_owned(),
            name: release.package.as_str().to_owned(),
            version: release.version.as_str().to_owned(),
            meant: None,
        }
    }

    /// Its fields by their names.
    pub fn fields(&self) -> [(&'static str, &str); 3] {
        [
            ("ecosystem", &self.ecosystem),
            ("name", &self.name),
            ("version", &self.version),
        ]
    }

    fn of(fields: &BTreeMap<String, String>) -> Self {
        let field = |key: &str| fields.get(key).map_or("", |text| text.trim()).to_owned();
        let (ecosystem, name) = (field("ecosystem"), field("name"));
        let mut search = Self {
            version: field("version"),
            ecosystem,
            name,
            meant: None,
        };
        if !search.name.is_empty() || !search.version.is_empty() {
            search.meant = Some(search.read());
        }
        search
    }

    fn read(&self) -> Result<Subject, Wrong> {
        let wrong = |field: &'static str, why: String| Wrong { field, why };
        if self.name.is_empty() {
            return Err(wrong("name", "write the name of a package".to_owned()));
        }
        // A package URL says all of it.
        if self.name.starts_with("pkg:") {
            let release = self.name.parse::<ReleaseId>();
            let release = release.map_err(|error| wrong("name", error.to_string()))?;
            return Ok(Subject::Release(release));
        }
        let ecosystem = self.ecosystem.parse::<Ecosystem>();
        let ecosystem = ecosystem.map_err(|error| wrong("ecosystem", error.to_string()))?;
        let package = PackageName::new(ecosystem, &self.name);
        let package = package.map_err(|error| wrong("name", error.to_string()))?;
        if self.version.is_empty() {
            return Ok(Subject::Package(package));
        }
        let version = Version::new(&self.version);
        let version = version.map_err(|error| wrong("version", error.to_string()))?;
        Ok(Subject::Release(ReleaseId::new(package, version)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, query: &str) -> Result<Address, NoAddress> {
        Address::of(path, Some(query))
    }

    fn meant(query: &str) -> String {
        let View::Received(search, _) = of("/received", query).unwrap().view else {
            panic!("another view");
        };
        match search.meant {
            None => "nothing".to_owned(),
            Some(Ok(Subject::Release(release))) => release.to_string(),
            Some(Ok(Subject::Package(package))) => format!("any {package}"),
            Some(Err(wrong)) => format!("{}: {}", wrong.field, wrong.why),
        }
    }

    #[test]
    fn a_search_is_read_as_it_is_meant() {
        assert_eq!(meant(""), "nothing");
        assert_eq!(meant("ecosystem=npm&name=&version="), "nothing");
        assert_eq!(
            meant("ecosystem=npm&name=%40a%2Fb&version=+1.0.0+"),
            "pkg:npm/%40a/b@1.0.0"
        );
        assert_eq!(meant("ecosystem=pypi&name=Foo_Bar"), "any foo-bar");
        assert_eq!(
            meant("name=pkg%3Acargo%2Fserde%401.0.0"),
            "pkg:cargo/serde@1.0.0"
        );
        assert!(meant("version=1").starts_with("name: "));
        assert!(meant("name=x").starts_with("ecosystem: "));
        assert!(meant("ecosystem=npm&name=..%2Fx").starts_with("name: "));
    }

    #[test]
    fn an_address_is_read_as_it_is_written() {
        for text in ["/", "/held", "/blocked", "/refusals", "/received"] {
            let address = of(text, "after=7~x&format=json").unwrap();
            assert!(address.json);
            let link = address.view.link(Some("7~x"), true);
            let (path, query) = link.split_once('?').unwrap();
            assert_eq!(of(path, query), Ok(address));
        }
    }

    #[test]
    fn what_is_no_address_says_so() {
        assert_eq!(of("/left", ""), Err(NoAddress::Unknown));
        assert!(matches!(of("/", "format=xml"), Err(NoAddress::Query(_))));
        assert!(matches!(of("/held", "after=x"), Err(NoAddress::Query(_))));
        let long = "x".repeat(5_000);
        assert!(matches!(of("/", &long), Err(NoAddress::Query(_))));
    }
}
