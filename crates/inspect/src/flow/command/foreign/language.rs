//! Interpreters of languages that are not read here, and how their words are.

use super::{Text, perl};

/// An interpreter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Foreign {
    /// What it runs, for people.
    pub language: &'static str,
    /// Options whose value is code.
    code: &'static [&'static str],
    /// Only what stands behind one of these options runs; without any, what is named first.
    only: &'static [&'static str],
}

/// Names of interpreters without their versions, what they run, and the options whose value is
/// code.
const INTERPRETERS: &[(&[&str], &str, &[&str])] = &[
    (&["perl", "raku"], "Perl", &["-e", "-E"]),
    (&["ruby", "jruby", "irb", "truffleruby"], "Ruby", &["-e"]),
    (&["php", "hhvm", "php-cgi"], "PHP", &["-r"]),
    (&["lua", "luajit", "texlua", "luau"], "Lua", &["-e"]),
    (&["rscript", "r", "littler"], "R", &["-e"]),
    (&["julia"], "Julia", &["-e", "-E", "--eval", "--print"]),
    (&["java", "javaw", "jshell", "jbang"], "Java", &[]),
    (&["kotlin", "kotlinc"], "Kotlin", &["-e"]),
    (&["groovy"], "Groovy", &["-e"]),
    (&["scala", "scala-cli", "amm"], "Scala", &["-e"]),
    (&["clojure", "clj", "bb", "lein"], "Clojure", &["-e"]),
    (&["elixir", "iex"], "Elixir", &["-e", "--eval"]),
    (&["erl", "escript"], "Erlang", &["-eval"]),
    (&["runghc", "runhaskell"], "Haskell", &["-e"]),
    (&["ocaml", "ocamlrun"], "OCaml", &["-e"]),
    (
        &["racket", "guile", "scheme", "csi", "gsi"],
        "Scheme",
        &["-e", "-c", "-E"],
    ),
    (
        &["sbcl", "clisp", "ecl"],
        "Lisp",
        &["--eval", "-x", "-eval"],
    ),
    (&["tclsh", "wish", "expect", "jimsh"], "Tcl", &["-c"]),
    (&["dart"], "Dart", &[]),
    (&["crystal"], "Crystal", &["eval"]),
    (&["osascript"], "AppleScript", &["-e"]),
    (&["cscript", "wscript"], "the Windows script host", &[]),
    (&["octave", "matlab"], "MATLAB", &["--eval", "-batch", "-r"]),
    (&["csh", "tcsh"], "the C shell", &["-c"]),
    (&["nu"], "Nushell", &["-c"]),
    (&["elvish"], "Elvish", &["-c"]),
    (&["xonsh"], "Xonsh", &["-c"]),
    (&["mono", "wine", "wine64", "dosbox"], "machine code", &[]),
    (
        &["wasmtime", "wasmer", "wasmedge", "wasm"],
        "WebAssembly",
        &[],
    ),
    (&["ansible-playbook"], "Ansible", &[]),
];
/// Interpreters of which only what one option names runs.
const BY_OPTION: &[(&[&str], &str, &[&str])] = &[
    (&["awk", "gawk", "mawk", "nawk"], "AWK", &["-f", "--file"]),
    (&["emacs"], "Emacs Lisp", &["-l", "--load", "--script"]),
    (&["gdb", "lldb"], "a debugger's script", &["-x", "-s"]),
];

/// The interpreter that goes by a name.
pub(super) fn interpreter(base: &str) -> Option<Foreign> {
    let name = base.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-'));
    if base.starts_with("ld-linux") || base.starts_with("ld-musl") {
        return Some(Foreign {
            language: "machine code",
            code: &[],
            only: &[],
        });
    }
    let plain = INTERPRETERS.iter().map(|row| (row, false));
    let mut all = plain.chain(BY_OPTION.iter().map(|row| (row, true)));
    let ((_, language, options), by_option) =
        all.find(|((names, ..), _)| names.contains(&base) || names.contains(&name))?;
    let (code, only) = if by_option {
        (&[][..], *options)
    } else {
        (*options, &[][..])
    };
    Some(Foreign {
        language,
        code,
        only,
    })
}

impl Foreign {
    /// The code that stands in the words themselves.
    pub(super) fn code_in<'t>(&self, args: &'t [Text]) -> Option<&'t str> {
        let at = args.iter().position(|(text, _)| self.is_code(text))?;
        args.get(at + 1).map(|(text, _)| text.as_str())
    }

    /// Whether the next word is code: `-e`, and `-pie` of Perl and Ruby.
    fn is_code(&self, option: &str) -> bool {
        let is_cluster = matches!(self.language, "Perl" | "Ruby")
            && option.len() > 2
            && !option.starts_with("--")
            && option.strip_prefix('-').is_some_and(|letters| {
                letters.ends_with(['e', 'E'])
                    && letters.starts_with(|c: char| "pnliwWsac0".contains(c))
                    && letters
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || c == '.')
            });
        self.code.contains(&option) || is_cluster
    }

    /// Whether a text does nothing but look at what comes in, and print of it.
    pub(super) fn only_looks(&self, text: &str) -> bool {
        self.language == "Perl" && perl::only_looks(text)
    }

    /// Whether what comes in is what runs.
    pub(super) fn reads_input(&self, args: &[Text]) -> bool {
        self.only.is_empty() && args.iter().all(|(text, _)| text.starts_with('-'))
    }

    /// The paths that its words name, of which the first that is a file of the package runs.
    pub(super) fn paths<'t>(&self, args: &'t [Text]) -> Vec<&'t str> {
        let texts = || args.iter().map(|(text, _)| text.as_str());
        if self.only.is_empty() {
            return texts().flat_map(paths_in).collect();
        }
        let mut found = Vec::new();
        let mut rest = texts();
        while let Some(text) = rest.next() {
            if self.only.contains(&text) {
                found.extend(rest.next());
            } else if let Some((option, value)) = text.split_once('=')
                && self.only.contains(&option)
            {
                found.push(value);
            }
        }
        found
    }
}

/// The paths that may stand in a word: alone, behind `=`, in a list.
fn paths_in(text: &str) -> impl Iterator<Item = &str> {
    let text = match text.split_once('=') {
        Some((option, value)) if option.starts_with('-') => value,
        _ => text,
    };
    text.split([':', ';'])
        .filter(|path| !path.is_empty() && !path.starts_with('-'))
}
