//! Ways of tampering that are told in the same words of every tree that has one flat
//! `node_modules`: of npm, of Yarn 1, and of Yarn 4 where it makes such a tree.

use crate::table::Case;
use crate::tamper::{add, delete, edit, edit_at, file_to_folder, link, move_out, replace};

pub const EDITED: Case = Case {
    way: "a file is edited, its size and time are put back",
    tamper: |ground| edit(ground, "project/node_modules/is-odd/index.js"),
    told: &["no: modified node_modules/is-odd/index.js"],
};

pub const DELETED: Case = Case {
    way: "a file is deleted",
    tamper: |ground| delete(ground, "project/node_modules/is-odd/README.md"),
    told: &["no: missing node_modules/is-odd/README.md"],
};

pub const FOLDER: Case = Case {
    way: "a file is replaced by a folder",
    tamper: |ground| file_to_folder(ground, "project/node_modules/is-odd/index.js"),
    told: &[
        "no: extra node_modules/is-odd/index.js/index.js",
        "no: other type node_modules/is-odd/index.js",
    ],
};

pub const OUTSIDE: Case = Case {
    way: "a file lies outside of the tree, and a link leads there",
    tamper: |ground| move_out(ground, "project/node_modules/is-odd/index.js"),
    told: &["no: other type node_modules/is-odd/index.js"],
};

pub const TWIN: Case = Case {
    way: "a file has a twin that differs in case only",
    tamper: |ground| add(ground, "project/node_modules/is-odd/INDEX.js"),
    told: &["no: extra node_modules/is-odd/INDEX.js"],
};

pub const MANIFEST: Case = Case {
    way: "the manifest names another release",
    tamper: |ground| {
        let manifest = "project/node_modules/is-odd/package.json";
        replace(ground, manifest, "\"3.0.1\"", "\"3.0.0\"");
    },
    told: &[
        "no: decoy node_modules/is-odd",
        "no: modified node_modules/is-odd/package.json",
    ],
};

pub const NATIVE: Case = Case {
    way: "a program for this machine is another one of the same size",
    tamper: |ground| {
        edit_at(&ground.find("project/node_modules/bufferutil", &["linux-x64", ".node"]));
    },
    told: &["no: modified node_modules/bufferutil/prebuilds/linux-x64/node.napi.node"],
};

pub const COMMAND: Case = Case {
    way: "a command leads to another program",
    tamper: |ground| {
        link(
            ground,
            "project/node_modules/.bin/mkdirp",
            "../is-odd/index.js",
        );
    },
    told: &["no: extra node_modules/.bin/mkdirp"],
};

pub const NESTED: Case = Case {
    way: "a package lies in a package",
    tamper: |ground| {
        add(
            ground,
            "project/node_modules/is-odd/node_modules/is-number/index.js",
        )
    },
    told: &[
        "no: decoy node_modules/is-odd/node_modules/is-number",
        "no: missing node_modules/is-odd/node_modules/is-number/LICENSE",
        "no: missing node_modules/is-odd/node_modules/is-number/README.md",
        "no: missing node_modules/is-odd/node_modules/is-number/package.json",
        "no: modified node_modules/is-odd/node_modules/is-number/index.js",
    ],
};

pub const UNNAMED: Case = Case {
    way: "a package that no lockfile names is added",
    tamper: |ground| add(ground, "project/node_modules/unnamed/index.js"),
    told: &["no: extra node_modules/unnamed/index.js"],
};
