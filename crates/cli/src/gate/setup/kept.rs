//! What stood in a file before it was written, kept beside what was written there.

use crate::error::{Doing as _, Failure};
use crate::paths;
use customs_model::Digest;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Bytes of a client's configuration.
const LARGEST: u64 = 4 << 20;

/// The folder of what is kept.
pub struct Kept(PathBuf);

/// What putting back came to.
pub enum Back {
    /// Nothing was written there.
    NotOurs,
    /// It is as before.
    Done,
    /// Somebody else wrote there since.
    Edited,
}

impl Kept {
    /// Below the state folder.
    pub fn at(state: &Path) -> Self {
        Self(state.join("setup"))
    }

    fn name(&self, file: &Path, end: &str) -> PathBuf {
        let name = Digest::sha256(file.as_os_str().as_encoded_bytes()).to_hex();
        self.0.join(format!("{}.{end}", &name[..16]))
    }

    /// Where what stood there before lies.
    pub fn before_of(&self, file: &Path) -> PathBuf {
        self.name(file, "before")
    }

    /// What stands in a file, or stood there before it was written; none: no file. What somebody
    /// edited since, with the gate still in it, is neither: taken for what was there before, it
    /// would be put back in its place. `is_gates` says whether a text has the gate in it.
    pub fn original(
        &self,
        file: &Path,
        is_gates: impl Fn(&str) -> bool,
    ) -> Result<Option<Vec<u8>>, Failure> {
        if self.is_ours(file)? {
            return read(&self.before_of(file));
        }
        let now = read(file)?;
        let was_written = self.name(file, "written").exists();
        let has_gate = now
            .as_deref()
            .is_some_and(|text| is_gates(&String::from_utf8_lossy(text)));
        if !was_written || !has_gate {
            return Ok(now);
        }
        let before = self.before_of(file);
        let stood = match before.exists() {
            true => format!(
                "What stood there before is {}: copy it there",
                before.display()
            ),
            false => "There was no such file before: move it away".to_owned(),
        };
        Err(Failure::usage(format!(
            "{} was edited since `customs gate setup` wrote it, and has a gate in it; nothing was \
             written. {stood}, make your edits in it, and write again",
            file.display()
        )))
    }

    /// Whether a file is as it was written here.
    fn is_ours(&self, file: &Path) -> Result<bool, Failure> {
        let Some(written) = read(&self.name(file, "written"))? else {
            return Ok(false);
        };
        let Some(now) = read(file)? else {
            return Ok(false);
        };
        let now = Digest::sha256(&now).to_string();
        Ok(written
            .split(|byte| *byte == b'\n')
            .any(|one| one == now.as_bytes()))
    }

    /// Writes a file, and keeps what stood there. One that gets a secret is its user's alone as long as
    /// it has it.
    pub fn write(
        &self,
        file: &Path,
        before: Option<Vec<u8>>,
        after: &[u8],
        is_secret: bool,
    ) -> Result<(), Failure> {
        paths::private_folder(&self.0)?;
        let written = self.name(file, "written");
        let digest = Digest::sha256(after).to_string();
        let mut digests = digest.clone();
        if self.is_ours(file)? {
            // Whoever is stopped in between finds the one file or the other.
            let last = read(&written)?.unwrap_or_default();
            digests = format!("{}\n{digest}", String::from_utf8_lossy(&last));
        } else {
            self.keep_before(file, before.as_deref())?;
        }
        let open = mode_of(file)?.filter(|mode| is_secret && mode & OTHERS != 0);
        if let Some(mode) = open {
            paths::private_file(&self.name(file, "mode"), format!("{mode:o}").as_bytes())?;
        }
        paths::private_file(&written, digests.as_bytes())?;
        replace(file, after, open.map(|_| PRIVATE))?;
        paths::private_file(&written, digest.as_bytes())
    }

    /// Keeps what stands there before it is written. What was kept first is never overwritten.
    fn keep_before(&self, file: &Path, before: Option<&[u8]>) -> Result<(), Failure> {
        let place = self.before_of(file);
        let first = self.name(file, "first");
        let kept = read(&place)?;
        if kept.is_some() && kept.as_deref() != before && !first.exists() {
            std::fs::rename(&place, &first).doing(format_args!("keep {}", place.display()))?;
        }
        match before {
            Some(bytes) => paths::private_file(&place, bytes),
            None => remove(&place),
        }
    }

