//! The programs that versions of Yarn write around their map, and their loader of modules.
//!
//! Measured on 2026-11-30: each version wrote them for an empty project; that of 4.18.1 was the
//! same for one with forty packages. Digests are of the text behind the head.

use customs_model::{Digest, DigestAlgorithm, Hasher};

/// The first line, which counts only where the file itself is started as a program.
const SHEBANG: &str = "#!/usr/bin/env node\n";

/// What stands before and behind the map, up to where the program begins that is alike for all.
const HEADS: [[&str; 2]; 4] = [
    // Yarn 4.2 and later.
    [
        "/* eslint-disable */\n// @ts-nocheck\n\"use strict\";\n\nconst RAW_RUNTIME_STATE =\n",
        FROM_CONST,
    ],
    // Yarn 4.0 and 4.1.
    [
        "/* eslint-disable */\n\"use strict\";\n\nconst RAW_RUNTIME_STATE =\n",
        FROM_CONST,
    ],
    // Yarn 3.
    [
        "/* eslint-disable */\n\"use strict\";\n\nfunction $$SETUP_STATE(hydrateRuntimeState, basePath) {\n  return hydrateRuntimeState(JSON.parse(",
        "), {basePath: basePath || __dirname});\n  }\n\n",
    ],
    // With the map in a file of its own.
    [FROM_FILE, ""],
];

const FROM_CONST: &str = ";\n\nfunction $$SETUP_STATE(hydrateRuntimeState, basePath) {\n  return hydrateRuntimeState(JSON.parse(RAW_RUNTIME_STATE), {basePath: basePath || __dirname});\n}\n\n";

const FROM_FILE: &str = "/* eslint-disable */\n// @ts-nocheck\n\"use strict\";\n\nfunction $$SETUP_STATE(hydrateRuntimeState, basePath) {\n  const fs = require('fs');\n  const path = require('path');\n  const pnpDataFilepath = path.resolve(__dirname, \".pnp.data.json\");\n  return hydrateRuntimeState(JSON.parse(fs.readFileSync(pnpDataFilepath, 'utf8')), {basePath: basePath || __dirname});\n}\n\n";

