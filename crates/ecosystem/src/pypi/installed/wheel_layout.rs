/// Where a part of a wheel goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `site-packages` (the top level, `purelib` and `platlib` of `*.data`).
    Site,
    /// `bin` or `Scripts`.
    Scripts,
    /// The top of the environment.
    Data,
    /// `include/site/pythonX.Y/<name>`.
    Headers,
}

/// Whether a folder's name is that of a distribution's metadata.
pub fn is_site_root(folder: &str) -> bool {
    folder.ends_with(".dist-info") || folder.ends_with(".egg-info")
}

/// Where an entry of a wheel goes, and its path there. `data` is the wheel's own `*.data` folder.
/// None for an entry of that folder that no scheme knows, which installers refuse.
pub fn part_of<'a>(entry: &'a str, data: &str) -> Option<(Scheme, &'a str)> {
    let inside = entry
        .strip_prefix(data)
        .and_then(|rest| rest.strip_prefix('/'));
    let Some(inside) = inside else {
        return Some((Scheme::Site, entry));
    };
    let (scheme, path) = inside.split_once('/')?;
    let scheme = match scheme {
        "purelib" | "platlib" => Scheme::Site,
        "scripts" => Scheme::Scripts,
        "data" => Scheme::Data,
        "headers" => Scheme::Headers,
        _ => return None,
    };
    (!path.is_empty()).then_some((scheme, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_goes_to_its_place() {
        let part = |entry| part_of(entry, "a-1.data");
        assert_eq!(part("a/b.py"), Some((Scheme::Site, "a/b.py")));
        assert_eq!(part("a-1.data/platlib/x.so"), Some((Scheme::Site, "x.so")));
        assert_eq!(part("a-1.data/scripts/x"), Some((Scheme::Scripts, "x")));
        assert_eq!(part("a-1.data/data/etc/x"), Some((Scheme::Data, "etc/x")));
        assert_eq!(part("a-1.data/headers/x.h"), Some((Scheme::Headers, "x.h")));
        assert_eq!(part("a-1.data/other/x"), None);
        assert_eq!(part("a-1.data/purelib/"), None);
        assert_eq!(part("a-1.data2/x"), Some((Scheme::Site, "a-1.data2/x")));
    }
}
