//! Where the database is, and how to get there.

use crate::StoreError;
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::BuilderVerifierExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres::{Client, Config, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::form_urlencoded;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(3);
/// After so long without a word the other side is believed to be gone.
const SILENCE: Duration = Duration::from_secs(10);

/// What every session says first. Nothing may wait for ever, here or there: the server gives
/// up before we do, so that what it says is heard.
const SESSION: &str = "
    SET search_path = customs;
    SET timezone = 'UTC';
    SET statement_timeout = '8s';
    SET lock_timeout = '5s';
    SET idle_in_transaction_session_timeout = '10s';
    SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') = 'off';
";

/// A database, as its URL names it.
#[derive(Clone)]
pub(crate) struct Target {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    /// Host and database, without a secret.
    pub shown: String,
    /// The longest that a question may take. The server gives up before.
    pub answer: Duration,
}

impl Target {
    /// Reads `postgres://user:password@host:port/database?sslmode=…&sslrootcert=…`.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let refused = |why: &str| StoreError::Address {
            // What cannot be read may hold a secret anywhere.
            what: "of the database".to_owned(),
            why: why.to_owned(),
        };
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(refused("it does not begin with postgres://"));
        }
        // These two mean more here than the client crate knows.
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        let (mut mode, mut roots) = (None, None);
        let mut rest = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "sslmode" => mode = Some(value.into_owned()),
                "sslrootcert" => roots = Some(value.into_owned()),
                _ => {
                    rest.append_pair(&name, &value);
                }
            }
        }
        let rest = rest.finish().replace('+', "%20");
        let mut config: Config = match rest.as_str() {
            "" => place.parse(),
            rest => format!("{place}?{rest}").parse(),
        }
        .map_err(|e: tokio_postgres::Error| refused(&said(&e)))?;
        if config.get_hosts().is_empty() {
            return Err(refused("it names no host"));
        }
        let near = config.get_hosts().iter().all(is_near);
        let mode = match mode.as_deref() {
            None if near => SslMode::Disable,
            None | Some("require" | "verify-ca" | "verify-full") => SslMode::Require,
            Some("disable") => SslMode::Disable,
            Some("prefer" | "allow") => SslMode::Prefer,
            Some(_) => {
                return Err(refused(
                    "sslmode is one of disable, prefer, require and verify-full",
                ));
            }
        };
        let tls = match mode {
            SslMode::Disable => None,
            _ => Some(MakeRustlsConnect::new(trust(roots.as_deref())?)),
        };
        config
            .ssl_mode(mode)
            .connect_timeout(CONNECT)
            .tcp_user_timeout(SILENCE)
            .keepalives_idle(SILENCE)
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_application_name().is_none() {
            config.application_name("customs");
        }
        let shown = shown(&config);
        Ok(Self {
            config,
            tls,
            shown,
            answer: SILENCE,
        })
    }

    /// Opens a session.
    pub async fn connect(&self) -> Result<Session, StoreError> {
        let opened = async {
            let client = match &self.tls {
                Some(tls) => {
                    let (client, connection) = self.config.connect(tls.clone()).await?;
                    tokio::spawn(attend(connection));
                    client
                }
                None => {
                    let (client, connection) = self.config.connect(NoTls).await?;
                    tokio::spawn(attend(connection));
                    client
                }
            };
            client.batch_execute(SESSION).await?;
            Ok::<_, tokio_postgres::Error>(client)
        };
        let client = tokio::time::timeout(CONNECT + CONNECT, opened)
            .await
            .map_err(|_| self.away("it takes too long to connect"))?
            .map_err(|e| self.failed("be opened")(e))?;
        Ok(Session {
            client,
            prepared: tokio::sync::Mutex::default(),
        })
    }

    /// The database is not there.
    pub fn away(&self, why: &str) -> StoreError {
        StoreError::Away {
            server: self.shown.clone(),
            why: why.to_owned(),
        }
    }

    /// What an error of the client means.
    pub fn failed(&self, doing: &'static str) -> impl Fn(tokio_postgres::Error) -> StoreError {
        use tokio_postgres::error::SqlState;
        move |error| {
            let Some(code) = error.code() else {
                return self.away(&said(&error));
            };
            let class = code.code().get(..2).unwrap_or("");
            match *code {
                SqlState::DISK_FULL => StoreError::Full,
                SqlState::LOCK_NOT_AVAILABLE => StoreError::Busy(5),
                SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::ReadOnly,
                SqlState::ADMIN_SHUTDOWN
                | SqlState::CRASH_SHUTDOWN
                | SqlState::CANNOT_CONNECT_NOW
                | SqlState::TOO_MANY_CONNECTIONS
                | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => self.away(&said(&error)),
                _ if class == "08" => self.away(&said(&error)),
                _ => StoreError::Database {
                    doing,
                    why: said(&error),
                },
            }
        }
    }
}

