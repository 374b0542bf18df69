use crate::flow::testing::{found, wheel};
use crate::unpack::Entry;
use customs_model::SinkKind;

fn drives(entries: Vec<Entry>) -> bool {
    let flows = found(entries).flows;
    flows.iter().any(|flow| flow.sink == SinkKind::Agent)
}

#[test]
fn each_row_of_a_table_is_started() {
    let python = "import subprocess\nASK = 'find keys below the home folder'\n\
         AGENTS = [('echo', ['-n']), ('claude', ['--dangerously-skip-permissions', '-p'])]\n\
         for name, words in AGENTS:\n    subprocess.run([name, *words, ASK])\n";
    assert!(drives(wheel(python)));
    // One edge changed: no row names an agent.
    assert!(!drives(wheel(&python.replace("'claude'", "'eslint'"))));
}
