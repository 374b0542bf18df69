/// Bytes of a `pyvenv.cfg` that are read.
const LONGEST: usize = 64 << 10;

/// What `pyvenv.cfg` says about a virtual environment (PEP 405).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VirtualEnvironment {
    /// The folder of the interpreter that it was made with. Not safe to print.
    pub home: Option<String>,
    /// Whether the packages of that interpreter are imported too.
    pub includes_system: bool,
    /// `3.11` of `3.11.7`.
    pub version: Option<(u8, u8)>,
    /// `CPython`, `PyPy`, where it is said. Not safe to print.
    pub implementation: Option<String>,
    /// The name that the prompt shows, where one was chosen.
    pub prompt: Option<String>,
    /// Where the environment was made, by the command that made it. It may have been moved since.
    pub made_at: Option<String>,
    /// Keys that no known tool writes.
    pub unknown: Vec<String>,
}

/// What `venv`, virtualenv and uv write.
const KEYS: [&str; 17] = [
    "home",
    "include-system-site-packages",
    "version",
    "version_info",
    "executable",
    "command",
    "prompt",
    "implementation",
    "virtualenv",
    "base-prefix",
    "base-exec-prefix",
    "base-executable",
    "uv",
    "relocatable",
    "seed",
    "extends-environment",
    "python-version",
];

impl VirtualEnvironment {
    /// Reads it; none where it is too long or no text. Lines without `=` mean nothing to Python.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes.get(..).filter(|b| b.len() <= LONGEST)?).ok()?;
        let mut found = Self::default();
        for line in text.lines() {
            let Some((key, value)) = line.split_once('=') else {
                continue;
            };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            match key.as_str() {
                "home" => found.home = Some(value.to_owned()),
                "include-system-site-packages" => {
                    found.includes_system = value.eq_ignore_ascii_case("true");
                }
                "version" | "version_info" => found.version = found.version.or(version(value)),
                "implementation" => found.implementation = Some(value.to_owned()),
                "prompt" => found.prompt = Some(value.trim_matches(['\'', '"']).to_owned()),
                "command" => {
                    found.made_at = value.rsplit_once(' ').map(|(_, path)| path.to_owned());
                }
                key if KEYS.contains(&key) => {}
                key => found.unknown.push(key.to_owned()),
            }
        }
        Some(found)
    }
}

fn version(text: &str) -> Option<(u8, u8)> {
    let mut numbers = text.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_known_tools_write_is_read() {
        let text = b"home = /usr/bin\ninclude-system-site-packages = true\nversion = 3.11.7\n\
            command = /usr/bin/python3 -m venv /srv/app/.venv\nprompt = 'app'\nodd = 1\n";
        let found = VirtualEnvironment::parse(text).unwrap();
        assert_eq!(found.home.as_deref(), Some("/usr/bin"));
        assert!(found.includes_system);
        assert_eq!(found.version, Some((3, 11)));
        assert_eq!(found.made_at.as_deref(), Some("/srv/app/.venv"));
        assert_eq!(found.prompt.as_deref(), Some("app"));
        assert_eq!(found.unknown, ["odd"]);
        assert_eq!(VirtualEnvironment::parse(b"\xff"), None);
    }
}
