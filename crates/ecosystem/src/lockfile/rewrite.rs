use super::urls::{UrlAt, Writing, encode};
use super::{Error, Kind, line_at, urls_of};
use customs_model::printable;

/// A text after its URLs were replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The new text; every byte outside the replaced URLs is as it was.
    pub text: String,
    /// How many URLs were replaced.
    pub changed: usize,
}

/// Every URL that the file's client fetches as written, in the order of the file.
///
/// ```
/// use customs_ecosystem::lockfile::{Kind, url_positions};
/// let text = "ms@^2:\n  version \"2.1.2\"\n  resolved \"https://registry.example/ms.tgz#d09d\"\n";
/// let urls = url_positions(Kind::YarnClassic, text)?;
/// assert_eq!(urls[0].url, "https://registry.example/ms.tgz");
/// assert_eq!(&text[urls[0].span.clone()], urls[0].url);
/// # Ok::<(), customs_ecosystem::lockfile::Error>(())
/// ```
///
/// # Errors
/// The file exceeds a bound, or is not what its tool writes.
pub fn url_positions(kind: Kind, text: &str) -> Result<Vec<UrlAt>, Error> {
    urls_of(kind, text)
}

/// Replaces the URLs that `map` has another address for, so that the client comes to the
/// gate. Nothing else changes: line ends, comments and order stay.
///
/// # Errors
/// As [`url_positions`]; or `map` gives text that cannot stand in this file.
pub fn toward_gate(
    kind: Kind,
    text: &str,
    map: &dyn Fn(&str) -> Option<String>,
) -> Result<Rewritten, Error> {
    replace(kind, text, map)
}

/// [`toward_gate`] with the inverse map: the gate's address leaves the file. What
/// `toward_gate` did is undone to the byte, except that a URL which stood there with
/// needless escapes comes back without them.
///
/// # Errors
/// As [`toward_gate`].
pub fn from_gate(
    kind: Kind,
    text: &str,
    map: &dyn Fn(&str) -> Option<String>,
) -> Result<Rewritten, Error> {
    replace(kind, text, map)
}

fn replace(
    kind: Kind,
    text: &str,
    map: &dyn Fn(&str) -> Option<String>,
) -> Result<Rewritten, Error> {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    let mut changed = 0;
    for at in urls_of(kind, text)? {
        let Some(new) = map(&at.url).filter(|new| *new != at.url) else {
            continue;
        };
        if !fits(&new, &at.writing) {
            return Err(Error::Replacement {
                kind,
                line: line_at(text.as_bytes(), at.span.start),
                url: printable(&new, 200),
            });
        }
        out.push_str(&text[copied..at.span.start]);
        out.push_str(&written(&new, &at.writing));
        copied = at.span.end;
        changed += 1;
    }
    out.push_str(&text[copied..]);
    Ok(Rewritten { text: out, changed })
}

/// Whether a URL can be written without changing what stands around it.
fn fits(url: &str, writing: &Writing) -> bool {
    let legal = url
        .bytes()
        .all(|b| matches!(b, 0x21..=0x7e) && !b"\"'\\<>`".contains(&b));
    let bare_legal =
        !url.is_empty() && !url.ends_with(':') && !url.contains(['[', ']', '{', '}', ',']);
    legal && (*writing != Writing::Bare || bare_legal)
}

fn written(url: &str, writing: &Writing) -> String {
    match writing {
        Writing::Quoted | Writing::Bare => url.to_owned(),
        Writing::Percent(times) => encode(url, *times),
        Writing::Escaped {
            before,
            after,
            percent,
        } => quote(&format!("{before}{}{after}", encode(url, *percent))),
    }
}

/// A quoted string that JSON, YAML and TOML read alike.
fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The lines that hold `needle`, as it is, with JSON's escaped slashes or percent-encoded
/// once or twice: whether a file names the gate anywhere, in whatever position.
pub fn mentions(text: &str, needle: &str) -> Vec<u32> {
    if needle.is_empty() {
        return Vec::new();
    }
    let forms = [
        needle.to_owned(),
        needle.replace('/', "\\/"),
        encode(needle, 1),
        encode(needle, 2),
    ];
    let holds = |line: &str| forms.iter().any(|form| line.contains(form.as_str()));
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| holds(line))
        .map(|(number, _)| number)
        .collect()
}
