//! From the bytes of an artifact to what it can do.

use crate::flow;
use crate::layout;
use crate::limit::{Unpacking, reading};
use crate::native;
use crate::owner;
use crate::package::Package;
use crate::record;
use crate::unpack::{Content, Tree, Trick, unpack};
use crate::zone;
use customs_model::{Inspection, Oddity, UnreadPart, Zone};

/// The version of the engine: raised whenever the same bytes could be read otherwise.
pub const ENGINE_VERSION: u32 = 4;

/// Reads an archive. The answer comes for any bytes.
pub fn inspect_archive(bytes: &[u8]) -> Inspection {
    inspect_tree(&unpack(bytes, &Unpacking::default()))
}

/// Reads a tree of files.
pub fn inspect_tree(tree: &Tree) -> Inspection {
    let package = Package::new(tree);
    let found = flow::analyse(&package);
    let mut unread: Vec<UnreadPart> = tree
        .unread
        .iter()
        .map(|part| {
            // Without the archive itself nothing is known; a part counts when it runs.
            let reached = part.path.is_empty() || tree.entries.is_empty();
            UnreadPart {
                path: part.path.clone(),
                because: part.because.clone(),
                reached,
            }
        })
        .collect();
    for id in package.ids() {
        let zone = found.zones.get(&id).copied().unwrap_or(Zone::Never);
        let reached = zone > Zone::Called;
        let file = package.file(id);
        if reached && file.bytes.is_none() && package.language(id).is_some() {
            unread.push(UnreadPart {
                path: file.shown.clone(),
                because: "it was too large to be kept".to_owned(),
                reached,
            });
        } else if zone > Zone::Never
            && file.forced.get().is_none()
            && let Some(error) = package.error(id)
        {
            unread.push(UnreadPart {
                path: file.shown.clone(),
                because: error.to_owned(),
                reached,
            });
        } else if zone > Zone::Never && package.is_cut(id) {
            unread.push(UnreadPart {
                path: file.shown.clone(),
                because: reading::TOO_DEEP.to_owned(),
                reached,
            });
        }
    }
    // Clients read what this reader cannot, and run its hooks.
    if zone::is_broken(&package) {
        unread.push(UnreadPart {
            path: "package.json".to_owned(),
            because: "it is no JSON that can be read, so its hooks are not known".to_owned(),
            reached: true,
        });
    }
    if package.left_out.get() {
        unread.push(UnreadPart {
            path: String::new(),
            because:
                "its library is larger than what is followed of code that nothing runs unasked"
                    .to_owned(),
            reached: false,
        });
    }
    // Their build scripts run as well.
    if package.has_more_members() {
        unread.push(UnreadPart {
            path: "Cargo.toml".to_owned(),
            because: "it reaches more crates of its archive than are followed".to_owned(),
            reached: true,
        });
    }
    if found.exhausted {
        unread.push(UnreadPart {
            path: String::new(),
            because: "its code is larger than what is followed".to_owned(),
            reached: found.exhausted_hooks,
        });
    }
    unread.sort();
    unread.dedup();
    let layout = layout::files(&package, &found.zones);
    let mut oddities: Vec<Oddity> = tree.oddities.iter().map(oddity).collect();
    for (difference, zone) in record::differences(&package, &layout) {
        // Old packers left out licences and data; what runs unasked somebody put there.
        oddities.push(told(&difference, zone >= Zone::Folder));
    }
    Inspection {
        engine: ENGINE_VERSION,
        files: tree
            .entries
            .iter()
            .filter(|entry| !matches!(entry.content, Content::Link(_)))
            .count() as u32,
        bytes: tree.entries.iter().map(|entry| entry.length).sum(),
        flows: found.flows,
        capabilities: found.capabilities,
        signs: found.signs,
        binaries: native::binaries(tree, &package, &found.zones),
        native_sources: native::has_sources(tree),
        oddities,
        unread,
        unfollowed: found.unfollowed,
        layout,
        unimported: layout::unimported(&package),
        own_domains: owner::domains(&owner::texts(&package)),
    }
}

fn oddity(oddity: &crate::unpack::Oddity) -> Oddity {
    // An archive in the archive is data until something unpacks it: tests hold such ones.
    let never_honest = !oddity.path.contains("!/")
        && matches!(
            oddity.trick,
            Trick::Traversal
                | Trick::HiddenEntries
                | Trick::NotInDirectory
                | Trick::Overlap
                | Trick::TwoNames
        );
    told(oddity, never_honest)
}

fn told(oddity: &crate::unpack::Oddity, never_honest: bool) -> Oddity {
    let trick = serde_json::to_value(oddity.trick)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default();
    Oddity {
        trick,
        words: oddity.trick.words().to_owned(),
        path: oddity.path.clone(),
        never_honest,
    }
}
