//! `nats://user:password@host:4222?credentials=FILE&roots=FILE`: where the queue is, and as whom.

use crate::queue::QueueError;
use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(3);
/// How often it is looked whether the other side is still there.
const PING: Duration = Duration::from_secs(5);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// The longest time between two tries to connect.
const AGAIN: Duration = Duration::from_secs(2);

/// Where a queue is.
#[derive(Clone)]
pub struct NatsAddress {
    servers: Vec<ServerAddr>,
    login: Login,
    credentials: Option<PathBuf>,
    roots: Option<PathBuf>,
    certificate: Option<(PathBuf, PathBuf)>,
    tls: bool,
}

/// Who asks, where the address itself says so.
#[derive(Clone)]
enum Login {
    Nobody,
    Token(String),
    Password(String, String),
}

impl NatsAddress {
    /// Reads an address. Several servers of one cluster stand one after the other, with commas;
    /// what is behind the `?` stands once, at the end.
    ///
    /// TLS with a checked certificate is the default for any host but this machine; `tls=off` does
    /// without. `credentials` names a file of NATS credentials, `roots` certificates of one's own,
    /// `certificate` and `key` what this side shows.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, QueueError> {
        let (hosts, query) = text.split_once('?').unwrap_or((text, ""));
        let mut this = Self {
            servers: Vec::new(),
            login: Login::Nobody,
            credentials: None,
            roots: None,
            certificate: None,
            tls: false,
        };
        let mut is_near = true;
        for host in hosts.split(',') {
            let mut url = Url::parse(host).map_err(|_| refused("cannot be read"))?;
            if !matches!(url.scheme(), "nats" | "tls") || url.host_str().is_none() {
                return Err(refused("does not begin with nats:// or tls:// and a host"));
            }
            is_near &= url.host_str().is_some_and(near);
            this.tls |= url.scheme() == "tls";
            this.log_in(&mut url)?;
            let server = ServerAddr::from_url(url).map_err(|_| refused("cannot be read"))?;
            this.servers.push(server);
        }
        this.tls |= !is_near;
        this.options(query)?;
        Ok(this)
    }

    /// Takes names and passwords out of an address: they do not belong into logs.
    fn log_in(&mut self, url: &mut Url) -> Result<(), QueueError> {
        let decoded = |text: &str| {
            let text = text.replace('+', "%2B").replace('&', "%26");
            url::form_urlencoded::parse(format!("x={text}").as_bytes())
                .next()
                .map_or_else(String::new, |(_, value)| value.into_owned())
        };
        let (user, password) = (decoded(url.username()), url.password().map(decoded));
        match password {
            Some(password) => self.login = Login::Password(user, password),
            None if user.is_empty() => return Ok(()),
            None => self.login = Login::Token(user),
        }
        let cleared = url.set_username("").and_then(|()| url.set_password(None));
        cleared.map_err(|()| refused("cannot be read"))
    }

    fn options(&mut self, query: &str) -> Result<(), QueueError> {
        let (mut certificate, mut key) = (None, None);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let path = || Some(PathBuf::from(&*value));
            match &*name {
                "credentials" => self.credentials = path(),
                "roots" => self.roots = path(),
                "certificate" => certificate = path(),
                "key" => key = path(),
                "tls" if &*value == "off" => self.tls = false,
                "tls" => return Err(refused("says tls= and something else than off")),
                _ => {
                    return Err(refused(
                        "has an option that is none of credentials, roots, certificate, key and tls",
                    ));
                }
            }
        }
        self.certificate = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                return Err(refused(
                    "names one of certificate and key, and not the other",
                ));
            }
        };
        Ok(())
    }

    /// Looks whether the files that it names can be read.
    ///
    /// # Errors
    /// One cannot.
    pub fn check(&self) -> Result<(), QueueError> {
        let certificate = self.certificate.as_ref();
        let files = [
            ("credentials", self.credentials.as_deref()),
            ("roots", self.roots.as_deref()),
            ("certificate", certificate.map(|(file, _)| file.as_path())),
            ("key", certificate.map(|(_, file)| file.as_path())),
        ];
        for (what, file) in files {
            let Some(file) = file else { continue };
            std::fs::File::open(file).map_err(|error| unusable(what, file, &error))?;
        }
        Ok(())
    }

    /// Begins to connect, and goes on until it is told to stop: a server that is not there yet
    /// is waited for.
    pub(super) async fn connect(&self, name: &str) -> Result<Client, QueueError> {
        let mut options = ConnectOptions::new()
            .name(name)
            .connection_timeout(CONNECT)
            .ping_interval(PING)
            .request_timeout(Some(ANSWER))
            .require_tls(self.tls)
            .retry_on_initial_connect()
            .reconnect_delay_callback(|tries| {
                let tries = u32::try_from(tries).unwrap_or(u32::MAX);
                Duration::from_millis(50)
                    .saturating_mul(tries.min(100))
                    .min(AGAIN)
            })
            .event_callback(|event| async move { say(&event) });
        options = match &self.login {
            Login::Nobody => options,
            Login::Token(token) => options.token(token.clone()),
            Login::Password(user, password) => {
                options.user_and_password(user.clone(), password.clone())
            }
        };
        if let Some(file) = &self.credentials {
            let read = options.credentials_file(file).await;
            options = read.map_err(|error| unusable("credentials", file, &error))?;
        }
        if let Some(file) = &self.roots {
            options = options.add_root_certificates(file.clone());
        }
        if let Some((certificate, key)) = &self.certificate {
            options = options.add_client_certificate(certificate.clone(), key.clone());
        }
        let connected = options.connect(self.servers.as_slice()).await;
        connected.map_err(|error| QueueError::Away {
            doing: "be reached",
            why: error.to_string(),
        })
    }
}

