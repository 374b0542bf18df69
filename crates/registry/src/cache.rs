//! What all parts of the cache have in common.

use std::path::Path;

/// Removes what a crash left half-written in a folder of the cache.
///
/// # Errors
/// The folder cannot be read.
pub fn clear_half_written(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(".tmp") {
            // Whoever cannot remove it loses some space and nothing else.
            let _ = std::fs::remove_file(entry.path());
        }
    }
    Ok(())
}
