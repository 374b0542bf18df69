//! The built-in lists of popular names, one file per ecosystem.

use customs_model::{Ecosystem, PackageName};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// One popular package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Popular {
    pub(super) name: PackageName,
    /// Where its source lives, as [`repository_place`] writes it, if the list says.
    pub(super) repository: Option<String>,
}

/// Names that are worth imitating.
#[derive(Debug, Clone, Default)]
pub struct PopularNames {
    list: Vec<Popular>,
    names: BTreeSet<PackageName>,
    scopes: BTreeSet<String>,
}

static NPM: LazyLock<PopularNames> =
    LazyLock::new(|| PopularNames::parse(Ecosystem::Npm, include_str!("../../data/npm-names.txt")));
static PYPI: LazyLock<PopularNames> = LazyLock::new(|| {
    PopularNames::parse(Ecosystem::PyPi, include_str!("../../data/pypi-names.txt"))
});
static CARGO: LazyLock<PopularNames> = LazyLock::new(|| {
    PopularNames::parse(Ecosystem::Cargo, include_str!("../../data/cargo-names.txt"))
});

impl PopularNames {
    /// The built-in list.
    pub fn built_in(ecosystem: Ecosystem) -> &'static Self {
        match ecosystem {
            Ecosystem::Npm => &NPM,
            Ecosystem::PyPi => &PYPI,
            Ecosystem::Cargo => &CARGO,
        }
    }

    /// Reads a list: names parted by white space, each with `=owner/repository` behind
    /// it or not, `#` before a remark. What is no name is left out.
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Self {
        let mut list = Self::default();
        let lines = text
            .lines()
            .map(|line| line.split('#').next().unwrap_or_default());
        for entry in lines.flat_map(str::split_ascii_whitespace) {
            let (name, repository) = entry
                .split_once('=')
                .map_or((entry, None), |(n, r)| (n, Some(r)));
            let Ok(name) = PackageName::new(ecosystem, name) else {
                continue;
            };
            if !list.names.insert(name.clone()) {
                continue;
            }
            list.scopes.extend(name.scope().map(str::to_owned));
            let repository =
                repository.and_then(|place| repository_place(&format!("github:{place}")));
            list.list.push(Popular { name, repository });
        }
        list
    }

    /// Whether a name is popular itself.
    pub fn holds(&self, name: &PackageName) -> bool {
        self.names.contains(name)
    }

    /// Whether a scope belongs to a popular package: whoever publishes there is its owner.
    pub fn owns_scope(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Popular> {
        self.list.iter()
    }
}

/// `host/owner/repository` in lower case, from any of the forms in which packages
/// declare it. `None` where there are not three such parts.
pub(super) fn repository_place(declared: &str) -> Option<String> {
    let text = declared.trim().to_ascii_lowercase();
    let text = text.strip_prefix("git+").unwrap_or(&text);
    let place = if let Some(rest) = text.strip_prefix("github:") {
        format!("github.com/{rest}")
    } else if let Some((_, rest)) = text.split_once("://") {
        // What stands before an '@' in the host part is a user, not a host.
        let (host, path) = rest.split_once('/')?;
        format!("{}/{path}", host.rsplit('@').next()?)
    } else if let Some((host, path)) = text.split_once(':') {
        format!("{}/{path}", host.rsplit('@').next()?)
    } else if text.split('/').count() == 2 {
        format!("github.com/{text}")
    } else {
        text.to_owned()
    };
    let place = place.split(['#', '?']).next()?;
    let mut parts = place
        .trim_start_matches("www.")
        .split('/')
        .filter(|part| !part.is_empty());
    let (host, owner, repository) = (parts.next()?, parts.next()?, parts.next()?);
    Some(format!(
        "{host}/{owner}/{}",
        repository.strip_suffix(".git").unwrap_or(repository)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_lists_hold_some_three_hundred_names_each() {
        for ecosystem in Ecosystem::ALL {
            let list = PopularNames::built_in(ecosystem);
            assert!(
                (280..=420).contains(&list.list.len()),
                "{ecosystem}: {}",
                list.list.len()
            );
            let known = list.iter().filter(|p| p.repository.is_some()).count();
            assert!(known >= 40, "{ecosystem}: {known} repositories");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_declared_repository_makes_the_reader_panic(text in "\\PC{0,40}") {
            let _ = repository_place(&text);
        }
    }
}
