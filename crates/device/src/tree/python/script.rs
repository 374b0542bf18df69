//! Commands that installers make: the first line names the environment's interpreter, the rest
//! follows from the entry point. Each template was read from the installer's own source or output.

use customs_ecosystem::pypi::installed::EntryPoint;

/// What an environment's interpreter may be called in a first line.
#[derive(Debug, Clone, Default)]
pub(super) struct Interpreters {
    /// Folders that hold it, as written by whoever made the environment.
    pub folders: Vec<String>,
    /// Any folder will do: nothing says where it is.
    pub anywhere: bool,
}

impl Interpreters {
    /// Whether a path is that of an interpreter in one of them.
    pub fn holds(&self, path: &str) -> bool {
        let Some((folder, name)) = path.rsplit_once(['/', '\\']) else {
            return false;
        };
        let is_own = self.folders.iter().any(|own| own == folder);
        (is_own || self.anywhere) && is_python(name)
    }
}

/// `python`, `python3.11`, `pypy3`.
pub(super) fn is_python(name: &str) -> bool {
    let name = name.strip_suffix(".exe").unwrap_or(name);
    ["pythonw", "python", "pypy"]
        .iter()
        .filter_map(|stem| name.strip_prefix(stem))
        .any(|version| {
            let version = version.strip_suffix('t').unwrap_or(version);
            version.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        })
}

/// Whether these bytes are what a known installer makes of an entry point.
pub(super) fn is_launcher(bytes: &[u8], entry: &EntryPoint, interpreters: &Interpreters) -> bool {
    let Some(body) = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| behind_interpreter(text, interpreters))
    else {
        return false;
    };
    templates(entry).iter().any(|template| template == body)
}

/// Whether these bytes are a wheel's script whose first line (`#!python`) an installer rewrote.
pub(super) fn is_rewritten(bytes: &[u8], original: &[u8], interpreters: &Interpreters) -> bool {
    let Some(rest) = original.strip_prefix(b"#!python") else {
        return false;
    };
    let rest = rest.strip_prefix(b"w").unwrap_or(rest);
    let Some(end) = rest.iter().position(|b| *b == b'\n') else {
        return false;
    };
    let (_, body) = rest.split_at(end + 1);
    // Only the first lines must be text.
    let Some(found_body) = bytes.len().checked_sub(body.len()) else {
        return false;
    };
    let (head, found) = bytes.split_at(found_body);
    found == body
        && std::str::from_utf8(head)
            .ok()
            .and_then(|head| behind_interpreter(head, interpreters))
            .is_some_and(str::is_empty)
}

/// What stands behind the lines that name the interpreter; none where they name another one.
fn behind_interpreter<'t>(text: &'t str, interpreters: &Interpreters) -> Option<&'t str> {
    let line = text.strip_prefix("#!")?;
    let Some(shell) = line.strip_prefix("/bin/sh\n'''exec' ") else {
        let (path, body) = line.split_once('\n')?;
        return interpreters
            .holds(path.strip_suffix('\r').unwrap_or(path))
            .then_some(body);
    };
    // For paths that are too long for a first line, or hold a space; uv's relocatable
    // environments ask for their own place.
    const OWN_PLACE: &str = "\"$(dirname -- \"$(realpath -- \"$0\")\")\"/'";
    let (command, body) = shell.split_once(" \"$0\" \"$@\"\n' '''\n")?;
    if let Some(name) = command.strip_prefix(OWN_PLACE) {
        return is_python(name.strip_suffix('\'')?).then_some(body);
    }
    let path = ["'", "\""]
        .iter()
        .find_map(|mark| command.strip_prefix(mark)?.strip_suffix(mark))
        .unwrap_or(command);
    let is_path = !path.contains(['\'', '"', '$', '`', '\\', '\n']);
    (is_path && interpreters.holds(path)).then_some(body)
}

