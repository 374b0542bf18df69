//! A graph for people.

use super::super::Kind;
use super::{Ask, Graph};
use std::fmt::Write as _;

/// One line for each importer and package, with what it asks for.
pub(in crate::lockfile) fn graph(kind: Kind, text: &str) -> String {
    let graph = Graph::read(kind, text.as_bytes()).unwrap();
    let mut out = String::new();
    for importer in &graph.importers {
        let path = if importer.path.is_empty() {
            "."
        } else {
            &importer.path
        };
        writeln!(out, "project {path}{}", asks(&graph, &importer.asks)).unwrap();
    }
    for package in &graph.packages {
        write!(
            out,
            "{}: {}@{}",
            package.line, package.name, package.version
        )
        .unwrap();
        for key in &package.keys {
            let spec = key
                .spec
                .as_deref()
                .map(|s| format!("@{s}"))
                .unwrap_or_default();
            if key.name != package.name || key.spec.is_some() {
                write!(out, " as {}{spec}", key.name).unwrap();
            }
        }
        for (flag, word) in [
            (package.dev, "dev"),
            (package.optional, "optional"),
            (package.conditional, "conditional"),
            (package.bundles, "bundles"),
        ] {
            if flag {
                write!(out, " {word}").unwrap();
            }
        }
        for file in &package.files {
            write!(
                out,
                " {}{}",
                file.name,
                if file.digest.is_some() { "" } else { "?" }
            )
            .unwrap();
        }
        writeln!(out, "{}", asks(&graph, &package.asks)).unwrap();
    }
    for (selector, with) in &graph.overrides {
        writeln!(out, "override {selector} = {with}").unwrap();
    }
    out
}

fn asks(graph: &Graph, asks: &[Ask]) -> String {
    let mut out = String::new();
    for ask in asks {
        let kind = format!("{:?}", ask.kind).to_lowercase();
        let spec = ask
            .spec
            .as_deref()
            .map(|s| format!(" {s}"))
            .unwrap_or_default();
        let to = match ask.to {
            Some(to) => format!("{}@{}", graph.packages[to].name, graph.packages[to].version),
            None => "-".to_owned(),
        };
        let kind = if kind == "runtime" {
            String::new()
        } else {
            format!(" ({kind})")
        };
        write!(out, "\n    {}{spec}{kind} -> {to}", ask.name).unwrap();
    }
    out
}
