use super::{SourceError, limit};
use std::io;
use std::path::Path;
use std::sync::OnceLock;

/// The names in a folder, sorted, read once.
#[derive(Debug, Default)]
pub(super) struct Listing(OnceLock<Vec<String>>);

impl Listing {
    pub fn of(&self, folder: &Path, from: &str) -> Result<&[String], SourceError> {
        if let Some(names) = self.0.get() {
            return Ok(names);
        }
        let fail = |why| SourceError {
            from: from.to_owned(),
            path: customs_model::printable(&folder.display().to_string(), 300),
            why,
        };
        let mut names = Vec::new();
        match std::fs::read_dir(folder) {
            Ok(entries) => {
                for entry in entries {
                    if names.len() >= limit::LISTED {
                        return Err(fail(io::Error::other(format!(
                            "it has more than {} entries",
                            limit::LISTED
                        ))));
                    }
                    // No manager writes a name that is no text.
                    let name = entry.map_err(fail)?.file_name();
                    names.extend(name.into_string().ok());
                }
            }
            Err(why) if why.kind() == io::ErrorKind::NotFound => {}
            Err(why) => return Err(fail(why)),
        }
        names.sort_unstable();
        Ok(self.0.get_or_init(|| names))
    }
}

/// All names of a sorted list that start so.
pub(super) fn starting<'a>(
    names: &'a [String],
    prefix: &'a str,
) -> impl Iterator<Item = &'a String> {
    let from = names.partition_point(|name| name.as_str() < prefix);
    names
        .iter()
        .skip(from)
        .take_while(move |name| name.starts_with(prefix))
}
