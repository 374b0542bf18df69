//! Artifacts in an S3-compatible store.
//!
//! A blob is put under its digest and on the condition that nothing is there. Long ones go in
//! parts; S3 knows no condition for these, so the end of one looks again, and since both writers
//! checked their bytes, whoever comes last writes the same.

use super::{Blob, Blobs, Check, Put, digest_of, limit, name, refused};
use crate::StoreError;
use crate::driver::Driver;
use bytes::Bytes;
use customs_model::{Digest, Timestamp};
use futures_util::StreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, Error, MultipartUpload, ObjectStore, ObjectStoreExt as _,
    PutMode, PutOptions, PutPayload, RetryConfig,
};
use std::future::Future;
use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Duration;

/// What is not longer goes in one piece. S3's parts have 5 MiB at least.
const PART: usize = 8 << 20;
const CONNECT: Duration = Duration::from_secs(3);
/// The longest silence of a store that answers.
const SILENCE: Duration = Duration::from_secs(10);
/// The longest that one question takes, with everything that is tried again.
const ANSWER: Duration = Duration::from_secs(30);

/// Where the store is.
#[derive(Clone)]
pub struct S3Settings {
    /// Its address (`https://s3.example`). None: the one of the region.
    pub endpoint: Option<String>,
    /// The bucket. It must be there.
    pub bucket: String,
    /// What stands before every name, without slashes around it.
    pub prefix: String,
    /// The region.
    pub region: String,
    /// The key's id.
    pub access_key: String,
    /// The key. Never shown.
    pub secret_key: String,
    /// `https://bucket.s3.example/…` instead of `https://s3.example/bucket/…`.
    pub bucket_in_host: bool,
}

impl std::fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Settings")
            .field("endpoint", &self.endpoint)
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// Artifacts in an S3-compatible store.
#[derive(Debug)]
pub struct S3Blobs {
    store: Arc<AmazonS3>,
    prefix: String,
    driver: Driver,
}

impl S3Blobs {
    /// Names the store. Nothing is asked yet.
    ///
    /// # Errors
    /// The address cannot be used. HTTP without TLS is taken for this machine alone.
    pub fn open(settings: &S3Settings) -> Result<Self, StoreError> {
        let refused = |why: String| StoreError::Address {
            what: format!("of the bucket {}", settings.bucket),
            why,
        };
        // The process has one provider; a second call finds it in place, as is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            .with_access_key_id(&settings.access_key)
            .with_secret_access_key(&settings.secret_key)
            .with_virtual_hosted_style_request(settings.bucket_in_host)
            .with_client_options(
                ClientOptions::new()
                    .with_allow_http(plain(settings.endpoint.as_deref()).map_err(refused)?)
                    .with_connect_timeout(CONNECT)
                    .with_read_timeout(SILENCE)
                    .with_timeout_disabled(),
            )
            .with_retry(RetryConfig {
                backoff: BackoffConfig::default(),
                max_retries: 3,
                retry_timeout: SILENCE,
            });
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
        }
        let store = builder.build().map_err(|e| refused(e.to_string()))?;
        Ok(Self {
            store: Arc::new(store),
            prefix: settings.prefix.trim_matches('/').to_owned(),
            driver: Driver::start("artifacts")?,
        })
    }

    fn path(&self, digest: &Digest) -> Path {
        Path::from(format!("{}/{}", self.prefix, name(digest)).trim_start_matches('/'))
    }

    /// Asks the store, for a bounded time.
    fn ask<T: Send + 'static>(
        &self,
        doing: &'static str,
        digest: &Digest,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.driver
            .run(async move {
                match tokio::time::timeout(ANSWER, work).await {
                    Ok(result) => result.map_err(Asked::Said),
                    Err(_) => Err(Asked::Nothing),
                }
            })?
            .map_err(|e| match e {
                Asked::Said(error) => refused(doing, digest, said(&error)),
                Asked::Nothing => refused(doing, digest, "it does not answer"),
            })
    }

    /// One piece, if nothing is there.
    fn put_whole(&self, digest: &Digest, bytes: Vec<u8>) -> Result<Put, StoreError> {
        let (store, path) = (Arc::clone(&self.store), self.path(digest));
        self.ask("store", digest, async move {
            let options = PutOptions::from(PutMode::Create);
            match store.put_opts(&path, bytes.into(), options).await {
                Ok(_) => Ok(Put::New),
                Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Put::There),
                Err(error) => Err(error),
            }
        })
    }

    /// Part by part: `first` is full, and `from` gives the rest.
    fn put_parts(
        &self,
        digest: &Digest,
        first: Vec<u8>,
        mut check: Check<'_>,
        from: &mut dyn Read,
    ) -> Result<Put, StoreError> {
        let (store, path) = (Arc::clone(&self.store), self.path(digest));
        let mut upload: Box<dyn MultipartUpload> =
            self.ask(
                "store",
                digest,
                async move { store.put_multipart(&path).await },
            )?;
        let mut part = first;
        let sent = loop {
            let payload = PutPayload::from(Bytes::from(part));
            let sending = upload.put_part(payload);
            if let Err(error) = self.ask("store", digest, sending) {
                break Err(error);
            }
            part = match fill(digest, from, &mut check) {
                Ok(part) if part.is_empty() => break check.end(),
                Ok(part) => part,
                Err(error) => break Err(error),
            };
        };
        let there = sent.and_then(|_| self.length(digest));
        let abort = !matches!(there, Ok(None));
        let ended = self.ask("store", digest, async move {
            if abort {
                upload.abort().await
            } else {
                upload.complete().await.map(|_| ())
            }
        });
        match there {
            Ok(None) => ended.map(|()| Put::New),
            Ok(Some(_)) => Ok(Put::There),
            // Parts that stay behind cost room until the store forgets them; what went
            // wrong before is the thing to tell.
            Err(error) => Err(error),
        }
    }
}