/// A version, the SHA-256 of its program, and that of its `.pnp.loader.mjs`.
type Row = (&'static str, &'static str, &'static str);

#[rustfmt::skip]
const VERSIONS: [Row; 23] = [
    ("3.6.4", "4548c4b029ad98342f056d2050faac054d74075439479c7552fd4fa1267be8f5", "863009634ee07929d1d2d367a6d67e91ae891a45edb7ae2e758911119de0ec92"),
    ("3.8.7", "70a3aa6b5a3a5810c4332e9d1a02d3166e36d1f776e0874aae20aaa5c23914db", "8797e5e7253af2cdc2395b23cefdca6d253e3219c6842bdc238157fc1bb678a9"),
    ("4.0.0", "ba2b3cbe0dbe8b4dabba98662d2779a2e693b2750c3115c5dcbbe0d8dfcb737e", "06beaf32ce8337b41384263b49707f452fde1e71113f381ee139488ace8922da"),
    ("4.0.2", "c0fa8cac67feeb5c6e603ebf0d09757113ae49ed4ea4e20839bf9c174eea2428", "d2919a9c2567f71623dba23476d2466cfd0344791d3bdd2df213e756b74ef930"),
    ("4.1.1", "e9debbc4f916fb440c50462e411bae3d9cd09b036e414d4bd30c696e69260c41", "214af618c84477f2f62463d40dcb0f86b4c4130388b07aa8e44e161de09c1588"),
    ("4.2.2", "8df12c314bd846b6bd36331cb02dbff3f1dd454d04ecafba27d16e70a2950b39", "30c52e062a65c6dded30f7861e41cf90672c4af881e70ca3d744ab33caea18ee"),
    ("4.3.1", "8df12c314bd846b6bd36331cb02dbff3f1dd454d04ecafba27d16e70a2950b39", "fdd073dbb1cd58ce1c0f12828e43bad90fff87a96caf1d7f9eaaaee6cdef9152"),
    ("4.4.1", "a5afe0580ea5c5d2792fc113d2c54fb35811938c94d13e97b433232d22bfd352", "5030cf7460e631213581114eb7f3a70ad327f88e4421fd7175e4966b77f2edeb"),
    ("4.5.3", "9f262ed769b9ade103ce66dcfda5e86f4a89f8f9df95dc133c518c9c44bca1bd", "5030cf7460e631213581114eb7f3a70ad327f88e4421fd7175e4966b77f2edeb"),
    ("4.6.0", "eac8cb10349cf64cdcc6566e1852ea796ca83f8a9f8f1b791368dc4399eaf68e", "5030cf7460e631213581114eb7f3a70ad327f88e4421fd7175e4966b77f2edeb"),
    ("4.7.0", "ae6dc27de5676bdfda0b0b6766d3c1187c125914c0b1c8702ea2fac6f1a8273d", "e7c05b6726c773e45375bf6901ca498f270d446c52820284287c7dc2c49eef39"),
    ("4.8.1", "e3014701d8924d64c3504b30889a7655d94724d3b0afc46c8174788e1a42a153", "30e014b23d9af4837a8afe2621c60e3751256a7b6b2b636b00a1a6a00b2b7df7"),
    ("4.9.4", "d3aa5e9a9dc6ca144a04ba1031b10f6757582a5d193267eb8e4a8899e2c8af1e", "30e014b23d9af4837a8afe2621c60e3751256a7b6b2b636b00a1a6a00b2b7df7"),
    ("4.10.3", "31fb35cf77c9a13734585e257771a8f169089163cae20fd1ceebb584af3b21cd", "e1335ea489a9f93cd1ab4666b7da73eed08b527a49044a617e24471ca1dfba59"),
    ("4.11.0", "adf1042750cad91341cf4ba3c3c5cc396b2b505f4f2c016b56164966a9e9b12b", "e1335ea489a9f93cd1ab4666b7da73eed08b527a49044a617e24471ca1dfba59"),
    ("4.12.0", "adf1042750cad91341cf4ba3c3c5cc396b2b505f4f2c016b56164966a9e9b12b", "e1335ea489a9f93cd1ab4666b7da73eed08b527a49044a617e24471ca1dfba59"),
    ("4.13.0", "50bd9185d496e3c7dab6499d7ba872cf1130cf3c966dd8458ed1265e6a6ace3d", "e1335ea489a9f93cd1ab4666b7da73eed08b527a49044a617e24471ca1dfba59"),
    ("4.14.1", "365922aaca353c1d839cbb7571f5bbeaa70e573e3ccf9977fcf56bb7bd9e3054", "cd6380315bc3cbb01d2490745dfc092f087b2d0788c557177ece21f22b5edab0"),
    ("4.15.0", "365922aaca353c1d839cbb7571f5bbeaa70e573e3ccf9977fcf56bb7bd9e3054", "dd160ba6bcdb2bfd60893c92bd8ef370505821cc407369f78dce3666e1d77b4b"),
    ("4.16.0", "633a43d164243abe3eaec47a480b5db767fc314da909228755c7839fdf825887", "d8fdc78e08361fd1ee851003498918b0b68fd5fd131226970201e2100000afdc"),
    ("4.17.1", "633a43d164243abe3eaec47a480b5db767fc314da909228755c7839fdf825887", "d8fdc78e08361fd1ee851003498918b0b68fd5fd131226970201e2100000afdc"),
    ("4.18.0", "633a43d164243abe3eaec47a480b5db767fc314da909228755c7839fdf825887", "d8fdc78e08361fd1ee851003498918b0b68fd5fd131226970201e2100000afdc"),
    ("4.18.1", "633a43d164243abe3eaec47a480b5db767fc314da909228755c7839fdf825887", "d8fdc78e08361fd1ee851003498918b0b68fd5fd131226970201e2100000afdc"),
];

/// Whose program it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// That of a version that was measured.
    Known(&'static str),
    /// Of none of those.
    Unknown,
    /// Of one that was measured, but started by another program than Node.
    StartedBy,
}

/// Whose program stands around a map.
pub(super) fn program([before, behind]: [&str; 2]) -> Whose {
    let (shebang, before) = match before.split_inclusive('\n').next() {
        Some(line) if line.starts_with("#!") => before.split_at(line.len()),
        Some(_) | None => ("", before),
    };
    let hook = HEADS.iter().find_map(|[head, tail]| match behind {
        "" => before.strip_prefix(head).filter(|_| tail.is_empty()),
        behind => behind
            .strip_prefix(tail)
            .filter(|_| before == *head && !tail.is_empty()),
    });
    let Some(hook) = hook else {
        return Whose::Unknown;
    };
    let found = sha256(hook.as_bytes());
    match VERSIONS.iter().rfind(|(_, hook, _)| *hook == found) {
        Some((version, ..)) if shebang == SHEBANG => Whose::Known(version),
        Some(_) => Whose::StartedBy,
        None => Whose::Unknown,
    }
}

/// Whose loader of modules a file is.
pub(super) fn loader(digest: &Digest) -> Option<&'static str> {
    let found = digest.to_hex();
    let row = VERSIONS.iter().rfind(|(.., loader)| *loader == found);
    row.filter(|_| digest.algorithm() == DigestAlgorithm::Sha256)
        .map(|(version, ..)| *version)
}

/// Whether a version was measured.
pub(super) fn is_measured(version: &str) -> bool {
    VERSIONS.iter().any(|(known, ..)| *known == version)
}

fn sha256(bytes: &[u8]) -> String {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
    hasher.update(bytes);
    hasher.finish().to_hex()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_no_version_is_unknown_whatever_stands_before_it() {
        let [head, tail] = HEADS[0];
        let before = format!("{SHEBANG}{head}");
        let behind = format!("{tail}require('./other');\n");
        assert_eq!(program([&before, &behind]), Whose::Unknown);
        assert_eq!(
            program([&format!("{SHEBANG}{FROM_FILE}"), ""]),
            Whose::Unknown
        );
        assert_eq!(program(["", ""]), Whose::Unknown);
        assert_eq!(loader(&Digest::sha256(b"")), None);
        assert!(is_measured("4.18.1") && !is_measured("4.18"));
    }
}
