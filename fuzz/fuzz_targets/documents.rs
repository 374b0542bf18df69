//! What registries send: documents in every form, metadata, manifests, advisories. The
//! first byte chooses the reader.
#![no_main]

use customs_ecosystem::npm::{Form, NpmRelease, Packument, Tarballs, render};
use customs_ecosystem::{cargo, pypi};
use customs_model::{Ecosystem, PackageName};
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|data: &[u8]| {
    let Some((kind, bytes)) = data.split_first() else { return };
    let name = |ecosystem| PackageName::new(ecosystem, "name").expect("a name");
    let address = Url::parse("https://index.example/simple/name/").expect("an address");
    match kind % 8 {
        0 => packument(bytes, &name(Ecosystem::Npm)),
        1 => drop(NpmRelease::read(bytes)),
        2 => {
            if let Ok(page) = pypi::parse_json(bytes, &address, &name(Ecosystem::PyPi)) {
                page_again(&page, &address);
            }
        }
        3 => {
            if let Ok(page) = pypi::parse_html(bytes, &address, &name(Ecosystem::PyPi)) {
                page_again(&page, &address);
            }
        }
        4 => drop(pypi::Metadata::parse(bytes)),
        5 => {
            if let Ok(index) = cargo::Index::parse(bytes) {
                let rendered = cargo::render(&index, bytes, |_| cargo::Show::Yanked);
                let again = cargo::Index::parse(&rendered).expect("what is served can be read");
                assert!(again.lines.iter().all(|line| line.yanked));
                assert_eq!(again.malformed, 0);
            }
        }
        6 => drop(cargo::Config::parse(bytes)),
        _ => drop(customs_intel::parse(bytes)),
    }
});

/// What is served never names a version that was hidden.
fn packument(bytes: &[u8], name: &PackageName) {
    let Ok(index) = Packument::read(bytes) else { return };
    let hidden = index.versions.first().map(|e| e.version.clone());
    let offers = |v: &customs_model::Version| Some(v) != hidden.as_ref();
    for form in [Form::Full, Form::Abbreviated] {
        let mut out = Vec::new();
        let gate = Tarballs::Gate("http://127.0.0.1:1");
        render(bytes, &index, name, form, gate, &offers, &mut out).expect("indexed bytes render");
        let again = Packument::read(out.as_slice()).expect("what is served can be read");
        assert!(again.versions.iter().all(|e| offers(&e.version)));
        for target in again.tags.values() {
            assert!(again.versions.iter().any(|e| e.version.as_str() == target), "a tag dangles");
        }
    }
}

fn page_again(page: &pypi::Project, address: &Url) {
    let mut out = Vec::new();
    let keep = |_: &pypi::File| pypi::Show::Offer;
    pypi::render_json(page, keep, |f| f.url.clone(), &mut out).expect("a page renders");
    let again = pypi::parse_json(out.as_slice(), address, &page.name).expect("it can be read");
    assert_eq!(again.files.len(), page.files.len());
}
