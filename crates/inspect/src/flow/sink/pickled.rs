//! Objects that Python makes from bytes of the package itself: what they are made by is named in them.

use crate::flow::label::Label;
use crate::flow::{Analysis, Context, Site};
use crate::ir::ExprId;
use crate::pure::Value;
use customs_model::{Mark, SinkKind, SourceKind, Target, Zone};
use std::rc::Rc;

/// Bytes of a stream that are looked at.
const MOST: usize = 16 << 20;

/// Functions of Python's library that run commands or code, by their modules.
const CALLERS: [(&str, &[&str]); 9] = [
    (
        "os",
        &[
            "system",
            "popen",
            "execv",
            "execve",
            "spawnv",
            "posix_spawn",
        ],
    ),
    (
        "posix",
        &["system", "popen", "execv", "execve", "posix_spawn"],
    ),
    ("nt", &["system", "popen", "startfile", "execv"]),
    (
        "subprocess",
        &[
            "Popen",
            "call",
            "run",
            "check_call",
            "check_output",
            "getoutput",
        ],
    ),
    ("builtins", &["exec", "eval", "compile", "__import__"]),
    (
        "__builtin__",
        &["exec", "eval", "execfile", "compile", "__import__"],
    ),
    ("runpy", &["run_path", "run_module", "_run_code"]),
    ("pty", &["spawn"]),
    ("code", &["interact", "InteractiveInterpreter"]),
];

impl Analysis<'_> {
    /// `pickle.load(open(PATH, 'rb'))` where the file is the package's own, or `pickle.loads(BYTES)`.
    pub(super) fn objects_of_package(
        &mut self,
        site: Site,
        path: &str,
        stream: ExprId,
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        let bytes = match self.fold_value(site.file, stream, context) {
            Value::Bytes(bytes) => Some(bytes.borrow().clone()),
            Value::Native(native) => native
                .made_at
                .and_then(|made| self.machine.bytes_opened(made)),
            _ => None,
        };
        let Some(named) = bytes.as_deref().and_then(caller_in) else {
            return;
        };
        let Some(program) = self.program(site.file) else {
            return;
        };
        let span = program.span(stream);
        let label = Label::read(SourceKind::OwnFile, "stored objects", site.file, span);
        self.flow(
            &label,
            SinkKind::DynamicCode,
            path,
            Target::Constant(named),
            zone,
            site.file,
            site.expr,
            vec![Mark::HiddenEffect],
        );
    }
}

/// The function that objects in a stream are made by, where it runs commands or code. Its module and
/// its name stand there one behind the other: on lines of their own in the first formats, as texts with
/// their length later.
///
/// Source: the opcodes `GLOBAL`, `STACK_GLOBAL`, `BINUNICODE` and `SHORT_BINUNICODE` of Python's
/// `pickletools`.
fn caller_in(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.get(..bytes.len().min(MOST))?;
    CALLERS.iter().find_map(|(module, names)| {
        names.iter().find_map(|name| {
            let by_lines = format!("c{module}\n{name}\n");
            let is_named = memchr::memmem::find(bytes, by_lines.as_bytes()).is_some()
                || stands_in(bytes, module)
                    .is_some_and(|at| stands_in(&bytes[at..], name).is_some());
            is_named.then(|| format!("{module}.{name}"))
        })
    })
}

/// Where a text with its length stands.
fn stands_in(bytes: &[u8], text: &str) -> Option<usize> {
    let short = [&[0x8c, u8::try_from(text.len()).ok()?], text.as_bytes()].concat();
    let length = u32::try_from(text.len()).ok()?.to_le_bytes();
    let long = [b"X", length.as_slice(), text.as_bytes()].concat();
    memchr::memmem::find(bytes, &short).or_else(|| memchr::memmem::find(bytes, &long))
}

#[cfg(test)]
mod tests {
    use super::caller_in;
    use crate::flow::testing;
    use crate::unpack::{Content, Entry, Kind, text_file};
    use customs_model::{Mark, SinkKind};

    #[test]
    fn a_function_that_runs_commands_is_found_in_every_format() {
        let first = b"cposix\nsystem\n(S'echo'\ntR.";
        let second = b"\x80\x02cos\nsystem\nq\x00X\x04\x00\x00\x00echo\x85Rq\x01.";
        let fourth = b"\x80\x04\x95\x1c\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x04echo\x94\x85\x94R\x94.";
        assert_eq!(caller_in(first).as_deref(), Some("posix.system"));
        assert_eq!(caller_in(second).as_deref(), Some("os.system"));
        assert_eq!(caller_in(fourth).as_deref(), Some("posix.system"));
        let honest = b"\x80\x04\x8c\x0bcollections\x94\x8c\x07Counter\x94\x93\x94}\x94\x8c\x06system\x94K\x01s\x85\x94R\x94.";
        assert_eq!(caller_in(honest), None);
    }

    #[test]
    fn objects_of_a_file_of_the_package_are_looked_at_where_they_are_made() {
        let runs = |code: &str, bytes: &[u8]| {
            let mut entries = vec![
                text_file("a/__init__.py", code),
                text_file("a-1.0.dist-info/METADATA", "Name: a\nVersion: 1.0\n"),
            ];
            entries.push(Entry {
                path: "a/m.pkl".to_owned(),
                content: Content::Whole(bytes.into()),
                length: bytes.len() as u64,
                kind: Kind::Other,
                executable: false,
            });
            let flows = testing::found(entries).flows;
            let mut flows = flows.iter();
            flows.any(|flow| {
                flow.sink == SinkKind::DynamicCode && flow.marks.contains(&Mark::HiddenEffect)
            })
        };
        let load = "import os, pickle\n\
                    pickle.load(open(os.path.join(os.path.dirname(__file__), 'm.pkl'), 'rb'))\n";
        assert!(runs(load, b"cposix\nsystem\n(S'echo'\ntR."));
        assert!(!runs(load, b"ccollections\nCounter\n(dtR."));
        assert!(!runs("import pickle\n", b"cposix\nsystem\n(S'echo'\ntR."));
    }
}
