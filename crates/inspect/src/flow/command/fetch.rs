//! Programs that fetch and send.

use super::{At, Piped, base_name};
use crate::flow::Analysis;
use crate::flow::label::Label;
use crate::know;
use crate::pure::{HOLE_END, HOLE_START, shown};
use customs_model::{SinkKind, SourceKind, Target, Zone};

/// Whether an option of curl that is written together with others takes what follows as
/// something to send: `-sT`, `-fsSd`.
fn sends_what_follows(option: &str) -> bool {
    option.len() > 2 && ends_in(option, "TdF")
}

/// Whether an option of curl takes what follows as something else than an address: a
/// header, a method, a user.
fn takes_a_value(option: &str) -> bool {
    const LONG: [&str; 14] = [
        "--header",
        "--request",
        "--user",
        "--user-agent",
        "--cookie",
        "--referer",
        "--max-time",
        "--retry",
        "--retry-delay",
        "--connect-timeout",
        "--proxy",
        "--write-out",
        "--cacert",
        "--limit-rate",
    ];
    LONG.contains(&option) || ends_in(option, "HXuAbemxwcEK")
}

/// Whether short options of curl stand together, of which the last one is one of some and
/// the others take nothing.
fn ends_in(option: &str, some: &str) -> bool {
    const SIMPLE: &str = "sSfLkgvilj46#nNqaG";
    let Some(letters) = option.strip_prefix('-') else {
        return false;
    };
    let Some(last) = letters.chars().last() else {
        return false;
    };
    let before = &letters[..letters.len() - last.len_utf8()];
    some.contains(last) && before.chars().all(|c| SIMPLE.contains(c))
}

/// Whether a program fetches what an address gives.
pub(super) fn fetches(program: &str) -> bool {
    matches!(
        program.strip_suffix(".exe").unwrap_or(program),
        "curl" | "wget" | "http" | "https" | "aria2c" | "fetch" | "xh" | "lwp-request"
    )
}

/// The place that an address names, as people see it. Of one whose beginning is not known,
/// what stands behind that.
fn asked(url: &str) -> Option<String> {
    let place = know::place_of(url)?;
    if !place.starts_with(HOLE_START) {
        return Some(shown(&place));
    }
    // Between the marks of a hole there may be signs that end a host.
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let behind = rest.split_once(HOLE_END).map_or("", |(_, behind)| behind);
    let end = behind
        .find(['/', '?', '#', ' ', HOLE_START])
        .unwrap_or(behind.len());
    Some(format!("<?>{}", behind.get(..end).unwrap_or_default()))
}

