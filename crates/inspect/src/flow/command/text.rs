//! Programs that read files and turn text into other text.

use super::{At, Piped};
use crate::flow::label::Label;
use crate::flow::{Analysis, is_secret};
use crate::know;
use crate::pure::HOLE_START;
use base64::Engine as _;
use customs_model::SourceKind;

impl Analysis<'_> {
    pub(super) fn files_read(
        &mut self,
        name: &str,
        args: &[(String, Vec<Label>)],
        input: &Piped,
        at: &At,
    ) -> Piped {
        let mut labels = input.labels.clone();
        let mut archive = None;
        for (position, (text, inner)) in args.iter().enumerate() {
            labels.extend(inner.iter().cloned());
            labels.extend(self.content_of(text, at.file, at.span));
            let creates = matches!(name, "tar" | "zip" | "7z" | "gpg" | "openssl");
            if creates
                && archive.is_none()
                && !text.starts_with('-')
                && (name != "tar" || position > 0)
                && (text.contains('.') || text.contains('/'))
                && know::credential_place(text).is_none()
            {
                archive = Some(text.clone());
            }
        }
        if let Some(folder) = unpacked_into(name, args) {
            let checked = args.iter().any(|(text, _)| self.cells.is_checked(text));
            self.write_file(folder, labels.clone(), at.zone, at.file, at.span);
            if checked {
                self.cells.check(folder, true);
            }
        }
        let decrypts = matches!(name, "openssl" | "gpg")
            && args
                .iter()
                .any(|(text, _)| matches!(text.as_str(), "-d" | "--decrypt" | "-decrypt"));
        if decrypts && input.text.is_some() {
            labels.push(self.source(SourceKind::Decoded, name, at));
        } else if decrypts {
            labels.push(self.source(SourceKind::Opaque, name, at));
        }
        if name == "openssl" && args.iter().any(|(text, _)| text == "base64") {
            let texts: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
            return self.decoded_text("base64", &texts, args, input, at);
        }
        if let Some(path) = archive.filter(|_| labels.iter().any(|label| is_secret(label.kind))) {
            self.cells.write(&path, labels.clone(), at.zone);
        }
        let words: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
        let text = input.text.as_deref();
        Piped {
            labels,
            file: match words[..] {
                [path] if name == "cat" && !path.starts_with('-') => Some(path.to_owned()),
                [] | ["-"] if name == "cat" => input.file.clone(),
                _ => None,
            },
            text: text.and_then(|text| self.filtered(name, &words, text)),
            ..Piped::default()
        }
    }

    pub(super) fn decoded_text(
        &mut self,
        name: &str,
        texts: &[&str],
        args: &[(String, Vec<Label>)],
        input: &Piped,
        at: &At,
    ) -> Piped {
        let decodes = match name {
            "base64" | "base32" => texts
                .iter()
                .any(|text| matches!(*text, "-d" | "-D" | "--decode" | "-di")),
            "xxd" => texts.iter().any(|text| text.contains('r')),
            "rev" | "tr" | "gunzip" | "zcat" => true,
            _ => false,
        };
        let mut labels = input.labels.clone();
        for (text, inner) in args {
            labels.extend(inner.iter().cloned());
            if !text.starts_with('-') {
                labels.extend(self.content_of(text, at.file, at.span));
            }
        }
        if !decodes {
            return Piped {
                labels,
                ..Piped::default()
            };
        }
        let decoded = input
            .text
            .as_deref()
            .filter(|text| !text.contains(HOLE_START))
            .and_then(|text| match name {
                "base64" => base64::engine::general_purpose::STANDARD
                    .decode(text.split_whitespace().collect::<String>())
                    .ok()
                    .map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
                "xxd" => {
                    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
                    let bytes: Vec<u8> = digits
                        .chunks_exact(2)
                        .filter_map(|pair| {
                            u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()
                        })
                        .collect();
                    Some(String::from_utf8_lossy(&bytes).into_owned())
                }
                "rev" | "tr" => self.filtered(name, texts, text),
                _ => None,
            });
        if labels.is_empty() || labels.iter().all(|label| label.kind == SourceKind::OwnFile) {
            labels.push(self.source(SourceKind::Decoded, name, at));
        }
        Piped {
            labels,
            text: decoded,
            ..Piped::default()
        }
    }
}

/// The folder that `tar` unpacks into, where its command line names one.
fn unpacked_into<'a>(name: &str, args: &'a [(String, Vec<Label>)]) -> Option<&'a str> {
    let mut texts = args.iter().map(|(text, _)| text.as_str());
    let first = texts.next().filter(|_| name == "tar")?;
    let letters = first.strip_prefix('-').unwrap_or(first);
    let unpacks = first == "--extract"
        || !letters.starts_with('-') && letters.contains('x') && !letters.contains(['/', '.']);
    let place = |text: &str| matches!(text, "-C" | "--directory");
    texts.find(|text| place(text)).filter(|_| unpacks)?;
    texts
        .next()
        .filter(|folder| !folder.starts_with(HOLE_START))
}
