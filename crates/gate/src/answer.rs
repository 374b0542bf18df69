//! Answers in the words that each client prints.

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::ext::ReasonPhrase;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

/// A body that may break off: a delivery that turns out wrong resets its connection.
pub type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// A body that is there already.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// An empty answer.
pub fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(full(Bytes::new()));
    *response.status_mut() = status;
    response
}

/// JSON.
pub fn json(status: StatusCode, value: &impl serde::Serialize) -> Response<Body> {
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    let mut response = Response::new(full(bytes));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Who will read a refusal: what each client prints was found by experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// npm and yarn print the `error` field; pnpm and bun print nothing of it.
    Npm,
    /// pip prints the reason phrase; uv also `title` and `detail` of a problem document.
    Python,
    /// cargo prints the body as it stands.
    Cargo,
}

/// A refusal in one sentence, with the rule in the reason phrase.
pub fn refusal(reader: Reader, status: StatusCode, rule: &str, sentence: &str) -> Response<Body> {
    let title = format!("Blocked by policy: {rule}");
    let mut response = match reader {
        Reader::Cargo => plain(sentence),
        Reader::Npm => json(
            status,
            &serde_json::json!({ "error": sentence, "rule": rule, "code": "CUSTOMS_POLICY" }),
        ),
        Reader::Python => problem(status, &title, sentence, Some(rule)),
    };
    *response.status_mut() = status;
    // pip shows nothing of an answer but this line.
    let line = match reader {
        Reader::Python => ascii(sentence),
        Reader::Npm | Reader::Cargo => title,
    };
    phrase(&mut response, line);
    response.extensions_mut().insert(Sentence(ascii(sentence)));
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A project's page of which nothing is left, for pip. It passes over an index page that
/// answers with an error without a word, but names the type of one that is no page.
pub fn for_pip(refused: &Response<Body>) -> Option<Response<Body>> {
    let Sentence(sentence) = refused.extensions().get::<Sentence>()?;
    let quoted = sentence.replace(['"', '\\'], "'");
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    let value = HeaderValue::from_str(&format!("text/plain; reason=\"{quoted}\"")).ok()?;
    headers.insert(CONTENT_TYPE, value);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Some(response)
}

/// The sentence of a refusal, for clients that show the status line alone.
#[derive(Clone)]
struct Sentence(String);

/// yarn 2 and later show the status line and nothing of the body: there the sentence
/// goes. npm shows both, and would say it twice. yarn 2 and later call themselves by the
/// library that they ask with.
pub fn for_client(response: &mut Response<Body>, user_agent: Option<&str>) {
    let reads_status_line = user_agent.is_some_and(|agent| {
        let version = agent.strip_prefix("yarn/");
        agent.starts_with("got (") || version.is_some_and(|v| !v.starts_with("1."))
    });
    let sentence = response.extensions().get::<Sentence>().cloned();
    if let Some(Sentence(sentence)) = sentence.filter(|_| reads_status_line) {
        phrase(response, sentence);
    }
}

fn plain(sentence: &str) -> Response<Body> {
    let mut response = Response::new(full(sentence.to_owned()));
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

/// A problem document (RFC 9457), which uv prints.
fn problem(status: StatusCode, title: &str, sentence: &str, rule: Option<&str>) -> Response<Body> {
    let mut value = serde_json::json!({
        "title": title, "detail": sentence, "status": status.as_u16(), "error": sentence,
    });
    if let Some(rule) = rule {
        value["rule"] = rule.into();
    }
    let mut response = json(status, &value);
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    response
}

fn phrase(response: &mut Response<Body>, line: String) {
    if let Ok(phrase) = ReasonPhrase::try_from(line.into_bytes()) {
        response.extensions_mut().insert(phrase);
    }
}

/// A reason phrase holds one line of ASCII.
fn ascii(sentence: &str) -> String {
    let plain = |c: char| {
        if c == ' ' || c.is_ascii_graphic() {
            c
        } else {
            '?'
        }
    };
    sentence.chars().take(600).map(plain).collect()
}

/// Something customs or the upstream could not do. Never a status that says "policy".
pub fn failure(reader: Reader, status: StatusCode, sentence: &str) -> Response<Body> {
    let mut response = match reader {
        Reader::Npm => json(status, &serde_json::json!({ "error": sentence })),
        Reader::Python => problem(status, "customs", sentence, None),
        Reader::Cargo => plain(sentence),
    };
    *response.status_mut() = status;
    // pip shows nothing of an answer but this line.
    if reader == Reader::Python {
        phrase(&mut response, ascii(sentence));
    }
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
