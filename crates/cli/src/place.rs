//! Where the ledger, the memory and the artifacts of this gate are: in its own folders, or in a
//! database and a store that it shares with others.

use crate::error::{Doing as _, Failure};
use crate::paths;
use customs_model::{Clock, Digest};
use customs_registry::Shared;
use customs_store::{
    Blobs, Database, FolderBlobs, HEADS_FILE, LEDGER_FILE, PUBLIC_KEY_FILE, PublicKey, SqliteStore,
    Store, Team, Verification,
};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

mod nats;
mod s3;

/// The names by which a gate that `customs run` starts is told.
const STORE: &str = "CUSTOMS_STORE";
const BLOBS: &str = "CUSTOMS_BLOBS";
const NATS: &str = "CUSTOMS_NATS";

/// Arguments of every command that opens the ledger.
#[derive(clap::Args, Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The database of a team of gates: postgres://user@host/database. Without it ledger and memory
    /// lie in the data folder. A password belongs into the variable, not onto a command line.
    #[arg(long, value_name = "URL", env = STORE, hide_env_values = true)]
    store: Option<String>,
    /// Where the team's artifacts lie: a folder, or s3://bucket/prefix?endpoint=https://….
    #[arg(long, value_name = "PLACE", env = BLOBS, hide_env_values = true)]
    blobs: Option<String>,
    /// Where workers take jobs to read artifacts: nats://host:4222, or
    /// tls://host:4222?credentials=FILE. Needs --blobs.
    #[arg(long, value_name = "URL", env = NATS, hide_env_values = true)]
    nats: Option<String>,
}

/// An opened ledger, and what is shared beside it.
pub struct Opened {
    /// Ledger, memory, leases and index.
    pub team: Arc<dyn Team>,
    /// Artifacts in common, where there are any.
    pub shared: Option<Arc<Shared>>,
    /// Where those lie.
    pub blobs: Option<Arc<dyn Blobs>>,
}

impl Place {
    /// What the environment says, for commands without arguments about it.
    pub fn of_environment() -> Self {
        let said = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
        Self {
            store: said(STORE),
            blobs: said(BLOBS),
            nats: said(NATS),
        }
    }

