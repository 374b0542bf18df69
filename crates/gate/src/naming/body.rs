//! Bodies of writes: names in them that no public registry is told. What is sent to one is read
//! first, as a whole, and passed on only where none stands in it.
//!
//! In a path a scope also counts without its sign, since organisations are called so there. In a
//! body it does where it is a whole text: sentences may have the word. What stands inside of an
//! archive is not read; both npm and cargo send what its manifest depends on beside it.

use super::{DECODED, Hidden, hidden, refused};
use crate::audit::unpacked;
use crate::request::Request;
use crate::route::decode_lossy;
use customs_model::Ecosystem;
use customs_registry::Upstreams;
use hyper::HeaderMap;
use hyper::header::CONTENT_LENGTH;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::cell::Cell;
use std::fmt;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Bytes of a body that is read, as it comes and unpacked.
const LARGEST: usize = 32 << 20;
/// What bodies are counted in, and how many of it are in memory at the same time: 64 MB.
const UNIT: usize = 1 << 10;
static IN_MEMORY: Semaphore = Semaphore::const_new(2 * LARGEST / UNIT);
/// Bodies that are looked through at the same time: each is unpacked and written in small letters.
static LOOKED_THROUGH: Semaphore = Semaphore::const_new(1);

/// Room for a body, given back when it is dropped.
pub(crate) type Room = SemaphorePermit<'static>;

/// A request as it may be sent to a public registry, and the room that its body takes until it is
/// sent.
///
/// # Errors
/// It has a name in its body that none is told, or cannot be read: a sentence.
pub(crate) async fn body_may_be_told(
    upstreams: &Upstreams,
    ecosystem: Ecosystem,
    request: Request,
) -> Result<(Request, Option<Room>), String> {
    let hidden = hidden(upstreams, ecosystem);
    if hidden.is_empty() || !request.has_body() {
        return Ok((request, None));
    }
    let closed = |error: tokio::sync::AcquireError| error.to_string();
    let room = IN_MEMORY.acquire_many(units(&request.headers));
    let room = room.await.map_err(closed)?;
    let (mut request, body) = request.take_body(LARGEST).await?;
    let (headers, held) = (request.headers.clone(), body.clone());
    let _turn = LOOKED_THROUGH.acquire().await.map_err(closed)?;
    let looked = tokio::task::spawn_blocking(move || look(&hidden, ecosystem, &headers, &held));
    looked.await.map_err(|error| error.to_string())??;
    request.replace_body(body);
    Ok((request, Some(room)))
}

/// How much a body may take, by what its client says of its length.
fn units(headers: &HeaderMap) -> u32 {
    let length = headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok());
    let length = length.and_then(|it| it.parse::<usize>().ok());
    let length = length.map_or(LARGEST, |length| length.min(LARGEST));
    u32::try_from(length.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

/// Looks through a body.
fn look(
    hidden: &[Hidden],
    ecosystem: Ecosystem,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), String> {
    let unreadable = |why: String| {
        format!(
            "this request is not passed on: its body could not be read for names of yours: {why}"
        )
    };
    let told = {
        let plain = unpacked(headers, body, LARGEST).map_err(unreadable)?;
        let text = match ecosystem {
            // `cargo publish` sends the length of its JSON, the JSON, and the crate.
            Ecosystem::Cargo => of_cargo(&plain),
            Ecosystem::Npm | Ecosystem::PyPi => &plain,
        };
        first_told(hidden, text).map_err(unreadable)?.map(refused)
    };
    told.map_or(Ok(()), Err)
}

/// Whether a text that goes along with a request tells a public registry no hidden name.
pub(crate) fn may_go_along(upstreams: &Upstreams, ecosystem: Ecosystem, text: &str) -> bool {
    find(&hidden(upstreams, ecosystem), text, Hidden::stands_in).is_none()
}

/// The JSON of a crate that is published; any other body as it is.
fn of_cargo(body: &[u8]) -> &[u8] {
    let published = || {
        let (length, rest) = body.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        rest.get(..length).filter(|json| json.starts_with(b"{"))
    };
    published().unwrap_or(body)
}

/// The first hidden name that a body has in it.
fn first_told<'a>(hidden: &'a [Hidden], body: &[u8]) -> Result<Option<&'a str>, String> {
    let found = Cell::new(None);
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if matches!(first, Some(b'{' | b'[' | b'"')) {
        let mut json = serde_json::Deserializer::from_slice(body);
        let texts = Texts {
            hidden,
            found: &found,
            at: At::Top,
        };
        let read = texts.deserialize(&mut json).and_then(|()| json.end());
        read.map_err(|error| error.to_string())?;
    } else {
        let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
        found.set(find(hidden, text, Hidden::stands_in));
    }
    Ok(found.get())
}

/// The first hidden name of a text, also where it is escaped as in an address.
fn find<'a>(
    hidden: &'a [Hidden],
    text: &str,
    stands: impl Fn(&Hidden, &str) -> bool,
) -> Option<&'a str> {
    let mut text = text.to_lowercase();
    for _ in 0..=DECODED {
        if let Some(name) = hidden.iter().find(|name| stands(name, &text)) {
            return Some(&name.text);
        }
        // What is no letter hides no name beside it.
        let decoded = decode_lossy(&text);
        if decoded == text {
            return None;
        }
        text = decoded.to_lowercase();
    }
    None
}

