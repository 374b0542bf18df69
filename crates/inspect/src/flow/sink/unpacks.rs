//! Archives that code unpacks: what is in them lies in a folder then, under names that nobody knows.

use crate::flow::label::{Label, Step};
use crate::flow::{Analysis, Context, Site};
use crate::ir::{Expr, ExprId, Language, List, Program};
use crate::know::{self, Slot};
use crate::pure::{FileId, HOLE, Native, Value, shown};
use customs_model::{SourceKind, Zone};
use std::rc::Rc;

impl Analysis<'_> {
    /// `tar.x({file, cwd})`, `zipfile.ZipFile(path).extractall(folder)`.
    pub(super) fn unpacks(
        &mut self,
        site: Site,
        path: &str,
        value: &Value,
        args: &[ExprId],
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        let Some(program) = self.program(site.file) else {
            return;
        };
        let unpacker = match program.language {
            Language::JavaScript => know::unpacker(path),
            Language::Python => know::cloner(path),
            Language::Rust => know::unpacker_of_rust(path),
        };
        let mut labels: Vec<Label> = Vec::new();
        let archive = unpacker.and_then(|unpacker| unpacker.archive);
        if let Some(slot) = archive {
            let archive = self.part_of_call(site.file, args, slot);
            let fetches = unpacker.is_some_and(|unpacker| unpacker.fetches);
            if let Some(address) = archive.filter(|_| fetches) {
                let text = self.fold_text(site.file, address, context);
                let host = know::place_of(&text).map(|place| shown(&place));
                let host = host.unwrap_or_else(|| "a host".to_owned());
                let name = format!("the answer of {host}");
                let span = program.span(site.expr);
                labels.push(Label::read(SourceKind::Remote, &name, site.file, span));
            } else if let Some(archive) = archive {
                labels.extend(self.in_archive(site, site.file, archive, context));
            }
        } else if let Value::Native(native) = value
            && let Some((file, opener, made)) = self.made_by(native)
        {
            for arg in opener.list(made).to_vec() {
                labels.extend(self.in_archive(site, file, arg, None));
            }
        }
        match unpacker {
            Some(unpacker) => {
                let folder = self.folder_of(site.file, args, unpacker.folder, context);
                self.fill_folder_with(site, folder, labels, zone);
            }
            None => {
                let to = args.last().copied();
                let to = to.map(|arg| self.fold_text(site.file, arg, context));
                let to = to.unwrap_or_default();
                if program.language == Language::Python {
                    self.fill_folder_with(site, Some(to.clone()), labels.clone(), zone);
                }
                let span = program.span(site.expr);
                self.write_file(&to, labels, zone, site.file, span);
            }
        }
    }

    /// `response.pipe(tar.x({cwd}))`, whatever the stream that is piped into was made by.
    pub(super) fn piped_into_unpacker(
        &mut self,
        site: Site,
        labels: &[Label],
        native: &Native,
        zone: Zone,
    ) {
        let Some(unpacker) = native.path.strip_suffix("()").and_then(know::unpacker) else {
            return;
        };
        let Some((file, opener, made)) = self.made_by(native) else {
            return;
        };
        let args = opener.list(made).to_vec();
        let folder = self.folder_of(file, &args, unpacker.folder, None);
        self.fill_folder_with(site, folder, labels.to_vec(), zone);
    }

    /// The call that something of a library was made by, and its arguments.
    fn made_by(&mut self, native: &Native) -> Option<(FileId, Rc<Program>, List)> {
        let (file, made) = native.made_at?;
        let opener = self.program(file)?;
        match opener.expr(made) {
            Expr::Call { args, .. } => Some((file, opener, args)),
            _ => None,
        }
    }

    /// What is in an archive that is given as bytes or by its path.
    fn in_archive(
        &mut self,
        site: Site,
        file: FileId,
        archive: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let mut labels = self.labels(file, archive, context).to_vec();
        let text = self.fold_text(file, archive, context);
        if !text.is_empty() {
            labels.extend(self.content_label(&text, site));
        }
        labels
    }

    /// The entries of an object that is written out, where it is used or where its only name gets it.
    pub(super) fn written_out(&self, program: &Program, options: ExprId) -> Option<List> {
        match program.expr(options) {
            Expr::Object(entries) => Some(entries),
            Expr::Name(atom, scope) => {
                let symbol = program.resolve(atom, scope)?;
                match program.symbol(symbol).values[..] {
                    [only] => match program.expr(only) {
                        Expr::Object(entries) => Some(entries),
                        _ => None,
                    },
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The folder that a call names; the one that the program runs in where it names none; none
    /// where nothing of it is known.
    fn folder_of(
        &mut self,
        file: FileId,
        args: &[ExprId],
        slot: Slot,
        context: Option<&Rc<Context>>,
    ) -> Option<String> {
        let Some(folder) = self.part_of_call(file, args, slot) else {
            return match slot {
                Slot::At(_) => None,
                Slot::In(position, _) => {
                    let program = self.program(file)?;
                    let is_known = args
                        .get(position)
                        .is_none_or(|options| self.written_out(&program, *options).is_some());
                    is_known.then(String::new)
                }
            };
        };
        let text = self.fold_text(file, folder, context);
        (!text.is_empty() && text != HOLE).then_some(text)
    }

    /// A folder is filled with what came from elsewhere.
    fn fill_folder_with(
        &mut self,
        site: Site,
        folder: Option<String>,
        labels: Vec<Label>,
        zone: Zone,
    ) {
        let (Some(folder), Some(program)) = (folder, self.program(site.file)) else {
            return;
        };
        let step = Step::Written(shown(&folder).into());
        let span = program.span(site.expr);
        let labels = self.hop(labels, &step, site.file, span);
        let file = Some(site.file);
        self.cells.folders.fill(&folder, &labels, zone, file, false);
    }
}
