//! What is put into archives and forms, and where those go.

use crate::flow::label::{Label, Step, union};
use crate::flow::possible::EVERY;
use crate::flow::{Analysis, Context, Site};
use crate::ir::{Expr, ExprId, Program};
use crate::know::{self, Packing, Slot};
use crate::pure::{FileId, HOLE, HOLE_START, Value, shown};
use customs_model::Zone;
use std::rc::Rc;

/// Calls that put something into the same archive.
const PUTS: usize = 32;
/// Paths of one call.
const PATHS: usize = 24;

impl Analysis<'_> {
    /// `tar.c({file}, paths)`, `zip.writeZip(path)`, `archive.pipe(request)`. What a call puts
    /// into an archive is asked for where the archive goes.
    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    pub(super) fn packed(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        callee: ExprId,
        args: &[ExprId],
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        let (into, labels) = match know::packing(path) {
            None | Some(Packing::Puts { .. }) => return,
            Some(Packing::Pipes) => {
                self.piped(program, site, callee, path, args, zone);
                return;
            }
            Some(Packing::Makes { into, .. }) => {
                let labels = self.labels(site.file, site.expr, context);
                (into, labels.to_vec())
            }
            Some(Packing::Saves(into)) => {
                let Expr::Member(object, _) = program.expr(callee) else {
                    return;
                };
                let labels = self.labels(site.file, object, context);
                (Some(into), labels.to_vec())
            }
        };
        let into = into.and_then(|slot| self.part_of_call(site.file, args, slot));
        if let Some(into) = into {
            let to = self.fold_text(site.file, into, context);
            let span = program.span(site.expr);
            self.write_file(&to, labels, zone, site.file, span);
        }
    }

    /// What an archive holds after a call that puts something into it or makes it.
    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    pub(in crate::flow) fn packed_labels(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        expr: ExprId,
        path: &str,
        callee: ExprId,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        let mut out = Vec::new();
        if let Expr::Member(object, _) = program.expr(callee)
            && !matches!(know::packing(path), Some(Packing::Makes { .. }))
        {
            out.extend(self.labels(file, object, context).iter().cloned());
        }
        let (paths, folder) = match know::packing(path) {
            Some(Packing::Puts { path, folder }) => (path, folder),
            Some(Packing::Makes { paths, folder, .. }) => (Some(paths), folder),
            Some(Packing::Saves(_) | Packing::Pipes) | None => return out,
        };
        for arg in args {
            let labels = self.labels(file, *arg, context);
            union(&mut out, &labels);
        }
        let paths = paths.and_then(|slot| self.part_of_call(file, args, slot));
        let Some(paths) = paths else {
            return out;
        };
        let folders = match folder.and_then(|slot| self.part_of_call(file, args, slot)) {
            Some(folder) => self.texts(file, folder),
            None => Vec::new(),
        };
        let span = program.span(expr);
        for text in self.texts(file, paths).into_iter().take(PATHS) {
            let absolute = text.starts_with(['/', '~', HOLE_START]);
            let places = match &folders[..] {
                folders if !folders.is_empty() && !absolute => folders
                    .iter()
                    .map(|folder| format!("{}/{text}", folder.trim_end_matches('/')))
                    .collect(),
                _ => vec![text],
            };
            for place in places {
                let mut labels = self.content_of(&place, file, span);
                if labels.is_empty() && know::user_place(&place).is_some() {
                    // All of a folder goes in.
                    let all = format!("{}/{EVERY}", place.trim_end_matches(['/', '*']));
                    labels = self.content_of(&all, file, span);
                }
                let step = Step::Through(shown(&place).into());
                let labels = self.hop(labels, &step, file, span);
                union(&mut out, &labels);
            }
        }
        out
    }

    /// The texts that an argument is or that a list of it holds.
    fn texts(&mut self, file: FileId, arg: ExprId) -> Vec<String> {
        let values = self.possible(file, arg, 0);
        let mut out: Vec<String> = Vec::new();
        for value in values {
            match &value {
                Value::Array(items) => {
                    let items = items.borrow();
                    out.extend(items.iter().take(PATHS).filter_map(Value::as_text));
                }
                value => out.extend(value.as_text()),
            }
        }
        out.retain(|text| text != HOLE && !text.is_empty());
        out
    }

    /// What is put into what a variable holds, by the methods of a library that packs.
    pub(in crate::flow) fn put_into(&mut self, file: FileId, calls: &[ExprId]) -> Vec<Label> {
        let mut out = Vec::new();
        let Some(program) = self.program(file) else {
            return out;
        };
        for call in calls.iter().take(PUTS) {
            let Expr::Call { callee, .. } = program.expr(*call) else {
                continue;
            };
            let value = match self.callees.get(&(file, *call)) {
                Some(value) => value.clone(),
                None => self.look_at(file, callee, None),
            };
            let puts = value
                .path()
                .is_some_and(|path| matches!(know::packing(path), Some(Packing::Puts { .. })));
            if puts {
                let labels = self.labels(file, *call, None);
                union(&mut out, &labels);
            }
        }
        out
    }

    /// What a call that sends what it is called on sends besides its arguments.
    pub(super) fn sent_of_itself(
        &mut self,
        site: Site,
        path: &str,
        context: Option<&Rc<Context>>,
    ) -> Vec<Label> {
        if !know::sends_itself(path) {
            return Vec::new();
        }
        let Some(program) = self.program(site.file) else {
            return Vec::new();
        };
        match program.expr(site.expr) {
            Expr::Call { callee, .. } => match program.expr(callee) {
                Expr::Member(object, _) => self.labels(site.file, object, context).to_vec(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// What is in the file whose path a call is given to send it: `sftp.put(path, name)`.
    pub(super) fn sent_file_of(&mut self, site: Site, path: &str, args: &[ExprId]) -> Vec<Label> {
        let Some((position, name)) = know::sends_file(path) else {
            return Vec::new();
        };
        let Some(program) = self.program(site.file) else {
            return Vec::new();
        };
        let counted = args.get(position).copied();
        let counted = counted.filter(|arg| !matches!(program.expr(*arg), Expr::Keywords(_)));
        let named = args.iter().find_map(|arg| match program.expr(*arg) {
            Expr::Keywords(entries) => program
                .list(entries)
                .chunks_exact(2)
                .find(|pair| program.text(pair[0]) == Some(name))
                .map(|pair| pair[1]),
            _ => None,
        });
        let span = program.span(site.expr);
        self.file_content(site.file, counted.or(named), span, None)
    }

    /// The expression that a part of a call is.
    pub(super) fn part_of_call(
        &mut self,
        file: FileId,
        args: &[ExprId],
        slot: Slot,
    ) -> Option<ExprId> {
        match slot {
            Slot::At(position) => args.get(position).copied(),
            Slot::In(position, names) => {
                let program = self.program(file)?;
                let options = self.written_out(&program, *args.get(position)?)?;
                let pairs = program.list(options).chunks_exact(2);
                let mut named = pairs.filter(|pair| {
                    program
                        .text(pair[0])
                        .is_some_and(|name| names.contains(&name))
                });
                named.next().map(|pair| pair[1])
            }
        }
    }
}

#[cfg(test)]
mod tests;
