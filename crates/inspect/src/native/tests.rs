//! Binaries written byte by byte, and bytes that are none.

use super::{kind, read};
use customs_model::{Ability, BinaryKind};
use proptest::prelude::*;

/// Bytes that are filled in at places.
struct Draft(Vec<u8>);

impl Draft {
    fn of(length: usize) -> Self {
        Self(vec![0; length])
    }

    fn put(&mut self, at: usize, bytes: &[u8]) -> &mut Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    fn half(&mut self, at: usize, value: u16) -> &mut Self {
        self.put(at, &value.to_le_bytes())
    }

    fn int(&mut self, at: usize, value: u32) -> &mut Self {
        self.put(at, &value.to_le_bytes())
    }

    fn long(&mut self, at: usize, value: u64) -> &mut Self {
        self.put(at, &value.to_le_bytes())
    }
}

/// A library of Linux that asks libc for `connect` and `execve`; without section headers.
fn elf() -> Vec<u8> {
    let mut file = Draft::of(0x500);
    file.put(0, b"\x7fELF\x02\x01\x01");
    file.half(16, 3).half(18, 62).int(20, 1);
    file.long(32, 64).half(52, 64).half(54, 56).half(56, 2);
    // All of it is put to address 0.
    file.int(64, 1).int(68, 5).long(96, 0x500).long(104, 0x500);
    // The dynamic table.
    file.int(120, 2).int(124, 6);
    file.long(128, 0x200).long(136, 0x200).long(152, 0xa0);
    let entries: [(u64, u64); 9] = [
        (1, 1),
        (5, 0x400),
        (6, 0x300),
        (11, 24),
        (23, 0x380),
        (2, 48),
        (20, 7),
        (27, 16),
        (0, 0),
    ];
    for (index, (tag, value)) in entries.into_iter().enumerate() {
        file.long(0x200 + index * 16, tag);
        file.long(0x208 + index * 16, value);
    }
    // Symbols: none, connect, execve; both defined elsewhere.
    file.int(0x318, 11).put(0x31c, &[0x12]);
    file.int(0x330, 19).put(0x334, &[0x12]);
    // Relocations that bind both.
    file.long(0x388, (1 << 32) | 7);
    file.long(0x3a0, (2 << 32) | 7);
    file.put(0x400, b"\0libc.so.6\0connect\0execve\0");
    file.0
}

/// A library of Windows that asks kernel32 for `CreateProcessW` and Winsock for number 4.
fn pe() -> Vec<u8> {
    let mut file = Draft::of(0x600);
    file.put(0, b"MZ").int(0x3c, 0x40);
    file.put(0x40, b"PE\0\0");
    file.half(0x44, 0x8664).half(0x46, 1);
    file.half(0x54, 240).half(0x56, 0x2022);
    // The optional header, with sixteen directories.
    file.half(0x58, 0x20b).long(0x70, 0x1_8000_0000);
    file.int(0x58 + 108, 16);
    file.int(0x58 + 112 + 8, 0x1000).int(0x58 + 112 + 12, 60);
    // One section, from 0x200 in the file to 0x1000 in memory.
    let section = 0x58 + 240;
    file.put(section, b".rdata");
    file.int(section + 8, 0x400).int(section + 12, 0x1000);
    file.int(section + 16, 0x400).int(section + 20, 0x200);
    file.int(section + 36, 0x4000_0040);
    // Two libraries.
    let table = 0x200;
    file.int(table, 0x1100)
        .int(table + 12, 0x1180)
        .int(table + 16, 0x1140);
    file.int(table + 20, 0x1120)
        .int(table + 32, 0x11a0)
        .int(table + 36, 0x1160);
    file.long(0x300, 0x11c0);
    file.long(0x320, (1 << 63) | 4);
    file.put(0x380, b"KERNEL32.dll\0")
        .put(0x3a0, b"WS2_32.dll\0");
    file.put(0x3c0, b"\0\0CreateProcessW\0");
    file.0
}

/// A library of macOS that asks for `connect` and `execve`.
fn macho() -> Vec<u8> {
    let mut file = Draft::of(0x200);
    file.int(0, 0xfeed_facf)
        .int(4, 0x0100_0007)
        .int(8, 3)
        .int(12, 6);
    file.int(16, 2).int(20, 56 + 24);
    file.int(32, 0xc).int(36, 56).int(40, 24);
    file.put(56, b"/usr/lib/libSystem.B.dylib\0");
    file.int(88, 2).int(92, 24);
    file.int(96, 0x100).int(100, 2).int(104, 0x140).int(108, 32);
    file.int(0x100, 1).put(0x104, &[1]);
    file.int(0x110, 10).put(0x114, &[1]);
    file.put(0x140, b"\0_connect\0_execve\0");
    file.0
}

/// A module that asks WASI for a socket, and runs as soon as it is there.
fn wasm() -> Vec<u8> {
    let mut file = b"\0asm\x01\0\0\0".to_vec();
    let mut imports = vec![2];
    for (module, name) in [
        ("wasi_snapshot_preview1", "sock_send"),
        ("wasi_snapshot_preview1", "proc_exit"),
    ] {
        imports.push(module.len() as u8);
        imports.extend_from_slice(module.as_bytes());
        imports.push(name.len() as u8);
        imports.extend_from_slice(name.as_bytes());
        imports.extend_from_slice(&[0, 0]);
    }
    file.push(2);
    file.push(imports.len() as u8);
    file.extend_from_slice(&imports);
    file.extend_from_slice(&[7, 16, 1, 12]);
    file.extend_from_slice(b"_cryptonight");
    file.extend_from_slice(&[0, 0]);
    file.extend_from_slice(&[8, 1, 0]);
    file
}

