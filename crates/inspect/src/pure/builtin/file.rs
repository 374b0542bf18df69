//! Files of the package that functions of the library read.

use super::path::joined;
use crate::pure::Machine;
use crate::pure::value::Value;
use std::rc::Rc;

impl Machine<'_> {
    /// The bytes of a file of the package, by a path that was folded.
    pub(in crate::pure) fn own_file(&self, path: &str) -> Option<Vec<u8>> {
        let inside = path
            .strip_prefix("\u{fdd0}package")
            .or_else(|| path.strip_prefix(super::installed::SITE))?
            .replace('\u{fdd1}', "");
        let inside = inside.trim_start_matches('/');
        if inside.contains(crate::pure::HOLE_START) {
            return None;
        }
        self.surroundings
            .content(inside)
            .map(|bytes| bytes.to_vec())
            .or_else(|| self.named_file(inside))
    }

    /// The bytes of a data file that a script names from the top of its package.
    pub(super) fn file_beside(&self, path: &str) -> Option<Vec<u8>> {
        if !names_beside(path) {
            return None;
        }
        self.surroundings.content(path).map(|bytes| bytes.to_vec())
    }

    /// The same in a source distribution: a builder runs its script at the top of what was
    /// unpacked. What is installed finds the user's own files by such a path.
    pub(in crate::pure) fn file_of_build(&self, path: &str) -> Option<Vec<u8>> {
        self.surroundings.content("setup.py")?;
        self.file_beside(path)
    }

    /// The bytes of the one file whose path ends so: data of a module, whose folder is
    /// not told.
    pub(super) fn named_file(&self, name: &str) -> Option<Vec<u8>> {
        self.surroundings
            .content_named(name)
            .map(|bytes| bytes.to_vec())
    }

    /// The bytes of a file of the package that a call of `open` names.
    pub(crate) fn bytes_opened(
        &mut self,
        made: (crate::pure::FileId, crate::ir::ExprId),
    ) -> Option<Vec<u8>> {
        let program = self.surroundings.program(made.0)?;
        let crate::ir::Expr::Call { args, .. } = program.expr(made.1) else {
            return None;
        };
        let path = *program.list(args).first()?;
        let path = self.fold(made.0, path);
        self.own_file(path.any_text()?)
    }

    /// What `open(path).read()` gives, for a file of the package.
    pub(super) fn opened(
        &mut self,
        made: (crate::pure::FileId, crate::ir::ExprId),
    ) -> Option<Value> {
        let program = self.surroundings.program(made.0)?;
        let crate::ir::Expr::Call { args, .. } = program.expr(made.1) else {
            return None;
        };
        let args = program.list(args).to_vec();
        let path = match self.fold(made.0, *args.first()?).any_text() {
            Some(path) => Rc::from(path),
            None => Rc::clone(self.opened.get(&made)?),
        };
        let path = &*path;
        let bytes = self.own_file(path).or_else(|| self.file_of_build(path))?;
        let binary = args.get(1).is_some_and(|mode| {
            self.fold(made.0, *mode)
                .known_text()
                .is_some_and(|mode| mode.contains('b'))
        });
        Some(if binary {
            Value::bytes(bytes)
        } else {
            Value::text(&String::from_utf8_lossy(&bytes))
        })
    }
}

/// The bytes of a file that the compiler puts in place of `include_str!(PATH)`; behind the path stands
/// the file that names it.
pub(super) fn included(machine: &Machine<'_>, args: &[Value]) -> Option<Vec<u8>> {
    let path = args.first()?.any_text()?;
    if let Some(bytes) = machine.own_file(path) {
        return Some(bytes);
    }
    if path.starts_with(['/', crate::pure::HOLE_START]) {
        return None;
    }
    let file = args.get(1)?.any_text()?;
    let file = file.trim_end_matches(crate::pure::HOLE_END);
    let (folder, _) = file.rsplit_once('/')?;
    let path = joined(&[Value::text(folder), Value::text(path)]);
    machine.own_file(path.any_text()?)
}

/// A file that an address relative to a module of the package means.
pub(super) fn beside_module(address: &Value, module: &Value) -> Option<Value> {
    let address = address.known_text()?;
    let module = module.any_text()?;
    // `new URL('.npmrc', `file://${homedir()}/`)`.
    if let Some(base) = module.strip_prefix("file://")
        && !address.contains("://")
    {
        let (folder, _) = base.rsplit_once('/')?;
        return Some(Value::text(&match address.strip_prefix('/') {
            Some(_) => format!("file://{address}"),
            None => format!("file://{folder}/{}", address.trim_start_matches("./")),
        }));
    }
    if !module.starts_with("\u{fdd0}package/") || address.contains("://") {
        return None;
    }
    let module = module.trim_end_matches(crate::pure::HOLE_END);
    let (folder, _) = module.rsplit_once('/')?;
    let path = joined(&[Value::text(folder), Value::text(address)]);
    Some(Value::text(&format!(
        "{}{}",
        path.any_text()?,
        crate::pure::HOLE_END
    )))
}

/// Whether a path can name a data file from the top of a package. JSON is most often the
/// manifest of whoever runs the code.
pub(crate) fn names_beside(path: &str) -> bool {
    !path.is_empty()
        && path.len() < 200
        && !path.starts_with(['/', '~'])
        && !path.contains([crate::pure::HOLE_START, ':'])
        && !path.contains("..")
        && !path.ends_with(".json")
}
