use super::header::Layout;
use super::limit;
use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

/// What a compiled file holds, wherever in it.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// Names of variables, attributes, modules, functions.
    pub names: BTreeSet<Rc<str>>,
    /// Texts; bytes as the characters of the same numbers.
    pub texts: BTreeSet<Rc<str>>,
    /// The files that it says it was compiled from.
    pub files: BTreeSet<Rc<str>>,
    /// Bytes of names and texts that were looked at to take them over. Each is taken once, however
    /// many objects refer to it, so these are not more than the file has, for each of the three.
    pub taken: usize,
    /// The largest first line of a function.
    pub last_line: usize,
    /// Bits of the longest whole number.
    pub longest_number: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Error {
    Limit(&'static str),
    Syntax(&'static str),
}

/// One object. Shared, since later ones refer to it; those of which something is asked have the
/// number under which they were read, so that it is asked once.
#[derive(Clone)]
enum Object {
    /// A reference to it came before its end.
    Unfinished,
    /// Numbers and the like, of which nothing is asked again.
    Other,
    Text(usize, Rc<str>),
    Bytes(usize, Rc<[u8]>),
    Many(usize, Rc<[Object]>),
    /// Its names and texts are in the content already.
    Code,
}

/// Reads the code behind the header.
pub(super) fn read(body: &[u8], layout: Layout) -> Result<Content, Error> {
    let mut reader = Reader {
        rest: body,
        refs: Vec::new(),
        objects: 0,
        layout,
        content: Content::default(),
        named: HashSet::new(),
        told: HashSet::new(),
        from: HashSet::new(),
    };
    match reader.object(0)? {
        Object::Code => {}
        _ => return Err(Error::Syntax("it holds no code")),
    }
    match reader.rest.is_empty() {
        true => Ok(reader.content),
        false => Err(Error::Syntax("something stands behind the code")),
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    refs: Vec<Object>,
    objects: usize,
    layout: Layout,
    content: Content,
    /// Objects whose names, texts and files were taken over.
    named: HashSet<usize>,
    told: HashSet<usize>,
    from: HashSet<usize>,
}

const CUT: Error = Error::Syntax("it is cut off");

impl<'a> Reader<'a> {
    fn object(&mut self, depth: usize) -> Result<Object, Error> {
        if depth > limit::DEPTH {
            return Err(Error::Limit(
                "its objects stand too deep inside one another",
            ));
        }
        self.count()?;
        let number = self.objects;
        let kind = self.byte()?;
        // Bit 7: later objects may refer to this one.
        let slot = (kind & 0x80 != 0).then(|| {
            self.refs.push(Object::Unfinished);
            self.refs.len() - 1
        });
        let object = match kind & 0x7f {
            b'0' | b'N' | b'F' | b'T' | b'S' | b'.' => Object::Other,
            b'i' => self.skip(4)?,
            b'I' | b'g' => self.skip(8)?,
            b'y' => self.skip(16)?,
            b'f' => self.short_text().map(|_| Object::Other)?,
            b'x' => {
                self.short_text()?;
                self.short_text().map(|_| Object::Other)?
            }
            b'l' => self.long()?,
            b's' => {
                let length = self.length()?;
                Object::Bytes(number, self.take(length)?.into())
            }
            b'a' | b'A' | b't' | b'u' => {
                let length = self.length()?;
                Object::Text(number, text_of(self.take(length)?))
            }
            b'z' | b'Z' => Object::Text(number, self.short_text()?),
            b')' => {
                let count = usize::from(self.byte()?);
                Object::Many(number, self.many(count, depth)?)
            }
            b'(' | b'[' | b'<' | b'>' => {
                let count = self.length()?;
                Object::Many(number, self.many(count, depth)?)
            }
            b'{' => Object::Many(number, self.pairs(depth)?),
            b':' => Object::Many(number, self.many(3, depth)?),
            b'c' => self.code(depth)?,
            b'r' => return self.reference(),
            _ => {
                return Err(Error::Syntax(
                    "it holds an object of a kind that is not known",
                ));
            }
        };
        if let Some(place) = slot.and_then(|slot| self.refs.get_mut(slot)) {
            *place = object.clone();
        }
        Ok(object)
    }

    fn reference(&mut self) -> Result<Object, Error> {
        let at = self.length()?;
        match self.refs.get(at) {
            Some(Object::Unfinished) | None => {
                Err(Error::Syntax("an object refers to none before it"))
            }
            Some(object) => Ok(object.clone()),
        }
    }

    fn many(&mut self, count: usize, depth: usize) -> Result<Rc<[Object]>, Error> {
        // Each needs a byte at least: no memory for what cannot be there.
        if count > self.rest.len() {
            return Err(CUT);
        }
        let mut objects = Vec::new();
        for _ in 0..count {
            objects.push(self.object(depth + 1)?);
        }
        Ok(objects.into())
    }

    fn pairs(&mut self, depth: usize) -> Result<Rc<[Object]>, Error> {
        let mut objects = Vec::new();
        // The end is an object of the kind `0` in the place of a key.
        while self.rest.first().ok_or(CUT)? & 0x7f != b'0' {
            objects.push(self.object(depth + 1)?);
            objects.push(self.object(depth + 1)?);
        }
        self.skip(1)?;
        Ok(objects.into())
    }

    fn code(&mut self, depth: usize) -> Result<Object, Error> {
        let numbers = match self.layout {
            Layout::Old => 6,
            Layout::New => 5,
        };
        self.skip(numbers * 4)?;
        let next = depth + 1;
        // The instructions.
        self.object(next)?;
        let constants = self.object(next)?;
        self.texts(&constants, 0)?;
        let lists = match self.layout {
            // Names, variables, free variables, cell variables.
            Layout::Old => 4,
            // Names, variables of all three sorts.
            Layout::New => 2,
        };
        for _ in 0..lists {
            let names = self.object(next)?;
            self.names(&names)?;
        }
        if self.layout == Layout::New {
            // Which sort each variable is.
            self.object(next)?;
        }
        let Object::Text(number, file) = self.object(next)? else {
            return Err(Error::Syntax("it names no file"));
        };
        if self.from.insert(number) {
            self.content.taken += file.len();
            self.content.files.insert(file);
        }
        let spoken = match self.layout {
            Layout::Old => 1,
            // The name, and the name with those of what it stands in.
            Layout::New => 2,
        };
        for _ in 0..spoken {
            let name = self.object(next)?;
            self.names(&name)?;
        }
        let line = usize::try_from(self.int()?).unwrap_or(0);
        self.content.last_line = self.content.last_line.max(line);
        let tables = match self.layout {
            // Lines.
            Layout::Old => 1,
            // Lines, exceptions.
            Layout::New => 2,
        };
        for _ in 0..tables {
            self.object(next)?;
        }
        Ok(Object::Code)
    }

    fn names(&mut self, object: &Object) -> Result<(), Error> {
        self.count()?;
        match object {
            Object::Text(number, name) => self.name(*number, name),
            Object::Many(number, all) => {
                if !self.named.insert(*number) {
                    return Ok(());
                }
                for one in all.iter() {
                    let Object::Text(number, name) = one else {
                        return Err(Error::Syntax("a name is no text"));
                    };
                    self.count()?;
                    self.name(*number, name);
                }
            }
            _ => return Err(Error::Syntax("a name is no text")),
        }
        Ok(())
    }

    fn name(&mut self, number: usize, name: &Rc<str>) {
        if self.named.insert(number) {
            self.content.taken += name.len();
            self.content.names.insert(Rc::clone(name));
        }
    }

    fn texts(&mut self, object: &Object, depth: usize) -> Result<(), Error> {
        if depth > limit::DEPTH {
            return Err(Error::Limit(
                "its objects stand too deep inside one another",
            ));
        }
        self.count()?;
        match object {
            Object::Text(number, text) => {
                if self.told.insert(*number) {
                    self.content.taken += text.len();
                    self.content.texts.insert(Rc::clone(text));
                }
            }
            Object::Bytes(number, bytes) => {
                if self.told.insert(*number) {
                    self.content.taken += bytes.len();
                    let text: String = bytes.iter().map(|b| char::from(*b)).collect();
                    self.content.texts.insert(text.into());
                }
            }
            Object::Many(number, all) => {
                if !self.told.insert(*number) {
                    return Ok(());
                }
                for one in all.iter() {
                    self.texts(one, depth + 1)?;
                }
            }
            Object::Other | Object::Code => {}
            Object::Unfinished => return Err(Error::Syntax("an object holds itself")),
        }
        Ok(())
    }

    fn long(&mut self) -> Result<Object, Error> {
        // Digits of 15 bits, two bytes each; the sign is that of their count.
        let digits = self.int()?.unsigned_abs() as usize;
        self.content.longest_number = self.content.longest_number.max(digits.saturating_mul(15));
        self.skip(digits.saturating_mul(2))
    }

    fn count(&mut self) -> Result<(), Error> {
        self.objects += 1;
        if self.objects > limit::OBJECTS {
            return Err(Error::Limit("it holds too many objects"));
        }
        Ok(())
    }

    fn short_text(&mut self) -> Result<Rc<str>, Error> {
        let length = usize::from(self.byte()?);
        Ok(String::from_utf8_lossy(self.take(length)?).into())
    }

    fn length(&mut self) -> Result<usize, Error> {
        usize::try_from(self.int()?).map_err(|_| Error::Syntax("a length is negative"))
    }

    fn int(&mut self) -> Result<i32, Error> {
        let bytes = self.take(4)?.try_into().map_err(|_| CUT)?;
        Ok(i32::from_le_bytes(bytes))
    }

    fn byte(&mut self) -> Result<u8, Error> {
        let (byte, rest) = self.rest.split_first().ok_or(CUT)?;
        self.rest = rest;
        Ok(*byte)
    }

    fn skip(&mut self, count: usize) -> Result<Object, Error> {
        self.take(count).map(|_| Object::Other)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(CUT)?;
        self.rest = rest;
        Ok(taken)
    }
}

/// UTF-8 in which halves of pairs may stand alone; each is shown as one character.
fn text_of(bytes: &[u8]) -> Rc<str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.into();
    }
    let mut whole = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, behind)) = rest.split_first() {
        match rest {
            [0xed, 0xa0..=0xbf, _, behind @ ..] => {
                whole.extend("\u{fffd}".as_bytes());
                rest = behind;
            }
            _ => {
                whole.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&whole).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REF: u8 = 0x80;

    fn text(of: &str) -> Vec<u8> {
        let mut out = vec![b'u' | REF];
        out.extend(u32::try_from(of.len()).unwrap().to_le_bytes());
        out.extend(of.as_bytes());
        out
    }

    fn reference(number: u32) -> Vec<u8> {
        let mut out = vec![b'r'];
        out.extend(number.to_le_bytes());
        out
    }

    /// A code object of the old layout, with its parts as they are written.
    fn code(constants: &[u8], names: &[u8], file: &[u8], name: &[u8]) -> Vec<u8> {
        let mut out = vec![b'c'];
        out.extend([0; 24]);
        out.extend(b"s\0\0\0\0");
        out.extend(constants);
        out.extend(names);
        out.extend(b")\0)\0)\0");
        out.extend(file);
        out.extend(name);
        out.extend([0; 4]);
        out.extend(b"s\0\0\0\0");
        out
    }

    /// Very many functions, all of which refer to the same constants, names and file.
    fn shared(functions: u32, long: &str) -> Vec<u8> {
        let first = {
            // Numbers of references in the order in which they are read.
            let constants = [vec![b')' | REF, 1], text(long)].concat();
            let names = [vec![b')' | REF, 1], text(&format!("n{long}"))].concat();
            code(
                &constants,
                &names,
                &text(&format!("f{long}")),
                &reference(3),
            )
        };
        let others = code(&reference(0), &reference(2), &reference(4), &reference(3));
        let mut constants = vec![b'('];
        constants.extend((functions + 1).to_le_bytes());
        constants.extend(first);
        for _ in 0..functions {
            constants.extend(&others);
        }
        code(&constants, b")\0", &reference(4), &reference(3))
    }

    #[test]
    fn what_many_objects_refer_to_is_taken_once() {
        let long = "x".repeat(10_000);
        let taken = |functions| {
            let body = shared(functions, &long);
            let content = read(&body, Layout::Old).unwrap();
            let held = [&content.names, &content.texts, &content.files].map(BTreeSet::len);
            assert_eq!(held, [1, 1, 1]);
            content.taken
        };
        assert_eq!(taken(1), 30_002);
        assert_eq!(taken(10_000), taken(1));
    }

    #[test]
    fn equal_texts_that_were_written_twice_are_both_looked_at() {
        let constants = [vec![b')', 2], text("a"), text("b")].concat();
        let body = code(&constants, b")\0", &text("f.py"), &text("n"));
        let content = read(&body, Layout::Old).unwrap();
        assert_eq!(content.texts.len(), 2);
        assert!(content.names.contains("n") && content.files.contains("f.py"));
    }
}
