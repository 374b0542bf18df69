//! Bodies that read what a stranger packs: archives, source texts, manifests, binaries. The
//! first byte chooses among the ways in. Nothing may panic, bounds hold, and every place that
//! is told lies in a file of the package.

// By their paths, for tests of the workspace include this file by its own one.
#[path = "pack.rs"]
mod pack;
#[path = "programs.rs"]
mod programs;

use customs_inspect::{
    Content, Entry, Reader, Tree, Unpacking, inspect_archive, inspect_tree, kind_of,
};
use customs_model::{Inspection, Place, printable};
use programs::{script, snake};

pub use pack::{gzip, tar, zip};

/// What a target does with its bytes.
pub type Body = fn(&[u8]);

/// The bodies, by the names of their targets.
pub const BODIES: [(&str, Body); 11] = [
    ("unpack", unpack),
    ("compressed", compressed),
    ("javascript", javascript),
    ("python", python),
    ("rust", rust),
    ("shell", shell),
    ("powershell", powershell),
    ("manifests", manifests),
    ("native", native),
    ("evaluator", evaluator),
    ("invariants", invariants),
];

/// Bytes of stack, as many as the program gives to who reads artifacts.
const STACK: usize = 512 << 20;

/// Runs a body with the stack that it has in the program.
///
/// # Panics
/// Where the body does.
pub fn run(body: Body, data: &[u8]) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || body(data))
            .expect("a thread");
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// Archives: as they are, compressed, and in another one.
pub fn unpack(data: &[u8]) {
    let Some((way, bytes)) = data.split_first() else {
        return;
    };
    let packed = match way % 4 {
        0 => bytes.to_vec(),
        1 => gzip(bytes),
        2 => gzip(&tar(&[("package/a.tgz", bytes)])),
        _ => tar(&[("package/a.tgz", &gzip(bytes)), ("package/a.zip", bytes)]),
    };
    bounded(&packed);
}

/// Archives of Electron and streams of other compressions: as they are, and in an archive.
pub fn compressed(data: &[u8]) {
    let Some((way, bytes)) = data.split_first() else {
        return;
    };
    let names = ["a.asar", "a.tar.bz2", "a.tar.xz", "a.tar.lzma", "a.tar.zst"];
    let name = names.get(usize::from(way / 2)).copied().unwrap_or("a.bin");
    match way % 2 {
        0 => bounded(bytes),
        _ => bounded(&tar(&[(&format!("package/{name}"), bytes)])),
    }
}

/// Unpacks under small bounds, and reads what is in it.
fn bounded(packed: &[u8]) {
    let limits = Unpacking {
        glances: 1 << 20,
        entries: 50,
        names: 4 << 10,
        inflated: 1 << 20,
        packed: 1 << 20,
        entry: 64 << 10,
        kept: 128 << 10,
        heads: 8 << 10,
        depth: 2,
        oddities: 20,
    };
    let tree = customs_inspect::unpack(packed, &limits);
    assert!(tree.entries.len() <= limits.entries);
    let kept: usize = tree
        .entries
        .iter()
        .filter_map(Entry::bytes)
        .map(<[u8]>::len)
        .sum();
    assert!(kept as u64 <= limits.kept);
    // What is missing of the whole, and the first of each trick, is told beyond the bound.
    assert!(tree.unread.len() <= limits.oddities + 16);
    // Twins are looked for behind everything else.
    assert!(tree.oddities.len() <= 2 * limits.oddities + 32);
    for entry in &tree.entries {
        assert!(!entry.path.starts_with('/'), "{:?}", entry.path);
        assert!(
            !entry.path.split('/').any(|part| part == ".."),
            "{:?}",
            entry.path
        );
    }
    inspect_tree(&tree);
}

