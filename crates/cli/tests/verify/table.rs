//! Ways of tampering as a table: each with exactly what must be told of it.

use crate::ground::Ground;
use std::fmt::Write as _;

/// One way.
pub struct Case {
    /// What is done, for people.
    pub way: &'static str,
    /// Does it.
    pub tamper: fn(&Ground),
    /// What is told then and is not told of the untouched tree.
    pub told: &'static [&'static str],
}

/// Tries each way on the tree as it was installed.
pub fn each(ground: &Ground, cases: &[Case]) {
    ground.restore();
    let before = ground.verify();
    let mut failed = String::new();
    for case in cases {
        ground.restore();
        (case.tamper)(ground);
        let after = ground.verify();
        let told = after.since(&before);
        if told != case.told {
            writeln!(
                failed,
                "{}\n  expected {:#?}\n  told {told:#?}",
                case.way, case.told
            )
            .unwrap();
        }
    }
    assert!(failed.is_empty(), "{failed}");
}
