//! A team's gate, asked over the network by who holds a token of it.

use super::setup::{gate_url, token as token_of_file};
use crate::error::{Doing as _, Failure};
use customs_model::printable;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Certificate, Method};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::time::Duration;
use url::Url;

/// How long the gate may take for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A gate, and what it is shown.
pub struct RemoteGate {
    gate: Url,
    token: String,
    client: reqwest::Client,
}

impl RemoteGate {
    /// # Errors
    /// An address, a token or certificates that are none.
    pub fn new(gate: &str, token: &Path, roots: Option<&Path>) -> Result<Self, Failure> {
        customs_registry::http::install_tls();
        let agent = concat!("customs/", env!("CARGO_PKG_VERSION"));
        let mut builder = reqwest::Client::builder()
            .timeout(PATIENCE)
            .user_agent(agent);
        if let Some(path) = roots {
            let doing = format!("read {}", path.display());
            let pem = std::fs::read(path).doing(&doing)?;
            let roots = Certificate::from_pem_bundle(&pem).doing(&doing)?;
            builder = builder.tls_certs_merge(roots);
        }
        Ok(Self {
            gate: gate_url(gate)?,
            token: token_of_file(token)?,
            client: builder.build().doing("make an HTTP client")?,
        })
    }

    /// Asks for what is at one of the gate's own addresses; a clause where it does not answer.
    ///
    /// # Errors
    /// It cannot be reached, says no, or is no gate.
    pub async fn get<T: DeserializeOwned>(&self, what: &str) -> Result<T, String> {
        self.ask(Method::GET, what, None::<&()>).await
    }

    /// Sends something to one of the gate's own addresses.
    ///
    /// # Errors
    /// It cannot be reached, says no, or is no gate.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        what: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, String> {
        let url = format!("{}-/customs/{what}", self.gate);
        let mut request = self.client.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            let body = serde_json::to_vec(body).map_err(|error| error.to_string())?;
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let response = request.send().await.map_err(|error| {
            let error = error.without_url();
            // The innermost cause says what it is: a certificate, a name, a port.
            let mut why = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(inner) = cause {
                why = inner.to_string();
                cause = inner.source();
            }
            format!("it cannot be reached: {why}")
        })?;
        let status = response.status();
        let bytes = response.bytes().await;
        let bytes = bytes.map_err(|_| "its answer breaks off".to_owned())?;
        if status.is_success() {
            return serde_json::from_slice(&bytes)
                .map_err(|_| "what answers there is no gate of customs".to_owned());
        }
        let said: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let said = said.get("error").and_then(|error| error.as_str());
        let said = said.unwrap_or("no reason given");
        Err(format!("it answers {status}: {}", printable(said, 600)))
    }
}
