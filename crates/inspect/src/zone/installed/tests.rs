//! What is packed runs when it is imported; what is not runs where something loads it.

use super::is_like;
use crate::package::Package;
use crate::unpack::{Content, Entry as Packed, Kind, Tree};
use crate::zone::{Entry, entries};
use customs_model::Zone;

/// Files of a source distribution, beside its `PKG-INFO`.
fn sdist(files: &[(&str, &str)]) -> Package {
    let all = files
        .iter()
        .chain(&[("PKG-INFO", "Name: a\nVersion: 1.0\n")]);
    let entries = all.map(|(path, text)| Packed {
        path: format!("a-1.0/{path}"),
        content: Content::Whole(text.as_bytes().into()),
        length: text.len() as u64,
        kind: Kind::Text,
        executable: false,
    });
    Package::new(&Tree {
        entries: entries.collect(),
        ..Tree::default()
    })
}

/// The strongest zone in which a file begins to run.
fn zone(files: &[(&str, &str)], path: &str) -> Zone {
    let package = sdist(files);
    let wanted = package.find(path);
    let zones = entries(&package)
        .into_iter()
        .filter_map(|entry| match entry {
            Entry::File { file, zone, .. } if Some(file) == wanted => Some(zone),
            _ => None,
        });
    zones.max().unwrap_or(Zone::Never)
}

/// The same of a package, of tests and of tools beside a manifest and other files.
fn zones(manifests: &[(&str, &str)]) -> [Zone; 3] {
    let mut files = vec![
        ("a/__init__.py", ""),
        ("a/b.py", ""),
        ("tests/__init__.py", ""),
        ("tests/test_b.py", ""),
        ("helper/__init__.py", ""),
        ("helper/c.py", ""),
    ];
    files.extend_from_slice(manifests);
    ["a/b.py", "tests/test_b.py", "helper/c.py"].map(|path| zone(&files, path))
}

const HATCH: &str = "[build-system]\nbuild-backend = 'hatchling.build'\n";
const SETUPTOOLS: &str = "[build-system]\nbuild-backend = 'setuptools.build_meta'\n";

#[test]
fn tests_and_tools_that_are_packed_for_nobody_never_run() {
    let only_a = [Zone::Import, Zone::Never, Zone::Never];
    let manifests = [
        format!("{HATCH}[tool.hatch.build.targets.wheel]\npackages = ['a']\n"),
        format!("{HATCH}[tool.hatch.build]\nonly-include = ['/a']\n"),
        format!("{HATCH}[project]\nname = 'A'\n"),
        "[build-system]\nbuild-backend = 'flit_core.buildapi'\n[tool.flit.module]\nname = 'a'\n"
            .to_owned(),
        "[build-system]\nbuild-backend = 'uv_build'\n[tool.uv.build-backend]\nmodule-name = 'a'\n\
         module-root = ''\n"
            .to_owned(),
        "[build-system]\nbuild-backend = 'poetry.core.masonry.api'\n[tool.poetry]\n\
         packages = [{ include = 'a' }]\ninclude = [{ path = 'tests', format = 'sdist' }]\n"
            .to_owned(),
        "[build-system]\nbuild-backend = 'pdm.backend'\n[tool.pdm.build]\n\
         source-includes = ['tests/', 'helper/']\n"
            .to_owned(),
        format!("{SETUPTOOLS}[tool.setuptools]\npackages = ['a']\n"),
        format!("{SETUPTOOLS}[tool.setuptools.packages.find]\ninclude = ['a', 'a.*']\n"),
    ];
    for manifest in manifests {
        assert_eq!(
            zones(&[("pyproject.toml", manifest.as_str())]),
            only_a,
            "{manifest}"
        );
    }
    let scripts = [
        "from setuptools import setup\nsetup(name='a', packages=['a', 'a.c'])\n",
        "import setuptools\nsetuptools.setup(packages=setuptools.find_packages(exclude=('tests*', 'helper')))\n",
        "from setuptools import find_packages, setup\nFOUND = find_packages(include=['a', 'a.*'])\nsetup(packages=FOUND)\n",
    ];
    for script in scripts {
        assert_eq!(zones(&[("setup.py", script)]), only_a, "{script}");
    }
    let config =
        "[options]\npackages = find:\n[options.packages.find]\nexclude =\n    tests*\n    helper\n";
    assert_eq!(zones(&[("setup.cfg", config)]), only_a);
}

#[test]
fn what_a_careless_search_finds_is_installed() {
    let all = [Zone::Import; 3];
    let find = "from setuptools import find_packages, setup\nsetup(packages=find_packages())\n";
    assert_eq!(zones(&[("setup.py", find)]), all);
    // Whatever an earlier build is said to have noted.
    let listed = ("a.egg-info/top_level.txt", "a\n");
    assert_eq!(zones(&[("setup.py", find), listed]), all);
    let named = "from setuptools import setup\nsetup(packages=['a', 'helper', 'tests'])\n";
    assert_eq!(zones(&[("setup.py", named), listed]), all);
    let config = "[options]\npackages = find:\n";
    assert_eq!(zones(&[("setup.cfg", config), listed]), all);
    let hatch = format!("{HATCH}[tool.hatch.build.targets.wheel]\ninclude = ['*.py']\n");
    assert_eq!(zones(&[("pyproject.toml", hatch.as_str())]), all);
    let of_file = "[build.targets.wheel]\npackages = ['a', 'tests', 'helper']\n";
    let hatch = format!("{HATCH}[project]\nname = 'a'\n");
    assert_eq!(
        zones(&[("pyproject.toml", hatch.as_str()), ("hatch.toml", of_file)]),
        all
    );
    // What lies in one folder is not what lies beside it.
    let hatch = format!("{HATCH}[tool.hatch.build]\ninclude = ['src/*']\n");
    let files = [
        ("pyproject.toml", hatch.as_str()),
        ("src/a/__init__.py", ""),
        ("tests/__init__.py", ""),
    ];
    assert_eq!(zone(&files, "src/a/__init__.py"), Zone::Import);
    assert_eq!(zone(&files, "tests/__init__.py"), Zone::Never);
    // Every package of a project of pdm, but its tests.
    let pdm = "[build-system]\nbuild-backend = 'pdm.backend'\n";
    assert_eq!(
        zones(&[("pyproject.toml", pdm)]),
        [Zone::Import, Zone::Never, Zone::Import]
    );
}

