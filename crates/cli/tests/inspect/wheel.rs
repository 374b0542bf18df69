//! A wheel: a ZIP archive whose entries are stored as they are.

/// A wheel of one module.
pub fn wheel(name: &str, version: &str, module: &str) -> Vec<u8> {
    let info = format!("{name}-{version}.dist-info");
    let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
    let tags = "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    let init = format!("{name}/__init__.py");
    let files = [
        (init.clone(), module.to_owned()),
        (format!("{info}/METADATA"), metadata),
        (format!("{info}/WHEEL"), tags.to_owned()),
        (format!("{info}/RECORD"), format!("{init},,\n")),
    ];
    zip(&files)
}

fn zip(files: &[(String, String)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let at = u32::try_from(out.len()).unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(text.as_bytes());
        let length = u32::try_from(text.len()).unwrap();
        // Version, flags, stored, 1 January 1980, checksum, lengths, name, no extra field.
        let mut about = Vec::new();
        about.extend_from_slice(&[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0]);
        about.extend_from_slice(&crc.sum().to_le_bytes());
        about.extend_from_slice(&length.to_le_bytes());
        about.extend_from_slice(&length.to_le_bytes());
        about.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        about.extend_from_slice(&[0, 0]);
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&about);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(text.as_bytes());
        directory.extend_from_slice(b"PK\x01\x02\x14\x00");
        directory.extend_from_slice(&about);
        // No comment, disk 0, no attributes.
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&at.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let (at, count) = (out.len(), u16::try_from(files.len()).unwrap());
    let (at, length) = (
        u32::try_from(at).unwrap(),
        u32::try_from(directory.len()).unwrap(),
    );
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\x00\x00\x00\x00");
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&at.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}
