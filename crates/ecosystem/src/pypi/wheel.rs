//! What of a wheel runs without being imported, by the names of its files.

use customs_model::RunsCode;

/// Facts of one wheel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WheelFacts {
    /// It puts a `.pth` or `.start` file (PEP 829) where Python reads one at every start.
    pub startup_hook: bool,
    /// It puts a `sitecustomize` or `usercustomize` module there, which Python imports
    /// at every start.
    pub customize: bool,
}

impl WheelFacts {
    /// As the model has it: either of them runs at every start, and a wheel has no
    /// build.
    pub fn runs(self) -> RunsCode {
        RunsCode {
            startup_hook: Some(self.startup_hook || self.customize),
            build_backend: Some(false),
            ..RunsCode::default()
        }
    }
}

/// Reads the paths of a wheel's entries.
pub fn facts_from_entries<'a>(entries: impl Iterator<Item = &'a str>) -> WheelFacts {
    let mut facts = WheelFacts::default();
    for entry in entries {
        let path = Path::of(entry);
        let Some(inside) = path.in_site_packages() else {
            continue;
        };
        match inside {
            [file] => {
                facts.startup_hook |= file.ends_with(".pth") || file.ends_with(".start");
                facts.customize |= is_customize(file);
            }
            // A package of that name is imported as well.
            [folder, file] => {
                facts.customize |= is_customize(folder) && file.starts_with("__init__.");
            }
            _ => {}
        }
    }
    facts
}

/// `sitecustomize.py`, `.pyc`, `.cpython-313-x86_64-linux-gnu.so`, or the bare folder.
fn is_customize(file: &str) -> bool {
    let stem = file.split('.').next().unwrap_or(file);
    matches!(stem, "sitecustomize" | "usercustomize")
}

/// Parts of a path, as an installer resolves them.
struct Path<'a>(Vec<&'a str>);

impl<'a> Path<'a> {
    fn of(entry: &'a str) -> Self {
        let mut parts = Vec::new();
        for part in entry.split(['/', '\\']) {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        Self(parts)
    }

    /// What is left of it below site-packages, if it is installed there: the top level,
    /// `*.data/purelib` and `*.data/platlib`; and `*.data/data`, which is laid over the
    /// whole environment, where it spells out the folder.
    fn in_site_packages(&self) -> Option<&[&'a str]> {
        match self.0.as_slice() {
            [data, scheme, rest @ ..] if data.ends_with(".data") => match *scheme {
                "purelib" | "platlib" => Some(rest),
                "data" => {
                    let site = |part: &&str| {
                        ["site-packages", "dist-packages"]
                            .iter()
                            .any(|site| part.eq_ignore_ascii_case(site))
                    };
                    rest.iter()
                        .rposition(site)
                        .and_then(|at| rest.get(at + 1..))
                }
                _ => None,
            },
            parts => Some(parts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn facts(entry: &str) -> (bool, bool) {
        let facts = facts_from_entries(std::iter::once(entry));
        (facts.startup_hook, facts.customize)
    }

    #[test]
    fn startup_hooks_are_found_wherever_an_installer_puts_them_into_site_packages() {
        for hook in [
            "litellm_init.pth",
            "./x.pth",
            "pkg/../x.pth",
            "x-1.0.data/purelib/x.pth",
            "x-1.0.data/platlib/x.start",
            "x-1.0.data\\purelib\\x.pth",
            "x-1.0.data/data/lib/python3.13/site-packages/x.pth",
            "x-1.0.data/data/Lib/Site-Packages/x.pth",
        ] {
            assert_eq!(facts(hook), (true, false), "{hook}");
        }
    }

    #[test]
    fn the_same_names_elsewhere_run_nothing() {
        for harmless in [
            "pkg/x.pth",
            "x-1.0.data/scripts/x.pth",
            "x-1.0.data/data/share/x.pth",
            "x-1.0.data/data/share/sitecustomize.py",
            "pkg/sitecustomize.py",
            "x.pth.txt",
            "x-1.0.dist-info/METADATA",
            "sitecustomize_tools.py",
        ] {
            assert_eq!(facts(harmless), (false, false), "{harmless}");
        }
    }

    #[test]
    fn customize_modules_are_found_in_every_form() {
        for module in [
            "sitecustomize.py",
            "usercustomize.pyc",
            "sitecustomize/__init__.py",
            "sitecustomize.cpython-313-x86_64-linux-gnu.so",
            "x-1.0.data/platlib/sitecustomize.py",
        ] {
            assert_eq!(facts(module), (false, true), "{module}");
        }
    }

    #[test]
    fn both_run_at_every_start_as_the_model_says_it() {
        let runs = facts_from_entries(["a.py", "sitecustomize.py"].into_iter()).runs();
        assert_eq!(runs.startup_hook, Some(true));
        assert_eq!(
            facts_from_entries(["a.py"].into_iter()).runs().at_install(),
            Some(false)
        );
    }

    proptest! {
        #[test]
        fn arbitrary_paths_never_panic(path in "\\PC{0,40}", more in "[./a-z\\\\]{0,30}") {
            let _ = facts_from_entries([path.as_str(), more.as_str()].into_iter());
        }
    }
}
