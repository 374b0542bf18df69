//! Where files live: XDG folders on Linux and macOS, the local application folders on
//! Windows. Relative values of the variables are ignored, as the specification says.

use crate::error::{Doing as _, Failure};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The folder, below that of data, of lists of what is in artifacts that the gate delivered.
pub const LISTS: &str = "files";
/// The folder, below that of data, of evidence of origin of what the gate delivered.
pub const EVIDENCE: &str = "evidence";
/// The folder, below that of the cache, of artifacts by digest.
pub const ARTIFACTS: &str = "artifacts";

fn home() -> Option<PathBuf> {
    let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    std::env::var_os(name)
        .map(PathBuf::from)
        .filter(|p| p.is_absolute())
}

/// The folder that a config names for everything.
static SETTLED: OnceLock<PathBuf> = OnceLock::new();

/// Everything of this process lies below `folder` from now on.
///
/// # Errors
/// It was settled before.
pub fn settle(folder: PathBuf) -> Result<(), Failure> {
    let settled = SETTLED.set(folder);
    settled.map_err(|_| Failure::work("the folders of this process were settled before"))
}

fn folder(own: &str, xdg: &str, below_home: &str) -> Result<PathBuf, Failure> {
    if let Some(settled) = SETTLED.get() {
        let name = match below_home.rsplit('/').next() {
            Some("share") | None => "data",
            Some(name) => name.trim_start_matches('.'),
        };
        return Ok(settled.join(name));
    }
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    if let Some(folder) = absolute(own) {
        return Ok(folder);
    }
    if cfg!(windows)
        && let Some(local) = absolute("LOCALAPPDATA")
    {
        return Ok(local
            .join("customs")
            .join(below_home.rsplit('/').next().unwrap_or("data")));
    }
    absolute(xdg)
        .or_else(|| home().map(|home| home.join(below_home)))
        .map(|base| base.join("customs"))
        .ok_or_else(|| {
            Failure::work(format!(
                "there is no home folder; set {own} to an absolute path"
            ))
        })
}

/// Ledger, keys.
pub fn data() -> Result<PathBuf, Failure> {
    folder("CUSTOMS_DATA_DIR", "XDG_DATA_HOME", ".local/share")
}

/// The running gate's address, logs.
pub fn state() -> Result<PathBuf, Failure> {
    folder("CUSTOMS_STATE_DIR", "XDG_STATE_HOME", ".local/state")
}

/// Documents, artifacts, renderings; safe to delete at any time.
pub fn cache() -> Result<PathBuf, Failure> {
    folder("CUSTOMS_CACHE_DIR", "XDG_CACHE_HOME", ".cache")
}

/// The user's policy.
pub fn config() -> Result<PathBuf, Failure> {
    folder("CUSTOMS_CONFIG_DIR", "XDG_CONFIG_HOME", ".config")
}

/// The user's home, for reading client configuration.
pub fn user_home() -> Option<PathBuf> {
    home()
}

/// Makes a folder that only its user may enter.
pub fn private_folder(path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path).doing(format_args!("make the folder {}", path.display()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).doing(
            format_args!("close the folder {} to others", path.display()),
        )?;
    }
    Ok(())
}

/// Writes a file that only its user may read, whole or not at all.
pub fn private_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    use std::io::Write as _;
    let folder = path.parent().unwrap_or(Path::new("."));
    let doing = format!("write {}", path.display());
    // `tempfile` makes files with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder).doing(&doing)?;
    file.write_all(bytes).doing(&doing)?;
    file.persist(path).map_err(|e| e.error).doing(&doing)?;
    Ok(())
}

/// A folder of the cache that only one process uses at a time: opening a cache clears what
/// looks half-written in it.
pub struct OwnFolder {
    /// Where it is.
    pub path: PathBuf,
    /// Held as long as the folder is used.
    _lock: Option<std::fs::File>,
    /// Removed with this.
    _temporary: Option<tempfile::TempDir>,
}

impl OwnFolder {
    /// Takes it; who comes second at the same time gets one of his own for this run.
    pub fn take(name: &str) -> Result<Self, Failure> {
        let path = cache()?.join(name);
        private_folder(&path)?;
        let lock = std::fs::File::create(path.join("lock"))
            .doing(format_args!("lock {}", path.display()))?;
        if lock.try_lock().is_ok() {
            return Ok(Self {
                path,
                _lock: Some(lock),
                _temporary: None,
            });
        }
        let own = tempfile::tempdir().doing("make a folder for this run")?;
        Ok(Self {
            path: own.path().to_owned(),
            _lock: None,
            _temporary: Some(own),
        })
    }
}