#[test]
fn elf_is_read_by_what_the_loader_reads() {
    let binary = read(&elf()).unwrap();
    assert_eq!(binary.kind, BinaryKind::Elf);
    assert_eq!(binary.architecture, "x86_64");
    assert_eq!(binary.imports, ["connect", "execve"]);
    assert_eq!(binary.libraries, ["libc.so.6"]);
    assert_eq!(
        binary.abilities.into_iter().collect::<Vec<_>>(),
        [Ability::Network, Ability::Process]
    );
    assert!(binary.init);
    assert_eq!(binary.untold, None);
}

#[test]
fn pe_is_read_by_name_and_by_number() {
    let binary = read(&pe()).unwrap();
    assert_eq!(binary.kind, BinaryKind::Pe);
    assert_eq!(binary.imports, ["CreateProcessW", "connect"]);
    assert_eq!(binary.libraries, ["KERNEL32.dll", "WS2_32.dll"]);
    assert_eq!(
        binary.abilities.into_iter().collect::<Vec<_>>(),
        [Ability::Network, Ability::Process]
    );
    assert_eq!(binary.untold, None);
}

#[test]
fn macho_is_read() {
    let binary = read(&macho()).unwrap();
    assert_eq!(binary.kind, BinaryKind::MachO);
    assert_eq!(binary.imports, ["_connect", "_execve"]);
    assert_eq!(binary.libraries, ["/usr/lib/libSystem.B.dylib"]);
    assert_eq!(
        binary.abilities.into_iter().collect::<Vec<_>>(),
        [Ability::Network, Ability::Process]
    );
    assert_eq!(binary.untold, None);
}

#[test]
fn several_machines_in_a_file_are_one_binary() {
    let inner = macho();
    let mut file = Draft::of(0x1000 + inner.len());
    file.put(0, &0xcafe_babe_u32.to_be_bytes());
    file.put(4, &1_u32.to_be_bytes());
    file.put(8, &0x0100_0007_u32.to_be_bytes());
    file.put(16, &0x1000_u32.to_be_bytes());
    file.put(20, &(inner.len() as u32).to_be_bytes());
    file.put(0x1000, &inner);
    let binary = read(&file.0).unwrap();
    assert_eq!(binary.imports, ["_connect", "_execve"]);
    // A class of Java begins with the same bytes.
    assert_eq!(kind(b"\xca\xfe\xba\xbe\0\0\0\x34rest of a class"), None);
}

#[test]
fn wasm_is_read() {
    let binary = read(&wasm()).unwrap();
    assert_eq!(binary.kind, BinaryKind::Wasm);
    assert_eq!(
        binary.imports,
        [
            "wasi_snapshot_preview1.proc_exit",
            "wasi_snapshot_preview1.sock_send"
        ]
    );
    assert!(binary.abilities.contains(&Ability::Network));
    assert!(binary.abilities.contains(&Ability::Mines));
    assert!(!binary.abilities.contains(&Ability::Process));
    assert!(binary.init);
    assert_eq!(binary.untold, None);
}

#[test]
fn what_cannot_be_read_is_said() {
    for bytes in [
        b"\x7fELF".to_vec(),
        b"\x7fELF\x02\x01\x01".to_vec(),
        b"\0asm\x0d\0\x01\0".to_vec(),
        b"\xcf\xfa\xed\xfe".to_vec(),
        elf()[..0x100].to_vec(),
    ] {
        assert!(read(&bytes).unwrap().untold.is_some());
    }
    assert_eq!(read(b""), None);
    assert_eq!(read(b"MZ is how this sentence begins"), None);
}

#[test]
fn one_that_is_linked_without_libraries_tells_nothing() {
    let mut file = elf();
    // No dynamic table.
    file[120] = 4;
    let binary = read(&file).unwrap();
    assert!(binary.abilities.is_empty());
    assert_eq!(binary.untold, Some("it is linked without libraries"));
}

proptest! {
    #[test]
    fn any_bytes_have_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..2_048)) {
        let _ = read(&bytes);
    }

    #[test]
    fn any_bytes_behind_a_beginning_have_an_answer(
        beginning in prop::sample::select(vec![
            b"\x7fELF\x01\x01\x01".to_vec(),
            b"\x7fELF\x02\x01\x01".to_vec(),
            b"\x7fELF\x02\x02\x01".to_vec(),
            b"\0asm\x01\0\0\0".to_vec(),
            b"\xcf\xfa\xed\xfe".to_vec(),
            b"\xfe\xed\xfa\xce".to_vec(),
            b"\xca\xfe\xba\xbe\0\0\0\x02".to_vec(),
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..2_048),
    ) {
        let mut all = beginning;
        all.extend_from_slice(&bytes);
        let _ = read(&all);
    }

    #[test]
    fn spoiled_binaries_have_an_answer(
        which in 0_usize..4,
        spoils in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..24),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = [elf, pe, macho, wasm][which]();
        for (at, byte) in spoils {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Some(binary) = read(&bytes) {
            prop_assert!(binary.imports.is_sorted());
            prop_assert!(binary.imports.len() <= crate::limit::native::IMPORTS);
        }
    }
}
