//! What a path asks for. Pure: a path in, one of a few cases out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use customs_model::{Ecosystem, PackageName, Version};
use url::Url;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// The gate's own controls, behind `/-/customs/`.
    Control(String),
    /// An npm document.
    NpmDocument(PackageName),
    /// One version's object, by version or tag.
    NpmVersion(PackageName, String),
    /// A tarball: package, file name, and the path as it was asked.
    NpmTarball(PackageName, String),
    /// Dist-tags of a package (read).
    NpmTags(PackageName),
    /// Anything else below npm's registry: audit, keys, search, login.
    NpmOther(String),
    /// A project of the Python simple API.
    PyPiProject(PackageName),
    /// A Python distribution or its metadata, by its upstream's folder and file name.
    PyPiFile(Url, String),
    /// cargo's `config.json`.
    CargoConfig,
    /// A file of the sparse index.
    CargoIndex(PackageName),
    /// A crate.
    CargoDownload(PackageName, Version),
    /// cargo's web API.
    CargoApi(String),
    /// No route; why.
    Nothing(&'static str),
}

/// The prefix of Python's simple API at the gate.
pub const PYPI_SIMPLE: &str = "/-/pypi/simple/";
/// The prefix of Python files at the gate.
pub const PYPI_FILES: &str = "/-/pypi/files/";
/// The prefix of cargo's index at the gate.
pub const CARGO_INDEX: &str = "/-/cargo/index/";
/// The prefix of crates at the gate.
pub const CARGO_DL: &str = "/-/cargo/dl/";

impl Route {
    /// Reads a request path. Long paths and traversal are refused before anything else.
    pub fn of(path: &str) -> Self {
        if path.len() > 4096 {
            return Self::Nothing("the path is longer than 4096 bytes");
        }
        let Some(decoded) = decode(path) else {
            return Self::Nothing("the path is not valid UTF-8");
        };
        // To a URL parser a backslash is a slash.
        if decoded.contains('\\')
            || decoded.chars().any(char::is_control)
            || decoded.split('/').any(|s| s == ".." || s == ".")
        {
            return Self::Nothing("the path holds a traversal or a control character");
        }
        if let Some(rest) = decoded.strip_prefix("/-/customs/") {
            return Self::Control(rest.to_owned());
        }
        if let Some(rest) = decoded.strip_prefix(PYPI_SIMPLE) {
            return match PackageName::new(Ecosystem::PyPi, rest.trim_end_matches('/')) {
                Ok(name) => Self::PyPiProject(name),
                Err(_) => Self::Nothing("that is no name of a Python project"),
            };
        }
        if let Some(rest) = path.strip_prefix(PYPI_FILES) {
            return pypi_file(rest);
        }
        if let Some(rest) = decoded.strip_prefix(CARGO_INDEX) {
            return cargo_index(rest);
        }
        if let Some(rest) = decoded.strip_prefix(CARGO_DL) {
            return cargo_download(rest);
        }
        if let Some(rest) = decoded.strip_prefix("/-/cargo/api/") {
            return Self::CargoApi(rest.to_owned());
        }
        npm(&decoded)
    }
}

