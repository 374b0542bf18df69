//! Core metadata: `METADATA` of a wheel, `PKG-INFO` of an sdist, `<file>.metadata`.

use super::requirement::Requirement;
use super::version::canonical;
use customs_model::{
    Declared, Ecosystem, ExoticDependency, Manifest, PackageName, ParseError, Version, printable,
};

/// Bounds on metadata.
mod limit {
    /// Bytes, the long description included.
    pub const BYTES: usize = 4 << 20;
    /// Dependencies.
    pub const REQUIREMENTS: usize = 20_000;
}

/// Why metadata says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Too long.
    #[error("the core metadata has {0} bytes; more than {max} are not read", max = limit::BYTES)]
    TooLong(usize),
    /// Too many dependencies.
    #[error("the core metadata has more than {max} dependencies, which are not read", max = limit::REQUIREMENTS)]
    TooMany,
    /// A field that must be there is not.
    #[error("the core metadata has no {0}")]
    Missing(&'static str),
    /// A dependency that names no project: it cannot be left out without hiding it.
    #[error("the core metadata has a dependency that cannot be read: {0:?}")]
    Requirement(String),
    /// A name or version that is none.
    #[error(transparent)]
    Parse(#[from] ParseError),
}

/// What a distribution declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The project.
    pub name: PackageName,
    /// The version, in its canonical spelling.
    pub version: Version,
    /// Its dependencies, in order.
    pub requires_dist: Vec<Requirement>,
    /// `Dynamic: Requires-Dist`: the sdist's build decides what it depends on, so the
    /// list is not all there is.
    pub dynamic_dependencies: bool,
    /// The Python versions that it is for.
    pub requires_python: Option<String>,
    /// The source repository; the home page where none is declared.
    pub repository: Option<String>,
    /// One line about it.
    pub summary: Option<String>,
    /// The author, or the author's address.
    pub author: Option<String>,
}

impl Metadata {
    /// Reads the header fields. The description behind them is not looked at.
    ///
    /// # Errors
    /// Beyond a bound, without name or version, or with a dependency that names nothing.
    pub fn parse(bytes: &[u8]) -> Result<Self, MetadataError> {
        if bytes.len() > limit::BYTES {
            return Err(MetadataError::TooLong(bytes.len()));
        }
        let text = String::from_utf8_lossy(bytes);
        let mut fields = Fields::default();
        for (name, value) in headers(&text) {
            fields.take(&name.to_ascii_lowercase(), &value)?;
        }
        let name = fields.name.ok_or(MetadataError::Missing("Name"))?;
        let version = fields.version.ok_or(MetadataError::Missing("Version"))?;
        Ok(Self {
            name: PackageName::new(Ecosystem::PyPi, &name)?,
            version: Version::new(&canonical(&version).unwrap_or(version))?,
            requires_dist: fields.requires_dist,
            dynamic_dependencies: fields.dynamic_dependencies,
            requires_python: fields.requires_python,
            repository: fields.repository.or(fields.home_page),
            summary: fields.summary,
            author: fields.author.or(fields.author_email),
        })
    }

    /// What it declares of itself, to be compared with what an index says.
    pub fn declared(&self) -> Declared {
        Declared {
            name: Some(self.name.as_str().to_owned()),
            version: Some(self.version.as_str().to_owned()),
            manifest: self.manifest(),
        }
    }

    /// As the model has it; the code that runs is not known from metadata. Of several
    /// lines for one project the first counts.
    pub fn manifest(&self) -> Manifest {
        let mut manifest = Manifest {
            repository: self.repository.clone(),
            description: self.summary.clone(),
            author: self.author.clone(),
            ..Manifest::default()
        };
        for requirement in &self.requires_dist {
            let name = requirement.name.as_str();
            let into = if requirement.required {
                &mut manifest.dependencies
            } else {
                &mut manifest.optional_dependencies
            };
            into.entry(name.to_owned())
                .or_insert_with(|| printable(&requirement.declared(), 300));
            if let Some(url) = &requirement.url {
                manifest.exotic.push(ExoticDependency {
                    name: name.to_owned(),
                    spec: printable(url, 300),
                });
            }
        }
        let required = &manifest.dependencies;
        manifest
            .optional_dependencies
            .retain(|name, _| !required.contains_key(name));
        manifest.exotic.sort();
        manifest.exotic.dedup();
        manifest
    }
}

#[derive(Default)]
struct Fields {
    name: Option<String>,
    version: Option<String>,
    requires_dist: Vec<Requirement>,
    dynamic_dependencies: bool,
    requires_python: Option<String>,
    repository: Option<String>,
    home_page: Option<String>,
    summary: Option<String>,
    author: Option<String>,
    author_email: Option<String>,
}

