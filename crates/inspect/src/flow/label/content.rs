//! What files give that code reads: those of the package, and those of whoever runs it.

use super::{Label, Step, union};
use crate::flow::possible::EVERY;
use crate::flow::{Analysis, Context};
use crate::ir::{ExprId, Language, Program, Span};
use crate::know;
use crate::package::Make;
use crate::pure::{FileId, Native, Value, shown};
use customs_model::SourceKind;
use std::rc::Rc;

impl Analysis<'_> {
    /// What a file holds: credentials, what was written to it, the package's own data.
    pub(in crate::flow) fn file_content(
        &mut self,
        file: FileId,
        path: Option<ExprId>,
        span: Span,
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let Some(path) = path else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for value in self.possible_in(file, path, context) {
            if let Some(text) = value.as_text() {
                let labels = self.content_of(&text, file, span);
                union(&mut out, &labels);
            }
        }
        out
    }

    pub(in crate::flow) fn content_of(
        &mut self,
        text: &str,
        file: FileId,
        span: Span,
    ) -> Vec<Label> {
        if let Some(what) = know::credential_place(text) {
            return vec![self.new_label(
                SourceKind::CredentialFile,
                &format!("{} ({what})", shown(text)),
                file,
                span,
            )];
        }
        if let Some(folder) = text.strip_suffix(crate::pure::HOLE)
            && is_users(
                folder
                    .trim_end_matches(crate::pure::HOLE)
                    .trim_end_matches('/'),
            )
        {
            return vec![self.new_label(
                SourceKind::CredentialFile,
                &format!("files found in {}", shown(folder)),
                file,
                span,
            )];
        }
        if let Some(folder) = pattern_folder(text).filter(|folder| walks_users_files(folder)) {
            return vec![self.new_label(
                SourceKind::CredentialFile,
                &format!("files that {} means, of {}", shown(text), shown(folder)),
                file,
                span,
            )];
        }
        if let Some(folder) = text
            .strip_suffix(EVERY)
            .filter(|folder| walks_users_files(folder))
        {
            return vec![self.new_label(
                SourceKind::CredentialFile,
                &format!("files of a walk through {}", shown(folder)),
                file,
                span,
            )];
        }
        if let Some(written) = self.cells.written(text) {
            let step = Step::ReadBack(shown(text).into());
            return self.hop(written, &step, file, span);
        }
        if self.lies_beside_setup(file, text) {
            let name = format!("<package>/{text}");
            return vec![self.new_label(SourceKind::OwnFile, &name, file, span)];
        }
        if text.starts_with("\u{fdd0}package/")
            && !text.ends_with(".json")
            && !text.contains("package.json")
        {
            return vec![self.new_label(SourceKind::OwnFile, &shown(text), file, span)];
        }
        // A script names it from the top of its package, where hooks run.
        let beside = self.package.language(file) == Some(Language::JavaScript)
            && crate::pure::names_beside(text)
            && self.package.find(text).is_some();
        if beside {
            return vec![self.new_label(SourceKind::OwnFile, text, file, span)];
        }
        Vec::new()
    }

    /// Whether a path means data of the package: a source distribution is built where it
    /// is unpacked.
    fn lies_beside_setup(&self, file: FileId, text: &str) -> bool {
        let plain = !text.contains(crate::pure::HOLE_START) && !text.starts_with('/');
        plain
            && self.package.make == Make::Sdist
            && self.package.language(file) == Some(Language::Python)
            && !text.ends_with(".json")
            && self
                .package
                .find(text)
                .is_some_and(|id| self.package.language(id).is_none())
    }

    /// `path.read_text()`: a method of a path, which is a text here.
    pub(super) fn file_method(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        method: &str,
        span: Span,
        context: Option<&Rc<Context>>,
    ) -> Option<Vec<Label>> {
        if program.language != Language::Python || !matches!(method, "read_text" | "read_bytes") {
            return None;
        }
        Some(self.file_content(file, Some(object), span, context))
    }
}

/// The folder that a pattern of file names is looked for in: `<home>/**/*.env`.
fn pattern_folder(text: &str) -> Option<&str> {
    let wild = text.find('*')?;
    let folder = &text[..text[..wild].rfind('/')?];
    (!folder.is_empty()).then_some(folder)
}

/// Whether a walk through a folder reads what is the user's own.
fn walks_users_files(folder: &str) -> bool {
    let folder = folder.trim_end_matches(EVERY).trim_end_matches('/');
    is_users(if folder.is_empty() { "/" } else { folder })
}

/// Whether a folder holds what is the user's own, whichever file of it is meant. What is found in
/// the project is what tools are made for, and a name behind the working folder is what every
/// relative path of a caller is made to.
fn is_users(folder: &str) -> bool {
    know::user_place(folder)
        .is_some_and(|what| !matches!(what, "the project" | "what lies around the package"))
}

/// What is called, with the call as the place where its result was made, if nothing is
/// known of an earlier one: `x = new XMLHttpRequest()`.
pub(super) fn made_here(value: &Value, file: FileId, expr: ExprId) -> Value {
    match value {
        Value::Native(native) if native.made_at.is_none() => Value::Native(Native {
            path: Rc::clone(&native.path),
            made_at: Some((file, expr)),
        }),
        other => other.clone(),
    }
}

pub(super) fn value_made_at(value: &Value) -> Option<(FileId, ExprId)> {
    match value {
        Value::Native(native) => native.made_at,
        _ => None,
    }
}

#[cfg(test)]
mod tests;
