use customs_model::printable;

/// Bounds on `entry_points.txt`.
mod limit {
    /// Bytes.
    pub const BYTES: usize = 4 << 20;
    /// Scripts.
    pub const SCRIPTS: usize = 10_000;
}

/// Why an `entry_points.txt` says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryPointsError {
    /// Beyond a bound.
    #[error("entry_points.txt has more than {0} {1}, which are not read")]
    Limit(usize, &'static str),
    /// Not UTF-8.
    #[error("entry_points.txt is not UTF-8 text")]
    NotText,
    /// A script that names no function.
    #[error("entry_points.txt, line {line}: {text:?} names no function of a module")]
    Script {
        /// Counted from 1.
        line: usize,
        /// Made printable.
        text: String,
    },
}

/// A command that an installer makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPoint {
    /// The file's name. A plain file name: it leads nowhere else.
    pub name: String,
    /// `pip._internal.cli.main`.
    pub module: String,
    /// `main`, `Class.method`.
    pub object: String,
    /// `gui_scripts`.
    pub gui: bool,
}

/// The commands that `entry_points.txt` asks for, in its order.
///
/// # Errors
/// Beyond a bound, not text, or with a command that installers refuse too.
pub fn scripts(bytes: &[u8]) -> Result<Vec<EntryPoint>, EntryPointsError> {
    if bytes.len() > limit::BYTES {
        return Err(EntryPointsError::Limit(limit::BYTES, "bytes"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| EntryPointsError::NotText)?;
    let mut found = Vec::new();
    let mut gui = None;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(section) = line.strip_prefix('[') {
            gui = match section.split(']').next().map(str::trim) {
                Some("console_scripts") => Some(false),
                Some("gui_scripts") => Some(true),
                _ => None,
            };
            continue;
        }
        let Some(gui) = gui else { continue };
        let script = script(line, gui).ok_or_else(|| EntryPointsError::Script {
            line: at + 1,
            text: printable(line, 100),
        })?;
        if found.len() == limit::SCRIPTS {
            return Err(EntryPointsError::Limit(limit::SCRIPTS, "scripts"));
        }
        found.push(script);
    }
    Ok(found)
}

fn script(line: &str, gui: bool) -> Option<EntryPoint> {
    let (name, target) = line.split_once('=')?;
    // `[extras]` behind it are deprecated and mean nothing to a script.
    let target = target.split('[').next()?;
    let (module, object) = target.split_once(':')?;
    let (name, module, object) = (name.trim(), module.trim(), object.trim());
    let is_plain = !name.is_empty() && !name.contains(['/', '\\', '\0']) && name != "..";
    (is_plain && is_dotted(module) && is_dotted(object)).then(|| EntryPoint {
        name: name.to_owned(),
        module: module.to_owned(),
        object: object.to_owned(),
        gui,
    })
}

/// Identifiers with dots between them: what can stand in an `import` without being anything else.
fn is_dotted(text: &str) -> bool {
    text.split('.').all(|part| {
        !part.is_empty()
            && !part.starts_with(|c: char| c.is_ascii_digit())
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn commands_are_read_and_other_groups_are_not() {
        let text = b"# x\n[console_scripts]\na-b = a.b:C.run [x]\n\n[pytest11]\np = a:b\n[gui_scripts]\ng=a:b\n";
        let found = scripts(text).unwrap();
        let shown: Vec<String> = found
            .iter()
            .map(|e| format!("{} {} {} {}", e.name, e.module, e.object, e.gui))
            .collect();
        assert_eq!(shown, ["a-b a.b C.run false", "g a b true"]);
    }

    #[test]
    fn a_command_that_leads_elsewhere_or_holds_code_is_refused() {
        for bad in ["../x = a:b", "x = a", "x = a;import os:b", "x = a:b()", "x"] {
            let text = format!("[console_scripts]\n{bad}\n");
            assert!(scripts(text.as_bytes()).is_err(), "{bad}");
        }
        let error = scripts(b"[console_scripts]\nx = a\n").unwrap_err();
        insta::assert_snapshot!(error, @r#"entry_points.txt, line 2: "x = a" names no function of a module"#);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "[\\[\\]a=:.;\n]{0,60}") {
            let _ = scripts(text.as_bytes());
        }
    }
}
