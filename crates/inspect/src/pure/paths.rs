//! What something of a library is called: members of it, and what calls of it give.
//!
//! The same few thousand paths are made again and again, one for each place that names them, and
//! many are held for as long as the package is looked at: each is made once.

use super::value::{Native, REST, Value};
use super::{Machine, made_file};
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// Paths that are held. A package that names more of them makes the rest anew each time.
const MOST: usize = 1 << 16;
/// Bytes of a path that more is put behind.
pub(super) const LONGEST: usize = 200;

/// Paths that were made.
#[derive(Debug, Default)]
pub(super) struct Paths {
    known: FxHashSet<Rc<str>>,
    /// Where the next one is written.
    draft: String,
}

impl Paths {
    /// A path of these parts.
    pub fn of(&mut self, parts: &[&str]) -> Rc<str> {
        self.draft.clear();
        parts.iter().for_each(|part| self.draft.push_str(part));
        if let Some(known) = self.known.get(self.draft.as_str()) {
            return Rc::clone(known);
        }
        let new: Rc<str> = self.draft.as_str().into();
        if self.known.len() < MOST {
            self.known.insert(Rc::clone(&new));
        }
        new
    }
}

impl Machine<'_> {
    /// A member of something of a library.
    pub(super) fn get_of_native(&mut self, native: &Native, name: &str) -> Value {
        if name == REST {
            return Value::Native(native.clone());
        }
        match &*native.path {
            "process.env" => match name {
                "HOME" | "USERPROFILE" => return Value::host("home"),
                // Whichever shell that is, it reads what it gets as one.
                "SHELL" => return Value::text("sh"),
                "COMSPEC" | "ComSpec" | "comspec" => return Value::text("cmd.exe"),
                "TMPDIR" | "TEMP" | "TMP" => return Value::host("temp"),
                "npm_package_name" | "npm_package_version" => {
                    let own = self.named_in_manifest(&name["npm_package_".len()..]);
                    return own.unwrap_or_else(|| Value::native(format!("process.env.{name}")));
                }
                _ => {
                    if let Some(option) = name.strip_prefix("npm_package_config_") {
                        let own = self.of_manifest(option);
                        return own.unwrap_or_else(|| Value::native(format!("process.env.{name}")));
                    }
                }
            },
            "path.parse()" if name == "root" => return Value::text("/"),
            "tempfile.NamedTemporaryFile()" if name == "name" => {
                let made = native.made_at.map(|(file, at)| made_file(file, at));
                return made.unwrap_or(Value::Unknown);
            }
            "URL()" if name == "href" => {
                return self.address(native.made_at).unwrap_or(Value::Unknown);
            }
            path => {
                if let Some(constant) = constant_of(path, name) {
                    return Value::text(constant);
                }
            }
        }
        let path = member_of(&mut self.paths, &native.path, name);
        path.map_or(Value::Unknown, |path| {
            Value::Native(Native {
                path,
                made_at: native.made_at,
            })
        })
    }
}

/// What Python's library calls parts of paths.
fn constant_of(path: &str, name: &str) -> Option<&'static str> {
    match (path, name) {
        ("os" | "os.path", "pardir") => Some(".."),
        ("os" | "os.path", "curdir") => Some("."),
        ("os" | "os.path" | "path", "sep") => Some("/"),
        _ => None,
    }
}

/// The path of a member of something of a library.
fn member_of(paths: &mut Paths, of: &Rc<str>, name: &str) -> Option<Rc<str>> {
    let path = &**of;
    if path.len() > LONGEST {
        return None;
    }
    // A module's default export is the module itself.
    if name == "default" {
        return Some(Rc::clone(of));
    }
    // What hangs on the global object is global.
    if path == "globalThis" {
        return Some(match name {
            "window" | "self" | "global" | "globalThis" => Rc::clone(of),
            other => paths.of(&[other]),
        });
    }
    if name == "constructor" && matches!(path, "module" | "process.mainModule" | "require.main") {
        return Some(paths.of(&["module.Module"]));
    }
    // Every function's constructor makes functions from text.
    if name == "constructor" && !path.ends_with("()") {
        return Some(paths.of(&["Function"]));
    }
    Some(match (path, name) {
        ("process.mainModule" | "module" | "module.parent" | "process", "require")
        | ("require.main", "require") => paths.of(&["require"]),
        // `globals()["__builtins__"]` and `builtins.__dict__` are the same names again, and
        // the names of any module are its members.
        ("builtins", "__builtins__" | "__dict__") => Rc::clone(of),
        (_, "__builtins__") => paths.of(&["builtins"]),
        (_, "__dict__") => Rc::clone(of),
        ("sys.modules" | "builtins", name) => paths.of(&[name]),
        // It hands out modules of Node's as well. Source: zx's documentation of its API.
        ("zx", "os" | "path" | "fs") => paths.of(&[name]),
        _ => paths.of(&[path, ".", name]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_path_is_made_once() {
        let mut paths = Paths::default();
        let os: Rc<str> = "os".into();
        let first = member_of(&mut paths, &os, "path");
        let second = member_of(&mut paths, &os, "path");
        let (Some(first), Some(second)) = (first, second) else {
            panic!("it is short enough");
        };
        assert_eq!(&*first, "os.path");
        assert!(Rc::ptr_eq(&first, &second));
        let long: Rc<str> = "a".repeat(LONGEST + 1).into();
        assert!(member_of(&mut paths, &long, "b").is_none());
        let builtins: Rc<str> = "builtins".into();
        let same = member_of(&mut paths, &builtins, "__dict__");
        assert!(same.is_some_and(|same| Rc::ptr_eq(&same, &builtins)));
    }

    #[test]
    fn what_is_past_the_bound_is_made_anew() {
        let mut paths = Paths::default();
        for number in 0..MOST {
            paths.of(&["a", &number.to_string()]);
        }
        let first = paths.of(&["b"]);
        let second = paths.of(&["b"]);
        assert_eq!(first, second);
        assert!(!Rc::ptr_eq(&first, &second));
    }
}