    /// Tells a process that is started.
    pub fn tell(&self, command: &mut Command) {
        let said = [
            (STORE, self.store()),
            (BLOBS, self.blobs()),
            (NATS, self.nats()),
        ];
        for (name, value) in said {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
    }

    /// Tells two places apart, and gives neither away.
    pub fn fingerprint(&self) -> Option<String> {
        let said = [self.store(), self.blobs(), self.nats()];
        if said.iter().all(Option::is_none) {
            return None;
        }
        let mut text = format!("{:?} {:?}", self.store(), self.blobs());
        if let Some(nats) = self.nats() {
            text.push_str(&format!(" {nats:?}"));
        }
        Some(Digest::sha256(text.as_bytes()).to_hex())
    }

    /// The folder of the signing key and the signed heads. A database that several gates write
    /// must not be able to say anything about the heads of the ledger in the data folder.
    pub fn folder(&self) -> Result<PathBuf, Failure> {
        let data = paths::data()?;
        Ok(match self.store() {
            Some(_) => data.join("team"),
            None => data,
        })
    }

    /// The copy of the signed heads that the gate keeps apart from the ledger.
    pub fn heads_copy(&self) -> Result<PathBuf, Failure> {
        let state = paths::state()?;
        Ok(match self.store() {
            Some(_) => state.join(format!("team-{HEADS_FILE}")),
            None => state.join(HEADS_FILE),
        })
    }

    /// Opens it for writing: begins a chain.
    ///
    /// # Errors
    /// The database or the store of artifacts cannot be reached, or this program was built without
    /// what they need.
    pub fn open(&self, clock: Arc<dyn Clock>) -> Result<Opened, Failure> {
        let folder = self.folder()?;
        paths::private_folder(&paths::data()?)?;
        // First, so that a place that is none is said before a chain begins.
        let blobs = self.blobs().map(blobs).transpose()?;
        if self.nats().is_some() && blobs.is_none() {
            return Err(nats::without_blobs());
        }
        let queue = self.nats().map(nats::queue).transpose()?.flatten();
        let team: Arc<dyn Team> = match self.store() {
            Some(url) => postgres(url, &folder, clock)?,
            None => Arc::new(SqliteStore::open(&folder, clock).doing("open the ledger")?),
        };
        let shared = blobs
            .clone()
            .map(|blobs| Shared::with_workers(team.clone(), blobs, owner(), queue));
        Ok(Opened {
            team,
            shared,
            blobs,
        })
    }

    /// The team's artifacts; none where the gates have none in common.
    ///
    /// # Errors
    /// They cannot be reached.
    pub fn open_blobs(&self) -> Result<Option<Arc<dyn Blobs>>, Failure> {
        self.blobs().map(blobs).transpose()
    }

    /// The database, for backing it up and restoring it. `folder` is that of [`Place::folder`].
    ///
    /// # Errors
    /// This program was built without what it needs.
    pub fn database<'a>(&'a self, folder: &'a Path) -> Result<Database<'a>, Failure> {
        match self.store() {
            Some(url) => postgres_database(url, folder),
            None => Ok(Database::Sqlite(folder)),
        }
    }

    /// What a worker needs: what gates share, and where jobs are. Nothing is written to the ledger.
    ///
    /// # Errors
    /// One of the three is not named, or cannot be opened.
    #[cfg(all(feature = "nats", feature = "postgres"))]
    pub fn open_for_work(
        &self,
    ) -> Result<(Arc<Shared>, customs_registry::NatsAddress, String), Failure> {
        let (Some(store), Some(blobs), Some(nats)) = (self.store(), self.blobs(), self.nats())
        else {
            return Err(Failure::usage(
                "a worker needs what its gates have: --store postgres://… (or CUSTOMS_STORE), --blobs \
                 (or CUSTOMS_BLOBS) and --nats nats://… (or CUSTOMS_NATS)",
            ));
        };
        let address = nats::address(nats)?;
        let blobs = self::blobs(blobs)?;
        let team =
            customs_store::PostgresStore::open_shared(store).doing("open what the gates share")?;
        let name = owner();
        let shared = Shared::new(Arc::new(team), blobs, name.clone());
        Ok((shared, address, name))
    }

    /// Opens it for questions; none where nothing was recorded on this machine yet.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self) -> Result<Option<Arc<dyn Store>>, Failure> {
        if let Some(url) = self.store() {
            return read_postgres(url).map(Some);
        }
        let data = paths::data()?;
        if !data.join(LEDGER_FILE).is_file() {
            return Ok(None);
        }
        let store = SqliteStore::open_read_only(&data).doing("open the ledger")?;
        Ok(Some(Arc::new(store)))
    }

    /// What the ledger is called in sentences.
    pub fn shown(&self) -> Result<String, Failure> {
        match self.store() {
            Some(_) => Ok("the database that --store names".to_owned()),
            None => Ok(paths::data()?.join(LEDGER_FILE).display().to_string()),
        }
    }

    /// Verifies the ledger against heads, by a key or the one that lies beside it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn verify(
        &self,
        heads: Option<&Path>,
        key: Option<&Path>,
    ) -> Result<Verification, Failure> {
        let folder = self.folder()?;
        let beside = folder.join(PUBLIC_KEY_FILE);
        let key = key.or_else(|| beside.is_file().then_some(beside.as_path()));
        let key = key
            .map(PublicKey::read)
            .transpose()
            .doing("read the ledger's public key")?;
        match self.store() {
            Some(url) => verify_postgres(url, heads, key.as_ref()),
            None => customs_store::verify(&folder.join(LEDGER_FILE), heads, key.as_ref())
                .doing("verify the ledger"),
        }
    }

    /// An empty variable says what no variable says.
    fn store(&self) -> Option<&str> {
        self.store.as_deref().filter(|text| !text.is_empty())
    }

    fn blobs(&self) -> Option<&str> {
        self.blobs.as_deref().filter(|text| !text.is_empty())
    }

    fn nats(&self) -> Option<&str> {
        self.nats.as_deref().filter(|text| !text.is_empty())
    }
}

/// The name of this gate towards the others: for who looks into the database.
fn owner() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_default();
    let host = customs_model::printable(&host, 60);
    let number = std::process::id();
    let now = customs_model::SystemClock.now().as_microsecond();
    format!("{host} {number} {now}")
}

/// The team's artifacts, in a folder or in S3.
fn blobs(place: &str) -> Result<Arc<dyn Blobs>, Failure> {
    if place.starts_with("s3:") {
        return s3::open(place);
    }
    let folder = Path::new(place);
    if place.contains("://") || !folder.is_absolute() {
        return Err(Failure::usage(
            "--blobs is the whole path of a folder, or s3://bucket/prefix?endpoint=https://s3.example",
        ));
    }
    let blobs = FolderBlobs::open(folder).doing("open the team's artifacts")?;
    Ok(Arc::new(blobs))
}

