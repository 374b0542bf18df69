//! Tells an address: one POST of JSON for each release, tried a few times.

use crate::error::{Doing as _, Failure};
use customs_registry::http::{host_of, install_tls};
use reqwest::header::CONTENT_TYPE;
use std::time::Duration;
use url::Url;

/// How long an address may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Until the second, third and fourth attempt. There is no fifth.
const WAITS: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(20),
];

/// Where it is told. Its address may be a secret, so nothing here can print it.
#[derive(Clone)]
pub(in crate::watch) struct Webhook {
    client: reqwest::Client,
    url: Url,
    waits: [Duration; 3],
}

impl Webhook {
    /// An address that its user named.
    ///
    /// # Errors
    /// No http or https address. It is not repeated: such addresses hold secrets.
    pub(in crate::watch) fn new(address: &str) -> Result<Self, Failure> {
        let refuse = || Failure::usage("the webhook is no http or https address");
        let url = Url::parse(address.trim()).map_err(|_| refuse())?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(refuse());
        }
        install_tls();
        let client = reqwest::Client::builder()
            .user_agent(concat!("customs/", env!("CARGO_PKG_VERSION")))
            // Where it would lead is not where its user wanted it.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .doing("make an HTTP client")?;
        Ok(Self {
            client,
            url,
            waits: WAITS,
        })
    }

    /// Tells it.
    ///
    /// # Errors
    /// What the last attempt met, without the address.
    pub(in crate::watch) async fn send(&self, body: Vec<u8>) -> Result<(), String> {
        let host = host_of(&self.url);
        let mut waits = self.waits.iter();
        loop {
            let sent = self
                .client
                .post(self.url.clone())
                .header(CONTENT_TYPE, "application/json")
                .body(body.clone())
                .send()
                .await;
            let (why, may_help) = match sent {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    (format!("it answered {status}"), is_passing(status))
                }
                Err(error) if error.is_timeout() => ("it did not answer in time".to_owned(), true),
                Err(error) => (innermost(error.without_url()), true),
            };
            match waits.next().filter(|_| may_help) {
                Some(wait) => tokio::time::sleep(*wait).await,
                None => {
                    let why = customs_model::printable(&why, 200);
                    return Err(format!("the webhook at {host} was not told: {why}"));
                }
            }
        }
    }
}

/// The cause: what stands around it only says that the request was not sent.
fn innermost(error: reqwest::Error) -> String {
    let mut why = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        why = inner.to_string();
        source = inner.source();
    }
    why
}

/// What may be otherwise in a moment.
const fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// Answers one request after the other with these statuses; gives the bodies.
    async fn server(statuses: Vec<u16>) -> (Webhook, tokio::task::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn(async move {
            let mut bodies = Vec::new();
            for status in statuses {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut read = Vec::new();
                let mut piece = [0; 4096];
                // The bodies of this test end with their one brace.
                while !read.ends_with(b"}") {
                    let n = stream.read(&mut piece).await.unwrap();
                    assert!(n > 0, "the request broke off");
                    read.extend_from_slice(&piece[..n]);
                }
                let text = String::from_utf8(read).unwrap();
                bodies.push(text.rsplit("\r\n\r\n").next().unwrap().to_owned());
                let answer = format!(
                    "HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            bodies
        });
        let mut hook = Webhook::new(&format!("http://{address}/secret")).unwrap();
        // No proxy of the machine that runs the test stands between.
        hook.client = reqwest::Client::builder().no_proxy().build().unwrap();
        hook.waits = [Duration::from_millis(1); 3];
        (hook, served)
    }

    #[tokio::test]
    async fn it_is_told_again_when_the_address_is_busy() {
        let (hook, served) = server(vec![503, 429, 200]).await;
        hook.send(b"{\"a\": 1}".to_vec()).await.unwrap();
        assert_eq!(served.await.unwrap(), ["{\"a\": 1}"; 3]);
    }

    #[tokio::test]
    async fn it_gives_up_in_the_end_and_does_not_say_the_address() {
        let (hook, served) = server(vec![500; 4]).await;
        let why = hook.send(b"{}".to_vec()).await.unwrap_err();
        assert!(
            why.contains("answered 500") && !why.contains("secret"),
            "{why}"
        );
        assert_eq!(served.await.unwrap().len(), 4);
    }

    #[tokio::test]
    async fn what_is_refused_is_not_repeated() {
        let (hook, served) = server(vec![404]).await;
        assert!(hook.send(b"{}".to_vec()).await.is_err());
        assert_eq!(served.await.unwrap().len(), 1);
    }

    #[test]
    fn an_address_that_is_none_is_refused_without_repeating_it() {
        let failure = Webhook::new("ftp://hooks.example/secret").err().unwrap();
        assert!(!failure.to_string().contains("secret"), "{failure}");
    }
}
