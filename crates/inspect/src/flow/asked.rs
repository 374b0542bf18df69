//! Commands of a `setup.py` that only people ask for.
//!
//! An installer builds and installs: it calls the commands for that, and those that they call.
//! Any other command of `cmdclass` (`test`, `docs`, `audit`) waits until somebody names it.

use super::Analysis;
use crate::ir::{Const, Expr, ExprId, Language, Program, Span};
use crate::package::Make;
use crate::pure::FileId;
use std::rc::Rc;

/// Names by which a script, or a command, has others run.
const CHOOSES: [&str; 10] = [
    "run_command",
    "run_commands",
    "sub_commands",
    "get_sub_commands",
    "get_command_class",
    "get_command_obj",
    "get_finalized_command",
    "reinitialize_command",
    "parse_command_line",
    "script_args",
];

impl Analysis<'_> {
    /// The classes of a `setup.py` that are commands which only people ask for.
    pub(super) fn asked_commands(&mut self, file: FileId) -> Rc<[ExprId]> {
        if let Some(known) = self.asked.get(&file) {
            return Rc::clone(known);
        }
        let is_setup =
            self.package.make == Make::Sdist && self.package.file(file).path == "setup.py";
        let found = match self.program(file) {
            Some(program) if is_setup && !self.has_aliases() => asked_commands(&program),
            _ => Vec::new(),
        };
        let found: Rc<[ExprId]> = found.into();
        self.asked.insert(file, Rc::clone(&found));
        found
    }

    /// Whether the settings of the project make one command mean others.
    fn has_aliases(&self) -> bool {
        let Some(id) = self.package.find("setup.cfg") else {
            return false;
        };
        self.package.file(id).bytes.as_deref().is_none_or(|bytes| {
            String::from_utf8_lossy(bytes)
                .lines()
                .any(|line| line.trim_start().starts_with("[aliases"))
        })
    }
}