#[cfg(feature = "postgres")]
fn postgres(url: &str, folder: &Path, clock: Arc<dyn Clock>) -> Result<Arc<dyn Team>, Failure> {
    let store = customs_store::PostgresStore::open(url, folder, clock);
    Ok(Arc::new(store.doing("open the ledger")?))
}

#[cfg(feature = "postgres")]
fn postgres_database<'a>(url: &'a str, folder: &'a Path) -> Result<Database<'a>, Failure> {
    Ok(Database::Postgres { url, folder })
}

#[cfg(feature = "postgres")]
fn read_postgres(url: &str) -> Result<Arc<dyn Store>, Failure> {
    let store = customs_store::PostgresStore::open_read_only(url);
    Ok(Arc::new(store.doing("open the ledger")?))
}

#[cfg(feature = "postgres")]
fn verify_postgres(
    url: &str,
    heads: Option<&Path>,
    key: Option<&PublicKey>,
) -> Result<Verification, Failure> {
    let store = customs_store::PostgresStore::open_read_only(url).doing("open the ledger")?;
    store.verify(heads, key).doing("verify the ledger")
}

/// What a program without the feature says.
#[cfg(not(feature = "postgres"))]
fn without() -> Failure {
    Failure::usage(
        "this customs knows no PostgreSQL, which --store or CUSTOMS_STORE asks for: build it with \
         `cargo build --features postgres`, or leave that out (ledger and memory then lie in the \
         data folder)",
    )
}

#[cfg(not(feature = "postgres"))]
fn postgres(_: &str, _: &Path, _: Arc<dyn Clock>) -> Result<Arc<dyn Team>, Failure> {
    Err(without())
}

#[cfg(not(feature = "postgres"))]
fn postgres_database<'a>(_: &'a str, _: &'a Path) -> Result<Database<'a>, Failure> {
    Err(without())
}

#[cfg(not(feature = "postgres"))]
fn read_postgres(_: &str) -> Result<Arc<dyn Store>, Failure> {
    Err(without())
}

#[cfg(not(feature = "postgres"))]
fn verify_postgres(
    _: &str,
    _: Option<&Path>,
    _: Option<&PublicKey>,
) -> Result<Verification, Failure> {
    Err(without())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(store: &str, blobs: &str) -> Place {
        Place {
            store: Some(store.to_owned()),
            blobs: Some(blobs.to_owned()),
            nats: None,
        }
    }

    #[test]
    fn a_queue_makes_another_place_and_its_password_is_not_given_away() {
        let without = at("postgres://db.example/x", "/blobs");
        let with = |nats: &str| Place {
            nats: Some(nats.to_owned()),
            ..without.clone()
        };
        let fingerprint = with("nats://gate:hidden@queue.example").fingerprint();
        assert!(!fingerprint.as_ref().unwrap().contains("hidden"));
        assert_ne!(fingerprint, without.fingerprint());
        assert_eq!(with("").fingerprint(), without.fingerprint());
    }

    #[test]
    fn places_are_told_apart_without_giving_a_password_away() {
        let one = at("postgres://a:secret@db.example/x", "/blobs");
        let fingerprint = one.fingerprint().unwrap();
        assert!(!fingerprint.contains("secret"));
        assert_ne!(
            Some(fingerprint),
            at("postgres://a:other@db.example/x", "/blobs").fingerprint()
        );
        assert_eq!(Place::default().fingerprint(), None);
        assert_eq!(at("", "").fingerprint(), None, "an empty variable is none");
    }

    #[test]
    fn artifacts_lie_in_a_whole_path_or_in_s3() {
        for place in ["blobs", "http://s3.example/bucket", "postgres://x/y"] {
            let error = blobs(place).err().unwrap().to_string();
            assert!(error.contains("s3://bucket"), "{error}");
        }
    }

    #[cfg(not(feature = "postgres"))]
    #[test]
    fn a_program_without_postgresql_says_so_and_what_to_do() {
        let error = read_postgres("postgres://db.example/x").err().unwrap();
        assert!(error.to_string().contains("--features postgres"));
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn an_address_that_is_none_is_refused_without_its_password() {
        let error = read_postgres("mysql://a:secret@db.example/x")
            .err()
            .unwrap();
        let error = error.to_string();
        assert!(error.contains("postgres://"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}
