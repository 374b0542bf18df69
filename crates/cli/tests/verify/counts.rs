//! How many ways of tampering are tried of each manager, and what comes of them: the page counts what
//! the tests try.

use crate::table::Case;
use crate::{bun, cargo, lockfiles, npm, pip, pnpm, poetry, uv, yarn};
use std::fmt::Write as _;

/// All ways, by whose tree they are tried on.
const ALL: [(&str, &[&[Case]]); 11] = [
    ("npm", &[npm::CASES, npm::AROUND, npm::LINKED]),
    ("pnpm", &[pnpm::CASES]),
    ("Yarn 1", &[yarn::CLASSIC]),
    ("Yarn 4", &[yarn::BERRY, yarn::LINKED, yarn::NATIVE]),
    ("Yarn 4, Plug'n'Play", &[yarn::PLUG_N_PLAY]),
    ("bun", &[bun::CASES]),
    ("pip", &[pip::CASES]),
    ("uv", &[uv::CASES]),
    ("Poetry", &[poetry::CASES]),
    ("cargo", &[cargo::REGISTRY, cargo::VENDOR]),
    ("npm's lockfile", &[lockfiles::CASES]),
];

/// What comes of a way.
#[derive(Default)]
struct Count {
    ways: usize,
    /// It is a no, or a finding about the lockfile.
    caught: usize,
    /// It is told as not checked, or as made here, and is no no.
    only_told: usize,
    /// Nothing is told.
    missed: usize,
}

impl Count {
    fn add(&mut self, case: &Case) {
        let fails = |line: &&str| line.starts_with("no: ") || line.starts_with("lockfile: ");
        self.ways += 1;
        match (case.told.is_empty(), case.told.iter().any(fails)) {
            (true, _) => self.missed += 1,
            (false, true) => self.caught += 1,
            (false, false) => self.only_told += 1,
        }
    }

    fn row(&self, whose: &str, out: &mut String) {
        let Self {
            ways,
            caught,
            only_told,
            missed,
        } = self;
        writeln!(
            out,
            "| {whose} | {ways} | {caught} | {only_told} | {missed} |"
        )
        .unwrap();
    }
}

/// The table, as the page has it.
fn table() -> String {
    let mut out =
        String::from("| Tree of | Ways | Caught | Only told | Missed |\n|---|---|---|---|---|\n");
    let mut sum = Count::default();
    for (whose, tables) in ALL {
        let mut count = Count::default();
        for case in tables.iter().copied().flatten() {
            count.add(case);
            sum.add(case);
        }
        count.row(whose, &mut out);
    }
    sum.row("together", &mut out);
    out
}

#[test]
fn the_page_counts_the_ways_of_tampering_that_are_tried() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/verify.md");
    let page = std::fs::read_to_string(path).unwrap();
    let table = table();
    assert!(
        page.contains(&table),
        "docs/verify.md does not have the table of ways that are tried:\n{table}"
    );
}
