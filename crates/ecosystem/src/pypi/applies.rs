//! Whether a marker (PEP 508) holds in one environment. Three values: what is not known of the
//! environment, or cannot be read, is no answer.

use super::marker::{DEPTH, Token, Tokens};
use super::version::contains;
use super::{Requirement, normal_name};
use std::collections::BTreeSet;

/// What markers ask about one interpreter on one machine. What is not known is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MarkerEnvironment {
    /// `3.11`.
    pub python_version: Option<String>,
    /// `cpython`.
    pub implementation_name: Option<String>,
    /// `CPython`.
    pub platform_python_implementation: Option<String>,
    /// `posix`.
    pub os_name: Option<String>,
    /// `linux`.
    pub sys_platform: Option<String>,
    /// `Linux`.
    pub platform_system: Option<String>,
    /// `x86_64`.
    pub platform_machine: Option<String>,
}

impl MarkerEnvironment {
    /// A machine, by the names that Rust has for its system and processor, and the version of Python.
    pub fn of(system: &str, processor: &str, python: Option<(u8, u8)>) -> Self {
        let (os, sys, platform) = match system {
            "linux" => ("posix", "linux", "Linux"),
            "macos" => ("posix", "darwin", "Darwin"),
            "windows" => ("nt", "win32", "Windows"),
            _ => return Self::default(),
        };
        let machine = match (system, processor) {
            ("macos", "aarch64") => Some("arm64"),
            ("windows", "x86_64") => Some("AMD64"),
            ("windows", "aarch64") => Some("ARM64"),
            ("linux", "x86_64" | "aarch64" | "s390x") | ("macos", "x86_64") => Some(processor),
            _ => None,
        };
        Self {
            python_version: python.map(|(major, minor)| format!("{major}.{minor}")),
            os_name: Some(os.to_owned()),
            sys_platform: Some(sys.to_owned()),
            platform_system: Some(platform.to_owned()),
            platform_machine: machine.map(str::to_owned),
            ..Self::default()
        }
    }

    /// The same, where the interpreter is known to be CPython.
    #[must_use]
    pub fn of_cpython(self) -> Self {
        Self {
            implementation_name: Some("cpython".to_owned()),
            platform_python_implementation: Some("CPython".to_owned()),
            ..self
        }
    }

    fn value(&self, name: &str) -> Option<&str> {
        match name {
            "python_version" => self.python_version.as_deref(),
            "implementation_name" => self.implementation_name.as_deref(),
            "platform_python_implementation" | "python_implementation" => {
                self.platform_python_implementation.as_deref()
            }
            "os_name" | "os.name" => self.os_name.as_deref(),
            "sys_platform" | "sys.platform" => self.sys_platform.as_deref(),
            "platform_system" => self.platform_system.as_deref(),
            "platform_machine" | "platform.machine" => self.platform_machine.as_deref(),
            _ => None,
        }
    }
}

impl Requirement {
    /// Whether it applies in an environment, where these extras of whoever requires it are asked for.
    /// None where that is not known.
    pub fn applies(&self, here: &MarkerEnvironment, extras: &BTreeSet<String>) -> Option<bool> {
        let Some(marker) = &self.marker else {
            return Some(true);
        };
        // A marker sees one extra at a time, or none.
        let none = std::iter::once("");
        let each = none.chain(extras.iter().map(String::as_str));
        let mut answers = each.map(|extra| holds(marker, here, extra));
        answers.try_fold(false, |one, other| or(Some(one), other))
    }
}

/// Whether a marker holds for one extra (the empty text: none).
fn holds(marker: &str, here: &MarkerEnvironment, extra: &str) -> Option<bool> {
    let mut reader = Reader {
        tokens: Tokens::of(marker),
        here,
        extra,
    };
    let answer = reader.any(0);
    let is_bad = reader.tokens.bad || reader.tokens.next().is_some();
    answer.filter(|_| !is_bad)
}

fn or(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        (None, _) | (_, None) => None,
    }
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    here: &'a MarkerEnvironment,
    extra: &'a str,
}