/// Every text of a JSON value, keys too; none of it is kept.
#[derive(Clone, Copy)]
struct Texts<'a, 'f> {
    hidden: &'a [Hidden],
    found: &'f Cell<Option<&'a str>>,
    at: At,
}

/// Where in the description of a package that is published a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Top,
    /// Its archives, by their names.
    Archives,
    /// One of them.
    Archive,
    Elsewhere,
}

impl Texts<'_, '_> {
    fn look(&self, text: &str) {
        if self.found.get().is_none() {
            self.found.set(find(self.hidden, text, Hidden::is_told_by));
        }
    }

    fn below(self, key: &str) -> Self {
        let at = match self.at {
            At::Top if key == "_attachments" => At::Archives,
            At::Archives => At::Archive,
            _ => At::Elsewhere,
        };
        Self { at, ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Texts<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Texts<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.look(text);
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<(), A::Error> {
        let below = Self {
            at: At::Elsewhere,
            ..self
        };
        while all.next_element_seed(below)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<(), A::Error> {
        while let Some(key) = all.next_key::<String>()? {
            self.look(&key);
            // The bytes of an archive, in base64.
            if self.at == At::Archive && key == "data" {
                all.next_value::<IgnoredAny>()?;
            } else {
                all.next_value_seed(self.below(&key))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn upstreams() -> Upstreams {
        let internal = ["@acme/*", "secret-tool", "inner-*"];
        Upstreams {
            internal: internal.map(|name| format!("pkg:npm/{name}")).into(),
            ..Upstreams::default()
        }
    }

    fn told(body: &str) -> Option<String> {
        let hidden = hidden(&upstreams(), Ecosystem::Npm);
        let found = first_told(&hidden, body.as_bytes()).unwrap();
        found.map(str::to_owned)
    }

    #[test]
    fn a_name_is_found_wherever_a_body_has_it() {
        for body in [
            json!({ "versions": { "1.0.0": { "dependencies": { "@acme/x": "1" } } } }),
            json!({ "versions": { "1.0.0": { "dependencies": { "Secret-Tool": "1" } } } }),
            json!({ "dependencies": { "y": "npm:@ACME/x@1" } }),
            json!({ "package": "@acme/x" }),
            json!({ "name": "acme", "description": "a team" }),
            json!(["left", ["inner-thing"]]),
            json!({ "url": "https://code.example/%40acme%252fx" }),
            json!({ "readme": "Behind it stands secret-tool." }),
            json!("@acme/x"),
        ] {
            assert!(told(&body.to_string()).is_some(), "{body}");
        }
        // As JSON may write it, and what is none.
        assert!(told(r#"{"package":"\u0040acme\/x"}"#).is_some());
        assert!(told("\u{feff}{\"package\":\"\\u0040acme\\/x\"}").is_some());
        let beside = json!({ "_attachments": { "@acme/x-1.0.0.tgz": { "data": "" } } });
        assert!(
            told(&beside.to_string()).is_some(),
            "the name of an archive"
        );
        let beside = json!({ "_attachments": { "a.tgz": { "content_type": "@acme/x" } } });
        assert!(told(&beside.to_string()).is_some(), "what stands beside it");
        for text in [
            "package=%40acme%2fx",
            "a=%ff&package=%40acme%2fx",
            "secret-tool",
            "a inner-b",
        ] {
            assert!(told(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_names_nobody_is_passed_on() {
        for body in [
            json!({ "name": "left", "author": "Acme Inc", "readme": "Made at acme." }),
            json!({ "name": "my-secret-tool", "n": [1, -2, 0.5, true, null] }),
            json!({ "_attachments": { "a.tgz": { "data": "aaaa/secret-tool/aaaa" } } }),
            json!({}),
        ] {
            assert_eq!(told(&body.to_string()), None, "{body}");
        }
        let scope = |text| may_go_along(&upstreams(), Ecosystem::Npm, text);
        assert!(scope("@open") && !scope("@Acme") && !scope("acme"));
        let hidden = hidden(&upstreams(), Ecosystem::Npm);
        assert_eq!(first_told(&[], b"\xff").ok(), None, "not read, not told");
        assert!(first_told(&hidden, b"{\"a\":").is_err());
        assert!(first_told(&hidden, b"{} secret-tool").is_err());
    }

    #[test]
    fn of_a_crate_that_is_published_its_description_is_read() {
        let json = br#"{"name":"a","deps":[{"name":"ours-x"}]}"#;
        let mut body = u32::try_from(json.len()).unwrap().to_le_bytes().to_vec();
        body.extend(json);
        body.extend([3, 0, 0, 0, 0xff, 0xfe, 0xfd]);
        assert_eq!(of_cargo(&body), json);
        let upstreams = Upstreams {
            internal: vec!["pkg:cargo/ours-*".to_owned()],
            ..Upstreams::default()
        };
        let hidden = hidden(&upstreams, Ecosystem::Cargo);
        assert_eq!(first_told(&hidden, of_cargo(&body)), Ok(Some("ours-")));
        // Owners are plain JSON.
        assert_eq!(of_cargo(br#"{"users":["a"]}"#), br#"{"users":["a"]}"#);
        assert_eq!(of_cargo(b"{}"), b"{}");
    }
}
