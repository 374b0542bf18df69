//! Which machines a release is for: `os`, `cpu` and `libc` of its object, as npm reads them.

use serde_json::Value;
use std::env::consts;
use std::fs;
use std::sync::LazyLock;

/// Entries of one list that are looked at. Node knows fewer systems and processors.
const MOST: usize = 64;

/// Where loaders of programs stand, in all systems that have one of the two libraries.
const LOADERS: [&str; 2] = ["/lib", "/lib64"];

/// The machines that a release is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Platforms {
    os: Option<Vec<String>>,
    cpu: Option<Vec<String>>,
    libc: Option<Vec<String>>,
}

/// A machine, in Node's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    os: &'static str,
    /// Its own processor, and those whose programs it runs as well.
    cpus: &'static [&'static str],
    /// The C libraries that its programs use: none where it is not Linux, both where it has
    /// both or does not show which.
    libcs: &'static [&'static str],
}

impl Machine {
    /// This one. Which C library it has is told by the loaders that stand in its folders, once:
    /// what this program was built with says nothing of the Node beside it.
    pub fn here() -> Self {
        static LIBCS: LazyLock<&[&str]> = LazyLock::new(|| libcs(loaders()));
        Self::of(consts::OS, consts::ARCH, *LIBCS)
    }

    /// By Rust's words for system and processor. Some systems run programs of another
    /// processor: a Node of that one installs its packages.
    fn of(os: &'static str, arch: &'static str, libcs: &'static [&'static str]) -> Self {
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
        let libcs = if os == "linux" { libcs } else { &[] };
        Self { os, cpus, libcs }
    }
}

/// The names of what stands where loaders do.
fn loaders() -> impl Iterator<Item = String> {
    LOADERS
        .into_iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
}

/// The C libraries of a machine that has these loaders. A container without a system has none,
/// and a system for building may have both.
fn libcs(loaders: impl Iterator<Item = String>) -> &'static [&'static str] {
    let (mut glibc, mut musl) = (false, false);
    for name in loaders {
        musl |= name.starts_with("ld-musl-");
        // The second is what it is called on s390x and ppc64.
        glibc |= name.starts_with("ld-linux") || name.starts_with("ld64.so.");
    }
    match (glibc, musl) {
        (true, false) => &["glibc"],
        (false, true) => &["musl"],
        _ => &["glibc", "musl"],
    }
}

impl Platforms {
    /// What an object's `os`, `cpu` and `libc` say.
    pub(super) fn read(os: &Value, cpu: &Value, libc: &Value) -> Self {
        Self {
            os: list(os),
            cpu: list(cpu),
            libc: list(libc),
        }
    }

    /// What a lockfile says with three lists; an empty one says nothing.
    pub fn of_lists(os: Vec<String>, cpu: Vec<String>, libc: Vec<String>) -> Self {
        let some = |mut list: Vec<String>| {
            list.truncate(MOST);
            (!list.is_empty()).then_some(list)
        };
        Self {
            os: some(os),
            cpu: some(cpu),
            libc: some(libc),
        }
    }

    /// Whether it is for some machines only.
    pub fn restricts(&self) -> bool {
        self.os.is_some() || self.cpu.is_some() || self.libc.is_some()
    }

    /// Whether npm installs it on a machine. What names a C library is for Linux alone.
    pub fn take(&self, machine: Machine) -> bool {
        let takes = |list: &Option<Vec<String>>, word: &str| {
            list.as_deref().is_none_or(|list| takes(list, word))
        };
        takes(&self.os, machine.os)
            && machine.cpus.iter().any(|cpu| takes(&self.cpu, cpu))
            && (self.libc.is_none() || machine.libcs.iter().any(|libc| takes(&self.libc, libc)))
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
        Platforms::read(os, cpu, &Value::Null).take(Machine::of("linux", "x86_64", &["glibc"]))
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
        let machine = Machine::of("macos", "aarch64", &[]);
        let none = Value::Null;
        let take = |cpu| Platforms::read(&json!(["darwin"]), &json!([cpu]), &none).take(machine);
        assert!(take("arm64") && take("x64") && !take("ia32"));
        assert!(!Platforms::read(&json!(["linux"]), &none, &none).take(machine));
    }

    #[test]
    fn a_machine_takes_what_is_for_its_c_library() {
        let none = Value::Null;
        let take = |libc: Value, machine| Platforms::read(&none, &none, &libc).take(machine);
        let of = |libcs| Machine::of("linux", "x86_64", libcs);
        let (glibc, musl, both) = (of(&["glibc"]), of(&["musl"]), of(&["glibc", "musl"]));
        assert!(take(json!(["glibc"]), glibc) && !take(json!(["glibc"]), musl));
        assert!(take(json!("musl"), musl) && !take(json!("musl"), glibc));
        assert!(take(json!(["!musl"]), glibc) && !take(json!(["!musl"]), musl));
        assert!(take(json!(["musl"]), both) && take(json!(["glibc"]), both));
        assert!(take(Value::Null, musl));
        let elsewhere = Machine::of("macos", "aarch64", &["glibc"]);
        assert!(!take(json!(["glibc"]), elsewhere) && take(Value::Null, elsewhere));
    }

    #[test]
    fn the_c_library_is_told_by_the_loaders_that_are_there() {
        let of = |names: &[&str]| libcs(names.iter().map(|name| (*name).to_owned()));
        assert_eq!(of(&["ld-linux-x86-64.so.2", "libz.so.1"]), ["glibc"]);
        assert_eq!(of(&["ld64.so.1"]), ["glibc"]);
        assert_eq!(
            of(&["ld-musl-aarch64.so.1", "libc.musl-aarch64.so.1"]),
            ["musl"]
        );
        let both = ["glibc", "musl"];
        assert_eq!(of(&["ld-musl-x86_64.so.1", "ld-linux-x86-64.so.2"]), both);
        assert_eq!(of(&["libz.so.1"]), both);
    }
}
