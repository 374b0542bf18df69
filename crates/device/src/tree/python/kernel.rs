//! `kernel.json`: what Jupyter starts. The wheel of ipykernel brings one along; `ipykernel install`
//! writes it anew, with this environment's interpreter, here or under another name.

use super::script::Interpreters;
use crate::tree::Standing;

/// Where kernels lie in an environment.
const FOLDER: &str = "share/jupyter/kernels/";

/// Which package writes them.
pub(super) const MAKER: &str = "ipykernel";

/// The name of the kernel and the file of a place, where it is one of a kernel's own files.
pub(super) fn parts(place: &str) -> Option<(&str, &str)> {
    let (name, file) = place.strip_prefix(FOLDER)?.split_once('/')?;
    (!file.contains('/')).then_some((name, file))
}

/// Whether a place is that of a `kernel.json`.
pub(super) fn is_spec(place: &str) -> bool {
    parts(place).is_some_and(|(_, file)| file == "kernel.json")
}

/// The place of the same file of the kernel that the wheel brings along.
pub(super) fn shipped(file: &str) -> String {
    format!("{FOLDER}python3/{file}")
}

/// What is said of a kernel that nothing proves.
pub(super) fn made_here() -> Standing {
    Standing::MadeHere {
        maker: "ipykernel install".into(),
        pinned: None,
    }
}

/// Whether these bytes are those of the wheel with the interpreter of this environment in the place
/// of `python`. Python 3.11 and later need an option more, which is always the same.
pub(super) fn is_installed(found: &[u8], shipped: &[u8], interpreters: &Interpreters) -> bool {
    let (Ok(found), Ok(shipped)) = (std::str::from_utf8(found), std::str::from_utf8(shipped))
    else {
        return false;
    };
    let Some((before, after)) = shipped.split_once("\"python\"") else {
        return false;
    };
    let own = found
        .strip_prefix(before)
        .and_then(|rest| rest.strip_suffix(after))
        .and_then(|middle| middle.strip_prefix('"'));
    let path = own.and_then(|own| {
        own.strip_suffix("\",\n  \"-Xfrozen_modules=off\"")
            .or_else(|| own.strip_suffix('"'))
    });
    path.is_some_and(|path| {
        !path.contains(['"', '\\']) && !path.contains(char::is_control) && interpreters.holds(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str =
        "{\n \"argv\": [\n  \"python\",\n  \"-m\",\n  \"ipykernel_launcher\"\n ]\n}";

    #[test]
    fn only_the_interpreter_of_the_environment_may_stand_in_it() {
        let own = Interpreters {
            folders: vec!["/srv/env/bin".into()],
            anywhere: false,
        };
        let is = |argv: &str| {
            let text = SHIPPED.replace("\"python\"", argv);
            is_installed(text.as_bytes(), SHIPPED.as_bytes(), &own)
        };
        assert!(is("\"/srv/env/bin/python3\""));
        assert!(is("\"/srv/env/bin/python\",\n  \"-Xfrozen_modules=off\""));
        for evil in [
            "\"/tmp/bin/python\"",
            "\"/srv/env/bin/python\",\n  \"-c\"",
            "\"/srv/env/bin/python\", \"-Xfrozen_modules=off\"",
            "\"/srv/env/bin/evil\"",
            "\"sh\", \"/srv/env/bin/python\"",
            "",
        ] {
            assert!(!is(evil), "{evil}");
        }
        let more = format!(
            "{}\n",
            SHIPPED.replace("\"python\"", "\"/srv/env/bin/python\"")
        );
        assert!(!is_installed(more.as_bytes(), SHIPPED.as_bytes(), &own));
    }

    #[test]
    fn a_kernel_s_files_are_known_by_their_places() {
        assert!(is_spec("share/jupyter/kernels/python3/kernel.json"));
        assert!(!is_spec("share/jupyter/kernels/kernel.json"));
        assert!(!is_spec("share/jupyter/kernels/a/b/kernel.json"));
        assert_eq!(
            parts("share/jupyter/kernels/a/logo.png"),
            Some(("a", "logo.png"))
        );
    }
}
