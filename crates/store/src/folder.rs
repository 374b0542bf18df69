//! The data folder: its lock, its permissions, its signing key.

use crate::head::PublicKey;
use crate::{ChainId, StoreError};
use ed25519_dalek::SigningKey;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

/// The database in a data folder.
pub const LEDGER_FILE: &str = "ledger.db";
/// The public half of the key that signs heads.
pub const PUBLIC_KEY_FILE: &str = "ledger.pub";
/// The key that signs heads.
pub(crate) const KEY_FILE: &str = "ledger.key";
const LOCK_FILE: &str = "ledger.lock";
const CHAINS: &str = "chains";

/// Makes the folder, for its owner only: the ledger says who installed what.
pub(crate) fn make(path: &Path) -> Result<(), StoreError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(StoreError::io("make", path))
}

/// Files that are created for their owner only.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Puts a file in another one's place, at once or not at all.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    private(&mut options)
        .open(&beside)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(StoreError::io("write", path))
}

/// Held by one process at a time, for moments: at opening, and while a head is written.
#[derive(Debug)]
pub(crate) struct FolderLock(#[expect(dead_code, reason = "closing the file unlocks it")] File);

impl FolderLock {
    pub fn wait(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(LOCK_FILE);
        let file = lock_file(&path)?;
        file.lock().map_err(StoreError::io("lock", &path))?;
        Ok(Self(file))
    }
}

/// Locked as long as a chain's process lives, however it ends: the system lets go of
/// it. This is how a crash is told from a neighbour that is still writing.
#[derive(Debug)]
pub(crate) struct ChainLock {
    path: PathBuf,
    file: Option<File>,
}

impl ChainLock {
    /// Takes the lock of a chain. `None`: its process lives.
    pub fn take(folder: &Path, chain: ChainId) -> Result<Option<Self>, StoreError> {
        let chains = folder.join(CHAINS);
        make(&chains)?;
        let path = chains.join(format!("{chain}.lock"));
        let file = lock_file(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self {
                path,
                file: Some(file),
            })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(StoreError::io("lock", path)(e)),
        }
    }
}

impl Drop for ChainLock {
    fn drop(&mut self) {
        // Windows does not remove an open file.
        drop(self.file.take());
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, path = %self.path.display(), "lock file stays behind");
        }
    }
}

fn lock_file(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    private(&mut options)
        .open(path)
        .map_err(StoreError::io("open", path))
}

/// The key that signs this folder's heads; made at the first opening. The caller holds
/// the folder's lock.
pub(crate) fn signing_key(folder: &Path) -> Result<SigningKey, StoreError> {
    let path = folder.join(KEY_FILE);
    let key = match File::open(&path) {
        Ok(file) => read_key(&path, file)?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let mut secret = [0; 32];
            getrandom::fill(&mut secret).map_err(|e| StoreError::NoRandomness(e.to_string()))?;
            let key = SigningKey::from_bytes(&secret);
            replace(&path, hex::encode(key.to_bytes()).as_bytes())?;
            key
        }
        Err(e) => return Err(StoreError::io("read", path)(e)),
    };
    let public = folder.join(PUBLIC_KEY_FILE);
    if !public.exists() {
        let text = format!("{}\n", PublicKey(key.verifying_key()));
        replace(&public, text.as_bytes())?;
    }
    Ok(key)
}

fn read_key(path: &Path, file: File) -> Result<SigningKey, StoreError> {
    let mut text = String::new();
    file.take(1024)
        .read_to_string(&mut text)
        .map_err(StoreError::io("read", path))?;
    let mut secret = [0; 32];
    hex::decode_to_slice(text.trim(), &mut secret).map_err(|_| StoreError::Key {
        path: path.to_owned(),
        why: "it is not 64 hexadecimal digits. Move it away, and a new one is made; heads \
              signed before need the old public key"
            .to_owned(),
    })?;
    Ok(SigningKey::from_bytes(&secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = signing_key(folder.path()).unwrap();
        let again = signing_key(folder.path()).unwrap();
        assert_eq!(first.to_bytes(), again.to_bytes());
        let public = PublicKey::read(&folder.path().join(PUBLIC_KEY_FILE)).unwrap();
        assert_eq!(public, PublicKey(first.verifying_key()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(folder.path().join(KEY_FILE))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_spoiled_key_is_named_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(KEY_FILE), "nonsense").unwrap();
        let error = signing_key(folder.path()).unwrap_err();
        assert!(error.to_string().contains("Move it away"), "{error}");
        let kept = std::fs::read_to_string(folder.path().join(KEY_FILE)).unwrap();
        assert_eq!(kept, "nonsense");
    }

    #[test]
    fn the_lock_of_a_living_chain_cannot_be_taken() {
        let folder = tempfile::tempdir().unwrap();
        let chain = ChainId::parse(&"01".repeat(16)).unwrap();
        let held = ChainLock::take(folder.path(), chain).unwrap();
        assert!(held.is_some());
        assert!(ChainLock::take(folder.path(), chain).unwrap().is_none());
        drop(held);
        assert!(ChainLock::take(folder.path(), chain).unwrap().is_some());
    }
}
