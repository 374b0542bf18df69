//! The server's certificate: read from two files, and read again when they change.

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tokio_rustls::TlsAcceptor;

/// Certificates of a chain.
const LONGEST_CHAIN: usize = 20;
/// Bytes of each file.
const LARGEST: u64 = 1 << 20;

/// Why a pair of files is no certificate to serve with.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file.
    #[error("cannot read {}: {why}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The two do not fit each other, or no client could use them.
    #[error("{} and {} cannot be served with: {why}", .certificate.display(), .key.display())]
    Pair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why.
        why: String,
    },
}

/// What a server shows to clients, as it is now. A connection keeps what it was begun with.
pub struct LiveTls {
    certificate: PathBuf,
    key: PathBuf,
    now: RwLock<Arc<ServerConfig>>,
}

impl LiveTls {
    /// Reads both files.
    ///
    /// # Errors
    /// One of them cannot be read, or they do not fit each other.
    pub fn read(certificate: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let now = RwLock::new(config(&certificate, &key)?);
        Ok(Self {
            certificate,
            key,
            now,
        })
    }

    /// Reads both files again, for connections that begin from now on.
    ///
    /// # Errors
    /// As [`LiveTls::read`]: then what was read before stays. Whoever renews writes one file after
    /// the other, so that they do not fit for a moment; it is read again when that is over.
    pub fn reload(&self) -> Result<(), TlsError> {
        let next = config(&self.certificate, &self.key)?;
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    /// For one connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(now.clone())
    }
}

fn config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    customs_registry::http::install_tls();
    let of_file = |path: &Path, why: String| TlsError::File {
        path: path.to_owned(),
        why,
    };
    let pem = bytes(certificate).map_err(|why| of_file(certificate, why))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem)
        .take(LONGEST_CHAIN)
        .collect();
    let chain = chain.map_err(|error| of_file(certificate, error.to_string()))?;
    if chain.is_empty() {
        let why = "it has no certificate (-----BEGIN CERTIFICATE-----)".to_owned();
        return Err(of_file(certificate, why));
    }
    let pem = bytes(key).map_err(|why| of_file(key, why))?;
    // The error may not quote what is in it.
    let secret = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
        of_file(
            key,
            "it has no private key (-----BEGIN PRIVATE KEY-----)".to_owned(),
        )
    })?;
    let built = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, secret);
    let mut built = built.map_err(|error| TlsError::Pair {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        why: error.to_string(),
    })?;
    built.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(built))
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let meta = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if meta.len() > LARGEST {
        return Err("it is larger than 1 MiB".to_owned());
    }
    std::fs::read(path).map_err(|error| error.to_string())
}
