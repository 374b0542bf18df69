//! Files that code writes and then runs, where what is written is known: read as code.

use super::Analysis;
use crate::ir::{ExprId, Language};
use crate::limit::evaluating;
use crate::pure::{FileId, Value};
use customs_model::Zone;
use std::rc::Rc;

/// Texts of one package that are kept until it is known what is run.
const TEXTS: usize = 64;
/// Bytes of all of them.
const BYTES: usize = 4 << 20;

/// A text that is written to a path.
#[derive(Debug, Clone)]
pub(super) struct Dropped {
    pub path: String,
    text: Rc<str>,
    zone: Zone,
}

/// A run of what lies at a path.
#[derive(Debug, Clone)]
pub(super) struct Start {
    /// How it is run: `require`, `node`.
    pub how: String,
    pub zone: Zone,
    pub file: FileId,
    pub expr: ExprId,
}

impl Analysis<'_> {
    /// Notes what is written to a path, where it is a text that is known.
    pub(super) fn drops(&mut self, path: &str, value: &Value, zone: Zone) {
        let text: Rc<str> = match value {
            Value::Text(_) => match value.known_text() {
                Some(text) => text.into(),
                None => return,
            },
            Value::Bytes(bytes) => match std::str::from_utf8(&bytes.borrow()) {
                Ok(text) => text.into(),
                Err(_) => return,
            },
            _ => return,
        };
        self.drops_text(path, text, zone);
    }

    /// Notes that a file of the package is copied to a path.
    pub(super) fn drops_copy(&mut self, path: &str, from: FileId, zone: Zone) {
        let bytes = self.package.file(from).bytes.clone();
        if let Some(text) = bytes
            .as_deref()
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
        {
            self.drops_text(path, text.into(), zone);
        }
    }

    fn drops_text(&mut self, path: &str, text: Rc<str>, zone: Zone) {
        let is_code = language_of(path, "").is_some() || !path.contains('.');
        if text.trim().is_empty() || text.len() > evaluating::TEXT || zone <= Zone::Called {
            return;
        }
        let held: usize = self.dropped.iter().map(|dropped| dropped.text.len()).sum();
        let known = |dropped: &Dropped| dropped.path == path && dropped.text == text;
        if self.dropped.iter().any(known) {
            return;
        }
        if self.dropped.len() >= TEXTS || held + text.len() > BYTES {
            // What is no code by its name is hardly run.
            if is_code {
                self.cut_short(zone);
            }
            return;
        }
        self.dropped.push(Dropped {
            path: path.to_owned(),
            text,
            zone,
        });
    }

    /// Reads what was written, and is run, as the code that it is.
    pub(super) fn runs_dropped(&mut self, dropped: &Dropped, start: &Start) {
        let zone = start.zone.min(dropped.zone);
        if zone <= Zone::Called {
            return;
        }
        let place = self.place_of(start.file, start.expr);
        match language_of(&dropped.path, &start.how) {
            Some(language) => {
                let (file, text) = (start.file, &dropped.text);
                self.child_in(file, text, language, zone, place);
            }
            None => {
                // Files that it starts were entered where they lie, or are none of the package.
                let (file, text) = (start.file, &dropped.text);
                self.command_line(text, zone, file, "", &place, "");
            }
        }
    }
}

/// The language of a file by its name, or by what runs it; none for a script of a shell.
fn language_of(path: &str, how: &str) -> Option<Language> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let how = how.rsplit('/').next().unwrap_or(how);
    match ending {
        "js" | "cjs" | "mjs" | "ts" | "mts" | "cts" | "tsx" | "jsx" => Some(Language::JavaScript),
        "py" | "pyw" => Some(Language::Python),
        _ if matches!(
            how,
            "node" | "bun" | "deno" | "tsx" | "ts-node" | "require" | "import()"
        ) || how.contains("fork")
            || how.contains("Worker") =>
        {
            Some(Language::JavaScript)
        }
        _ if how.starts_with("python") => Some(Language::Python),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
