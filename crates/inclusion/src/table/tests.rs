use super::*;
use crate::shown::tests::steers_nothing;
use crate::testing::{any_record, file, hostile_record, record, shuffled};
use proptest::prelude::*;

#[test]
fn people_see_each_package_what_is_wrong_and_all_three_sums() {
    insta::assert_snapshot!(packages(&record()), @"");
}

#[test]
fn people_see_every_file() {
    insta::assert_snapshot!(files(&record()), @"");
}

#[test]
fn many_unexplained_files_are_counted_and_the_list_of_files_has_them_all() {
    let mut record = record();
    let paths = (0..limit::FEW + 5).map(|n| format!("many/{n}.js"));
    record.packages[1].files = paths.map(|path| file(&path, "x", "unexplained")).collect();
    let table = packages(&record);
    assert!(
        table.contains("    and 5 more: --files shows every file\n"),
        "{table}"
    );
    assert_eq!(
        files(&record).matches("  many/").count(),
        2 * limit::FEW + 5
    );
}

#[test]
fn no_text_of_a_stranger_steers_a_terminal_or_a_runner() {
    let record = hostile_record();
    steers_nothing(&packages(&record));
    steers_nothing(&files(&record));
}

proptest! {
    #[test]
    fn whatever_is_in_it_the_table_is_lines_of_text_and_always_the_same(record in any_record()) {
        for make in [packages, files] {
            let text = make(&record);
            steers_nothing(&text);
            prop_assert_eq!(make(&shuffled(&record)), text);
        }
    }
}
