use super::scene::Scene;
use crate::tree::disk::There;
use crate::tree::{Cause, Comparer, Difference, DifferenceKind, Standing};
use customs_ecosystem::pypi::bytecode::{Agreement, Origin, agreement, is_bound, limit};
use customs_model::{Digest, Hasher};

/// The place of the source of a file in `__pycache__` (PEP 3147). None for anything else: what
/// lies elsewhere is run without a source.
pub(super) fn source_of(place: &str) -> Option<String> {
    let (folder, file) = place.rsplit_once('/')?;
    let stem = file.strip_suffix(".pyc")?;
    let (module, tag) = stem.split_once('.')?;
    if module.is_empty() || tag.is_empty() {
        return None;
    }
    match folder.rsplit_once('/') {
        Some((parent, "__pycache__")) => Some(format!("{parent}/{module}.py")),
        None if folder == "__pycache__" => Some(format!("{module}.py")),
        _ => None,
    }
}

/// A compiled file and its source, by their places and as RECORD spells them.
pub(super) struct Pair<'a> {
    pub place: &'a str,
    pub spoken: &'a str,
    pub source: &'a str,
    pub spoken_source: &'a str,
    /// What the source was found to be, where it was as it should be.
    pub digest: Option<&'a Digest>,
}

/// A compiled file whose source is as it should be: whether it belongs to it. The second value
/// says why not, or why nobody can tell. Safe to print.
pub(super) fn compare(scene: &Scene, pair: &Pair<'_>) -> (Difference, Option<String>) {
    let (place, source) = (pair.place, pair.source);
    let there = scene.at(place);
    let (Ok(bytes), Ok(code), There::Entry(seen)) = (
        scene.bytes(source, limit::SOURCE),
        scene.bytes(place, limit::COMPILED),
        scene.at(source),
    ) else {
        let mut difference = Comparer::new(&scene.root).extra(pair.spoken, place, there);
        if there.is_file() {
            difference.kind = DifferenceKind::Unreadable;
        }
        return (difference, Some("it or its source cannot be read".into()));
    };
    // What is told is told of the bytes that were looked at.
    let mut difference = Difference {
        found: Some(Digest::sha256(&code)),
        ..Difference::new(pair.spoken, DifferenceKind::Extra)
    };
    if !pair.digest.is_none_or(|digest| is_of(digest, &bytes)) {
        difference.kind = DifferenceKind::Unreadable;
        return (difference, Some("its source changed meanwhile".into()));
    }
    let name = |place: &'_ str| place.rsplit('/').next().unwrap_or_default().to_owned();
    let (file, compiled) = (name(source), name(place));
    let origin = Origin {
        file: &file,
        bytes: &bytes,
        modified: seen.stamp.seconds(),
        compiled: &compiled,
    };
    match agreement(&code, &origin) {
        Agreement::Agrees => {
            difference.standing = Standing::Explained(Cause::Bytecode {
                source: pair.spoken_source.to_owned(),
            });
            (difference, None)
        }
        // It writes assertions anew, in words that the source does not hold.
        Agreement::Differs(_) if is_of_pytest(&compiled) && is_bound(&code, &origin) => {
            difference.standing = Standing::MadeHere {
                maker: "pytest".into(),
                pinned: None,
            };
            (difference, None)
        }
        Agreement::Differs(why) => (difference, Some(why)),
        Agreement::Unreadable(why) => {
            difference.kind = DifferenceKind::Unreadable;
            (difference, Some(why))
        }
    }
}

/// `name.cpython-311-pytest-8.4.2.pyc`, which Python itself never takes.
fn is_of_pytest(file: &str) -> bool {
    let stem = file
        .strip_suffix(".pyc")
        .and_then(|stem| stem.split_once('.'));
    let parts = stem.and_then(|(_, tag)| tag.split_once("-pytest-"));
    parts.is_some_and(|(interpreter, version)| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '.';
        let is_interpreter = interpreter.starts_with("cpython-") || interpreter.starts_with("pypy");
        // With a dot it would be a level of optimization, which Python itself looks for.
        let is_interpreter = is_interpreter && !interpreter.contains('.');
        is_interpreter
            && version.starts_with(|c: char| c.is_ascii_digit())
            && version.chars().all(is_plain)
    })
}

fn is_of(digest: &Digest, bytes: &[u8]) -> bool {
    let mut hasher = Hasher::new(digest.algorithm());
    hasher.update(bytes);
    hasher.finish() == *digest
}

#[cfg(test)]
mod tests {
    use super::source_of;

    #[test]
    fn a_source_is_named_by_the_place_of_its_compiled_file() {
        let source = |place| source_of(place).unwrap_or_default();
        assert_eq!(source("a/__pycache__/b.cpython-311.pyc"), "a/b.py");
        assert_eq!(source("__pycache__/b.cpython-311.opt-1.pyc"), "b.py");
        for other in [
            "a/b.pyc",
            "a/__pycache__/b.pyc",
            "a/__pycache__/b.py",
            "b.pyc",
        ] {
            assert_eq!(source(other), "", "{other}");
        }
    }
}
