//! Questions that name packages to a public registry: internal names are taken out of them.
//!
//! npm's audit sends the names of everything that is installed. A name that nobody outside may be
//! asked for must not be told that way either.

use crate::answer::{Body, Reader, failure};
use crate::naming::hides;
use crate::run::Run;
use crate::server::Request;
use bytes::Bytes;
use customs_model::{Ecosystem, PackageName, Route};
use customs_registry::{Upstream, Upstreams};
use flate2::read::MultiGzDecoder;
use hyper::header::{CONTENT_ENCODING, HeaderMap};
use hyper::{Response, StatusCode};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io::Read as _;

/// Bytes of a question, unpacked.
const LARGEST: usize = 16 << 20;
/// The form of a question that is a list of names; every other one is a tree.
const BULK: &str = "-/npm/v1/security/advisories/bulk";

/// The question as it may be asked of `upstream`.
///
/// # Errors
/// It cannot be read, or has a form from which names cannot be taken: an answer that says so.
pub(crate) async fn without_internal(
    run: &Run,
    upstream: &Upstream,
    mut request: Request,
    path: &str,
) -> Result<Request, Response<Body>> {
    let upstreams = &run.context.upstreams;
    if !hides(upstreams) || upstream.route == Route::Private {
        return Ok(request);
    }
    let refuse = |status, why: &str| failure(Reader::Npm, status, &format!("customs: {why}"));
    if path != BULK {
        let why = "this form of npm's audit names internal packages to the public registry; it is \
                   not passed on (npm 7 and newer ask in another one)";
        return Err(refuse(StatusCode::NOT_FOUND, why));
    }
    let headers = std::mem::take(&mut request.headers);
    let (mut request, body) = request
        .take_body(LARGEST)
        .await
        .map_err(|why| refuse(StatusCode::BAD_REQUEST, &why))?;
    request.headers = headers;
    let unreadable = |why: String| {
        let why = format!("npm's audit could not be read, so it is not passed on: {why}");
        refuse(StatusCode::BAD_REQUEST, &why)
    };
    let asked = unpacked(&request.headers, &body, LARGEST).map_err(unreadable)?;
    let asked: Map<String, Value> =
        serde_json::from_slice(&asked).map_err(|error| unreadable(error.to_string()))?;
    let left = told(upstreams, asked);
    request.headers.remove(CONTENT_ENCODING);
    let left = serde_json::to_vec(&left).map_err(|error| unreadable(error.to_string()))?;
    request.replace_body(Bytes::from(left));
    Ok(request)
}

/// Of these names those that may be told. What is no name of a package is told to nobody.
fn told(upstreams: &Upstreams, asked: Map<String, Value>) -> Map<String, Value> {
    let may = |name: &str| {
        let package = PackageName::new(Ecosystem::Npm, name);
        package.is_ok_and(|package| !upstreams.is_hidden(&package))
    };
    asked.into_iter().filter(|(name, _)| may(name)).collect()
}

/// A body without its coding.
///
/// # Errors
/// It is longer than `most` bytes then, or has a coding that is not known: a sentence.
pub(crate) fn unpacked<'a>(
    headers: &HeaderMap,
    body: &'a [u8],
    most: usize,
) -> Result<Cow<'a, [u8]>, String> {
    let coding = headers
        .get(CONTENT_ENCODING)
        .map(|coding| coding.as_bytes());
    match coding {
        None | Some(b"identity") => Ok(Cow::Borrowed(body)),
        Some(b"gzip") => {
            let mut all = Vec::new();
            let read = MultiGzDecoder::new(body)
                .take(most as u64 + 1)
                .read_to_end(&mut all);
            read.map_err(|error| error.to_string())?;
            if all.len() > most {
                return Err(format!("it is longer than {} MiB", most >> 20));
            }
            Ok(Cow::Owned(all))
        }
        Some(_) => Err("it comes in a coding that is not known here".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_names_and_what_is_no_name_are_taken_out() {
        let upstreams = Upstreams {
            internal: vec!["pkg:npm/@acme/*".to_owned(), "pkg:npm/secret".to_owned()],
            ..Upstreams::default()
        };
        let asked = serde_json::json!({
            "left": ["1.0.0"], "@acme/x": ["1.0.0"], "secret": ["2.0.0"], "../x": ["1.0.0"],
        });
        let Value::Object(asked) = asked else {
            panic!("an object");
        };
        let left = told(&upstreams, asked);
        assert_eq!(left.keys().collect::<Vec<_>>(), ["left"]);
    }
}