impl Fields {
    fn take(&mut self, name: &str, value: &str) -> Result<(), MetadataError> {
        let value = value.trim();
        // The first of a single field counts, as `importlib.metadata` has it.
        let once = |slot: &mut Option<String>, limit| {
            if slot.is_none() && !value.is_empty() && value != "UNKNOWN" {
                *slot = Some(printable(value, limit));
            }
        };
        match name {
            "name" => once(&mut self.name, 214),
            "version" => once(&mut self.version, 256),
            "requires-python" => once(&mut self.requires_python, 300),
            "home-page" => once(&mut self.home_page, 300),
            "summary" => once(&mut self.summary, 400),
            "author" => once(&mut self.author, 200),
            "author-email" => once(&mut self.author_email, 200),
            "dynamic" => {
                self.dynamic_dependencies |= value.eq_ignore_ascii_case("requires-dist");
            }
            "project-url" => {
                if let Some((label, url)) = value.split_once(',')
                    && is_repository(label)
                    && self.repository.is_none()
                {
                    self.repository = Some(printable(url.trim(), 300));
                }
            }
            "requires-dist" => {
                let requirement = Requirement::parse(value)
                    .ok_or_else(|| MetadataError::Requirement(printable(value, 120)))?;
                if self.requires_dist.len() == limit::REQUIREMENTS {
                    return Err(MetadataError::TooMany);
                }
                self.requires_dist.push(requirement);
            }
            _ => {}
        }
        Ok(())
    }
}

/// Well-known labels (PEP 753), compared without case, spaces and punctuation.
fn is_repository(label: &str) -> bool {
    let label: String = label
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_ascii_punctuation())
        .flat_map(char::to_lowercase)
        .collect();
    matches!(
        label.as_str(),
        "source" | "repository" | "sourcecode" | "github" | "code" | "sourcerepository"
    )
}

/// Name and value of each header, continuation lines joined. Ends at the empty line.
fn headers(text: &str) -> impl Iterator<Item = (&str, String)> {
    let mut lines = text
        .trim_start_matches('\u{feff}')
        .split('\n')
        // Python's reader ends a line at a lone carriage return as well.
        .flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
        .take_while(|line| !line.is_empty())
        .peekable();
    std::iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let mut value = value.trim().to_owned();
            while let Some(more) = lines.next_if(|next| next.starts_with([' ', '\t'])) {
                value.push(' ');
                value.push_str(more.trim());
            }
            return Some((name, value));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EXAMPLE: &str = "\
Metadata-Version: 2.4
Name: Demo_Package
Version: 1.0.RC1
Summary: Does little
Author-email: A <a@files.example>
Project-URL: Homepage, https://home.example
Project-URL: Source Code, https://code.example/demo
Requires-Python: >=3.9
Requires-Dist: httpx[http2]>=0.23
Requires-Dist: click (>=8,
 <9)
Requires-Dist: pytest; extra == 'test'
requires-dist: tool @ git+https://code.example/tool
Provides-Extra: test

Requires-Dist: not-a-dependency
";

    #[test]
    fn a_metadata_file_becomes_a_manifest() {
        let metadata = Metadata::parse(EXAMPLE.as_bytes()).unwrap();
        assert_eq!(metadata.name.as_str(), "demo-package");
        assert_eq!(metadata.version.as_str(), "1.0rc1");
        let manifest = metadata.manifest();
        insta::assert_debug_snapshot!(
            (&manifest.dependencies, &manifest.optional_dependencies, &manifest.exotic),
            @r#"
        (
            {
                "click": ">=8, <9",
                "httpx": ">=0.23",
                "tool": "@ git+https://code.example/tool",
            },
            {
                "pytest": "",
            },
            [
                ExoticDependency {
                    name: "tool",
                    spec: "git+https://code.example/tool",
                },
            ],
        )
        "#
        );
        assert_eq!(
            manifest.repository.as_deref(),
            Some("https://code.example/demo")
        );
        assert_eq!(manifest.author.as_deref(), Some("A <a@files.example>"));
    }

    #[test]
    fn windows_line_ends_and_dynamic_fields_are_understood() {
        let text = EXAMPLE
            .replace("Summary: Does little", "Dynamic: Requires-Dist")
            .replace('\n', "\r\n");
        let metadata = Metadata::parse(text.as_bytes()).unwrap();
        assert!(metadata.dynamic_dependencies);
        assert_eq!(metadata.requires_dist.len(), 4);
    }

    #[test]
    fn what_is_missing_or_broken_is_named() {
        let error = |text: &str| Metadata::parse(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(error(""), "the core metadata has no Name");
        assert_eq!(error("Name: a\n"), "the core metadata has no Version");
        assert_eq!(
            error("Name: a\nVersion: 1\nRequires-Dist: ==1\n"),
            "the core metadata has a dependency that cannot be read: \"==1\""
        );
        assert!(error("Name: ../a\nVersion: 1\n").contains("not a package name"));
        assert!(error(&" ".repeat(limit::BYTES + 1)).contains("more than 4194304"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Metadata::parse(&bytes);
            let mut text = b"Name: a\nVersion: 1\nRequires-Dist: ".to_vec();
            text.extend_from_slice(&bytes);
            if let Ok(metadata) = Metadata::parse(&text) {
                metadata.manifest();
            }
        }
    }
}