/// Whether a place lies in another one.
pub(super) const fn is_within(inner: Span, outer: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// The classes that `setup(cmdclass=…)` names under commands that no installer calls, and that
/// nothing else in the script gets at.
fn asked_commands(program: &Program) -> Vec<ExprId> {
    let mut out = Vec::new();
    if program.language != Language::Python || chooses_commands(program) {
        return out;
    }
    for (call, _) in &program.calls {
        let Expr::Call { callee, args, .. } = program.expr(*call) else {
            continue;
        };
        let name = match program.expr(callee) {
            Expr::Name(name, _) | Expr::Member(_, name) => program.name(name),
            _ => continue,
        };
        if name != "setup" {
            continue;
        }
        for arg in program.list(args) {
            let Expr::Keywords(entries) = program.expr(*arg) else {
                continue;
            };
            for pair in program.list(entries).chunks_exact(2) {
                if program.text(pair[0]) == Some("cmdclass") {
                    of_table(program, pair[1], &mut out);
                }
            }
        }
    }
    out
}

/// The same of the table of commands.
fn of_table(program: &Program, table: ExprId, into: &mut Vec<ExprId>) {
    let mut table = table;
    if let Expr::Name(atom, scope) = program.expr(table) {
        let symbol = program.resolve(atom, scope).map(|id| program.symbol(id));
        let Some(symbol) = symbol.filter(|symbol| !symbol.mutated) else {
            return;
        };
        let [only] = symbol.values[..] else {
            return;
        };
        table = only;
    }
    let Expr::Object(entries) = program.expr(table) else {
        return;
    };
    for pair in program.list(entries).chunks_exact(2) {
        let is_asked = program
            .text(pair[0])
            .is_some_and(|name| !is_of_installer(name));
        if is_asked && let Some(class) = class_named_only_by(program, pair[1]) {
            into.push(class);
        }
    }
}

/// The class that a name means, where it is named nowhere else outside of the class itself.
fn class_named_only_by(program: &Program, named: ExprId) -> Option<ExprId> {
    let Expr::Name(atom, scope) = program.expr(named) else {
        return None;
    };
    let symbol = program.resolve(atom, scope)?;
    let [class] = program.symbol(symbol).values[..] else {
        return None;
    };
    if !matches!(program.expr(class), Expr::Class(_)) {
        return None;
    }
    let around = program.span(class);
    let mut others = (0..program.size())
        .map(|at| ExprId(at as u32))
        .filter(|other| *other != named && !is_within(program.span(*other), around));
    let is_named = others.any(|other| {
        matches!(program.expr(other), Expr::Name(name, scope)
            if name == atom && program.resolve(name, scope) == Some(symbol))
    });
    (!is_named).then_some(class)
}

/// Whether a command is one that installers call, or one that these call. The legacy way of
/// installing cleans up where a build fails.
fn is_of_installer(name: &str) -> bool {
    const BEGINNINGS: [&str; 10] = [
        "bdist",
        "build",
        "clean",
        "develop",
        "dist_info",
        "easy_install",
        "editable",
        "egg_info",
        "install",
        "sdist",
    ];
    BEGINNINGS
        .iter()
        .any(|beginning| name.starts_with(beginning))
}

/// Whether a script may choose commands itself.
fn chooses_commands(program: &Program) -> bool {
    let by_name = program.names.iter().any(|name| CHOOSES.contains(&&**name));
    // What stands in a class directly, and names of arguments, are texts.
    let by_text = program.consts.iter().any(|constant| match constant {
        Const::Text(text) => CHOOSES.contains(&&**text),
        _ => false,
    });
    by_name
        || by_text
        || program.exprs.iter().any(|expr| match expr {
            Expr::Assign(target, _) => are_arguments(program, *target, 0),
            Expr::Member(object, name) => {
                matches!(program.name(*name), "append" | "extend" | "insert")
                    && are_arguments(program, *object, 0)
            }
            _ => false,
        })
}

/// Whether something is `sys.argv`, or a part of it.
fn are_arguments(program: &Program, expr: ExprId, level: u8) -> bool {
    const LEVELS: u8 = 4;
    match program.expr(expr) {
        Expr::Name(name, _) | Expr::Member(_, name) => program.name(name) == "argv",
        Expr::Index(object, _) | Expr::Slice(object, _) if level < LEVELS => {
            are_arguments(program, object, level + 1)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES: &str = "import sys\nfrom setuptools import setup, Command\n\
        class A(Command):\n    def run(self):\n        super(A, self).run()\n\
        class B(Command):\n    pass\n";

    /// How many commands only people ask for.
    fn asked(rest: &str) -> usize {
        let program = crate::python::read(&format!("{CLASSES}{rest}\n")).expect("a script");
        asked_commands(&program).len()
    }

    #[test]
    fn a_command_that_no_installer_calls_is_asked_for_by_people() {
        assert_eq!(asked("setup(cmdclass={'test': A, 'docs': B})"), 2);
        assert_eq!(asked("setup(cmdclass={'test': A, 'build_ext': B})"), 1);
        assert_eq!(asked("setup(cmdclass={'install': A, 'egg_info': B})"), 0);
        assert_eq!(asked("all = {'test': A}\nsetup(cmdclass=all)"), 1);
        assert_eq!(asked("all = {}\nall['test'] = A\nsetup(cmdclass=all)"), 0);
        assert_eq!(
            asked("if sys.argv[1:] == ['x']: pass\nsetup(cmdclass={'test': A})"),
            1
        );
    }

    #[test]
    fn a_command_that_the_script_gets_at_otherwise_is_not() {
        for rest in [
            "setup(cmdclass={'test': A, 'build': A})",
            "class C(A): pass\nsetup(cmdclass={'test': A, 'build': C})",
            "A(None).run()\nsetup(cmdclass={'test': A})",
            "sys.argv = ['setup.py', 'test']\nsetup(cmdclass={'test': A})",
            "sys.argv[1:] = ['test']\nsetup(cmdclass={'test': A})",
            "sys.argv.append('test')\nsetup(cmdclass={'test': A})",
            "setup(cmdclass={'test': A}, script_args=['test'])",
            "class C(B):\n    sub_commands = [('test', None)]\nsetup(cmdclass={'test': A, 'build': C})",
            "class C(B):\n    def run(self): self.run_command('test')\nsetup(cmdclass={'test': A})",
        ] {
            assert_eq!(asked(rest), 0, "{rest}");
        }
    }
}
