//! The search for what shows a path. What it writes down is believed by nobody: [`super::check`]
//! looks it up.

use super::files::{Files, Read, names_of};
use super::statement::{is_common, stands_at, words};
use super::{LINKS, excerpt, is_hidden_inside, is_inside, is_place, names, stands_there, written};
use crate::unpack::Tree;
use customs_model::{FileName, Hop, Join, Link, Shown, Written};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::rc::Rc;

/// Statements that a name may stand in and still tie two of them together.
const OFTEN: usize = 60;
/// Links of a chain that is looked for.
const FAR: usize = 8;
/// Statements that are looked at for one chain.
const VISITED: usize = 20_000;
/// Files that are searched for names of others, and for hidden texts.
const FILES: usize = 400;
/// Bytes of such a file.
const LARGEST: u64 = 1 << 20;

/// Writes beside each step of a path what shows it in the files of the artifact. Nothing is
/// written beside a step whose file is not at hand.
pub fn certify(path: &mut [Hop], tree: &Tree) {
    certify_all(std::iter::once(path), tree);
}

/// The same for several paths of one artifact; each file is read once.
pub fn certify_all<'p>(paths: impl IntoIterator<Item = &'p mut [Hop]>, tree: &Tree) {
    let mut files = Files::of(tree);
    for path in paths {
        let mut before: Option<Hop> = None;
        for hop in path {
            hop.shown = shown(hop, before.as_ref(), &mut files).map(Box::new);
            before = Some(hop.clone());
        }
    }
}

fn shown(hop: &Hop, before: Option<&Hop>, files: &mut Files<'_>) -> Option<Shown> {
    let read = files.read(&hop.at.file)?;
    if !is_place(&read.text, &hop.at) {
        return None;
    }
    let name = hop.edge.name().unwrap_or_default();
    let word = names(name).find(|word| stands_there(word, hop, &read));
    let text = excerpt(read.text.as_bytes(), hop.at.bytes)?;
    let written = hop
        .hidden
        .as_deref()
        .and_then(|hidden| find_written(hidden, &hop.at.file, files));
    Some(Shown {
        digest: read.digest.clone(),
        text,
        word: word.map(str::to_owned),
        join: before.map_or(Join::First, |before| join(before, hop, files)),
        written,
    })
}

fn find_written(hidden: &str, here: &str, files: &mut Files<'_>) -> Option<Written> {
    let others = files.texts(LARGEST);
    let others = others.into_iter().filter(|path| *path != here);
    for path in std::iter::once(here).chain(others).take(FILES) {
        let Some(read) = files.read(path) else {
            continue;
        };
        if let Some((range, by)) = written::find(&read.text, hidden) {
            let bytes = (range.start as u32, range.end as u32);
            return Some(Written {
                file: path.to_owned(),
                bytes,
                by,
            });
        }
    }
    None
}

fn join(before: &Hop, hop: &Hop, files: &mut Files<'_>) -> Join {
    if is_hidden_inside(before, hop) {
        return Join::Inside;
    }
    if hop.hidden.is_some() && before.hidden != hop.hidden && before.at == hop.at {
        return unshown("both stand in one hidden text, which is not taken apart");
    }
    if before.at == hop.at {
        return Join::Same;
    }
    if before.at.file != hop.at.file {
        return match between_files(&before.at.file, &hop.at.file, files) {
            Some(chain) => Join::Files { chain },
            None => unshown("neither file names the other, nor one that does"),
        };
    }
    if hop.hidden.is_none() && is_inside(before.at.bytes, hop.at.bytes) {
        return Join::Inside;
    }
    if is_inside(hop.at.bytes, before.at.bytes) {
        return Join::Around;
    }
    let chain = files
        .read(&hop.at.file)
        .and_then(|read| by_names(&read, before.at.bytes, hop.at.bytes));
    match chain {
        Some(chain) => Join::Names { chain },
        None => unshown("no names lead from one statement to the other"),
    }
}

fn unshown(because: &str) -> Join {
    Join::Unshown {
        because: because.to_owned(),
    }
}

/// From which statement another one was come to, by which link, and after how many.
type Came = (Option<(usize, Link)>, usize);

