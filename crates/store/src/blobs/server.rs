//! For tests: an S3 server on a free port of this machine, with its files in a temporary folder.

use crate::StoreError;
use crate::driver::Driver;
use customs_model::Digest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use std::net::SocketAddr;
use std::path::PathBuf;
use tempfile::TempDir;

/// A running server. It ends with this.
#[derive(Debug)]
pub struct S3Server {
    folder: TempDir,
    address: SocketAddr,
    _driver: Driver,
}

impl S3Server {
    /// Its only bucket.
    pub const BUCKET: &str = "artifacts";
    /// The only key that it takes.
    pub const KEY: (&str, &str) = ("key", "hidden");

    /// Starts it.
    ///
    /// # Errors
    /// The folder or the port cannot be had.
    pub fn start() -> Result<Self, StoreError> {
        fn failed(why: impl std::fmt::Debug) -> StoreError {
            StoreError::Database {
                doing: "start an S3 server",
                why: format!("{why:?}"),
            }
        }
        let folder = tempfile::tempdir().map_err(failed)?;
        std::fs::create_dir(folder.path().join(Self::BUCKET)).map_err(failed)?;
        let files = s3s_fs::FileSystem::new(folder.path()).map_err(failed)?;
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(Self::KEY.0, Self::KEY.1));
        let service = service.build();
        let driver = Driver::start("s3-server")?;
        let address = driver.run(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
            let address = listener.local_addr()?;
            tokio::spawn(async move {
                while let Ok((socket, _)) = listener.accept().await {
                    let service = service.clone();
                    tokio::spawn(async move {
                        let http = Builder::new(TokioExecutor::new());
                        // A client that hangs up is the client's own affair.
                        let _ = http.serve_connection(TokioIo::new(socket), service).await;
                    });
                }
            });
            Ok::<_, std::io::Error>(address)
        })?;
        Ok(Self {
            folder,
            address: address.map_err(failed)?,
            _driver: driver,
        })
    }

    /// Where it is.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where a blob lies below a prefix.
    pub fn file(&self, prefix: &str, digest: &Digest) -> PathBuf {
        let bucket = self.folder.path().join(Self::BUCKET);
        bucket.join(prefix).join(super::name(digest))
    }
}
