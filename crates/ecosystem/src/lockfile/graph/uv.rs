//! `uv.lock`: packages by name, and by version and source where a name stands twice.

use super::super::tree::{Fault, Node};
use super::super::{Source, uv_lock};
use super::builder::Builder;
use super::{Ask, AskKind, Importer, NamedFile, Package, Stated};
use crate::pypi::Requirement;
use customs_model::{Ecosystem, PackageName};
use std::collections::HashMap;

pub(super) fn read(text: &str, out: &mut Builder<'_>) -> Result<(), Fault> {
    let root = uv_lock::parse(text)?;
    uv_lock::take(&root, &mut out.entries)?;
    out.place();
    out.format = root.get_text("version").unwrap_or_default().to_owned();
    for rule in root
        .get("manifest")
        .and_then(|m| m.get("overrides"))
        .map(Node::list)
        .unwrap_or_default()
    {
        let elsewhere = elsewhere(rule);
        let spec = rule.get_text("specifier").map(str::to_owned).or(elsewhere);
        let spec = spec.as_deref().unwrap_or("another source");
        let name = rule.get_text("name").unwrap_or_default();
        out.overrides.push((name.to_owned(), spec.to_owned()));
    }
    let given = root
        .get("manifest")
        .and_then(|m| m.get("dependency-metadata"));
    let given = given.map(Node::list).unwrap_or_default();
    out.stated = given.iter().filter_map(stated).collect();
    let mut asked = Vec::new();
    for node in uv_lock::packages(&root) {
        match member_path(node) {
            Some(path) => out.importers.push(Importer {
                path: if path == "." {
                    String::new()
                } else {
                    path.to_owned()
                },
                name: node.get_text("name").map(str::to_owned),
                asks: requirements(node),
                line: out.entries.line(node.at()),
            }),
            None => {
                let package = package(node, out);
                out.packages.push(package);
            }
        }
        asked.push((node, member_path(node).is_some()));
    }
    lead(&asked, out);
    Ok(())
}

/// What uv was given in the place of a package's own metadata. One that names nothing is for nothing.
fn stated(node: &Node<'_>) -> Option<Stated> {
    let package = PackageName::new(Ecosystem::PyPi, node.get_text("name")?).ok()?;
    let requires = node.get("requires-dist").map(Node::list);
    let requires = requires.unwrap_or_default().iter();
    let asks = requires.filter_map(|item| Requirement::parse(item.text()?));
    let always = asks.filter(|one| one.marker.is_none());
    Some(Stated {
        package,
        version: node.get_text("version").map(str::to_owned),
        always: always.map(|one| one.name.as_str().to_owned()).collect(),
    })
}

/// The folder of a project that is installed from where it lies.
fn member_path<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    let source = node.get("source")?;
    source
        .get_text("editable")
        .or_else(|| source.get_text("virtual"))
}

fn package(node: &Node<'_>, out: &Builder<'_>) -> Package {
    let name = node.get_text("name").unwrap_or_default();
    let version = node.get_text("version").unwrap_or_default();
    let source = node.get("source").and_then(uv_lock::source_of);
    let kind = source.map_or(Source::Registry, |(kind, _)| kind);
    let mut package = out.package(node.at(), name, version, kind);
    package.resolved = source.map(|(_, address)| address.to_owned());
    package.conditional = node.get("resolution-markers").is_some();
    package.files = uv_lock::files(node)
        .filter_map(|file| {
            let path = file.get_text("path").or_else(|| file.get_text("filename"));
            let name = path.and_then(|path| path.rsplit('/').next());
            NamedFile::new(name, file.get_text("url"), file.get_text("hash"))
        })
        .collect();
    package
}

/// What a project's own metadata asks for, in the words of its manifest.
fn requirements(node: &Node<'_>) -> Vec<Ask> {
    let metadata = node.get("metadata");
    let list = |key| metadata.and_then(|m| m.get(key));
    let runtime = list("requires-dist").map(Node::list).unwrap_or_default();
    let mut asks: Vec<Ask> = runtime
        .iter()
        .map(|item| requirement(item, AskKind::Runtime))
        .collect();
    let groups = list("requires-dev").map(Node::map).unwrap_or_default();
    for item in groups.iter().flat_map(|(_, group)| group.list()) {
        asks.push(requirement(item, AskKind::Dev));
    }
    asks
}

/// Where a requirement is taken from, if from no index.
fn elsewhere(item: &Node<'_>) -> Option<String> {
    let keys = ["git", "url", "path", "directory", "editable", "virtual"];
    keys.iter().find_map(|key| {
        item.get_text(key)
            .map(|address| format!("{key}: {address}"))
    })
}

fn requirement(item: &Node<'_>, kind: AskKind) -> Ask {
    let name = item.get_text("name").unwrap_or_default();
    let spec = match elsewhere(item) {
        Some(address) => address,
        None => item.get_text("specifier").unwrap_or_default().to_owned(),
    };
    Ask::new(name, Some(&spec), kind)
}