/// A session, and the statements that it knows.
pub(crate) struct Session {
    pub client: Client,
    prepared: tokio::sync::Mutex<std::collections::HashMap<&'static str, Statement>>,
}

impl Session {
    /// A statement, prepared once.
    pub async fn prepared(&self, sql: &'static str) -> Result<Statement, tokio_postgres::Error> {
        let mut known = self.prepared.lock().await;
        if let Some(statement) = known.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        known.insert(sql, statement.clone());
        Ok(statement)
    }
}

async fn attend<S, T>(connection: tokio_postgres::Connection<S, T>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    // Whoever waits for an answer is told the same.
    if let Err(error) = connection.await {
        tracing::debug!(error = %said(&error), "a connection to the database ended");
    }
}

fn is_near(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn shown(config: &Config) -> String {
    let ports = config.get_ports();
    let hosts: Vec<_> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(n, host)| {
            let port = ports.get(n).or(ports.first()).unwrap_or(&5432);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                #[cfg(unix)]
                Host::Unix(path) => path.display().to_string(),
            }
        })
        .collect();
    let database = config.get_dbname().unwrap_or("");
    customs_model::printable(&format!("{}/{database}", hosts.join(",")), 200)
}

/// The message with its causes: the client's own is only "db error".
pub(super) fn said(error: &tokio_postgres::Error) -> String {
    let mut text = match error.as_db_error() {
        Some(said) => said.message().to_owned(),
        None => {
            let mut text = error.to_string();
            let mut cause = std::error::Error::source(error);
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            text
        }
    };
    if let Some(hint) = error.as_db_error().and_then(|said| said.hint()) {
        text = format!("{text} ({hint})");
    }
    customs_model::printable(&text, 500)
}

/// Certificates are always checked, against a file of roots or what the machine trusts.
fn trust(roots: Option<&str>) -> Result<ClientConfig, StoreError> {
    let refused = |why: String| StoreError::Address {
        what: "of the database".to_owned(),
        why,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| refused(e.to_string()))?;
    let Some(path) = roots else {
        let builder = builder
            .with_platform_verifier()
            .map_err(|e| refused(format!("the machine's trusted roots cannot be read: {e}")))?;
        return Ok(builder.with_no_client_auth());
    };
    let unreadable = |e: String| refused(format!("sslrootcert cannot be read: {e}"));
    let mut store = rustls::RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|e| unreadable(e.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|e| unreadable(e.to_string()))?;
        store
            .add(certificate)
            .map_err(|e| unreadable(e.to_string()))?;
    }
    if store.is_empty() {
        return Err(unreadable("it holds no certificate".to_owned()));
    }
    Ok(builder.with_root_certificates(store).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        match Target::parse(url) {
            Ok(_) => "taken".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        let target = Target::parse("postgres://gate:secret@db.example:6432/customs").unwrap();
        assert_eq!(target.shown, "db.example:6432/customs");
        let error = refused("postgres://gate:secret@db.example:port/customs");
        assert!(!error.contains("secret"), "{error}");
        assert!(!refused("mysql://gate:secret@db.example/x").contains("secret"));
    }

    #[test]
    fn a_database_elsewhere_is_spoken_to_by_tls_unless_somebody_says_otherwise() {
        let tls = |url: &str| Target::parse(url).unwrap().tls.is_some();
        assert!(tls("postgres://gate@db.example/customs"));
        assert!(!tls("postgres://gate@db.example/customs?sslmode=disable"));
        assert!(!tls("postgres://gate@127.0.0.1/customs"));
        assert!(!tls("postgres://gate@localhost/customs"));
        assert!(tls("postgres://gate@localhost/customs?sslmode=verify-full"));
        assert!(!tls("postgres:///customs?host=/run/postgresql&user=gate"));
    }

    #[test]
    fn an_unknown_mode_and_a_missing_root_file_are_refused() {
        assert!(refused("postgres://a@db.example/x?sslmode=maybe").contains("sslmode"));
        let error = refused("postgres://a@db.example/x?sslrootcert=/nowhere/ca.pem");
        assert!(error.contains("sslrootcert"), "{error}");
    }
}
