//! What the words of a specifier ask for.

use super::super::super::super::view::LockfileView;
use customs_ecosystem::lockfile::{Source, asked_source};
use customs_model::Ecosystem;

/// What somebody asks for by its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    /// A version, range or tag of a registry.
    Release(String),
    /// A repository, an address, a file.
    Elsewhere(String),
    /// They are not known.
    Untold,
}

/// What the words of a specifier mean.
pub fn of_spec(ecosystem: Ecosystem, spec: Option<&str>) -> Words {
    let Some(spec) = spec else {
        return Words::Untold;
    };
    let elsewhere = match ecosystem {
        Ecosystem::Npm => match asked_source(spec) {
            None => return Words::Untold,
            Some(Source::Registry) => false,
            Some(Source::Git | Source::Url | Source::Path | Source::Bundled) => true,
        },
        Ecosystem::PyPi => spec.starts_with('@') || spec.contains(':'),
        Ecosystem::Cargo => false,
    };
    match elsewhere {
        true => Words::Elsewhere(spec.to_owned()),
        false => Words::Release(spec.to_owned()),
    }
}

/// The same of npm's family, where words may point at those of a catalog.
pub fn of_npm(view: &LockfileView<'_>, name: &str, spec: Option<&str>) -> Words {
    let meant = spec.and_then(|spec| view.in_catalog(name, spec));
    of_spec(Ecosystem::Npm, meant.or(spec))
}
