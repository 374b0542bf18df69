//! Binaries for shapes, which are kept as texts: what imports them says all that is in them,
//! and they do nothing.

/// Bytes of a library of Linux that asks libc for some functions and has no code at all.
/// Every byte is a letter of ASCII, so that it can be a text like any other file of a case.
/// As many as there is room for.
fn elf(imports: &[&str]) -> String {
    const SYMBOLS: usize = 0x300;
    const BINDINGS: usize = 0x500;
    const NAMES: usize = 0x600;
    const LENGTH: usize = 0x700;
    let mut bytes = vec![0_u8; LENGTH];
    let mut put = |at: usize, with: &[u8]| {
        if let Some(place) = bytes.get_mut(at..at + with.len()) {
            place.copy_from_slice(with);
        }
    };
    let mut long = |at: usize, value: usize| put(at, &(value as u64).to_le_bytes());
    // What is put to address 0, and where the dynamic table is.
    for (at, value) in [
        (16, 3 | (62 << 16) | (1 << 32)),
        (32, 64),
        (52, 64 | (56 << 16) | (2 << 32)),
        (64, 1 | (5 << 32)),
        (96, LENGTH),
        (104, LENGTH),
        (120, 2 | (6 << 32)),
        (128, 0x200),
        (136, 0x200),
        (152, 0x100),
    ] {
        long(at, value);
    }
    let mut names = String::from("\0libc.so.6\0");
    for (index, name) in imports.iter().take(4).enumerate() {
        let symbol = SYMBOLS + (index + 1) * 24;
        long(symbol, names.len() | (0x12 << 32));
        let binding = BINDINGS + index * 24;
        long(binding + 8, ((index + 1) << 32) | 7);
        names.push_str(name);
        names.push('\0');
    }
    let table = [
        (1, 1),
        (5, NAMES),
        (6, SYMBOLS),
        (11, 24),
        (23, BINDINGS),
        (2, imports.len().min(4) * 24),
        (20, 7),
        (0, 0),
    ];
    for (index, (tag, value)) in table.into_iter().enumerate() {
        long(0x200 + index * 16, tag);
        long(0x208 + index * 16, value);
    }
    put(NAMES, names.as_bytes());
    put(0, b"\x7fELF\x02\x01\x01");
    bytes.into_iter().map(char::from).collect()
}

/// A module of WebAssembly that imports some functions of WASI, and has others: `+name`.
fn wasm(names: &[&str]) -> String {
    const WASI: &str = "wasi_snapshot_preview1";
    let (own, imports): (Vec<&str>, Vec<&str>) = names
        .iter()
        .copied()
        .partition(|name: &&str| name.starts_with('+'));
    let own = own.iter().map(|name| name.trim_start_matches('+'));
    let mut section = String::from(char::from(imports.len().min(3) as u8));
    for name in imports.iter().take(3) {
        for text in [WASI, name] {
            section.push(char::from(text.len() as u8));
            section.push_str(text);
        }
        section.push_str("\0\0");
    }
    let mut exports = String::from(char::from(own.len() as u8));
    for name in own {
        exports.push(char::from(name.len() as u8));
        exports.push_str(name);
        exports.push_str("\0\0");
    }
    let mut module = String::from("\0asm\x01\0\0\0");
    for (number, section) in [(2_u8, section), (7, exports)] {
        module.push(char::from(number));
        module.push(char::from(section.len() as u8));
        module.push_str(&section);
    }
    module
}

/// What `elf connect execve` and `wasm sock_send` stand for; none for other words.
pub fn written(words: &str) -> Option<String> {
    let mut words = words.split_whitespace();
    let kind = words.next()?;
    let imports: Vec<&str> = words.collect();
    match kind {
        "elf" => Some(elf(&imports)),
        "wasm" => Some(wasm(&imports)),
        _ => None,
    }
}

/// Whether a text is one of these.
pub fn is_elf(text: &str) -> bool {
    text.starts_with("\x7fELF")
}

/// Whether a text is one of these.
pub fn is_wasm(text: &str) -> bool {
    text.starts_with("\0asm")
}

#[cfg(test)]
mod tests {
    use crate::shapes::{parse, tree};
    use customs_inspect::inspect_tree;
    use customs_model::{Ability, BinaryKind};

    #[test]
    fn the_engine_reads_what_they_import() {
        let cases = parse(
            "x",
            "=== benign: two\n--- package/a.node = elf connect execve\n--- package/b.wasm = wasm sock_send\n",
        );
        let binaries = inspect_tree(&tree(&cases[0])).binaries;
        assert_eq!(binaries.len(), 2, "{binaries:?}");
        let both = [Ability::Network, Ability::Process].into_iter().collect();
        assert_eq!(binaries[0].abilities, both);
        assert_eq!(binaries[1].kind, BinaryKind::Wasm);
        assert!(binaries[1].abilities.contains(&Ability::Network));
    }
}
