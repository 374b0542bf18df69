//! pnpm's programs are shell scripts that start a file of a package. Such a script is explained
//! when every line of it is one that such scripts have, and when all that it starts are programs
//! of installed packages. What the lines do is what counts: a line that is not known explains
//! nothing.

use super::interpreter;
use super::links::Links;
use std::borrow::Cow;

const STARTS: &str = "a script that starts a program that its package declares";

/// Bytes of a script.
pub(super) const LONGEST: u64 = 64 * 1024;

/// Scripts of newer versions, known by the SHA-256 of what is left of them without the paths that
/// they name: (version that was measured, digest). Their text is not repeated here.
const FRAMES: &[(&str, &str)] = &[
    (
        "pnpm 12.21",
        "d7bbce56fed57ee6f7fe8bb66539de0e7bdfee7ee3294cc3414fa206dd9a2c16",
    ),
    (
        "pnpm 12.21, for a program of the machine's own, which nothing else starts",
        "6d4c2f81fa725162ea5ee78ac155686114d5ebd3913c3a8402791cab2549cfac",
    ),
    (
        "pnpm 12.21, for a program of the project's own, with no folders of modules",
        "c9f0405a02005d29b9f8a65e226262ea38c125f087646b9b09a7b3384289766b",
    ),
    (
        "pnpm 12.21, both",
        "255af1f35d54e3568734e85d2783b1a42af4e692df885f818ee0c646e9f57dfe",
    ),
];

/// What explains a script `name` in `folder` (a `.bin`, relative to the project).
pub(super) fn explain(text: &[u8], folder: &str, name: &str, links: &Links<'_>) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let by = interpreter::of_script(text);
    let text = by.map_or(Cow::Borrowed(text), |by| Cow::Owned(by.as_node(text)));
    let is_started = |target: &str| {
        let is_its_own = by.is_none_or(|by| {
            let path = links.join(folder, target);
            path.is_some_and(|path| by.starts(&path, links))
        });
        is_its_own && links.program(folder, name, target).is_some()
    };
    let frame = frame(&text);
    if FRAMES.iter().any(|(_, digest)| *digest == frame.digest) {
        return known(&frame, folder, links, &is_started);
    }
    let mut started = 0;
    for line in text.lines() {
        match line_of(line.trim())? {
            Line::Frame => {}
            Line::Modules(paths) => {
                // Folders that are not there cannot bring code.
                let fine = paths.split(':').all(|path| is_modules(path, links));
                if !fine {
                    return None;
                }
            }
            Line::Starts(target) => {
                if !is_started(target) {
                    return None;
                }
                started += 1;
            }
        }
    }
    (started > 0).then(|| STARTS.to_owned())
}

/// A script without its paths, and its paths.
struct Frame<'a> {
    digest: String,
    /// What it starts, relative to its folder.
    targets: Vec<&'a str>,
    /// Where modules are looked for, relative to its folder.
    modules: Vec<&'a str>,
}

/// Takes out what stands as `"$…"/'path'`.
fn frame(text: &str) -> Frame<'_> {
    let (mut rest, mut targets, mut modules) = (String::new(), Vec::new(), Vec::new());
    for line in text.lines() {
        // A comment for pnpm itself.
        if line.starts_with("# cmd-shim-target=") {
            continue;
        }
        let exports = line.trim_start().starts_with("export NODE_PATH=");
        let mut left = line;
        // The variable that stands before the first folder, with its quotation mark.
        let mut base = None;
        while let Some((before, behind)) = left.split_once("\"/'") {
            let Some((path, after)) = behind.split_once('\'') else {
                break;
            };
            match exports {
                true => modules.push(path),
                false => targets.push(path),
            }
            // However many folders there are, they are one: each further one has a colon before it,
            // the same variable, and nothing else. What else stands there stays in the digest.
            let is_further = exports && base.is_some() && before.strip_prefix(':') == base;
            if !is_further {
                rest.push_str(before);
                rest.push_str("\"/PATH");
            }
            base = base.or_else(|| before.rfind('"').and_then(|at| before.get(at..)));
            left = after;
        }
        rest.push_str(left);
        rest.push('\n');
    }
    let digest = customs_model::Digest::sha256(rest.as_bytes()).to_hex();
    Frame {
        digest,
        targets,
        modules,
    }
}

