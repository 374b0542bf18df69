//! Which machines a release is for: `os` and `cpu` of its object, as npm reads them.

use serde_json::Value;
use std::env::consts;

/// Entries of one list that are looked at. Node knows fewer systems and processors.
const MOST: usize = 64;

/// The machines that a release is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Platforms {
    os: Option<Vec<String>>,
    cpu: Option<Vec<String>>,
}

/// A machine, in Node's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    os: &'static str,
    /// Its own processor, and those whose programs it runs as well.
    cpus: &'static [&'static str],
}

impl Machine {
    /// This one.
    pub fn here() -> Self {
        Self::of(consts::OS, consts::ARCH)
    }

    /// By Rust's words for system and processor. Some systems run programs of another
    /// processor: a Node of that one installs its packages.
    fn of(os: &'static str, arch: &'static str) -> Self {
        let os = match os {
            "macos" => "darwin",
            "windows" => "win32",
            "solaris" | "illumos" => "sunos",
            other => other,
        };
        let cpus: &'static [&'static str] = match (os, arch) {
            ("darwin", "aarch64") => &["arm64", "x64"],
            ("win32", "aarch64") => &["arm64", "x64", "ia32"],
            ("win32", "x86_64") => &["x64", "ia32"],
            (_, "x86_64") => &["x64"],
            (_, "aarch64") => &["arm64"],
            (_, "x86") => &["ia32"],
            (_, "arm") => &["arm"],
            (_, "powerpc64") => &["ppc64"],
            (_, "loongarch64") => &["loong64"],
            (_, "riscv64") => &["riscv64"],
            (_, "s390x") => &["s390x"],
            // Nobody knows what Node calls it: only lists that exclude others take it.
            _ => &["unknown"],
        };
        Self { os, cpus }
    }
}

impl Platforms {
    /// What an object's `os` and `cpu` say.
    pub(super) fn read(os: &Value, cpu: &Value) -> Self {
        Self {
            os: list(os),
            cpu: list(cpu),
        }
    }

    /// Whether npm installs it on a machine. Which C library a machine has (`libc`) is not
    /// asked: both kinds may be in use on one.
    pub fn take(&self, machine: Machine) -> bool {
        let takes = |list: &Option<Vec<String>>, word: &str| {
            list.as_deref().is_none_or(|list| takes(list, word))
        };
        takes(&self.os, machine.os) && machine.cpus.iter().any(|cpu| takes(&self.cpu, cpu))
    }
}

/// A list of texts, or one text. Anything else is no list.
fn list(value: &Value) -> Option<Vec<String>> {
    let list: Vec<String> = match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(all) => {
            let texts = all.iter().filter_map(Value::as_str).take(MOST);
            texts.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    // npm takes an empty list for none.
    (!list.is_empty()).then_some(list)
}

/// As npm reads a list: an exclusion that matches speaks alone; a list of exclusions takes
/// everything else.
fn takes(list: &[String], word: &str) -> bool {
    if let [one] = list
        && one == "any"
    {
        return true;
    }
    let excludes = |entry: &String| entry.strip_prefix('!').is_some_and(|not| not == word);
    if list.iter().any(excludes) {
        return false;
    }
    list.iter().any(|entry| entry == word) || list.iter().all(|entry| entry.starts_with('!'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn taken(os: &Value, cpu: &Value) -> bool {
        Platforms::read(os, cpu).take(Machine::of("linux", "x86_64"))
    }

    #[test]
    fn lists_are_read_as_npm_reads_them() {
        let none = Value::Null;
        assert!(taken(&none, &none));
        assert!(taken(&json!(["darwin", "linux"]), &json!(["x64"])));
        assert!(taken(&json!("linux"), &json!("any")));
        assert!(taken(&json!(["!win32"]), &json!(["!arm64", "!ia32"])));
        assert!(taken(&json!([]), &json!({"a": 1})));
        assert!(!taken(&json!(["darwin"]), &none));
        assert!(!taken(&none, &json!(["arm64"])));
        assert!(!taken(&json!(["linux", "!linux"]), &none));
    }

    #[test]
    fn a_machine_that_runs_programs_of_another_processor_takes_both() {
        let machine = Machine::of("macos", "aarch64");
        let take = |cpu| Platforms::read(&json!(["darwin"]), &json!([cpu])).take(machine);
        assert!(take("arm64") && take("x64") && !take("ia32"));
        assert!(!Platforms::read(&json!(["linux"]), &Value::Null).take(machine));
    }
}
