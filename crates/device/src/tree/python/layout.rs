use super::scene::join;
use super::wheel::Wheel;
use crate::tree::{Expected, ExpectedEntry};
use customs_ecosystem::pypi::installed::{EntryPoint, Scheme, part_of, scripts};
use std::collections::BTreeMap;

/// Where an installer puts the parts of a wheel.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// `lib/python3.11/site-packages`.
    pub site: String,
    /// `bin`.
    pub scripts: String,
    /// `include/site/python3.11/name`.
    pub headers: String,
    /// The wheel was unpacked and nothing was moved (uv's cache).
    pub unpacked: bool,
}

/// A wheel as an installer lays it out.
#[derive(Debug, Default)]
pub(super) struct Laid {
    /// Files that must have the wheel's bytes, by their places in the environment.
    pub expected: Expected,
    /// Commands, made from entry points.
    pub launchers: BTreeMap<String, EntryPoint>,
    /// Scripts whose first line is rewritten, with the wheel's bytes.
    pub rewritten: BTreeMap<String, Vec<u8>>,
    /// `kernel.json`, with the wheel's bytes.
    pub kernels: BTreeMap<String, Vec<u8>>,
    /// What cannot be laid out, and why. Safe to print.
    pub unread: Vec<String>,
}

impl Laid {
    /// Lays a wheel out. Pure: nothing is looked at.
    pub fn of(wheel: &Wheel, target: &Target) -> Self {
        let mut laid = Self::default();
        for (entry, expected) in &wheel.entries {
            laid.entry(wheel, entry, expected, target);
        }
        let own = format!("{}/RECORD", wheel.dist_info);
        if !target.unpacked {
            // The installer writes its own list in this place.
            laid.expected.entries.remove(&join(&target.site, &own));
            laid.commands(wheel, target);
        }
        laid
    }

    fn entry(&mut self, wheel: &Wheel, entry: &str, expected: &ExpectedEntry, target: &Target) {
        if target.unpacked {
            let place = join(&target.site, entry);
            self.expected.entries.insert(place, expected.clone());
            return;
        }
        let Some((scheme, path)) = part_of(entry, &wheel.data) else {
            self.unread.push(format!(
                "{}: installers do not know where it goes",
                customs_model::printable(entry, 200)
            ));
            return;
        };
        let place = match scheme {
            Scheme::Site => join(&target.site, path),
            Scheme::Scripts => join(&target.scripts, path),
            Scheme::Data => path.to_owned(),
            Scheme::Headers => join(&target.headers, path),
        };
        let kept = wheel.kept.get(entry);
        if let Some(bytes) = kept.filter(|_| super::kernel::is_spec(&place)) {
            self.kernels.insert(place.clone(), bytes.clone());
        }
        match kept {
            Some(bytes) if scheme == Scheme::Scripts && bytes.starts_with(b"#!python") => {
                self.rewritten.insert(place, bytes.clone());
            }
            _ => {
                self.expected.entries.insert(place, expected.clone());
            }
        }
    }

    fn commands(&mut self, wheel: &Wheel, target: &Target) {
        let Some(bytes) = wheel
            .kept
            .get(&format!("{}/entry_points.txt", wheel.dist_info))
        else {
            return;
        };
        match scripts(bytes) {
            Ok(all) => {
                for entry in all {
                    let place = join(&target.scripts, &entry.name);
                    self.launchers.insert(place, entry);
                }
            }
            Err(why) => self.unread.push(why.to_string()),
        }
    }
}
