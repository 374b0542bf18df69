//! A result in a file: whole, or not at all.

use crate::error::{Doing as _, Failure};
use customs_model::printable;
use std::io::Write as _;
use std::path::Path;

/// Writes beside the file, and then puts it in its place. Who reads it sees the old text or the
/// new one. A record is no secret: it gets the rights that new files have here.
pub fn whole(path: &Path, text: &str) -> Result<(), Failure> {
    let doing = format!("write {}", printable(&path.display().to_string(), 300));
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    let rights = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(rights);
    let mut file = builder.tempfile_in(folder).doing(&doing)?;
    file.write_all(text.as_bytes()).doing(&doing)?;
    file.as_file().sync_all().doing(&doing)?;
    file.persist(path)
        .map_err(|error| error.error)
        .doing(&doing)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn a_file_is_written_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.json");
        whole(&path, "old").unwrap();
        whole(&path, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(whole(&folder.path().join("absent/record.json"), "x").is_err());
    }
}
