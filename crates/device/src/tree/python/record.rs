//! Without a wheel there is only RECORD.

use super::compiled::source_of;
use super::installed::Installed;
use super::kernel;
use super::package::Compared;
use super::scene::Scene;
use crate::tree::disk::{FoundKind, There};
use crate::tree::{Comparer, Difference, DifferenceKind, Standing};
use customs_ecosystem::pypi::installed::Record;
use customs_model::{Digest, DigestAlgorithm};

/// Holds a package against the list that its installer wrote.
pub(super) fn against_record(scene: &Scene, installed: &Installed, record: &Record) -> Compared {
    let mut compared = Compared::default();
    let mut comparer = Comparer::new(&scene.root);
    let own = installed.own("RECORD");
    compared.claim(&own, None, true);
    let mut without = 0;
    for row in &record.rows {
        let Some(place) = scene.place(&installed.site, &row.path) else {
            let kind = DifferenceKind::OtherType;
            compared.differs(&own, listed(&row.path, kind, row.digest.clone(), None));
            continue;
        };
        if place == own {
            continue;
        }
        if row.digest.is_none() {
            // Bytecode is looked at together with its source; some lists name what is not there.
            if scene.at(&place).is_file() && source_of(&place).is_none() {
                without += 1;
                compared.claim(&place, None, true);
            }
            continue;
        }
        if let Some(other) = compared.claims.get(&place) {
            if other.digest != row.digest {
                let kind = DifferenceKind::Modified;
                compared.differs(&own, listed(&row.path, kind, row.digest.clone(), None));
            }
            continue;
        }
        let found = one_row(scene, &place, row.digest.as_ref(), &mut comparer);
        compared.files += 1;
        if matches!(found, Some((DifferenceKind::Modified, _))) && source_of(&place).is_some() {
            // It is held against its source.
            continue;
        }
        compared.claim(&place, row.digest.clone(), found.is_none());
        if let Some((kind, found)) = found {
            let mut difference = listed(&row.path, kind, row.digest.clone(), found);
            let is_maker = installed.release.package.as_str() == kernel::MAKER;
            if is_maker && kind == DifferenceKind::Modified && kernel::is_spec(&place) {
                // Without the wheel's bytes there is no proof.
                difference.standing = kernel::made_here();
            }
            compared.differs(&place, difference);
        }
    }
    compared.unread.append(&mut comparer.notes);
    if without > 0 {
        compared.unread.push(format!(
            "{}: RECORD has no digest of {without} files",
            installed.release.spoken()
        ));
    }
    compared
}

/// How a file differs from what the list says of it; none where it does not.
fn one_row(
    scene: &Scene,
    place: &str,
    digest: Option<&Digest>,
    comparer: &mut Comparer<'_>,
) -> Option<(DifferenceKind, Option<Digest>)> {
    let algorithm = digest.map_or(DigestAlgorithm::Sha256, Digest::algorithm);
    match scene.at(place) {
        There::Nothing => Some((DifferenceKind::Missing, None)),
        There::Unknown => Some((DifferenceKind::Unreadable, None)),
        There::Entry(there) if there.kind == FoundKind::File => {
            match comparer.digest(place, &there, algorithm) {
                Err(_) => Some((DifferenceKind::Unreadable, None)),
                Ok(found) if Some(&found) == digest => None,
                Ok(found) => Some((DifferenceKind::Modified, Some(found))),
            }
        }
        There::Entry(_) => Some((DifferenceKind::OtherType, None)),
    }
}

fn listed(
    path: &str,
    kind: DifferenceKind,
    expected: Option<Digest>,
    found: Option<Digest>,
) -> Difference {
    Difference {
        path: path.to_owned(),
        kind,
        expected,
        found,
        standing: Standing::Unexplained,
        why: Vec::new(),
    }
}
