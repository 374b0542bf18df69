use super::header::Layout;
use super::limit;
use std::collections::BTreeSet;
use std::rc::Rc;

/// What a compiled file holds, wherever in it.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// Names of variables, attributes, modules, functions.
    pub names: BTreeSet<String>,
    /// Texts; bytes as the characters of the same numbers.
    pub texts: BTreeSet<String>,
    /// The files that it says it was compiled from.
    pub files: BTreeSet<String>,
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

/// One object. Shared, since later ones refer to it.
#[derive(Clone)]
enum Object {
    /// A reference to it came before its end.
    Unfinished,
    /// Numbers and the like, of which nothing is asked again.
    Other,
    Text(Rc<str>),
    Bytes(Rc<[u8]>),
    Many(Rc<[Object]>),
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
                Object::Bytes(self.take(length)?.into())
            }
            b'a' | b'A' | b't' | b'u' => {
                let length = self.length()?;
                Object::Text(text_of(self.take(length)?))
            }
            b'z' | b'Z' => Object::Text(self.short_text()?),
            b')' => {
                let count = usize::from(self.byte()?);
                self.many(count, depth)?
            }
            b'(' | b'[' | b'<' | b'>' => {
                let count = self.length()?;
                self.many(count, depth)?
            }
            b'{' => self.pairs(depth)?,
            b':' => self.many(3, depth)?,
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

    fn many(&mut self, count: usize, depth: usize) -> Result<Object, Error> {
        // Each needs a byte at least: no memory for what cannot be there.
        if count > self.rest.len() {
            return Err(CUT);
        }
        let mut objects = Vec::new();
        for _ in 0..count {
            objects.push(self.object(depth + 1)?);
        }
        Ok(Object::Many(objects.into()))
    }

    fn pairs(&mut self, depth: usize) -> Result<Object, Error> {
        let mut objects = Vec::new();
        // The end is an object of the kind `0` in the place of a key.
        while self.rest.first().ok_or(CUT)? & 0x7f != b'0' {
            objects.push(self.object(depth + 1)?);
            objects.push(self.object(depth + 1)?);
        }
        self.skip(1)?;
        Ok(Object::Many(objects.into()))
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
        match self.object(next)? {
            Object::Text(file) => self.content.files.insert(file.to_string()),
            _ => return Err(Error::Syntax("it names no file")),
        };
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
            Object::Text(name) => {
                self.content.names.insert(name.to_string());
            }
            Object::Many(all) => {
                for one in all.iter() {
                    let Object::Text(name) = one else {
                        return Err(Error::Syntax("a name is no text"));
                    };
                    self.count()?;
                    self.content.names.insert(name.to_string());
                }
            }
            _ => return Err(Error::Syntax("a name is no text")),
        }
        Ok(())
    }

    fn texts(&mut self, object: &Object, depth: usize) -> Result<(), Error> {
        if depth > limit::DEPTH {
            return Err(Error::Limit(
                "its objects stand too deep inside one another",
            ));
        }
        self.count()?;
        match object {
            Object::Text(text) => {
                self.content.texts.insert(text.to_string());
            }
            Object::Bytes(bytes) => {
                let text = bytes.iter().map(|b| char::from(*b)).collect();
                self.content.texts.insert(text);
            }
            Object::Many(all) => {
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