fn refused(why: &str) -> QueueError {
    // What cannot be read may hold a password anywhere: it is not repeated.
    QueueError::Address {
        why: why.to_owned(),
    }
}

fn unusable(what: &'static str, file: &Path, error: &std::io::Error) -> QueueError {
    QueueError::File {
        what,
        path: file.display().to_string(),
        why: error.to_string(),
    }
}

/// Whether a host is this machine.
fn near(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = |address: std::net::IpAddr| address.is_loopback();
    host == "localhost" || host.parse().is_ok_and(is_loopback)
}

fn say(event: &Event) {
    match event {
        Event::Connected => tracing::info!("the queue is there"),
        Event::Disconnected => tracing::warn!("the queue is away; it is looked for"),
        Event::LameDuckMode | Event::Draining | Event::Closed => {
            tracing::info!("the queue's connection: {event}");
        }
        Event::SlowConsumer(_) => tracing::debug!("words of the queue were lost"),
        Event::ServerError(_) | Event::ClientError(_) => {
            let why = customs_model::printable(&event.to_string(), 200);
            tracing::warn!(why, "the queue refuses");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_machines_are_spoken_to_by_tls_unless_somebody_says_otherwise() {
        let tls = |text| NatsAddress::parse(text).unwrap().tls;
        assert!(!tls("nats://127.0.0.1:4222"));
        assert!(!tls("nats://[::1]:4222"));
        assert!(!tls("nats://localhost"));
        assert!(tls("tls://localhost"));
        assert!(tls("nats://queue.example:4222"));
        assert!(tls("nats://127.0.0.1,nats://queue.example"));
        assert!(!tls("nats://queue.example?tls=off"));
    }

    #[test]
    fn a_password_leaves_the_address_and_stands_in_no_sentence() {
        let address = NatsAddress::parse("nats://gate:a%2Bb+c@queue.example:4222").unwrap();
        let Login::Password(user, password) = &address.login else {
            panic!("no password");
        };
        assert_eq!((user.as_str(), password.as_str()), ("gate", "a+b+c"));
        assert!(!format!("{:?}", address.servers).contains("a%2Bb"));
        let token = NatsAddress::parse("nats://hidden@queue.example").unwrap();
        assert!(matches!(token.login, Login::Token(token) if token == "hidden"));
        for text in [
            "http://gate:hidden@queue.example",
            "nats://gate:hidden@",
            "nats://gate:hidden@queue.example?tls=on",
            "nats://gate:hidden@queue.example?certificate=a",
            "nats://gate:hidden@queue.example?other=a",
        ] {
            let error = NatsAddress::parse(text).err().unwrap().to_string();
            assert!(!error.contains("hidden"), "{error}");
            assert!(error.contains("nats://host:4222"), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let address = "nats://localhost?credentials=/nowhere/gate.creds";
        let address = NatsAddress::parse(address).unwrap();
        let error = address.check().unwrap_err().to_string();
        assert!(error.contains("credentials /nowhere/gate.creds"), "{error}");
    }
}
