//! Asking git for objects by id, many at a time.

use super::git::{Git, Process};
use super::{CloneError, limit};
use customs_model::printable;
use customs_origin::source::object::{self, ObjectId, ObjectKind};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, ChildStdout};

/// Questions that are sent before an answer is read. They fit into any pipe, so that neither side
/// waits for the other.
const WINDOW: usize = 32;

/// What git says about an object before its content is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `blob`, `tree`, `commit`, `tag`.
    pub kind: String,
    /// Bytes.
    pub size: u64,
}

/// Two processes: one tells sizes, so that the other is never asked for what is too large.
pub struct Batch {
    sizes: Pipe,
    contents: Pipe,
}

struct Pipe {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    _process: Process,
}

impl Batch {
    /// Starts them.
    pub fn start(git: &Git) -> Result<Self, CloneError> {
        Ok(Self {
            sizes: Pipe::start(git, "--batch-check")?,
            contents: Pipe::start(git, "--batch")?,
        })
    }

    /// What the objects are; none for each that the clone lacks.
    pub fn headers(
        &mut self,
        git: &Git,
        ids: &[ObjectId],
    ) -> Result<Vec<Option<Header>>, CloneError> {
        let mut headers = Vec::with_capacity(ids.len());
        for window in ids.chunks(WINDOW) {
            self.sizes.ask(git, window)?;
            for id in window {
                headers.push(self.sizes.header(git, id)?);
            }
        }
        Ok(headers)
    }

    /// The contents of objects that are there, in order, each checked against its id.
    pub fn contents(
        &mut self,
        git: &Git,
        ids: &[ObjectId],
        kind: ObjectKind,
    ) -> Result<Vec<Vec<u8>>, CloneError> {
        let mut contents = Vec::with_capacity(ids.len());
        for window in ids.chunks(WINDOW) {
            self.contents.ask(git, window)?;
            for id in window {
                contents.push(self.contents.content(git, id, kind)?);
            }
        }
        Ok(contents)
    }
}

impl Pipe {
    fn start(git: &Git, how: &str) -> Result<Self, CloneError> {
        let mut process = git.start(&["cat-file", how])?;
        let pipes = process.take_input().zip(process.take_output());
        let (input, output) = pipes.ok_or_else(|| git.failure())?;
        Ok(Self {
            input,
            output: BufReader::new(output),
            _process: process,
        })
    }

    fn ask(&mut self, git: &Git, ids: &[ObjectId]) -> Result<(), CloneError> {
        let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
        let sent = self
            .input
            .write_all(lines.as_bytes())
            .and_then(|()| self.input.flush());
        // A closed pipe means that it has ended, and its last words say why.
        sent.map_err(|_| git.failure())
    }

    fn header(&mut self, git: &Git, id: &ObjectId) -> Result<Option<Header>, CloneError> {
        let mut line = String::new();
        let read = (&mut self.output).take(limit::SMALL).read_line(&mut line);
        if read.map_err(|_| git.failure())? == 0 {
            return Err(git.failure());
        }
        let odd = || CloneError::Git(format!("it answered {:?}", printable(line.trim(), 200)));
        let mut words = line.split_whitespace();
        if words.next() != Some(id.to_string().as_str()) {
            return Err(odd());
        }
        match (words.next(), words.next().map(str::parse)) {
            (Some("missing"), None) => Ok(None),
            (Some(kind), Some(Ok(size))) => Ok(Some(Header {
                kind: kind.to_owned(),
                size,
            })),
            _ => Err(odd()),
        }
    }

    fn content(
        &mut self,
        git: &Git,
        id: &ObjectId,
        kind: ObjectKind,
    ) -> Result<Vec<u8>, CloneError> {
        let header = self.header(git, id)?;
        // It was asked for after it was seen to be there and small.
        let Some(header) =
            header.filter(|header| header.kind == kind.name() && header.size <= limit::OBJECT)
        else {
            return Err(CloneError::Git(format!("{id} changed while it was read")));
        };
        let mut content = Vec::new();
        let read = (&mut self.output)
            .take(header.size + 1)
            .read_to_end(&mut content);
        read.map_err(|_| git.failure())?;
        if content.pop() != Some(b'\n') || content.len() as u64 != header.size {
            return Err(git.failure());
        }
        object::check(id, kind, &content)?;
        Ok(content)
    }
}
