//! What people and clients write: names, versions, ranges, package URLs, digests,
//! policies, scenarios. The first byte chooses the reader.
#![no_main]

use customs_ecosystem::npm::{NpmVersion, Range};
use customs_ecosystem::{cargo, pypi};
use customs_model::{Digest, Ecosystem, PackageName, ReleaseId, Version};
use customs_rules::Policy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((kind, bytes)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (a, b) = text.split_once('\n').unwrap_or((text, ""));
    match kind % 8 {
        0 => {
            for ecosystem in Ecosystem::ALL {
                if let Ok(name) = PackageName::new(ecosystem, text) {
                    let leads_out = |part: &str| matches!(part, "" | "." | "..");
                    assert!(!name.as_str().split('/').any(leads_out), "{name}");
                }
            }
        }
        1 => {
            if let (Some(range), Some(version)) = (Range::parse(a), NpmVersion::parse(b)) {
                let _ = range.satisfied_by(&version);
            }
        }
        2 => drop((pypi::satisfies(a, b), pypi::compare(a, b), pypi::Requirement::parse(text))),
        3 => drop((cargo::satisfies(a, b), cargo::compare(a, b))),
        4 => {
            if let Ok(release) = text.parse::<ReleaseId>() {
                assert_eq!(release.to_string().parse::<ReleaseId>(), Ok(release));
            }
        }
        5 => drop((Digest::from_sri(text), text.parse::<Digest>(), Version::new(text))),
        6 => drop(Policy::parse(text, "customs.toml")),
        _ => drop(customs_replay::Scenario::parse(text)),
    }
});