/// A script of a known form: all that it starts must be the program.
fn known(
    frame: &Frame<'_>,
    folder: &str,
    links: &Links<'_>,
    is_started: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let inside = |path: &str| {
        let joined = links.join(folder, path);
        joined.is_some_and(|path| path.rsplit('/').next() == Some("node_modules"))
    };
    let fine = !frame.targets.is_empty()
        && frame.modules.iter().all(|path| inside(path))
        && frame.targets.iter().all(|target| is_started(target));
    fine.then(|| STARTS.to_owned())
}

enum Line<'a> {
    /// It finds its folder, asks for the system, or is a word of the shell.
    Frame,
    /// It names folders of modules.
    Modules(&'a str),
    /// It starts a program, named relative to its folder.
    Starts(&'a str),
}

fn line_of(line: &str) -> Option<Line<'_>> {
    if line.is_empty() || matches!(line, "else" | "fi" | "esac" | ";;") {
        return Some(Line::Frame);
    }
    if line.starts_with('#') {
        let interpreter = !line.starts_with("#!") || line == "#!/bin/sh";
        return interpreter.then_some(Line::Frame);
    }
    if is_frame(line) {
        return Some(Line::Frame);
    }
    if let Some(rest) = line.strip_prefix("export NODE_PATH=\"") {
        let paths = rest.strip_suffix('"')?;
        let paths = paths.strip_suffix(":$NODE_PATH").unwrap_or(paths);
        return is_plain(paths).then_some(Line::Modules(paths));
    }
    starts(line)
}

/// The lines that find the folder and tell Cygwin, word by word: blanks do not count.
fn is_frame(line: &str) -> bool {
    const FRAMES: [&str; 10] = [
        r#"basedir=$(dirname "$(echo "$0" | sed -e 's,\\,/,g')")"#,
        "case `uname` in",
        "*CYGWIN*|*MINGW*|*MSYS*)",
        "*CYGWIN*) basedir=`cygpath -w \"$basedir\"`;;",
        "*CYGWIN*|*MINGW*|*MSYS*) basedir=`cygpath -w \"$basedir\"`;;",
        "if command -v cygpath > /dev/null 2>&1; then",
        "basedir=`cygpath -w \"$basedir\"`",
        r#"if [ -z "$NODE_PATH" ]; then"#,
        r#"if [ -x "$basedir/node" ]; then"#,
        "exit $?",
    ];
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let line = words(line);
    FRAMES.iter().any(|frame| words(frame) == line)
}

/// `exec node "$basedir/../x/cli.js" "$@"`, with node's path or without node.
fn starts(line: &str) -> Option<Line<'_>> {
    let rest = line.strip_prefix("exec ").unwrap_or(line).trim_start();
    let rest = ["\"$basedir/node\" ", "node "]
        .iter()
        .find_map(|node| rest.strip_prefix(node))
        .unwrap_or(rest);
    let target = rest.trim_start().strip_prefix("\"$basedir/")?;
    let (target, end) = target.split_once('"')?;
    let end = end.split_whitespace().collect::<Vec<_>>();
    (end == ["\"$@\""] && is_plain(target)).then_some(Line::Starts(target))
}

/// Whether a path means only itself between the quotes of a shell.
fn is_plain(path: &str) -> bool {
    !path.contains(['$', '`', '"', '\\', '!', '\n'])
}