/// What pip (with the distlib of its time, and its own since 25), uv and `installer` (Poetry) write.
fn templates(entry: &EntryPoint) -> Vec<String> {
    let EntryPoint { module, object, .. } = entry;
    let name = object.split('.').next().unwrap_or_default();
    let coding = "# -*- coding: utf-8 -*-\n";
    let import = format!("from {module} import {name}\n");
    let strip = |mark: char| {
        format!(
            "    sys.argv[0] = re.sub(r{mark}(-script\\.pyw|\\.exe)?${mark}, {mark}{mark}, sys.argv[0])\n"
        )
    };
    let exit = format!("    sys.exit({object}())\n");
    let main = |mark: char| format!("if __name__ == {mark}__main__{mark}:\n");
    let (one, two) = ('\'', '"');
    let modules = "import re\nimport sys\n";
    vec![
        // pip 20 to 24.
        format!("{coding}{modules}{import}{}{}{exit}", main(one), strip(one)),
        // distlib 0.3.9 and later.
        format!(
            "{coding}{modules}{}    {import}{}{exit}",
            main(one),
            strip(one)
        ),
        // pip 25 and later.
        format!(
            "import sys\n{import}{}    sys.argv[0] = sys.argv[0].removesuffix('.exe')\n{exit}",
            main(one)
        ),
        // `installer`, and uv until 0.4.
        format!("{coding}{modules}{import}{}{}{exit}", main(two), strip(two)),
        // uv.
        format!(
            "{coding}import sys\n{import}{}    if sys.argv[0].endswith(\"-script.pyw\"):\n        \
             sys.argv[0] = sys.argv[0][:-11]\n    elif sys.argv[0].endswith(\".exe\"):\n        \
             sys.argv[0] = sys.argv[0][:-4]\n{exit}",
            main(two)
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> EntryPoint {
        EntryPoint {
            name: "a".into(),
            module: "a.b".into(),
            object: "C.run".into(),
            gui: false,
        }
    }

    fn own() -> Interpreters {
        Interpreters {
            folders: vec!["/srv/my app/bin".into(), "/env/bin".into()],
            anywhere: false,
        }
    }

    #[test]
    fn what_each_installer_writes_is_known() {
        for body in [
            "# -*- coding: utf-8 -*-\nimport re\nimport sys\nfrom a.b import C\nif __name__ == '__main__':\n    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])\n    sys.exit(C.run())\n",
            "import sys\nfrom a.b import C\nif __name__ == '__main__':\n    sys.argv[0] = sys.argv[0].removesuffix('.exe')\n    sys.exit(C.run())\n",
            "# -*- coding: utf-8 -*-\nimport sys\nfrom a.b import C\nif __name__ == \"__main__\":\n    if sys.argv[0].endswith(\"-script.pyw\"):\n        sys.argv[0] = sys.argv[0][:-11]\n    elif sys.argv[0].endswith(\".exe\"):\n        sys.argv[0] = sys.argv[0][:-4]\n    sys.exit(C.run())\n",
        ] {
            for head in [
                "#!/env/bin/python3.11\n",
                "#!/bin/sh\n'''exec' '/srv/my app/bin/python' \"$0\" \"$@\"\n' '''\n",
                "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python3' \"$0\" \"$@\"\n' '''\n",
            ] {
                let script = format!("{head}{body}");
                assert!(is_launcher(script.as_bytes(), &entry(), &own()), "{script}");
                let more = format!("{script}import os\n");
                assert!(!is_launcher(more.as_bytes(), &entry(), &own()));
            }
            for head in [
                "#!/tmp/bin/python\n",
                "#!/env/bin/python -i\n",
                "#!/env/bin/pythonx\n",
                "#!/bin/sh\n'''exec' '/env/bin/python' -c 'x' \"$0\" \"$@\"\n' '''\n",
                "",
            ] {
                let script = format!("{head}{body}");
                assert!(
                    !is_launcher(script.as_bytes(), &entry(), &own()),
                    "{script}"
                );
            }
        }
    }

    #[test]
    fn only_the_first_line_of_a_script_may_be_rewritten() {
        let original = b"#!python\nprint(1)\n\xff";
        let rewritten = |text: &[u8]| is_rewritten(text, original, &own());
        assert!(rewritten(b"#!/env/bin/python\nprint(1)\n\xff"));
        assert!(!rewritten(b"#!/env/bin/python\nprint(2)\n\xff"));
        assert!(!rewritten(b"#!/other/bin/python\nprint(1)\n\xff"));
        assert!(!rewritten(b"#!/env/bin/python\nx\nprint(1)\n\xff"));
        assert!(!is_rewritten(
            b"#!/env/bin/python\n",
            b"#!/bin/sh\n",
            &own()
        ));
    }
}
