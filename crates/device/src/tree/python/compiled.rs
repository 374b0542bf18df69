use super::scene::Scene;
use crate::tree::plain::{Kind, extra};
use crate::tree::{Cause, Difference, DifferenceKind, Standing};
use customs_ecosystem::pypi::bytecode::{Agreement, Origin, agreement, limit};

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

/// A compiled file whose source is as it should be: whether it belongs to it. The second value
/// says why not, or why nobody can tell. Safe to print.
pub(super) fn compare(
    scene: &Scene,
    place: &str,
    source: &str,
    spoken: &str,
    spoken_source: &str,
) -> (Difference, Option<String>) {
    let kind = scene.kind(place).unwrap_or(Kind::Unreadable);
    let mut difference = extra(spoken, &kind, &scene.file(place));
    let Some(Kind::File { modified, .. }) = scene.kind(source) else {
        return (difference, Some("its source is no file".into()));
    };
    let (Ok(bytes), Ok(code)) = (
        scene.bytes(source, limit::SOURCE),
        scene.bytes(place, limit::COMPILED),
    ) else {
        difference.kind = DifferenceKind::Unreadable;
        return (difference, Some("it or its source cannot be read".into()));
    };
    let name = |place: &'_ str| place.rsplit('/').next().unwrap_or_default().to_owned();
    let (file, compiled) = (name(source), name(place));
    let origin = Origin {
        file: &file,
        bytes: &bytes,
        modified,
        compiled: &compiled,
    };
    match agreement(&code, &origin) {
        Agreement::Agrees => {
            difference.standing = Standing::Explained(Cause::Bytecode {
                source: spoken_source.to_owned(),
            });
            (difference, None)
        }
        Agreement::Differs(why) => (difference, Some(why)),
        Agreement::Unreadable(why) => {
            difference.kind = DifferenceKind::Unreadable;
            (difference, Some(why))
        }
    }
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
