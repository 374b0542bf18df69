//! Databases of the tests' own, on a server that they share.

use super::server::Server;
use super::{House, day};
use crate::postgres::Terms;
use crate::*;
use customs_model::{FixedClock, SystemClock};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tempfile::TempDir;

impl Server {
    /// Makes a database and names it.
    pub(crate) fn database(&self) -> String {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("d{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let make = format!("CREATE DATABASE {name} TEMPLATE template0");
        let admin = PostgresStore::reading(&self.url("postgres"), Duration::from_secs(60));
        admin
            .unwrap()
            .ask(move |target, session| async move {
                let slow = "SET statement_timeout = 0";
                let client = &session.client;
                client
                    .batch_execute(slow)
                    .await
                    .map_err(target.failed("be slow"))?;
                let made = client.batch_execute(&make).await;
                made.map_err(target.failed("make a database"))
            })
            .unwrap();
        self.url(&name)
    }
}

/// The server that most tests share, a database each.
fn shared() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(Server::new).as_ref()
}

/// A database of its own.
pub(crate) struct Database {
    pub(crate) url: String,
    folder: TempDir,
    clock: Arc<FixedClock>,
}

impl Database {
    /// None: PostgreSQL is not installed.
    pub(crate) fn new() -> Option<Self> {
        // One after the other: each takes a copy of a template that nobody may use then.
        static ALONE: Mutex<()> = Mutex::new(());
        let server = shared()?;
        let alone = ALONE.lock().unwrap();
        let url = server.database();
        drop(alone);
        Some(Self {
            url,
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::new(FixedClock::new(day(0))),
        })
    }

    /// A gate's store, with the machine's clock.
    pub(crate) fn gate(url: &str, folder: &Path, terms: Terms) -> PostgresStore {
        PostgresStore::open_with(url, folder, Arc::new(SystemClock), terms).unwrap()
    }
}

impl House for Database {
    fn open(&self) -> Box<dyn Team> {
        let store = PostgresStore::open(&self.url, self.folder.path(), self.clock.clone());
        Box::new(store.unwrap())
    }

    fn open_read_only(&self) -> Box<dyn Team> {
        Box::new(PostgresStore::open_read_only(&self.url).unwrap())
    }

    fn verify(&self) -> Verification {
        let key = PublicKey::read(&self.path().join(PUBLIC_KEY_FILE)).unwrap();
        let store = PostgresStore::open_read_only(&self.url).unwrap();
        let heads = self.path().join(HEADS_FILE);
        store.verify(Some(&heads), Some(&key)).unwrap()
    }

    fn clock(&self) -> &FixedClock {
        &self.clock
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn database(&self) -> crate::Database<'_> {
        crate::Database::Postgres {
            url: &self.url,
            folder: self.folder.path(),
        }
    }

    fn another(&self) -> Box<dyn House> {
        Box::new(Self::new().unwrap())
    }

    fn pass(&self, time: Duration) {
        std::thread::sleep(time);
    }
}
