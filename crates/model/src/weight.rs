//! How much memory facts take: an estimate, so that who keeps many of them can bound the sum.

use crate::{
    Ability, BinaryFact, Capability, Declared, Edge, ExoticDependency, FileFact, Flow, Hop,
    Inspection, Manifest, Mark, Oddity, Offers, Place, RunsCode, Shown, Sign, Target, UnreadPart,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Bytes that the allocator keeps for itself beside each block.
const BESIDE: usize = 16;
/// Entries of one node of a tree.
const NODE: usize = 11;

/// What takes memory. Weights are estimated, rather too high than too low.
pub trait Weigh {
    /// Bytes that it keeps elsewhere.
    fn heap(&self) -> usize;

    /// All its bytes.
    fn weight(&self) -> usize
    where
        Self: Sized,
    {
        size_of::<Self>() + self.heap()
    }
}

/// A block of memory; nothing is kept for an empty one.
const fn block(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { bytes + BESIDE }
}

/// The nodes of a tree, at least half full.
const fn nodes(entries: usize, each: usize) -> usize {
    let places = (entries * 2).next_multiple_of(NODE);
    block(places * each)
}

fn sum<'a, T: Weigh + 'a>(items: impl Iterator<Item = &'a T>) -> usize {
    items.map(Weigh::heap).sum()
}

impl Weigh for String {
    fn heap(&self) -> usize {
        block(self.capacity())
    }
}

impl<T: Weigh> Weigh for Option<T> {
    fn heap(&self) -> usize {
        sum(self.iter())
    }
}

impl<T: Weigh> Weigh for Vec<T> {
    fn heap(&self) -> usize {
        block(self.capacity() * size_of::<T>()) + sum(self.iter())
    }
}

impl<T: Weigh> Weigh for BTreeSet<T> {
    fn heap(&self) -> usize {
        nodes(self.len(), size_of::<T>()) + sum(self.iter())
    }
}

impl<K: Weigh, V: Weigh> Weigh for BTreeMap<K, V> {
    fn heap(&self) -> usize {
        nodes(self.len(), size_of::<K>() + size_of::<V>()) + sum(self.keys()) + sum(self.values())
    }
}

/// Whoever shares it weighs all of it.
impl<T: Weigh> Weigh for Arc<T> {
    fn heap(&self) -> usize {
        block(2 * size_of::<usize>() + T::weight(self))
    }
}

impl Weigh for Mark {
    fn heap(&self) -> usize {
        0
    }
}

impl Weigh for Ability {
    fn heap(&self) -> usize {
        0
    }
}

// Each is taken apart in full, so that a field that comes is not forgotten here.

impl Weigh for Inspection {
    fn heap(&self) -> usize {
        let Self {
            engine: _,
            files: _,
            bytes: _,
            flows,
            capabilities,
            signs,
            binaries,
            native_sources: _,
            oddities,
            unread,
            unfollowed: _,
            layout,
            unimported,
            own_domains,
        } = self;
        flows.heap()
            + capabilities.heap()
            + signs.heap()
            + binaries.heap()
            + oddities.heap()
            + unread.heap()
            + layout.heap()
            + unimported.heap()
            + own_domains.heap()
    }
}

impl Weigh for Place {
    fn heap(&self) -> usize {
        let Self {
            file,
            line: _,
            column: _,
            bytes: _,
        } = self;
        file.heap()
    }
}

impl Weigh for Hop {
    fn heap(&self) -> usize {
        let Self {
            what,
            at,
            edge,
            hidden,
            shown,
        } = self;
        what.heap() + at.heap() + edge.heap() + hidden.heap() + shown.heap()
    }
}

impl Weigh for Edge {
    fn heap(&self) -> usize {
        match self {
            Self::Read { name: text }
            | Self::Decoded { by: text }
            | Self::Written { path: text }
            | Self::ReadBack { path: text }
            | Self::Reaches { sink: text } => text.heap(),
            Self::Passed { function } | Self::Returned { function } => function.heap(),
            Self::Told | Self::Through | Self::Address => 0,
        }
    }
}

impl Weigh for Box<Shown> {
    fn heap(&self) -> usize {
        // What it holds is short, and none of it is kept with facts.
        block(size_of::<Shown>() + self.digest.len() + self.text.len())
    }
}

impl Weigh for Target {
    fn heap(&self) -> usize {
        match self {
            Self::Constant(place) => place.heap(),
            Self::Opaque | Self::Caller => 0,
        }
    }
}

impl Weigh for Flow {
    fn heap(&self) -> usize {
        let Self {
            source: _,
            source_name,
            sink: _,
            sink_name,
            target,
            zone: _,
            path,
            marks,
        } = self;
        source_name.heap() + sink_name.heap() + target.heap() + path.heap() + marks.heap()
    }
}

impl Weigh for Capability {
    fn heap(&self) -> usize {
        let Self {
            name,
            zone: _,
            detail,
            at,
        } = self;
        name.heap() + detail.heap() + at.heap()
    }
}

impl Weigh for Sign {
    fn heap(&self) -> usize {
        let Self {
            kind: _,
            zone: _,
            detail,
            at,
        } = self;
        detail.heap() + at.heap()
    }
}

impl Weigh for Oddity {
    fn heap(&self) -> usize {
        let Self {
            trick,
            words,
            path,
            never_honest: _,
        } = self;
        trick.heap() + words.heap() + path.heap()
    }
}

impl Weigh for UnreadPart {
    fn heap(&self) -> usize {
        let Self {
            path,
            because,
            reached: _,
        } = self;
        path.heap() + because.heap()
    }
}

impl Weigh for BinaryFact {
    fn heap(&self) -> usize {
        let Self {
            path,
            kind: _,
            architecture,
            size: _,
            abilities,
            imports,
            imports_digest: _,
            libraries,
            zone: _,
            init: _,
            packed: _,
            untold,
        } = self;
        path.heap()
            + architecture.heap()
            + abilities.heap()
            + imports.heap()
            + libraries.heap()
            + untold.heap()
    }
}

impl Weigh for FileFact {
    fn heap(&self) -> usize {
        let Self {
            path,
            digest,
            length: _,
            content: _,
            zone: _,
            shape: _,
        } = self;
        path.heap() + digest.heap()
    }
}

impl Weigh for RunsCode {
    fn heap(&self) -> usize {
        let Self {
            scripts,
            binding_gyp: _,
            build_script: _,
            proc_macro: _,
            build_backend: _,
            startup_hook: _,
        } = self;
        scripts.heap()
    }
}

impl Weigh for ExoticDependency {
    fn heap(&self) -> usize {
        let Self { name, spec } = self;
        name.heap() + spec.heap()
    }
}

impl Weigh for Declared {
    fn heap(&self) -> usize {
        let Self {
            name,
            version,
            manifest,
        } = self;
        name.heap() + version.heap() + manifest.heap()
    }
}

impl Weigh for Offers {
    fn heap(&self) -> usize {
        let Self {
            commands,
            main,
            exports,
            features,
        } = self;
        commands.heap() + main.heap() + exports.heap() + features.heap()
    }
}

impl Weigh for Manifest {
    fn heap(&self) -> usize {
        let Self {
            dependencies,
            optional_dependencies,
            dependencies_unknown,
            exotic,
            runs,
            offers,
            repository,
            description,
            author,
            withdrawn: _,
        } = self;
        dependencies.heap()
            + optional_dependencies.heap()
            + dependencies_unknown.heap()
            + exotic.heap()
            + runs.heap()
            + offers.heap()
            + repository.heap()
            + description.heap()
            + author.heap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ContentKind, SignKind, Zone};

    fn file(path: String) -> FileFact {
        FileFact {
            path,
            digest: None,
            length: 1,
            content: ContentKind::Text,
            zone: Zone::Never,
            shape: None,
        }
    }

    #[test]
    fn facts_weigh_at_least_the_texts_that_they_hold() {
        let empty = Inspection::default();
        assert_eq!(empty.weight(), size_of::<Inspection>());
        let long = "a".repeat(1 << 20);
        let place = Place {
            file: long.clone(),
            line: 1,
            column: 1,
            bytes: (0, 1),
        };
        let full = Inspection {
            signs: vec![Sign {
                kind: SignKind::HiddenText,
                zone: Zone::Import,
                detail: long.clone(),
                at: place.clone(),
            }],
            capabilities: vec![Capability {
                name: long.clone(),
                zone: Zone::Import,
                detail: Some(long.clone()),
                at: place,
            }],
            layout: vec![file(long)],
            ..Inspection::default()
        };
        assert!(full.weight() > 6 << 20);
        assert!(full.weight() < (6 << 20) + 4_096);
    }

    #[test]
    fn many_small_facts_weigh_what_many_small_facts_take() {
        let layout: Vec<FileFact> = (0..1_000).map(|n| file(n.to_string())).collect();
        let many = Inspection {
            layout,
            ..Inspection::default()
        };
        assert!(many.weight() > 1_000 * size_of::<FileFact>());
    }

    #[test]
    fn a_tree_of_one_entry_weighs_a_whole_node() {
        let mut runs = RunsCode::default();
        assert_eq!(runs.heap(), 0);
        runs.scripts.insert(String::new(), String::new());
        assert!(runs.heap() >= NODE * 2 * size_of::<String>());
    }
}