#[test]
fn what_cannot_be_told_without_building_is_not_taken_for_absent() {
    let unclear = [
        "from setuptools import setup\nsetup(**settings())\n",
        "from setuptools import setup\nsetup(packages=[p for p in found() if p])\n",
        "from setuptools import setup\nimport helper\nsetup(packages=['a'])\n",
        "import shutil\nfrom setuptools import setup\nshutil.copy('tests/test_b.py', 'a/_b.py')\nsetup(packages=['a'])\n",
        "from setuptools import setup as build\nbuild(packages=['a'])\n",
        "from setuptools import setup\nfound = ['a']\nfound.append('tests')\nsetup(packages=found)\n",
        "from setuptools import setup\nfound = ['a']\nmore(found)\nsetup(packages=found)\n",
        "import setuptools\nreal = setuptools.setup\ndef setup(packages):\n    real(packages=['tests'])\nsetup(packages=['a'])\n",
        "from setuptools import setup\nclass Build:\n    def run(self):\n        self.distribution.packages += ['tests']\nsetup(packages=['a'], cmdclass={'build': Build})\n",
    ];
    for script in unclear {
        let [package, tests, _] = zones(&[("setup.py", script)]);
        assert_eq!([package, tests], [Zone::Import; 2], "{script}");
        let listed = ("a.egg-info/top_level.txt", "a\n");
        let [package, tests, _] = zones(&[("setup.py", script), listed]);
        assert_eq!([package, tests], [Zone::Import, Zone::Called], "{script}");
    }
}

#[test]
fn where_nothing_says_what_is_packed_setuptools_leaves_out_what_has_a_usual_name() {
    let script = "from setuptools import setup\nsetup()\n";
    assert_eq!(
        zones(&[("setup.py", script)]),
        [Zone::Import, Zone::Never, Zone::Import]
    );
    // One file of that name is a module like any other.
    assert_eq!(
        zone(&[("setup.py", script), ("tools.py", "")], "tools.py"),
        Zone::Import
    );
}

#[test]
fn packages_in_other_folders_are_installed() {
    let script = "from setuptools import find_packages, setup\n\
                  setup(package_dir={'': 'code'}, packages=find_packages('code'))\n";
    let files = [
        ("setup.py", script),
        ("code/a/__init__.py", ""),
        ("tests/__init__.py", ""),
        ("a.egg-info/top_level.txt", "b\n"),
    ];
    assert_eq!(zone(&files, "code/a/__init__.py"), Zone::Import);
    assert_eq!(zone(&files, "tests/__init__.py"), Zone::Never);
}

#[test]
fn what_is_packed_names_no_code_that_a_build_runs() {
    let manifest = format!(
        "{HATCH}[project]\nname = 'a'\n[tool.hatch.build.targets.sdist]\n\
         include = ['/a', '/conftest.py']\n[tool.hatch.build.hooks.custom]\npath = 'tools/own.py'\n\
         [tool.hatch.build.hooks.vcs]\nversion-file = 'a/_version.py'\n"
    );
    let files = [
        ("pyproject.toml", manifest.as_str()),
        ("a/__init__.py", ""),
        ("a/_version.py", ""),
        ("conftest.py", ""),
        ("tools/own.py", ""),
    ];
    assert_eq!(zone(&files, "conftest.py"), Zone::Never);
    assert_eq!(zone(&files, "a/_version.py"), Zone::Import);
    assert_eq!(zone(&files, "tools/own.py"), Zone::Install);
}

#[test]
fn code_that_back_ends_run_by_its_usual_name_runs_at_build() {
    let pdm = "[build-system]\nbuild-backend = 'pdm.backend'\n";
    let files = [("pyproject.toml", pdm), ("pdm_build.py", "")];
    assert_eq!(zone(&files, "pdm_build.py"), Zone::Install);
    let version = format!("{HATCH}[tool.hatch.version]\nsource = 'code'\npath = 'a/about.py'\n");
    let files = [
        ("pyproject.toml", version.as_str()),
        ("a/__init__.py", ""),
        ("a/about.py", ""),
    ];
    assert_eq!(zone(&files, "a/about.py"), Zone::Install);
    let hooks = "[build.hooks.custom]\npath = 'own.py'\n";
    let files = [
        ("pyproject.toml", HATCH),
        ("hatch.toml", hooks),
        ("own.py", ""),
    ];
    assert_eq!(zone(&files, "own.py"), Zone::Install);
}

#[test]
fn patterns_fit_as_in_a_shell() {
    for (pattern, name) in [
        ("a", "a"),
        ("a*", "a"),
        ("*", ""),
        ("a*c?", "abcbcd"),
        ("**b", "b"),
    ] {
        assert!(is_like(pattern, name), "{pattern} {name}");
    }
    for (pattern, name) in [
        ("a", "ab"),
        ("", "a"),
        ("a?", "a"),
        ("*c", "cd"),
        ("a*b*", "ac"),
    ] {
        assert!(!is_like(pattern, name), "{pattern} {name}");
    }
}