fn is_modules(path: &str, links: &Links<'_>) -> bool {
    let modules = path.ends_with("/node_modules") && path.starts_with('/');
    modules && (links.join("", path).is_some() || !std::path::Path::new(path).exists())
}

#[cfg(test)]
mod tests {
    use super::super::Manager;
    use super::super::layout::{Installed, Layout};
    use super::*;
    use customs_ecosystem::lockfile::{Kind, places};

    const SHIM: &str = r#"#!/bin/sh
basedir=$(dirname "$(echo "$0" | sed -e 's,\\,/,g')")

case `uname` in
    *CYGWIN*|*MINGW*|*MSYS*)
        if command -v cygpath > /dev/null 2>&1; then
            basedir=`cygpath -w "$basedir"`
        fi
    ;;
esac

if [ -x "$basedir/node" ]; then
  exec "$basedir/node"  "$basedir/../tool/cli.js" "$@"
else
  exec node  "$basedir/../tool/cli.js" "$@"
fi
"#;

    fn told(shim: &str) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let tool = folder.path().join("node_modules/tool");
        std::fs::create_dir_all(&tool).unwrap();
        std::fs::write(
            tool.join("package.json"),
            r#"{"name": "tool", "version": "1.0.0", "bin": "cli.js"}"#,
        )
        .unwrap();
        let lock =
            br#"{"lockfileVersion": 3, "packages": {"node_modules/tool": {"version": "1.0.0"}}}"#;
        let places = places::read(Kind::PackageLock, lock).unwrap();
        let mut layout = Layout::default();
        let one = Installed {
            placed: &places.placed[0],
        };
        layout.installed.insert("node_modules/tool".into(), one);
        let links = Links::new(folder.path(), Manager::Npm, &layout, &places);
        explain(shim.as_bytes(), "node_modules/.bin", "tool", &links).is_some()
    }

    #[test]
    fn paths_are_taken_out_of_a_script_and_every_one_is_known() {
        let one = frame(
            "export NODE_PATH=\"$b\"/'../x/node_modules':\"$b\"/'..'\nexec \"$b\"/'../t/c.js' \"$@\"\n",
        );
        assert_eq!(one.modules, ["../x/node_modules", ".."]);
        assert_eq!(one.targets, ["../t/c.js"]);
        let same =
            frame("export NODE_PATH=\"$b\"/'y'\nexec \"$b\"/'z' \"$@\"\n# cmd-shim-target=z\n");
        assert_eq!(one.digest, same.digest);
        let other = frame("export NODE_PATH=\"$b\"/'y'\nexec \"$b\"/'z' \"$@\"; x\n");
        assert_ne!(one.digest, other.digest);
    }

    #[test]
    fn nothing_stands_between_the_folders_of_modules_but_a_colon_and_the_same_variable() {
        let of = |between: &str| {
            let text = format!("export NODE_PATH=\"$b\"/'x'{between}/'..'\n");
            frame(&text).digest
        };
        let fine = of(":\"$b\"");
        assert_eq!(fine, frame("export NODE_PATH=\"$b\"/'x'\n").digest);
        for between in [
            ":\"$(touch x)$b\"",
            ":;touch x;\"$b\"",
            ": touch x #\"$b\"",
            ":\"$c\"",
            "\"$b\"",
            "::\"$b\"",
        ] {
            assert_ne!(of(between), fine, "{between}");
        }
    }

    #[test]
    fn a_script_that_starts_a_declared_program_is_explained_and_nothing_else_is() {
        assert!(told(SHIM));
        for (from, to) in [
            ("exec node ", "curl x; exec node "),
            ("../tool/cli.js", "../tool/other.js"),
            ("../tool/cli.js", "../$(x)/cli.js"),
            ("\"$@\"", "\"$@\" ; x"),
            ("#!/bin/sh", "#!/tmp/sh"),
            ("esac", "esac\nx"),
        ] {
            assert!(!told(&SHIM.replace(from, to)), "{to}");
        }
    }
}
