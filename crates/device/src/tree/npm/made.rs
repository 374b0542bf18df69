//! What a used tree grows, by where it lies: who likely made it.

use crate::tree::disk;
use std::path::Path;

/// Folders that tools keep in a `node_modules`, and whose they are.
const FOLDERS: [(&str, &str); 17] = [
    (".astro", "Astro"),
    (".cache", "a tool's cache"),
    (".esm", "a tool's cache"),
    (".mf", "Miniflare"),
    (".nitro", "Nitro"),
    (".pnpm_patches", "pnpm, which notes what is being patched"),
    (".prisma", "Prisma's generator"),
    (".remix", "Remix"),
    (".rspack", "Rspack"),
    (".tmp", "a tool's temporary files"),
    (".turbo", "Turborepo's cache"),
    (".vinxi", "Vinxi"),
    (".vite", "Vite's cache"),
    (".vite-temp", "Vite's temporary files"),
    (".vitest", "Vitest's cache"),
    (".wrangler", "Wrangler"),
    (".yarn-state-cache", "Yarn"),
];

/// Files that managers keep in a `node_modules`, and whose they are. They are data that a
/// manager reads; what they say is not believed here.
const RECORDS: [(&str, &str); 10] = [
    (".bun-tag", "bun"),
    (".modules.yaml", "pnpm"),
    (".package-map.json", "the manager"),
    (".pnpm-debug.log", "pnpm"),
    (".pnpm-workspace-state-v1.json", "pnpm"),
    (".pnpm-workspace-state.json", "pnpm"),
    (".pnpm/lock.yaml", "pnpm"),
    (".yarn-integrity", "Yarn 1"),
    (".yarn-state.yml", "Yarn"),
    (".yarn_integrity", "Yarn"),
];

/// Who likely made something, by its path in a `node_modules`.
pub(super) fn by_use(path: &str) -> Option<String> {
    if let Some((_, whose)) = RECORDS.iter().find(|(name, _)| *name == path) {
        return Some(format!("{whose}'s own record"));
    }
    let path = match in_store(path) {
        // node-gyp writes relative to the sources of what is built with, through links.
        Some(_) if MAKEFILES.iter().any(|end| path.ends_with(end)) => {
            return Some("node-gyp".to_owned());
        }
        Some(Some(inner)) => inner,
        Some(None) | None => path,
    };
    let (first, rest) = path.split_once('/')?;
    let (_, whose) = FOLDERS.iter().find(|(name, _)| *name == first)?;
    match (first, rest.split_once('/')) {
        (".cache", Some((tool, _))) => Some(format!(
            "the cache of {}",
            customs_model::printable(tool, 60)
        )),
        _ => Some((*whose).to_owned()),
    }
}

/// What lies in a folder of a virtual store, `.pnpm/<folder>/…`: there, the path in its
/// `node_modules`.
fn in_store(path: &str) -> Option<Option<&str>> {
    let stores = [".pnpm/", ".bun/", ".store/"];
    let inner = stores.iter().find_map(|store| path.strip_prefix(store))?;
    let (first, inner) = inner.split_once('/')?;
    let there = |inner: &'_ str| inner.starts_with("node_modules/");
    // npm's stores have a folder for each scope.
    let inner = match inner.split_once('/') {
        Some((_, behind)) if first.starts_with('@') && there(behind) => behind,
        Some(_) | None => inner,
    };
    Some(inner.strip_prefix("node_modules/"))
}

/// Where builds of native code write, in the folder of their package.
const BUILDS: [&str; 5] = [
    "build/",
    "build-tmp",
    "prebuilds/",
    "lib/binding/",
    "Release/",
];

/// Endings of what node-gyp and scripts before it write for `make`, wherever it lies: also beside
/// sources, and in folders named after packages that are built with.
const MAKEFILES: [&str; 4] = [".Makefile", ".ar-file-list", ".gypi", ".target.mk"];

/// Whether a file is what a script at install of its own package makes: in a folder for builds,
/// something for `make`, or a program for a machine.
pub(super) fn is_build_output(path: &str, at: &Path) -> bool {
    BUILDS.iter().any(|folder| path.starts_with(folder))
        || MAKEFILES.iter().any(|end| path.ends_with(end))
        || is_native(at)
}

/// The first bytes of programs and libraries for machines: ELF, Mach-O in its forms, PE, archives of
/// objects.
fn is_native(at: &Path) -> bool {
    let mut head = [0; 4];
    let read = disk::open(at).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut head));
    read.is_ok()
        && (head == *b"\x7fELF"
            || head == *b"!<ar"
            || head == *b"!<th"
            || head.starts_with(b"MZ")
            || matches!(
                u32::from_be_bytes(head),
                0xfeed_face | 0xfeed_facf | 0xcefa_edfe | 0xcffa_edfe | 0xcafe_babe
            ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caches_are_named_and_nothing_is_explained_by_a_dot_alone() {
        assert_eq!(
            by_use(".cache/babel-loader/x.json").unwrap(),
            "the cache of babel-loader"
        );
        assert_eq!(by_use(".vite/deps/react.js").unwrap(), "Vite's cache");
        assert_eq!(by_use(".modules.yaml").unwrap(), "pnpm's own record");
        let store = ".pnpm/@prisma+client@5.22.0/node_modules/.prisma/client/index.js";
        assert_eq!(by_use(store).unwrap(), "Prisma's generator");
        for entry in ["@s/a@1.0.0-x", "a@1.0.0-x", "@s-a-npm-1.0.0-0123456789"] {
            let store = format!(".store/{entry}/node_modules/.prisma/client/index.js");
            assert_eq!(by_use(&store).unwrap(), "Prisma's generator");
        }
        let gyp = ".pnpm/bcrypt@5.1.1/node-addon-api@5.1.0/node_modules/n/x.target.mk";
        assert_eq!(by_use(gyp).unwrap(), "node-gyp");
        for other in [
            ".hidden/x.js",
            "evil/x.js",
            ".cache",
            ".cache.js",
            "x/.cache/y",
            ".pnpm/evil@1.0.0/node_modules/evil/x.js",
            ".pnpm/evil@1.0.0/.cache/x.js",
            "evil/x.target.mk",
            ".store/evil-npm-1.0.0-0123456789/package/x.js",
            ".store/@s/a@1.0.0-x/.cache/x.js",
        ] {
            assert_eq!(by_use(other), None, "{other}");
        }
    }
}
