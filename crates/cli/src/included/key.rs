//! Files with keys. Nothing of a private key is ever printed.

use crate::error::{Doing as _, Failure};
use crate::output;
use customs_device::tree::disk;
use customs_inclusion::key;
use customs_model::printable;
use ed25519_dalek::{SigningKey, VerifyingKey};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Makes a key that nobody had: the private half at `path`, for its owner only, the public half
/// beside it. No file is overwritten.
pub fn make(path: &Path) -> Result<u8, Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).doing("get a random number from the system")?;
    let key = key::of_seed(&seed);
    let (public, id) = key::public_of(&key);
    let beside = beside(path);
    // The public half first: where it cannot be written there is no key that nobody can check.
    write_new(&beside, &public, 0o644)?;
    write_new(path, &key::private_pem(&key), 0o600)?;
    let (path, beside) = (shown(path), shown(&beside));
    output::result(&format!(
        "private key: {path} (keep it; whoever has it signs in your name)\n\
         public key:  {beside} (give it to whoever checks)\n\
         key id:      {id}\n"
    ))?;
    Ok(0)
}

/// The key to sign with.
pub fn private(path: &Path) -> Result<SigningKey, Failure> {
    warn_of_readers(path);
    key::private(&read(path)?).map_err(|error| refused(path, error))
}

/// The key to check with.
pub fn public(path: &Path) -> Result<VerifyingKey, Failure> {
    key::public(&read(path)?).map_err(|error| refused(path, error))
}

fn refused(path: &Path, error: key::KeyError) -> Failure {
    Failure::usage(format!("{}: {error}", shown(path)))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = disk::read_up_to(path, key::BYTES as u64)
        .doing(format_args!("read the key {}", shown(path)))?;
    bytes.ok_or_else(|| refused(path, key::KeyError::TooLarge))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    PathBuf::from(name)
}

fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let doing = format!("make the key file {} (none is overwritten)", shown(path));
    let mut file = options.open(path).doing(&doing)?;
    file.write_all(text.as_bytes()).doing(&doing)?;
    file.sync_all().doing(&doing)
}

#[cfg(unix)]
fn warn_of_readers(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let is_open = std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0);
    if is_open {
        let path = shown(path);
        output::say(&format!(
            "customs: warning: others may read the private key {path}; close it with: chmod 600 {path}"
        ));
    }
}

#[cfg(not(unix))]
fn warn_of_readers(_: &Path) {}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string(), 300)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_signs_is_for_its_owner_only_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("customs.key");
        make(&path).unwrap();
        let private = private(&path).unwrap();
        assert_eq!(public(&beside(&path)).unwrap(), private.verifying_key());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let before = std::fs::read(&path).unwrap();
        let failure = make(&path).unwrap_err();
        assert!(
            failure.to_string().contains("none is overwritten"),
            "{failure}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}
