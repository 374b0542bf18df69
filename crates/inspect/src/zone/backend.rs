//! Build back-ends that come from somewhere else.

use crate::package::{Make, Package};

/// Back-ends that are well known, by the first part of their module.
const KNOWN: [&str; 20] = [
    "setuptools",
    "hatchling",
    "flit_core",
    "flit",
    "flit_scm",
    "poetry",
    "poetry_dynamic_versioning",
    "pdm",
    "mesonpy",
    "maturin",
    "scikit_build_core",
    "uv_build",
    "sipbuild",
    "pbr",
    "jupyter_packaging",
    "enscons",
    "whey",
    "trampolim",
    "intreehooks",
    "py_build_cmake",
];

/// The module that builds a source distribution, where it is neither in the tree nor well known:
/// what it does is in another package.
pub fn of_another(package: &Package) -> Option<String> {
    if package.make != Make::Sdist {
        return None;
    }
    let id = package.find("pyproject.toml")?;
    let text = String::from_utf8_lossy(package.file(id).bytes.as_deref()?).into_owned();
    let manifest = text.parse::<toml::Table>().ok()?;
    let system = manifest.get("build-system")?;
    if system.get("backend-path").is_some() {
        return None;
    }
    let backend = system.get("build-backend")?.as_str()?;
    let module = backend.split([':', '.']).next().unwrap_or(backend).trim();
    (!module.is_empty() && !KNOWN.contains(&module)).then(|| module.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::engine::inspect_tree;
    use crate::unpack::{Tree, text_file};

    fn unread(manifest: &str) -> Vec<(String, bool)> {
        let code = inspect_tree(&Tree {
            entries: vec![
                text_file(
                    "a-1.0/PKG-INFO",
                    "Metadata-Version: 2.1\nName: a\nVersion: 1.0\n",
                ),
                text_file("a-1.0/pyproject.toml", manifest),
            ],
            ..Tree::default()
        });
        let parts = code.unread.into_iter();
        parts.map(|part| (part.because, part.reached)).collect()
    }

    #[test]
    fn a_back_end_of_another_package_is_said_not_to_be_read() {
        let told = unread("[build-system]\nrequires = ['b']\nbuild-backend = 'b.api'\n");
        assert_eq!(
            told,
            [("its build back-end is another package's".to_owned(), false)]
        );
    }

    #[test]
    fn a_back_end_that_is_known_or_in_the_tree_says_nothing() {
        for manifest in [
            "[build-system]\nbuild-backend = 'setuptools.build_meta:__legacy__'\n",
            "[build-system]\nbuild-backend = 'b'\nbackend-path = ['.']\n",
            "[project]\nname = 'a'\n",
        ] {
            assert_eq!(unread(manifest), [], "{manifest}");
        }
    }
}