    /// Puts back what stood there, with the rights that it had.
    pub fn put_back(&self, file: &Path) -> Result<Back, Failure> {
        let written = self.name(file, "written");
        if !written.exists() {
            return Ok(Back::NotOurs);
        }
        let before = read(&self.before_of(file))?;
        // Somebody may have put it back already.
        if !self.is_ours(file)? && read(file)? != before {
            return Ok(Back::Edited);
        }
        let mode = self.name(file, "mode");
        match before {
            Some(before) => replace(file, &before, kept_mode(&mode)?)?,
            None => remove(file)?,
        }
        remove(&mode)?;
        remove(&written)?;
        remove(&self.before_of(file))?;
        Ok(Back::Done)
    }
}

/// Rights of others than a file's user.
const OTHERS: u32 = 0o077;
/// The rights of a file with a secret in it.
const PRIVATE: u32 = 0o600;

/// The rights of a file, where there is one and the system has such rights.
fn mode_of(file: &Path) -> Result<Option<u32>, Failure> {
    match std::fs::metadata(file) {
        #[cfg(unix)]
        Ok(meta) => {
            use std::os::unix::fs::PermissionsExt as _;
            Ok(Some(meta.permissions().mode() & 0o7777))
        }
        #[cfg(not(unix))]
        Ok(_) => Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::work(format!(
            "cannot look at {}: {error}",
            file.display()
        ))),
    }
}

fn kept_mode(file: &Path) -> Result<Option<u32>, Failure> {
    let Some(bytes) = read(file)? else {
        return Ok(None);
    };
    let mode = String::from_utf8_lossy(&bytes);
    let mode = u32::from_str_radix(mode.trim(), 8).ok();
    let mode = mode.filter(|mode| *mode <= 0o7777);
    mode.map(Some).ok_or_else(|| {
        Failure::work(format!(
            "{} has no rights of a file in it; delete it, and set them yourself afterwards",
            file.display()
        ))
    })
}

fn read(file: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match std::fs::metadata(file) {
        Ok(meta) if meta.len() > LARGEST => {
            return Err(Failure::usage(format!(
                "{} is larger than 4 MiB",
                file.display()
            )));
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Failure::work(format!(
                "cannot read {}: {error}",
                file.display()
            )));
        }
    }
    let bytes = std::fs::read(file).doing(format_args!("read {}", file.display()))?;
    Ok(Some(bytes))
}

fn remove(file: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::work(format!(
            "cannot remove {}: {error}",
            file.display()
        ))),
        _ => Ok(()),
    }
}

