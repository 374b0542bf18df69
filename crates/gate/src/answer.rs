//! Answers in the words that each client prints.

use bytes::Bytes;
use customs_model::{Action, Ecosystem, Timestamp};
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

impl Reader {
    /// Whose client it is.
    pub(crate) const fn ecosystem(self) -> Ecosystem {
        match self {
            Self::Npm => Ecosystem::Npm,
            Self::Python => Ecosystem::PyPi,
            Self::Cargo => Ecosystem::Cargo,
        }
    }
}

/// From when on what is refused is free by time alone: the end of a hold. A block waits for
/// somebody, so nothing is told of it.
pub const fn eligible_at(action: &Action) -> Option<Timestamp> {
    match action {
        Action::Hold { until } => Some(*until),
        Action::Allow | Action::Block { .. } => None,
    }
}

/// What programs are told of a refusal, beside its sentence.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// The rule that decided.
    pub rule: String,
    /// From when on it is free by time alone; the sentence has it for people.
    pub eligible_at: Option<Timestamp>,
    /// What to call it by when one asks those who look after the gate: the place of its record in
    /// the ledger. None where it is not there.
    pub decision: Option<String>,
    /// Where a team's gate shows its refusals to who may look at them.
    pub url: Option<String>,
}

impl About {
    fn json(&self) -> serde_json::Value {
        let mut about = serde_json::json!({ "rule": self.rule });
        let at = self.eligible_at.map(|at| at.to_string());
        let more = [
            ("eligible_at", at),
            ("decision", self.decision.clone()),
            ("url", self.url.clone()),
        ];
        for (key, value) in more {
            if let Some(value) = value {
                about[key] = value.into();
            }
        }
        about
    }
}

/// A refusal in one sentence, with the rule in the reason phrase. The rest stands in the JSON.
pub fn refusal(
    reader: Reader,
    status: StatusCode,
    sentence: &str,
    about: &About,
) -> Response<Body> {
    let title = format!("Blocked by policy: {}", about.rule);
    let mut about = about.json();
    let mut response = match reader {
        Reader::Cargo => plain(sentence),
        Reader::Npm => {
            about["error"] = sentence.into();
            about["code"] = "CUSTOMS_POLICY".into();
            json(status, &about)
        }
        Reader::Python => problem(status, &title, sentence, about),
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
fn problem(
    status: StatusCode,
    title: &str,
    sentence: &str,
    mut value: serde_json::Value,
) -> Response<Body> {
    value["title"] = title.into();
    value["detail"] = sentence.into();
    value["status"] = status.as_u16().into();
    value["error"] = sentence.into();
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
        Reader::Python => problem(status, "customs", sentence, serde_json::json!({})),
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn value(response: Response<Body>) -> serde_json::Value {
        let body = response.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&body).unwrap()
    }

    #[tokio::test]
    async fn a_refusal_says_from_when_on_a_held_release_is_free() {
        let until: Timestamp = "2026-11-06T00:00:00Z".parse().unwrap();
        let hold = eligible_at(&Action::Hold { until });
        // A block that ages out waits for a review first: that is no promise.
        let block = eligible_at(&Action::Block { until: Some(until) });
        assert_eq!((hold, block), (Some(until), None));
        for reader in [Reader::Npm, Reader::Python] {
            let answer = |at| {
                let about = About {
                    rule: "version-age".to_owned(),
                    eligible_at: at,
                    decision: Some("DEC-1a2b3c4d-7".to_owned()),
                    url: Some("https://gate.example/refusals".to_owned()),
                };
                refusal(reader, StatusCode::FORBIDDEN, "held", &about)
            };
            let held = value(answer(hold)).await;
            assert_eq!(held["eligible_at"], "2026-11-06T00:00:00Z", "{reader:?}");
            assert_eq!(
                (&held["rule"], &held["error"]),
                (&"version-age".into(), &"held".into())
            );
            assert_eq!(
                (&held["decision"], &held["url"]),
                (
                    &"DEC-1a2b3c4d-7".into(),
                    &"https://gate.example/refusals".into()
                )
            );
            let blocked = value(answer(block)).await;
            assert!(blocked.get("eligible_at").is_none(), "{reader:?}");
        }
        // cargo prints the body as it stands.
        let about = About {
            rule: "version-age".to_owned(),
            eligible_at: hold,
            ..About::default()
        };
        let cargo = refusal(Reader::Cargo, StatusCode::FORBIDDEN, "held", &about);
        let body = cargo.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "held");
    }
}
