//! Whether a file can run: by its name, by where it stands, or by how it begins.
//!
//! A file that runs is one that an interpreter, a compiler, a build tool, an editor or an agent
//! takes up without being told to. xz 5.6.0 was let in by a file of m4; worms of 2026 by
//! tasks of editors and instructions for agents.

use super::path;
use customs_model::Ecosystem;

/// Endings that a run time, shell, compiler or build tool takes up.
const ENDINGS: &[&str] = &[
    // JavaScript and TypeScript
    "js", "cjs", "mjs", "jsx", "ts", "cts", "mts", "tsx", "node", "wasm", "gyp", "gypi",
    // Python
    "py", "pyw", "pyx", "pxd", "pyc", "pyd", "pth", "start",
    // Rust and what build scripts compile
    "rs", "c", "cc", "cpp", "cxx", "h", "hh", "hpp", "inl", "s", "asm", "m", "mm", "cu", "swift",
    // build tools
    "m4", "ac", "am", "in", "mk", "cmake", "gradle", "bzl", // shells and other languages
    "sh", "bash", "zsh", "fish", "bat", "cmd", "ps1", "psm1", "vbs", "rb", "pl", "pm", "php",
    "lua", // programs and libraries
    "so", "dylib", "dll", "exe", "a", "lib", "o", "jar", "class", "scpt",
];

/// Whole names that are taken up, in lower case.
const NAMES: &[&str] = &[
    "makefile",
    "gnumakefile",
    "configure",
    "cmakelists.txt",
    "meson.build",
    "build",
    "build.bazel",
    "dockerfile",
    "rakefile",
    "gemfile",
    "justfile",
    // what managers obey
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".pnpmfile.cjs",
    "pip.conf",
    "setup.cfg",
    // what agents obey
    "claude.md",
    "agents.md",
    "gemini.md",
    ".cursorrules",
    ".windsurfrules",
    ".mcp.json",
    "copilot-instructions.md",
];

/// Folders all of whose files are obeyed by editors, agents, git or cargo.
const FOLDERS: &[&str] = &[
    ".vscode",
    ".idea",
    ".claude",
    ".cursor",
    ".gemini",
    ".husky",
    ".githooks",
    ".cargo",
    ".github",
];

/// Whether a file of an artifact can run.
pub fn runs(ecosystem: Ecosystem, file: &str, head: &[u8]) -> bool {
    let lower = file.to_ascii_lowercase();
    let name = path::name(&lower);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    if is_declaration(name) {
        return false;
    }
    ENDINGS.contains(&ending)
        || name.contains(".so.")
        || NAMES.contains(&name)
        || path::folder(&lower)
            .split('/')
            .any(|folder| FOLDERS.contains(&folder))
        || is_program(head)
        || (ecosystem == Ecosystem::PyPi && is_python_script(&lower))
}

/// Types of TypeScript: no run time takes them up.
pub fn is_declaration(name: &str) -> bool {
    [".d.ts", ".d.mts", ".d.cts"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// Compiled code: no text in which its source could be looked for.
pub fn is_compiled(file: &str, head: &[u8]) -> bool {
    let name = path::name(file);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(
        ending,
        "wasm" | "node" | "so" | "pyd" | "dll" | "dylib" | "exe" | "a" | "lib" | "o"
    ) || name.contains(".so.")
        || (is_program(head) && !head.starts_with(b"#!"))
}

/// A wheel's scripts are put where commands are.
fn is_python_script(lower: &str) -> bool {
    lower
        .split_once('/')
        .is_some_and(|(top, rest)| top.ends_with(".data") && rest.starts_with("scripts/"))
}

/// `#!`, ELF, PE, Mach-O (both orders, both widths, universal), WebAssembly.
fn is_program(head: &[u8]) -> bool {
    const STARTS: &[&[u8]] = &[
        b"#!",
        b"\x7fELF",
        b"MZ",
        b"\xfe\xed\xfa\xce",
        b"\xfe\xed\xfa\xcf",
        b"\xce\xfa\xed\xfe",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"\0asm",
    ];
    STARTS.iter().any(|start| head.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_is_told_by_name_place_or_beginning() {
        let npm = |path, head: &[u8]| runs(Ecosystem::Npm, path, head);
        for path in [
            "a.js",
            "m4/build-to-host.m4",
            "binding.gyp",
            ".vscode/tasks.json",
            "CLAUDE.md",
        ] {
            assert!(npm(path, b""), "{path}");
        }
        for path in [
            "a.d.ts",
            "README.md",
            "LICENSE",
            "a.json",
            "a.js.map",
            "a.css",
        ] {
            assert!(!npm(path, b""), "{path}");
        }
        assert!(npm("bin/tool", b"#!/bin/sh"));
        assert!(npm("data.bin", b"\x7fELF\x02"));
        assert!(runs(Ecosystem::PyPi, "x-1.data/scripts/x", b""));
    }
}