impl Reader<'_> {
    fn any(&mut self, depth: usize) -> Option<bool> {
        let mut answer = self.all(depth);
        while self.tokens.takes(Token::Word("or")) {
            answer = or(answer, self.all(depth));
        }
        answer
    }

    fn all(&mut self, depth: usize) -> Option<bool> {
        let mut answer = self.one(depth);
        while self.tokens.takes(Token::Word("and")) {
            let other = self.one(depth);
            let not = |answer: Option<bool>| answer.map(|answer| !answer);
            answer = not(or(not(answer), not(other)));
        }
        answer
    }

    fn one(&mut self, depth: usize) -> Option<bool> {
        if self.tokens.takes(Token::Open) {
            if depth == DEPTH {
                self.tokens.bad = true;
                return None;
            }
            let answer = self.any(depth + 1);
            self.tokens.bad |= !self.tokens.takes(Token::Close);
            return answer;
        }
        let left = self.tokens.next();
        let negated = self.tokens.takes(Token::Word("not"));
        let operator = match self.tokens.next() {
            Some(Token::Operator(operator)) if !negated => operator,
            Some(Token::Word("in")) if negated => "not in",
            Some(Token::Word("in")) => "in",
            _ => "",
        };
        let right = self.tokens.next();
        let (Some(left), Some(right), false) = (left, right, operator.is_empty()) else {
            self.tokens.bad = true;
            return None;
        };
        let (left_is, right_is) = (Is::of(left), Is::of(right));
        if left_is == Is::Extra || right_is == Is::Extra {
            let (one, other) = (self.text(left)?, self.text(right)?);
            return compared(&normal_name(one), operator, &normal_name(other));
        }
        let (one, other) = (self.text(left)?, self.text(right)?);
        match (left_is, right_is) {
            (Is::Version, _) => versions(one, operator, other),
            (_, Is::Version) => versions(other, turned(operator)?, one),
            _ => compared(one, operator, other),
        }
    }

    fn text<'t>(&'t self, token: Token<'t>) -> Option<&'t str> {
        match token {
            Token::Text(text) => Some(text),
            Token::Word("extra") => Some(self.extra),
            Token::Word(name) => self.here.value(name),
            Token::Open | Token::Close | Token::Operator(_) => None,
        }
    }
}

/// How a side is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Extra,
    Version,
    Text,
}

impl Is {
    fn of(token: Token<'_>) -> Self {
        match token {
            Token::Word("extra") => Self::Extra,
            Token::Word("python_version") => Self::Version,
            Token::Word(_) | Token::Text(_) | Token::Open | Token::Close | Token::Operator(_) => {
                Self::Text
            }
        }
    }
}

fn turned(operator: &str) -> Option<&str> {
    Some(match operator {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        "==" | "!=" => operator,
        _ => return None,
    })
}

fn versions(version: &str, operator: &str, other: &str) -> Option<bool> {
    match operator {
        "in" | "not in" => {
            let mut listed = other.split([',', ' ']).map(str::trim);
            Some(listed.any(|one| one == version) == (operator == "in"))
        }
        "==" | "===" | "!=" | "<" | "<=" | ">" | ">=" | "~=" => {
            contains(version, &format!("{operator}{other}"))
        }
        _ => None,
    }
}

fn compared(one: &str, operator: &str, other: &str) -> Option<bool> {
    match operator {
        "==" | "===" => Some(one == other),
        "!=" => Some(one != other),
        "in" => Some(other.contains(one)),
        "not in" => Some(!other.contains(one)),
        // What an order of other texts than versions means tools do not agree on.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applies(marker: &str, extras: &[&str]) -> Option<bool> {
        let here = MarkerEnvironment::of("linux", "x86_64", Some((3, 11))).of_cpython();
        let extras = extras.iter().map(|extra| (*extra).to_owned()).collect();
        let text = format!("a ; {marker}");
        Requirement::parse(&text).unwrap().applies(&here, &extras)
    }

    #[test]
    fn a_marker_holds_by_what_is_known_of_interpreter_and_machine() {
        for holds in [
            "python_version >= '3.9'",
            "python_version < '3.12' and sys_platform == 'linux'",
            "'3.9' <= python_version",
            "python_version in '3.10, 3.11'",
            "python_version ~= '3.8'",
            "sys_platform != 'win32' or python_full_version < '3.11.3'",
            "(platform_machine == 'x86_64' or platform_machine == 'aarch64') and os_name == 'posix'",
            "implementation_name == 'cpython'",
            "extra == ''",
        ] {
            assert_eq!(applies(holds, &[]), Some(true), "{holds}");
        }
        for not in [
            "python_version < '3.10'",
            "sys_platform == 'win32' and python_full_version < '3.11.3'",
            "python_version == '3.1'",
            "platform_system == 'Darwin'",
            "extra == 'test'",
        ] {
            assert_eq!(applies(not, &[]), Some(false), "{not}");
        }
    }

    #[test]
    fn an_extra_that_is_asked_for_counts_in_any_spelling() {
        assert_eq!(
            applies("extra == 'Test_Extra'", &["test-extra"]),
            Some(true)
        );
        assert_eq!(applies("extra == 'a' or extra == 'b'", &["b"]), Some(true));
        assert_eq!(
            applies("extra == 'a' and extra == 'b'", &["a", "b"]),
            Some(false)
        );
    }

    #[test]
    fn what_is_not_known_or_cannot_be_read_is_no_answer() {
        for unknown in [
            "python_full_version >= '3.11.3'",
            "platform_release >= '5'",
            "'x' in dependency_groups",
            "sys_platform < 'linux'",
            "python_version >= ",
            "python_version >= '3.9')",
            "",
        ] {
            assert_eq!(applies(unknown, &["x"]), None, "{unknown}");
        }
        let nobody = MarkerEnvironment::of("plan9", "mips", None);
        let asked = Requirement::parse("a; sys_platform == 'linux'").unwrap();
        assert_eq!(asked.applies(&nobody, &BTreeSet::new()), None);
        let deep = format!("{}extra == 'a'{}", "(".repeat(1000), ")".repeat(1000));
        assert_eq!(applies(&deep, &[]), None);
    }
}
