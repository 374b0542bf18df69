//! Settings that make others run code or ask a stranger, though their text names neither a program
//! nor an effect.

use super::{host_of, is_loopback, is_of_vendor};

/// Lines of a text that are looked at.
const LINES: usize = 2_000;

/// What a line of settings leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leads {
    /// Everything that is installed comes from this host.
    Registry(String),
    /// Code that every program of a kind runs first.
    Code,
}

/// What a text makes of the settings of a kind; none where it changes nothing that matters.
pub fn leads(kind: &str, text: &str) -> Option<Leads> {
    match kind {
        "package manager settings" => text.lines().take(LINES).find_map(of_manager),
        "shell start-up" | "environment of everybody" => {
            text.lines().take(LINES).find_map(of_shell)
        }
        _ => None,
    }
}

fn of_manager(line: &str) -> Option<Leads> {
    let (name, value) = line.split_once('=')?;
    let value = value.trim().trim_matches(['"', '\'']);
    match name.trim() {
        "registry" | "index-url" | "index_url" | "extra-index-url" => {
            let host = host_of(value).filter(|_| value.contains("://"))?;
            let of_registries = ["NPM_TOKEN", "PYPI_TOKEN", "YARNPKG_TOKEN"]
                .iter()
                .any(|name| is_of_vendor(&host, name));
            let known = host.chars().all(|c| c.is_ascii() && c != '?') && host.contains('.');
            (known && !of_registries && !is_loopback(&host)).then_some(Leads::Registry(host))
        }
        "node-options" if requires(value) => Some(Leads::Code),
        "script-shell" if value.contains('/') && !is_shell(value) => Some(Leads::Code),
        _ => None,
    }
}

fn of_shell(line: &str) -> Option<Leads> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let value = value.trim_matches(['"', '\'']);
    let runs = match name.trim() {
        "NODE_OPTIONS" => requires(value),
        "LD_PRELOAD"
        | "DYLD_INSERT_LIBRARIES"
        | "BASH_ENV"
        | "PYTHONSTARTUP"
        | "PERL5OPT"
        | "RUBYOPT" => !value.is_empty(),
        _ => false,
    };
    runs.then_some(Leads::Code)
}

/// Whether options of Node.js load a file before the program.
fn requires(options: &str) -> bool {
    options.split([' ', '=', '"', '\'']).any(|word| {
        matches!(
            word,
            "-r" | "--require" | "--import" | "--loader" | "--experimental-loader"
        )
    })
}

fn is_shell(path: &str) -> bool {
    matches!(
        path.rsplit(['/', '\\']).next().unwrap_or(path),
        "sh" | "bash" | "zsh" | "dash" | "fish" | "bash.exe" | "powershell.exe" | "pwsh"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_lead_elsewhere_are_told_from_those_that_do_not() {
        let of_npm = |text: &str| leads("package manager settings", text);
        assert_eq!(
            of_npm("a=b\nregistry=https://a.invalid/\nstrict-ssl=false\n"),
            Some(Leads::Registry("a.invalid".to_owned()))
        );
        for quiet in [
            "registry=http://localhost:4873/",
            "save-exact=true\nfund=false",
            "@me:registry=https://a.invalid/",
            "# registry is a word",
            "node-options=--max-old-space-size=4096",
        ] {
            assert_eq!(of_npm(quiet), None, "{quiet}");
        }
        assert_eq!(of_npm("node-options=--require /a.js"), Some(Leads::Code));
        let shell = |text: &str| leads("shell start-up", text);
        assert_eq!(
            shell("\nexport NODE_OPTIONS=\"--require /home/a/.b.js\"\n"),
            Some(Leads::Code)
        );
        assert_eq!(shell("LD_PRELOAD=/tmp/a.so"), Some(Leads::Code));
        assert_eq!(shell("export NODE_OPTIONS=--max-old-space-size=8192"), None);
        assert_eq!(shell("export PATH=\"$HOME/.a/bin:$PATH\""), None);
    }
}