/// Writes a file whole or not at all, with these rights or those that it has; a new one is its user's
/// alone. A link leads where it led.
fn replace(file: &Path, bytes: &[u8], mode: Option<u32>) -> Result<(), Failure> {
    let doing = format!("write {}", file.display());
    let file = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).doing(&doing)?;
    let mut written = tempfile::NamedTempFile::new_in(folder).doing(&doing)?;
    written.write_all(bytes).doing(&doing)?;
    let rights = match (mode, std::fs::metadata(&file)) {
        #[cfg(unix)]
        (Some(mode), _) => {
            let rights: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
            Some(rights)
        }
        (_, meta) => meta.ok().map(|meta| meta.permissions()),
    };
    if let Some(rights) = rights {
        written.as_file().set_permissions(rights).doing(&doing)?;
    }
    written
        .persist(&file)
        .map_err(|error| error.error)
        .doing(&doing)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &[u8] = b"mine\n";

    fn is_gates(text: &str) -> bool {
        text.contains("gate")
    }

    struct Home {
        folder: tempfile::TempDir,
        kept: Kept,
        file: PathBuf,
    }

    impl Home {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let (kept, file) = (Kept::at(folder.path()), folder.path().join(".npmrc"));
            std::fs::write(&file, BEFORE).unwrap();
            Self { folder, kept, file }
        }

        fn set_up(&self, after: &str) -> Result<(), String> {
            let before = self.kept.original(&self.file, is_gates);
            let before = before.map_err(|failure| failure.to_string())?;
            let written = self.kept.write(&self.file, before, after.as_bytes(), true);
            written.map_err(|failure| failure.to_string())
        }

        fn read(&self) -> Vec<u8> {
            std::fs::read(&self.file).unwrap()
        }

        #[cfg(unix)]
        fn mode(&self) -> u32 {
            mode_of(&self.file).unwrap().unwrap()
        }

        #[cfg(unix)]
        fn change_mode(&self, mode: u32) {
            let rights = std::os::unix::fs::PermissionsExt::from_mode(mode);
            std::fs::set_permissions(&self.file, rights).unwrap();
        }
    }

    #[test]
    fn what_stood_there_first_survives_an_edit_and_a_second_set_up() {
        let home = Home::new();
        home.set_up("mine\ngate 1\n").unwrap();
        home.set_up("mine\ngate 2\n").unwrap();
        std::fs::write(&home.file, "mine\ngate 2\nedited\n").unwrap();
        let why = home.set_up("mine\ngate 3\n").unwrap_err();
        let before = home.kept.before_of(&home.file);
        assert!(why.contains("was edited since"), "{why}");
        assert!(why.contains(&before.display().to_string()), "{why}");
        assert_eq!(home.read(), b"mine\ngate 2\nedited\n");
        assert_eq!(std::fs::read(&before).unwrap(), BEFORE);
        // What it said is done: the edit stays, the gate is out, and both are kept.
        std::fs::write(&home.file, "mine\nedited\n").unwrap();
        home.set_up("mine\nedited\ngate 3\n").unwrap();
        let first = home.kept.name(&home.file, "first");
        assert_eq!(std::fs::read(first).unwrap(), BEFORE);
        assert!(matches!(home.kept.put_back(&home.file), Ok(Back::Done)));
        assert_eq!(home.read(), b"mine\nedited\n");
    }

    #[test]
    fn who_put_it_back_by_hand_has_it_back() {
        let home = Home::new();
        home.set_up("gate 1\n").unwrap();
        std::fs::write(&home.file, BEFORE).unwrap();
        assert!(matches!(home.kept.put_back(&home.file), Ok(Back::Done)));
        assert!(matches!(home.kept.put_back(&home.file), Ok(Back::NotOurs)));
        assert_eq!(home.read(), BEFORE);
    }

    #[test]
    fn a_set_up_that_was_cut_short_is_not_taken_for_an_edit() {
        let home = Home::new();
        home.set_up("gate 1\n").unwrap();
        let digests = [b"gate 1\n", b"gate 2\n"].map(|text| Digest::sha256(text).to_string());
        let written = home.kept.name(&home.file, "written");
        std::fs::write(written, digests.join("\n")).unwrap();
        home.set_up("gate 3\n").unwrap();
        assert!(matches!(home.kept.put_back(&home.file), Ok(Back::Done)));
        assert_eq!(home.read(), BEFORE);
        assert!(home.folder.path().join("setup").is_dir());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_its_users_alone_as_long_as_it_has_a_token() {
        let home = Home::new();
        home.change_mode(0o644);
        home.set_up("gate 1\n").unwrap();
        assert_eq!(home.mode(), 0o600);
        home.set_up("gate 2\n").unwrap();
        assert_eq!(home.mode(), 0o600);
        assert!(matches!(home.kept.put_back(&home.file), Ok(Back::Done)));
        assert_eq!((home.mode(), home.read()), (0o644, BEFORE.to_vec()));
        // Rights that are narrow enough stay.
        home.change_mode(0o400);
        home.set_up("gate 1\n").unwrap();
        assert_eq!(home.mode(), 0o400);
        // Without a secret it is nobody's business.
        home.change_mode(0o644);
        let after = b"gate 2\n";
        let before = Some(BEFORE.to_vec());
        home.kept.write(&home.file, before, after, false).unwrap();
        assert_eq!(home.mode(), 0o644);
    }
}
