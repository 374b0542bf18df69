//! Names that nothing in a file declares: those of the language, of a library, of what is
//! imported as a whole.

use super::Machine;
use super::export::folder;
use super::value::{FileId, Value};
use crate::ir::{FuncId, Language, Program};
use std::rc::Rc;

impl Machine<'_> {
    pub(super) fn global(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        shared: &Rc<str>,
    ) -> Value {
        // The path is the name, which the program holds already.
        let native = || Value::native(Rc::clone(shared));
        match (program.language, &**shared) {
            (
                Language::JavaScript,
                "globalThis" | "window" | "self" | "global" | "top" | "frames",
            ) => Value::native("globalThis"),
            (Language::JavaScript, "__dirname") => {
                Value::host(&format!("package/{}", folder(self.surroundings.path(file))))
            }
            (_, "__filename" | "__file__") => {
                Value::host(&format!("package/{}", self.surroundings.path(file)))
            }
            (Language::JavaScript, "NaN") => Value::Number(f64::NAN),
            (Language::JavaScript, "Infinity") => Value::Number(f64::INFINITY),
            (Language::Python, "__doc__") => {
                match program.block(program.function(FuncId(0)).body).first() {
                    Some(crate::ir::Stmt::Expr(expr)) => {
                        program.text(*expr).map_or(Value::Null, Value::text)
                    }
                    _ => Value::Null,
                }
            }
            (Language::Python, "builtins" | "__builtins__") => Value::native("builtins"),
            (Language::Python, "__name__") => Value::Unknown,
            (Language::Python, name) if !program.stars.is_empty() => self
                .name_of_stars(program, file, name, is_python_builtin(name))
                .unwrap_or_else(native),
            (Language::Rust, name) => match self.surroundings.dependency(name) {
                Some(target) => self.exports_of(target),
                None => {
                    // What is included, or imported as a whole from another file.
                    let included = (!program.stars.is_empty())
                        .then(|| self.name_of_stars(program, file, name, true))
                        .flatten();
                    included.unwrap_or_else(native)
                }
            },
            (_, name) => match self.evaluated.get(&file) {
                // Only of a module of which it is known that it evaluates a file.
                Some(Some(_)) => self
                    .evaluated_name(program, file, name)
                    .unwrap_or_else(native),
                _ => native(),
            },
        }
    }
}

/// Names that mean the same whatever is imported.
fn is_python_builtin(name: &str) -> bool {
    matches!(
        name,
        "exec"
            | "eval"
            | "compile"
            | "open"
            | "print"
            | "len"
            | "str"
            | "int"
            | "bytes"
            | "bytearray"
            | "chr"
            | "ord"
            | "range"
            | "list"
            | "dict"
            | "tuple"
            | "set"
            | "map"
            | "filter"
            | "zip"
            | "enumerate"
            | "reversed"
            | "sorted"
            | "sum"
            | "min"
            | "max"
            | "getattr"
            | "setattr"
            | "hasattr"
            | "globals"
            | "locals"
            | "vars"
            | "__import__"
            | "__builtins__"
            | "type"
            | "isinstance"
            | "super"
            | "Exception"
            | "object"
            | "iter"
            | "next"
            | "any"
            | "all"
    )
}