/// The shortest chain of links from one place of a file to another one.
fn by_names(read: &Read<'_>, from: (u32, u32), to: (u32, u32)) -> Option<Vec<Link>> {
    let statements = read.statements()?;
    let goal = statements.over(to);
    // Where each statement was come to from, how, and after how many links.
    let mut came: FxHashMap<usize, Came> = FxHashMap::default();
    let mut open: VecDeque<usize> = VecDeque::new();
    for number in statements.over(from) {
        came.insert(number, (None, 0));
        open.push_back(number);
    }
    while let Some(here) = open.pop_front() {
        if goal.contains(&here) {
            return Some(back(&came, here));
        }
        let far = came.get(&here).map_or(0, |(_, far)| *far);
        if far >= FAR || came.len() > VISITED {
            continue;
        }
        let bytes = statements.bytes(here);
        let mut next: Vec<(usize, Link)> = Vec::new();
        for (at, word) in words(&read.text, bytes.clone()) {
            let places = read.places(word);
            if is_common(word) || places.len() > OFTEN {
                continue;
            }
            next.extend(places.iter().filter_map(|to| {
                let link = Link::Name {
                    name: word.to_owned(),
                    from: at as u32,
                    to: *to,
                };
                Some((statements.at(*to)?, link))
            }));
        }
        if let Some(outer) = statements.outer(here) {
            let link = Link::Nested {
                from: bytes.start as u32,
                to: statements.bytes(outer).start as u32,
            };
            next.push((outer, link));
        }
        for (number, link) in next {
            if let Entry::Vacant(free) = came.entry(number) {
                free.insert((Some((here, link)), far + 1));
                open.push_back(number);
            }
        }
    }
    None
}

/// The links that led to a statement, the first one first.
fn back(came: &FxHashMap<usize, Came>, last: usize) -> Vec<Link> {
    let mut chain = Vec::new();
    let mut at = last;
    while let Some((Some((before, link)), _)) = came.get(&at) {
        chain.push(link.clone());
        at = *before;
        if chain.len() > LINKS {
            break;
        }
    }
    chain.reverse();
    chain
}

/// The shortest chain of names of files from one file to another one.
fn between_files(from: &str, to: &str, files: &mut Files<'_>) -> Option<Vec<FileName>> {
    let mut paths = files.texts(LARGEST);
    paths.truncate(FILES);
    let mut texts: Vec<(String, Rc<Read<'_>>)> = Vec::new();
    for path in [from, to].into_iter().chain(paths) {
        if !texts.iter().any(|(known, _)| known == path)
            && let Some(read) = files.read(path)
        {
            texts.push((path.to_owned(), read));
        }
    }
    let find = |path: &str| texts.iter().position(|(known, _)| known == path);
    let (start, goal) = (find(from)?, find(to)?);
    let mut came: FxHashMap<usize, (usize, FileName)> = FxHashMap::default();
    let mut open = VecDeque::from([(start, 0)]);
    while let Some((here, far)) = open.pop_front() {
        if here == goal {
            let mut chain = Vec::new();
            let mut at = here;
            while let Some((before, name)) = came.get(&at) {
                chain.push(name.clone());
                at = *before;
                if at == start {
                    break;
                }
            }
            chain.reverse();
            return Some(chain);
        }
        if far >= FAR {
            continue;
        }
        let (path, read) = texts.get(here)?;
        for (number, (other, other_read)) in texts.iter().enumerate() {
            if number == start || came.contains_key(&number) {
                continue;
            }
            let name =
                mention(path, &read.text, other).or_else(|| mention(other, &other_read.text, path));
            if let Some(name) = name {
                came.insert(number, (here, name));
                open.push_back((number, far + 1));
            }
        }
    }
    None
}

/// Where a file names another one.
fn mention(file: &str, text: &str, other: &str) -> Option<FileName> {
    names_of(other).find_map(|name| {
        memchr::memmem::find_iter(text.as_bytes(), name.as_bytes())
            .take(OFTEN)
            .find(|at| stands_at(text, *at, name))
            .map(|at| FileName {
                file: file.to_owned(),
                at: at as u32,
                name: name.to_owned(),
                names: other.to_owned(),
            })
    })
}