/// Who depends on what: the lists of dependencies, which name version and source where the name
/// alone would not tell.
fn lead(asked: &[(&Node<'_>, bool)], out: &mut Builder<'_>) {
    let mut by_name: HashMap<String, usize> = HashMap::new();
    let mut by_version: HashMap<(String, String), usize> = HashMap::new();
    for (number, package) in out.packages.iter().enumerate() {
        by_name.entry(package.name.clone()).or_insert(number);
        by_version
            .entry((package.name.clone(), package.version.clone()))
            .or_insert(number);
    }
    let find = |item: &Node<'_>| {
        let name = item.get_text("name").unwrap_or_default();
        match item.get_text("version") {
            Some(version) => by_version.get(&(name.to_owned(), version.to_owned())),
            None => by_name.get(name),
        }
        .copied()
    };
    let (mut package, mut importer) = (0, 0);
    for (node, is_member) in asked {
        let found = edges(node);
        if *is_member {
            if let Some(importer) = out.importers.get_mut(importer) {
                join(&mut importer.asks, &found, &find);
            }
            importer += 1;
        } else {
            if let Some(package) = out.packages.get_mut(package) {
                package.asks = found
                    .iter()
                    .map(|(item, kind)| Ask {
                        to: find(item),
                        ..Ask::new(item.get_text("name").unwrap_or_default(), None, *kind)
                    })
                    .collect();
            }
            package += 1;
        }
    }
}

/// The dependencies of an entry, with how they are asked for.
fn edges<'n, 't>(node: &'n Node<'t>) -> Vec<(&'n Node<'t>, AskKind)> {
    let plain = node.get("dependencies").map(Node::list).unwrap_or_default();
    let mut edges: Vec<_> = plain.iter().map(|item| (item, AskKind::Runtime)).collect();
    for (key, kind) in [
        ("optional-dependencies", AskKind::Optional),
        ("dev-dependencies", AskKind::Dev),
    ] {
        let groups = node.get(key).map(Node::map).unwrap_or_default();
        edges.extend(groups.iter().flat_map(|(_, l)| l.list()).map(|i| (i, kind)));
    }
    edges
}

/// Where a project's asks lead. Without metadata (a file of an older uv) the dependencies
/// themselves are what is asked for.
fn join(
    asks: &mut Vec<Ask>,
    edges: &[(&Node<'_>, AskKind)],
    find: &dyn Fn(&Node<'_>) -> Option<usize>,
) {
    let mut targets: HashMap<&str, usize> = HashMap::new();
    for (item, kind) in edges {
        let name = item.get_text("name").unwrap_or_default();
        let Some(to) = find(item) else { continue };
        match targets.insert(name, to) {
            None if asks.iter().any(|ask| ask.name == name) => {}
            // A second version of one name, or a name that only the dependencies have.
            _ => asks.push(Ask {
                to: Some(to),
                ..Ask::new(name, None, *kind)
            }),
        }
    }
    for ask in asks.iter_mut().filter(|ask| ask.to.is_none()) {
        ask.to = targets.get(ask.name.as_str()).copied();
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Kind;
    use super::super::Graph;
    use super::super::testing::graph;

    #[test]
    fn a_name_that_stands_twice_is_told_by_its_version() {
        let text = include_str!("../fixtures/uv.lock");
        insta::assert_snapshot!(graph(Kind::UvLock, text), @r"
        project .
            anyio >=4 -> anyio@4.4.0
            torch >=2 -> torch@2.4.0
        project tools
        13: anyio@4.4.0 anyio-4.4.0.tar.gz anyio-4.4.0-py3-none-any.whl
            idna -> -
        25: from-git@1.2.0
        30: from-url@3.1.0 from_url-3.1.0-py3-none-any.whl
        38: local@0.1.0 local-0.1.0-py3-none-any.whl?
        61: torch@2.4.0 conditional torch-2.4.0-cp311-cp311-win_amd64.whl
        72: torch@2.4.0+cpu torch-2.4.0+cpu-cp311-cp311-linux_x86_64.whl
        ");
    }

    #[test]
    fn metadata_that_uv_was_given_is_found_by_its_version_and_else_by_its_name_alone() {
        let of = |name: &str, version: &str, asks: &str| {
            format!(
                "[[manifest.dependency-metadata]]\nname = \"{name}\"\n{version}requires-dist = [{asks}]\n\n"
            )
        };
        let text = format!(
            "version = 1\n\n{}{}{}",
            of(
                "A_b",
                "version = \"1.0\"\n",
                "\"X.y>=1\", \"z; python_version < '3'\""
            ),
            of("a-b", "", "\"all\""),
            of("c", "version = \"1\"\n", "")
        );
        let graph = Graph::read(Kind::UvLock, text.as_bytes()).unwrap();
        let asks = |release: &str| {
            let stated = graph.stated_of(&release.parse().unwrap())?;
            Some(stated.always.iter().map(String::as_str).collect::<Vec<_>>())
        };
        assert_eq!(asks("pkg:pypi/a-b@1.0.0"), Some(vec!["x-y"]));
        assert_eq!(asks("pkg:pypi/a-b@2"), Some(vec!["all"]));
        assert_eq!(asks("pkg:pypi/c@1"), Some(vec![]));
        assert_eq!(asks("pkg:pypi/c@2"), None);
        assert_eq!(asks("pkg:pypi/d@1"), None);
    }
}