/// What came of a question.
enum Asked {
    Said(Error),
    Nothing,
}

impl Blobs for S3Blobs {
    fn length(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        let (store, path) = (Arc::clone(&self.store), self.path(digest));
        self.ask("look for", digest, async move {
            match store.head(&path).await {
                Ok(meta) => Ok(Some(meta.size)),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    fn read(&self, digest: &Digest, into: &mut dyn Write) -> Result<Option<u64>, StoreError> {
        let (store, path) = (Arc::clone(&self.store), self.path(digest));
        let found = self.ask("read", digest, async move {
            match store.get(&path).await {
                Ok(found) => Ok(Some(found.into_stream())),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        })?;
        let Some(mut stream) = found else {
            return Ok(None);
        };
        let mut check = Check::new(digest);
        loop {
            let (rest, piece) = self.ask("read", digest, async move {
                let piece = stream.next().await.transpose()?;
                Ok((stream, piece))
            })?;
            stream = rest;
            let Some(piece) = piece else {
                return check.end().map(Some);
            };
            check.take(&piece)?;
            into.write_all(&piece).map_err(|e| match e.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full,
                _ => refused("write", digest, e),
            })?;
        }
    }

    fn put(&self, digest: &Digest, from: &mut dyn Read) -> Result<Put, StoreError> {
        // What is there need not be sent again.
        if self.length(digest)?.is_some() {
            return Ok(Put::There);
        }
        let mut check = Check::new(digest);
        let first = fill(digest, from, &mut check)?;
        if first.len() == PART {
            return self.put_parts(digest, first, check, from);
        }
        check.end()?;
        self.put_whole(digest, first)
    }

    fn remove(&self, digest: &Digest) -> Result<bool, StoreError> {
        // S3 does not say whether there was anything.
        let there = self.length(digest)?.is_some();
        let (store, path) = (Arc::clone(&self.store), self.path(digest));
        self.ask("remove", digest, async move {
            match store.delete(&path).await {
                Ok(()) | Err(Error::NotFound { .. }) => Ok(there),
                Err(error) => Err(error),
            }
        })
    }

    fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<Blob>, StoreError> {
        let store = Arc::clone(&self.store);
        let prefix = (!self.prefix.is_empty()).then(|| Path::from(self.prefix.as_str()));
        let below = match &prefix {
            Some(prefix) => format!("{prefix}/"),
            None => String::new(),
        };
        let after = after.map(|digest| self.path(digest));
        let nothing = Digest::sha256(b"");
        let limit = limit.min(limit::LISTED);
        self.ask("list blobs behind", &nothing, async move {
            let mut all = match &after {
                Some(after) => store.list_with_offset(prefix.as_ref(), after),
                None => store.list(prefix.as_ref()),
            };
            let mut found = Vec::new();
            while found.len() < limit {
                let Some(meta) = all.next().await.transpose()? else {
                    break;
                };
                let name = meta.location.as_ref().strip_prefix(below.as_str());
                let Some(digest) = name.and_then(digest_of) else {
                    continue;
                };
                found.push(Blob {
                    digest,
                    length: meta.size,
                    at: Timestamp::from_microsecond(meta.last_modified.timestamp_micros()).ok(),
                });
            }
            Ok(found)
        })
    }
}

/// Reads until a part is full or nothing is left.
fn fill(
    digest: &Digest,
    from: &mut dyn Read,
    check: &mut Check<'_>,
) -> Result<Vec<u8>, StoreError> {
    let mut part = Vec::new();
    from.take(PART as u64)
        .read_to_end(&mut part)
        .map_err(|e| refused("read", digest, e))?;
    check.take(&part)?;
    Ok(part)
}

/// Whether HTTP without TLS is right: on this machine alone.
fn plain(endpoint: Option<&str>) -> Result<bool, String> {
    let Some(endpoint) = endpoint else {
        return Ok(false);
    };
    let url = url::Url::parse(endpoint).map_err(|e| e.to_string())?;
    let near = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(false),
        "http" if near => Ok(true),
        _ => Err("it is to begin with https://".to_owned()),
    }
}

/// The message with its causes, without the address, which may be signed.
fn said(error: &Error) -> String {
    let mut text = match error {
        Error::NotFound { .. } => "it is not there".to_owned(),
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            "the key is not allowed to. Look at the bucket's policy and at the key".to_owned()
        }
        other => other.to_string(),
    };
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
