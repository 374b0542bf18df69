//! What stands in for a payload: a line in a file, where the environment asks for it.

use crate::scenario::Marker;
use customs_model::Ecosystem;
use std::collections::BTreeMap;

/// The environment variable that names the marker file. Without it nothing is written.
pub const MARKER_VARIABLE: &str = "CUSTOMS_REPLAY_MARKER";

/// What stands in a payload's place.
pub struct Left<'a> {
    /// What it leaves in the marker file.
    pub line: &'a str,
    /// Code of the attack's shape, which never runs; may be empty.
    pub shape: &'a str,
}

/// Adds what a marker needs to the files and scripts of a release. `module` is the import
/// name of a Python package.
pub fn plant(
    marker: Marker,
    ecosystem: Ecosystem,
    module: &str,
    left: &Left<'_>,
    files: &mut BTreeMap<String, String>,
    scripts: &mut BTreeMap<String, String>,
) {
    let mut script = |hook: &str| {
        files
            .entry("setup.js".into())
            .or_insert_with(|| javascript(left));
        scripts
            .entry(hook.into())
            .or_insert_with(|| "node setup.js".into());
    };
    match marker {
        Marker::Preinstall => script("preinstall"),
        Marker::Install => script("install"),
        Marker::Postinstall => script("postinstall"),
        Marker::BindingGyp => {
            files.insert("setup.js".into(), javascript(left));
            files.insert("binding.gyp".into(), BINDING_GYP.into());
        }
        Marker::Load if ecosystem == Ecosystem::Npm => append(files, "index.js", &javascript(left)),
        Marker::Load => append(files, &format!("{module}/__init__.py"), &python(left)),
        Marker::Startup => {
            files.insert(
                format!("{module}_init.pth"),
                format!("import {module}_startup\n"),
            );
            files.insert(format!("{module}_startup.py"), python(left));
        }
        Marker::Build if ecosystem == Ecosystem::Cargo => {
            files.insert("build.rs".into(), rust(left));
        }
        Marker::Build => append(files, "backend.py", &python(left)),
    }
}

/// `<!(…)` runs while the file is read, before anything is compiled; npm calls
/// node-gyp for a package that has this file and no script at all.
const BINDING_GYP: &str = r#"{ "targets": [{ "target_name": "noop", "type": "none", "sources": ["<!(node setup.js)"] }] }
"#;

fn append(files: &mut BTreeMap<String, String>, path: &str, text: &str) {
    files.entry(path.into()).or_default().push_str(text);
}

fn javascript(left: &Left<'_>) -> String {
    let Left { line, shape } = left;
    format!(
        "// Inert: leaves a mark only where the replay asks for one.\n\
         if (process.env.{MARKER_VARIABLE}) {{\n  \
           require('fs').appendFileSync(process.env.{MARKER_VARIABLE}, '{line}\\n');\n\
         }}\n{shape}"
    )
}

fn python(left: &Left<'_>) -> String {
    let Left { line, shape } = left;
    format!(
        "# Inert: leaves a mark only where the replay asks for one.\n\
         import os\n\
         if os.environ.get('{MARKER_VARIABLE}'):\n    \
             with open(os.environ['{MARKER_VARIABLE}'], 'a') as marker:\n        \
                 marker.write('{line}\\n')\n{shape}"
    )
}

fn rust(left: &Left<'_>) -> String {
    let Left { line, shape } = left;
    let call = if shape.is_empty() { "" } else { "payload();" };
    format!(
        "// Inert: leaves a mark only where the replay asks for one.\n\
         use std::io::Write as _;\n\
         fn main() {{\n    \
             println!(\"cargo:rerun-if-env-changed={MARKER_VARIABLE}\");\n    \
             if let Ok(path) = std::env::var(\"{MARKER_VARIABLE}\") {{\n        \
                 let file = std::fs::OpenOptions::new().create(true).append(true).open(path);\n        \
                 file.and_then(|mut f| writeln!(f, \"{line}\")).unwrap();\n    \
             }}\n    \
             {call}\n\
         }}\n{shape}"
    )
}