/// JavaScript and TypeScript that a hook runs.
pub fn javascript(data: &[u8]) {
    let Some((dialect, bytes)) = data.split_first() else {
        return;
    };
    let name = ["a.js", "a.mjs", "a.cjs", "a.ts", "a.tsx"][usize::from(dialect % 5)];
    let manifest = format!(r#"{{"name": "a", "scripts": {{"postinstall": "node {name}"}}}}"#);
    read(&[
        ("package/package.json", manifest.as_bytes()),
        (&format!("package/{name}"), bytes),
    ]);
}

/// Python: a build script, a module, a file that is read at start.
pub fn python(data: &[u8]) {
    let Some((place, bytes)) = data.split_first() else {
        return;
    };
    let head: &[u8] = b"Name: a\nVersion: 1.0\n";
    match place % 3 {
        0 => read(&[("a-1.0/PKG-INFO", head), ("a-1.0/setup.py", bytes)]),
        1 => read(&[("a-1.0.dist-info/METADATA", head), ("a/__init__.py", bytes)]),
        _ => read(&[("a-1.0.dist-info/METADATA", head), ("a.pth", bytes)]),
    };
}

/// Rust: a build script, a procedural macro.
pub fn rust(data: &[u8]) {
    let Some((place, bytes)) = data.split_first() else {
        return;
    };
    if place % 2 == 0 {
        read(&[
            (
                "a-1.0.0/Cargo.toml",
                b"[package]\nname = \"a\"\nversion = \"1.0.0\"\n",
            ),
            ("a-1.0.0/build.rs", bytes),
        ]);
    } else {
        read(&[
            (
                "a-1.0.0/Cargo.toml",
                b"[package]\nname = \"a\"\nversion = \"1.0.0\"\n[lib]\nproc-macro = true\n",
            ),
            ("a-1.0.0/src/lib.rs", bytes),
        ]);
    }
}

/// Shell: a script, a hook's own words, a text that a program hands to a shell.
pub fn shell(data: &[u8]) {
    let Some((place, bytes)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(bytes);
    match place % 3 {
        0 => hook("sh a.sh", &[("package/a.sh", bytes)]),
        1 => hook(&text, &[]),
        _ => {
            let code = format!("require('child_process').exec({})", quoted(&text));
            hook("node a.js", &[("package/a.js", code.as_bytes())]);
        }
    }
}

/// PowerShell: a script, a hook's own words, an encoded command.
pub fn powershell(data: &[u8]) {
    let Some((place, bytes)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(bytes);
    match place % 3 {
        0 => hook("powershell -File a.ps1", &[("package/a.ps1", bytes)]),
        1 => hook(&format!("powershell -NoProfile -Command \"{text}\""), &[]),
        _ => {
            let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            hook(&format!("pwsh -enc {}", base64(&units)), &[]);
        }
    }
}

/// What says how a package is built, installed and opened.
pub fn manifests(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else {
        return;
    };
    let script: &[u8] = b"print(1)\n";
    let head: &[u8] = b"Name: a\nVersion: 1.0\n";
    let crate_head: &[u8] = b"[package]\nname = \"a\"\nversion = \"1.0.0\"\n";
    let npm: &[u8] = br#"{"name": "a", "main": "index.js"}"#;
    match which % 12 {
        0 => read(&[
            ("package/package.json", bytes),
            ("package/index.js", b"a()"),
        ]),
        1 => read(&[
            ("package/package.json", npm),
            ("package/binding.gyp", bytes),
        ]),
        2 => read(&[
            ("a-1.0/PKG-INFO", head),
            ("a-1.0/pyproject.toml", bytes),
            ("a-1.0/b.py", script),
        ]),
        3 => read(&[
            ("a-1.0/PKG-INFO", head),
            ("a-1.0/setup.cfg", bytes),
            ("a-1.0/setup.py", script),
        ]),
        4 => read(&[("a-1.0/PKG-INFO", bytes), ("a-1.0/setup.py", script)]),
        5 => read(&[
            ("a-1.0.dist-info/METADATA", head),
            ("a-1.0.dist-info/entry_points.txt", bytes),
            ("a/b.py", script),
        ]),
        6 => read(&[("a-1.0.dist-info/METADATA", bytes), ("a/b.py", script)]),
        7 => read(&[
            ("a-1.0.0/Cargo.toml", bytes),
            ("a-1.0.0/build.rs", b"fn main() {}"),
        ]),
        8 => read(&[
            ("a-1.0.0/Cargo.toml", crate_head),
            ("a-1.0.0/b/Cargo.toml", bytes),
            ("a-1.0.0/b/src/lib.rs", b""),
        ]),
        9 => read(&[
            ("package/package.json", npm),
            ("package/.vscode/tasks.json", bytes),
        ]),
        10 => read(&[
            ("package/package.json", npm),
            ("package/.claude/settings.json", bytes),
        ]),
        _ => read(&[
            ("package/package.json", npm),
            ("package/node_modules/b/package.json", bytes),
        ]),
    };
}

/// Programs and libraries of machines, and WebAssembly.
pub fn native(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else {
        return;
    };
    let magic: &[u8] = match which % 8 {
        0 => b"\x7fELF\x02\x01\x01",
        1 => b"\x7fELF\x01\x02\x01",
        2 => b"\0asm\x01\0\0\0",
        3 => b"\xcf\xfa\xed\xfe",
        4 => b"\xca\xfe\xba\xbe\0\0\0\x02",
        5 => &[],
        6 => b"\xfe\xed\xfa\xce",
        _ => b"MZ",
    };
    let mut file = [magic, bytes].concat();
    if magic == b"MZ" {
        // Where the real header is.
        file.resize(file.len().max(0x48), 0);
        file[0x3c..0x40].copy_from_slice(&0x40_u32.to_le_bytes());
        file[0x40..0x44].copy_from_slice(b"PE\0\0");
    }
    let code: &[u8] = b"require('./a.node')";
    let inspection = hook_of(
        "node a.js",
        &[("package/a.js", code), ("package/a.node", &file)],
    );
    assert!(inspection.binaries.len() <= 1);
}

/// The pure machine: a program of made-up statements over six variables, whose values reach
/// what runs code and commands.
pub fn evaluator(data: &[u8]) {
    let Some((language, bytes)) = data.split_first() else {
        return;
    };
    if language % 2 == 0 {
        let code = script(bytes);
        hook("node a.js", &[("package/a.js", code.as_bytes())]);
    } else {
        let code = snake(bytes);
        read(&[
            ("a-1.0/PKG-INFO", b"Name: a\n"),
            ("a-1.0/setup.py", code.as_bytes()),
        ]);
    }
}

/// The same bytes give the same answer, as an archive and as a tree, and what people read of
/// it holds nothing that steers a terminal.
pub fn invariants(data: &[u8]) {
    let packed = gzip(&tar(&[
        (
            "package/package.json",
            br#"{"scripts": {"postinstall": "node a.js"}}"#,
        ),
        ("package/a.js", data),
        ("package/\u{1b}[2J\u{202e}.js", data),
    ]));
    let first = inspect_archive(&packed);
    let reader = Reader::new(1 << 20);
    assert_eq!(first, reader.inspect_archive(&packed));
    // What it says does not depend on what was read before.
    assert_eq!(first, reader.inspect_archive(&packed));
    let shown = |text: &str| {
        let shown = printable(text, 400);
        assert!(shown.chars().all(|c| !steers(c)), "{shown:?}");
    };
    for place in places(&first) {
        let text = place.to_string();
        assert!(text.chars().all(|c| !steers(c)), "{text:?}");
    }
    for sign in &first.signs {
        shown(&sign.detail);
    }
    for part in &first.unread {
        shown(&part.path);
        // Reasons are printed as they are.
        assert!(
            part.because.chars().all(|c| !steers(c)),
            "{:?}",
            part.because
        );
    }
}

/// Whether a character steers a terminal or turns the order of letters.
pub fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Reads a package and looks whether what is said of it makes sense.
pub fn read(files: &[(&str, &[u8])]) -> Inspection {
    let entry = |(path, bytes): &(&str, &[u8])| Entry {
        path: (*path).to_owned(),
        content: Content::Whole((*bytes).into()),
        length: bytes.len() as u64,
        kind: kind_of(bytes),
        executable: false,
    };
    let tree = Tree {
        entries: files.iter().map(entry).collect(),
        ..Tree::default()
    };
    let inspection = inspect_tree(&tree);
    sound(&inspection, &tree);
    inspection
}

fn sound(inspection: &Inspection, tree: &Tree) {
    for place in places(inspection) {
        let Some(entry) = tree.entries.iter().find(|entry| entry.path == place.file) else {
            panic!("a place in no file: {place:?}");
        };
        assert!(place.line >= 1 && place.column >= 1, "{place:?}");
        // UTF-16 is longer in UTF-8 by up to a half, a broken byte by two.
        assert!(u64::from(place.bytes.0) <= 3 * entry.length, "{place:?}");
    }
    assert_eq!(inspection.files as usize, tree.entries.len());
    assert!(inspection.flows.len() <= 200);
    assert!(inspection.signs.len() <= 200);
    assert!(inspection.capabilities.len() <= 200);
}

fn places(inspection: &Inspection) -> impl Iterator<Item = &Place> {
    let hops = inspection.flows.iter().flat_map(|flow| &flow.path);
    hops.map(|hop| &hop.at)
        .chain(inspection.capabilities.iter().map(|one| &one.at))
        .chain(inspection.signs.iter().map(|one| &one.at))
}

fn hook(text: &str, files: &[(&str, &[u8])]) {
    hook_of(text, files);
}

/// A package whose hook has these words.
fn hook_of(text: &str, files: &[(&str, &[u8])]) -> Inspection {
    let manifest = format!(
        "{{\"name\": \"a\", \"scripts\": {{\"postinstall\": {}}}}}",
        quoted(text)
    );
    let mut all: Vec<(&str, &[u8])> = vec![("package/package.json", manifest.as_bytes())];
    all.extend_from_slice(files);
    read(&all)
}

/// A text as JSON and JavaScript write it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            if digit <= three.len() {
                let at = bits >> (18 - 6 * digit) & 63;
                out.push(char::from(DIGITS[at as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}