fn npm(path: &str) -> Route {
    let rest = path.trim_start_matches('/');
    if rest.is_empty() {
        return Route::NpmOther(String::new());
    }
    if let Some(tags) = rest
        .strip_prefix("-/package/")
        .and_then(|r| r.strip_suffix("/dist-tags"))
    {
        return match PackageName::new(Ecosystem::Npm, tags) {
            Ok(name) => Route::NpmTags(name),
            Err(_) => Route::Nothing("that is no name of an npm package"),
        };
    }
    if rest.starts_with("-/") {
        return Route::NpmOther(rest.to_owned());
    }
    if let Some((before, file)) = rest.split_once("/-/") {
        // `-/` may stand behind a path prefix of the upstream, which npm keeps when it
        // takes a tarball's address from a lockfile; and the scope may be repeated in
        // the file's part.
        let file = file.rsplit('/').next().unwrap_or(file);
        let segments: Vec<&str> = before.split('/').collect();
        let name = match segments.as_slice() {
            [.., scope, bare] if scope.starts_with('@') => format!("{scope}/{bare}"),
            [.., bare] => (*bare).to_owned(),
            [] => String::new(),
        };
        return match PackageName::new(Ecosystem::Npm, &name) {
            Ok(name) if file.ends_with(".tgz") => Route::NpmTarball(name, file.to_owned()),
            Ok(_) => Route::NpmOther(rest.to_owned()),
            Err(_) => Route::Nothing("that is no name of an npm package"),
        };
    }
    let (name, version) = match rest.strip_prefix('@') {
        Some(scoped) => match scoped.splitn(3, '/').collect::<Vec<_>>().as_slice() {
            [scope, bare] => (format!("@{scope}/{bare}"), None),
            [scope, bare, version] => (format!("@{scope}/{bare}"), Some((*version).to_owned())),
            _ => return Route::Nothing("a scope needs a name behind it"),
        },
        None => match rest.split_once('/') {
            Some((name, version)) => (name.to_owned(), Some(version.to_owned())),
            None => (rest.to_owned(), None),
        },
    };
    let Ok(package) = PackageName::new(Ecosystem::Npm, &name) else {
        return Route::Nothing("that is no name of an npm package");
    };
    match version {
        None => Route::NpmDocument(package),
        Some(version) if version.contains('/') => Route::NpmOther(rest.to_owned()),
        Some(version) => Route::NpmVersion(package, version),
    }
}

fn cargo_index(rest: &str) -> Route {
    if rest == "config.json" {
        return Route::CargoConfig;
    }
    let name = rest.rsplit('/').next().unwrap_or(rest);
    match PackageName::new(Ecosystem::Cargo, name) {
        Ok(name) if customs_ecosystem::cargo::index_path(name.as_str()) == rest => {
            Route::CargoIndex(name)
        }
        _ => Route::Nothing("that is no path of a sparse index"),
    }
}

fn cargo_download(rest: &str) -> Route {
    let parts: Vec<&str> = rest.split('/').collect();
    let [name, version, "download"] = parts.as_slice() else {
        return Route::Nothing("a download is /crate/version/download");
    };
    match (
        PackageName::new(Ecosystem::Cargo, name),
        Version::new(version),
    ) {
        (Ok(name), Ok(version)) => Route::CargoDownload(name, version),
        _ => Route::Nothing("that is no crate and version"),
    }
}

fn pypi_file(rest: &str) -> Route {
    let Some((folder, file)) = rest.split_once('/') else {
        return Route::Nothing("a file needs its upstream's folder");
    };
    let folder = URL_SAFE_NO_PAD
        .decode(folder)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| Url::parse(&text).ok());
    match (folder, decode(file)) {
        (Some(folder), Some(file)) if !file.contains('/') && !file.is_empty() => {
            Route::PyPiFile(folder, file)
        }
        _ => Route::Nothing("that is no address of a Python file"),
    }
}

/// The gate's address of a Python file: the upstream's folder stands in it, so that a
/// lockfile can be given back its own addresses without asking anybody.
pub fn file_url_to_gate(gate: &str, upstream: &str) -> Option<String> {
    let url = Url::parse(upstream).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let mut folder = url.clone();
    folder.set_fragment(None);
    folder.set_query(None);
    let file = url.path_segments()?.next_back()?.to_owned();
    if file.is_empty() {
        return None;
    }
    folder.path_segments_mut().ok()?.pop().push("");
    let fragment = url.fragment().map(|f| format!("#{f}")).unwrap_or_default();
    let encoded = URL_SAFE_NO_PAD.encode(folder.as_str());
    Some(format!(
        "{}{PYPI_FILES}{encoded}/{file}{fragment}",
        gate.trim_end_matches('/')
    ))
}

