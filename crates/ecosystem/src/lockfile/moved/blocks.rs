//! The entries of a lockfile as they are written, and what is put in the place of what.

use super::Form;
use crate::lockfile::tree::Node;
use customs_model::{ReleaseId, Version};
use std::cmp::Ordering;
use std::ops::Range;

/// One entry of the file.
pub(super) struct Block<'n, 't> {
    pub node: &'n Node<'t>,
    /// From its header to the next one's.
    pub span: Range<usize>,
}

impl Block<'_, '_> {
    pub fn says(&self, key: &str) -> &str {
        self.node.get_text(key).unwrap_or_default()
    }
}

/// The entries, in their order.
pub(super) struct Blocks<'n, 't> {
    form: Form,
    pub all: Vec<Block<'n, 't>>,
}

impl<'n, 't> Blocks<'n, 't> {
    pub fn of(form: Form, text: &str, root: &'n Node<'t>) -> Result<Self, String> {
        let nodes = root.get(form.table()).map(Node::list).unwrap_or_default();
        let mut all = Vec::with_capacity(nodes.len());
        for (number, node) in nodes.iter().enumerate() {
            let start = node.at();
            let header = format!("[[{}]]", form.table());
            let starts = text
                .get(start..)
                .is_some_and(|rest| rest.starts_with(&header));
            if !starts {
                return Err("its entries are not written as its tool writes them".to_owned());
            }
            let end = match nodes.get(number + 1) {
                Some(next) => next.at(),
                None => end_of_last(form, text, start),
            };
            all.push(Block {
                node,
                span: start..end,
            });
        }
        Ok(Self { form, all })
    }

    pub fn get(&self, at: usize) -> Result<&Block<'n, 't>, String> {
        self.all.get(at).ok_or_else(|| "it changed".to_owned())
    }

    pub fn find(&self, release: &ReleaseId) -> Result<usize, String> {
        let name = release.package.as_str();
        let is_meant = |block: &&(usize, &Block<'_, '_>)| {
            let version = block.1.says("version");
            self.form.is_same_name(block.1.says("name"), name)
                && (version == release.version.as_str()
                    || self.form.compare(version, release.version.as_str())
                        == Some(Ordering::Equal))
        };
        let numbered: Vec<(usize, &Block<'_, '_>)> = self.all.iter().enumerate().collect();
        let found: Vec<usize> = numbered.iter().filter(is_meant).map(|one| one.0).collect();
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err("it has no entry of its own".to_owned()),
            _ => Err("it has several entries of this version".to_owned()),
        }
    }

    pub fn at_line(&self, text: &str, line: u32) -> Result<&Block<'n, 't>, String> {
        let above = text
            .split_inclusive('\n')
            .take((line as usize).saturating_sub(1));
        let at: usize = above.map(str::len).sum();
        let found = self.all.iter().find(|block| block.span.start == at);
        found.ok_or_else(|| "an entry is not where it was read".to_owned())
    }

    /// Entries of one name are in the order of their versions, and an entry of the version that
    /// comes must not be there already.
    pub fn stays_in_order(&self, form: Form, at: usize, to: &Version) -> Result<(), String> {
        let name = self.get(at)?.says("name");
        let beside = |number: Option<usize>| {
            let block = number.and_then(|number| self.all.get(number))?;
            form.is_same_name(block.says("name"), name)
                .then(|| form.compare(block.says("version"), to.as_str()))
        };
        let before = beside(at.checked_sub(1));
        let after = beside(at.checked_add(1));
        let fits = before.is_none_or(|order| order == Some(Ordering::Less))
            && after.is_none_or(|order| order == Some(Ordering::Greater));
        match fits {
            true => Ok(()),
            false => Err("the lockfile has other versions of it, and their order changes".into()),
        }
    }
}

/// Where the last entry ends: before the first table that is none of it.
pub(super) fn end_of_last(form: Form, text: &str, start: usize) -> usize {
    let mut at = start;
    for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
        let header = line.trim_start_matches('[');
        let is_header = header.len() < line.len();
        let is_own = header
            .strip_prefix(form.table())
            .is_some_and(|rest| rest.starts_with(['.', ']']));
        if is_header && !is_own && at > start {
            return at;
        }
        at += line.len();
    }
    text.len()
}

/// What is put in the place of what.
#[derive(Default)]
pub(super) struct Changes(Vec<(Range<usize>, String)>);

impl Changes {
    /// The value of a key.
    pub fn value(&mut self, node: &Node<'_>, key: &str, value: &str) -> Result<(), String> {
        let old = node
            .get(key)
            .ok_or_else(|| format!("its entry has no {key}"))?;
        self.0.push((old.span(), value.to_owned()));
        Ok(())
    }

    pub fn put(&mut self, span: Range<usize>, text: String) {
        self.0.push((span, text));
    }

    pub fn cut(&mut self, span: Range<usize>) {
        self.0.push((span, String::new()));
    }

    /// Cuts whole entries, each with the empty line behind it; of those that end the file the one
    /// before them goes.
    pub fn cut_entries(&mut self, text: &str, mut entries: Vec<Range<usize>>) {
        entries.sort_by_key(|span| span.start);
        let mut joined: Vec<Range<usize>> = Vec::new();
        for entry in entries {
            match joined.last_mut() {
                Some(last) if last.end == entry.start => last.end = entry.end,
                _ => joined.push(entry),
            }
        }
        for mut span in joined {
            let before = text.get(..span.start).unwrap_or_default();
            if span.end == text.len() && before.ends_with("\n\n") {
                span.start -= 1;
            }
            self.cut(span);
        }
    }

    pub fn made(mut self, text: &str) -> Result<String, String> {
        self.0.sort_by_key(|(span, _)| span.start);
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for (span, new) in &self.0 {
            let kept = text.get(at..span.start);
            out.push_str(kept.ok_or("its entry is not written as its tool writes it")?);
            out.push_str(new);
            at = span.end;
        }
        out.push_str(text.get(at..).unwrap_or_default());
        Ok(out)
    }
}