impl Analysis<'_> {
    /// What is in a file that an option sends: `@file`, `name=@file`, or a path where the
    /// option uploads.
    fn sent_file(&mut self, value: &str, upload: bool, input: &Piped, at: &At) -> Vec<Label> {
        if !upload && !value.contains('@') {
            return Vec::new();
        }
        let file = value
            .rsplit_once('@')
            .map_or(value, |(_, file)| file.split(';').next().unwrap_or(file));
        if file == "-" || file == "/dev/stdin" {
            return input.labels.clone();
        }
        let file = if file.starts_with("~/") {
            file.replacen('~', "\u{fdd0}home\u{fdd1}", 1)
        } else {
            file.to_owned()
        };
        self.content_of(&file, at.file, at.span)
    }

    /// Whether an address is at a host of the package's own.
    fn is_own(&self, url: &str) -> bool {
        know::place_of(url).is_some_and(|place| self.own_host(&place))
    }

    /// `curl`, `wget` and the like.
    pub(super) fn fetched(
        &mut self,
        name: &str,
        args: &[(String, Vec<Label>)],
        input: &Piped,
        at: &At,
    ) -> Piped {
        let mut url: Option<String> = None;
        let mut out = None;
        let mut sent: Vec<Label> = Vec::new();
        let mut words = args.iter().peekable();
        while let Some((text, labels)) = words.next() {
            sent.extend(labels.iter().cloned());
            let option = text.as_str();
            let takes = match option {
                "-o" | "--output" | "-P" | "--output-document" => true,
                "-O" if name == "wget" => true,
                _ if name == "wget" && option.starts_with("-qO") && option.len() > 3 => {
                    out = Some(option[3..].to_owned());
                    continue;
                }
                _ if name == "wget" && matches!(option, "-qO" | "-nvO") => true,
                _ if name == "curl" && takes_a_value(option) => {
                    if let Some((_, labels)) = words.next() {
                        sent.extend(labels.iter().cloned());
                    }
                    continue;
                }
                _ if name == "curl" && sends_what_follows(option) => {
                    let Some((value, labels)) = words.next() else {
                        break;
                    };
                    sent.extend(labels.iter().cloned());
                    let upload = option.ends_with('T');
                    sent.extend(self.sent_file(value, upload, input, at));
                    continue;
                }
                _ if name == "curl"
                    && option.starts_with('-')
                    && !option.starts_with("--")
                    && option.ends_with('o')
                    && option.len() > 2 =>
                {
                    true
                }
                _ => false,
            };
            if takes {
                out = words.next().map(|(text, _)| text.clone());
                continue;
            }
            // A value that is sent, and is no address.
            if matches!(option, "--header" | "--user-agent" | "--referer")
                || name == "curl" && takes_a_value(option)
            {
                sent.extend(
                    words
                        .next()
                        .map(|(_, labels)| labels.clone())
                        .unwrap_or_default(),
                );
                continue;
            }
            if name == "curl"
                && option.starts_with('-')
                && !option.starts_with("--")
                && option.contains('O')
            {
                out = Some(String::new());
                continue;
            }
            if matches!(
                option,
                "-d" | "--data"
                    | "--data-binary"
                    | "--data-raw"
                    | "--data-urlencode"
                    | "-F"
                    | "--form"
                    | "-T"
                    | "--upload-file"
                    | "--post-file"
                    | "--body-file"
                    | "--post-data"
                    | "--body-data"
                    | "--json"
            ) || option.starts_with("--post-file=")
                || option.starts_with("--body-file=")
                || option.starts_with("--post-data=")
                || option.starts_with("--body-data=")
            {
                let value = match option.split_once('=') {
                    Some((_, value)) => Some((value.to_owned(), Vec::new())),
                    None => words.next().cloned(),
                };
                if let Some((value, labels)) = value {
                    sent.extend(labels);
                    let upload =
                        matches!(option, "-T" | "--upload-file") || option.contains("-file");
                    sent.extend(self.sent_file(&value, upload, input, at));
                }
                continue;
            }
            if !option.starts_with('-')
                && (option.contains("://") || option.contains('.') || option.contains(HOLE_START))
            {
                let is_told = match &url {
                    None => true,
                    // Of several addresses one that is not the package's own counts.
                    Some(first) => {
                        option.contains("://") && self.is_own(first) && !self.is_own(option)
                    }
                };
                if is_told {
                    url = Some(option.to_owned());
                }
            }
        }
        let host = url.as_deref().and_then(asked);
        let target = match &host {
            Some(host) if !host.starts_with('<') => Target::Constant(host.clone()),
            // An address is written out, and clients differ in what they make of it.
            None if url.is_some() => Target::Opaque,
            _ if sent
                .iter()
                .any(|label| matches!(label.kind, SourceKind::Decoded | SourceKind::Opaque)) =>
            {
                Target::Opaque
            }
            _ => Target::Caller,
        };
        self.leaves(&sent, SinkKind::Network, name, &target, at);
        if at.zone > Zone::Never {
            let reached = host
                .as_deref()
                .map(|place| know::host_part(place).to_owned());
            self.capability("network", at.zone, reached, at.place.clone());
        }
        if let Some(host) = &host
            && host.contains("169.254.169.254")
        {
            return Piped {
                labels: vec![self.source(SourceKind::CredentialService, "cloud metadata", at)],
                ..Piped::default()
            };
        }
        let remote = self.source(
            SourceKind::Remote,
            &format!(
                "the answer of {}",
                host.unwrap_or_else(|| "a host".to_owned())
            ),
            at,
        );
        match out {
            Some(path) if path == "-" => Piped {
                labels: vec![remote],
                ..Piped::default()
            },
            Some(path) => {
                let path = if path.is_empty() {
                    url.as_deref().map(base_name).unwrap_or_default().to_owned()
                } else {
                    path
                };
                self.file_written(&path, vec![remote], None, name, at);
                Piped::default()
            }
            None if name == "wget" => {
                let path = url.as_deref().map(base_name).unwrap_or_default().to_owned();
                self.file_written(&path, vec![remote], None, name, at);
                Piped::default()
            }
            None => Piped {
                labels: vec![remote],
                ..Piped::default()
            },
        }
    }
}