/// The inverse of [`file_url_to_gate`].
pub fn file_url_to_upstream(gate: &str, url: &str) -> Option<String> {
    let rest = url
        .strip_prefix(gate.trim_end_matches('/'))?
        .strip_prefix(PYPI_FILES)?;
    let (folder, file) = rest.split_once('/')?;
    let folder = String::from_utf8(URL_SAFE_NO_PAD.decode(folder).ok()?).ok()?;
    Some(format!("{folder}{file}"))
}

/// Percent-decoding; `None` where the result is not UTF-8.
pub(crate) fn decode(path: &str) -> Option<String> {
    String::from_utf8(decoded(path)).ok()
}

/// The same, with a sign of its own for what is no letter.
pub(crate) fn decode_lossy(text: &str) -> String {
    String::from_utf8_lossy(&decoded(text)).into_owned()
}

fn decoded(path: &str) -> Vec<u8> {
    let bytes = path.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = (*byte == b'%')
            .then(|| {
                path.get(at + 1..at + 3)
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            })
            .flatten();
        match escaped {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npm_name(name: &str) -> PackageName {
        PackageName::new(Ecosystem::Npm, name).unwrap()
    }

    #[test]
    fn each_clients_spelling_of_an_npm_path_is_understood() {
        let scoped = npm_name("@types/node");
        assert_eq!(
            Route::of("/@types%2fnode"),
            Route::NpmDocument(scoped.clone())
        );
        assert_eq!(
            Route::of("/@types%2Fnode"),
            Route::NpmDocument(scoped.clone())
        );
        assert_eq!(
            Route::of("/@types/node"),
            Route::NpmDocument(scoped.clone())
        );
        assert_eq!(
            Route::of("/@types/node/1.0.0"),
            Route::NpmVersion(scoped.clone(), "1.0.0".into())
        );
        let tarball = Route::NpmTarball(scoped, "node-1.0.0.tgz".into());
        for path in [
            "/@types/node/-/node-1.0.0.tgz",
            "/@types%2fnode/-/node-1.0.0.tgz",
            "/@types/node/-/@types/node-1.0.0.tgz",
            "/api/npm/team/@types/node/-/node-1.0.0.tgz",
        ] {
            assert_eq!(Route::of(path), tarball, "{path}");
        }
        assert_eq!(
            Route::of("/ms/-/ms-2.1.2.tgz"),
            Route::NpmTarball(npm_name("ms"), "ms-2.1.2.tgz".into())
        );
        assert_eq!(
            Route::of("/-/npm/v1/keys"),
            Route::NpmOther("-/npm/v1/keys".into())
        );
    }

    #[test]
    fn hostile_paths_are_no_route() {
        for path in [
            "/../etc/passwd",
            "/%2e%2e/x",
            "/a/%2e%2e/b",
            "/a%00b",
            "/a%0ab",
            "/%ff",
            "/-/npm/v1/security/..\\..\\tokens",
            "/a/%5c..%5cb",
            "/-/pypi/simple/..%2fx/",
            "/-/cargo/index/../config.json",
            "/-/pypi/files/!!/x.whl",
        ] {
            assert!(
                matches!(Route::of(path), Route::Nothing(_)),
                "{path}: {:?}",
                Route::of(path)
            );
        }
        assert!(matches!(
            Route::of(&format!("/{}", "a".repeat(10_000))),
            Route::Nothing(_)
        ));
    }

    #[test]
    fn a_python_files_address_leads_there_and_back() {
        let upstream = "https://files.example/packages/0e/f9/six-1.0.tar.gz#sha256=ab";
        let gate = "http://127.0.0.1:8123";
        let there = file_url_to_gate(gate, upstream).unwrap();
        assert!(there.ends_with("/six-1.0.tar.gz#sha256=ab"), "{there}");
        assert_eq!(
            file_url_to_upstream(gate, &there).as_deref(),
            Some(upstream)
        );
        let path = there.strip_prefix(gate).unwrap().split('#').next().unwrap();
        let Route::PyPiFile(folder, file) = Route::of(path) else {
            panic!("{path}")
        };
        assert_eq!(folder.as_str(), "https://files.example/packages/0e/f9/");
        assert_eq!(file, "six-1.0.tar.gz");
    }
}
