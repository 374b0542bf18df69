use super::*;
use crate::history::{Acceptable, Axis, Day, IdentityPin};
use crate::{BuilderClass, Numbered, RefClass};
use customs_model::{Digest, Ecosystem};
use proptest::prelude::*;

fn package(name: &str) -> PackageName {
    PackageName::new(Ecosystem::Npm, name).unwrap()
}

fn axios() -> LineRecord {
    LineRecord {
        package: package("axios"),
        line: "1".parse().unwrap(),
        version: Version::new("1.14.0").unwrap(),
        evidence: [Axis::Signature, Axis::Provenance, Axis::TrustedPublisher].into(),
        identity: Some(IdentityPin {
            issuer: "https://token.actions.githubusercontent.com".into(),
            subject: None,
            repository: Some(Numbered {
                uri: "https://github.com/axios/axios".into(),
                id: Some("23088740".into()),
            }),
            owner: Some(Numbered {
                uri: "https://github.com/axios".into(),
                id: Some("32372333".into()),
            }),
            workflow: Some(".github/workflows/publish.yml".into()),
            signer: None,
            ref_class: Some(RefClass::Tag),
            builder: Some(BuilderClass::Hosted),
            environment: None,
            trigger: None,
        }),
        first_seen: "2026-01-10".parse().unwrap(),
        last_seen: "2026-03-27".parse().unwrap(),
    }
}

fn example() -> TrustFile {
    let mut file = TrustFile::default();
    let made = |path: &str, maker: &str| Made {
        path: path.into(),
        digest: Digest::sha256(b"x"),
        maker: maker.into(),
    };
    file.set_made(made("node_modules/.vite/a b.js", "Vite's cache"))
        .unwrap();
    file.set_made(made("node_modules/.prisma/index.js", "prisma"))
        .unwrap();
    file.set_line(axios()).unwrap();
    file.set_line(LineRecord {
        package: package("@types/node"),
        line: "22".parse().unwrap(),
        version: Version::new("22.1.0").unwrap(),
        evidence: [Axis::Signature].into(),
        identity: None,
        ..axios()
    })
    .unwrap();
    file.set_accepted(Accepted {
        package: package("chokidar"),
        line: "4".parse().unwrap(),
        version: Version::new("4.0.2").unwrap(),
        what: [Acceptable::Loss(Axis::Provenance)].into(),
        reason: "by hand; same author".into(),
        on: "2026-02-01".parse().unwrap(),
    })
    .unwrap();
    file
}

#[test]
fn a_file_reads_like_a_list_of_what_was_verified() {
    insta::assert_snapshot!(example().render(), @r#"
# What this project has verified of its packages, written by customs. Commit it, and read its
# changes in a review: a line that goes away or claims less than before needs a reason.
# Comments of your own are not kept.
customs-lock 1

identity npm:@types/node line=22 version=22.1.0 evidence=signature first=2026-01-10 last=2026-03-27
identity npm:axios line=1 version=1.14.0 evidence=signature,provenance,trusted-publisher repository=https://github.com/axios/axios repository-id=23088740 owner=https://github.com/axios owner-id=32372333 workflow=.github/workflows/publish.yml ref=tag builder=hosted issuer=https://token.actions.githubusercontent.com first=2026-01-10 last=2026-03-27

accept npm:chokidar line=4 version=4.0.2 what=provenance on=2026-02-01 reason="by hand; same author"

made node_modules/.prisma/index.js digest=sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 maker=prisma
made "node_modules/.vite/a b.js" digest=sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 maker="Vite's cache"
"#);
}

#[test]
fn a_file_reads_back_whatever_its_order_and_ends_of_lines() {
    let text = example().render();
    assert_eq!(TrustFile::parse(text.as_bytes()).unwrap(), example());
    let windows = text.replace('\n', "\r\n");
    assert_eq!(TrustFile::parse(windows.as_bytes()).unwrap(), example());
    let (head, records) = text.split_once("customs-lock 1\n").unwrap();
    let mut records: Vec<&str> = records.lines().collect();
    records.reverse();
    let turned = format!("{head}customs-lock 1\n{}", records.join("\n"));
    assert_eq!(TrustFile::parse(turned.as_bytes()).unwrap(), example());
}

fn told(records: &str) -> String {
    let text = format!("customs-lock 1\n{records}");
    TrustFile::parse(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn each_error_names_the_line_and_what_to_do() {
    let line = "identity npm:axios line=1 version=1.14.0 evidence=signature first=2026-01-01 last=2026-01-01";
    let digest = Digest::sha256(b"x");
    let cases = [
        format!("{line}\n{line}"),
        "<<<<<<< HEAD".into(),
        "future npm:a".into(),
        "identity".into(),
        "identity npm:axios line=1 version=1.14.0 evidence=signature first=2026-01-01".into(),
        line.replace("line=1", "line=2"),
        line.replace("evidence=signature", "evidence=provenance"),
        line.replace("evidence=signature", "evidence=much"),
        line.replace("npm:axios", "pypi:Zope.Interface"),
        format!("{line} repository=https://github.com/axios/axios"),
        format!("{line} line=1"),
        "accept npm:a line=1 version=1.0.0 what=provenance on=2026-01-01 reason=\" \"".into(),
        format!("made ../a digest={digest} maker=x"),
        format!("made \"a\u{202e}b\" digest={digest} maker=x"),
        "made a digest=sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709 maker=x".into(),
        "made a=b".into(),
        "made \"a".into(),
    ];
    let all = cases.map(|case| told(&case)).join("\n");
    insta::assert_snapshot!(all, @r#"
customs.lock, line 3: npm:axios is recorded a second time; keep one of the two, the one that claims more, and verify again
customs.lock, line 2: a merge conflict is not resolved; resolve it: keep the lines of both sides where they are about different packages, and of two lines about the same one the line that claims more, then verify again
customs.lock, line 2: "future" is no kind of record; a newer customs may have written it: update customs
customs.lock, line 2: it names no package or path; take the line from the last commit, or let customs write it again
customs.lock, line 2: last= is missing; take the line from the last commit, or let customs write it again
customs.lock, line 2: axios (line 2): its version is not of that release line; verify it again
customs.lock, line 2: axios (line 1): provenance is evidence exactly where an issuer and an identity are named; verify it again
customs.lock, line 2: "much" is no evidence that customs knows; take the line from the last commit, or let customs write it again
customs.lock, line 2: the package is written zope-interface; take the line from the last commit, or let customs write it again
customs.lock, line 2: repository= does not belong there; a newer customs may have written it: update customs
customs.lock, line 2: "line" stands there twice; take the line from the last commit, or let customs write it again
customs.lock, line 2: a (line 1): an acceptance needs a reason; write one
customs.lock, line 2: ../a: its path is not inside the project; write it relative, with / and without ..
customs.lock, line 2: it holds \u{202e} raw, which nobody sees; take the line from the last commit, or let customs write it again
customs.lock, line 2: a: its digest is no SHA-256; hash it again
customs.lock, line 2: it names no package or path; take the line from the last commit, or let customs write it again
customs.lock, line 2: a quote is opened and never closed; take the line from the last commit, or let customs write it again
"#);
}

#[test]
fn a_file_without_its_header_or_of_a_newer_format_is_refused() {
    let told = |text: &str| TrustFile::parse(text.as_bytes()).unwrap_err().to_string();
    insta::assert_snapshot!([told(""), told("made a"), told("customs-lock 2\n")].join("\n"), @r#"
customs.lock, line 1: it does not say `customs-lock 1`; save it as UTF-8, or take it from the last commit
customs.lock, line 1: it does not say `customs-lock 1`; save it as UTF-8, or take it from the last commit
customs.lock, line 1: it is of format "2", and this customs reads 1; a newer customs may have written it: update customs
"#);
    assert!(matches!(
        TrustFile::parse(b"customs-lock 1\n\xff"),
        Err(FileError::Line { line: 2, .. })
    ));
}

#[test]
fn what_is_too_much_is_said() {
    let limited = |bytes: &[u8]| matches!(TrustFile::parse(bytes), Err(FileError::Limit { .. }));
    assert!(limited(&vec![b'#'; limit::BYTES + 1]));
    assert!(limited(&vec![b'a'; limit::LINE + 1]));
    let line = |at: usize| format!("made f{at} digest={} maker=x\n", Digest::sha256(b""));
    let many: String = (0..=limit::RECORDS).map(line).collect();
    assert!(limited(format!("customs-lock 1\n{many}").as_bytes()));
    let mut file = TrustFile::default();
    let long = Made {
        path: "a".repeat(limit::VALUE + 1),
        digest: Digest::sha256(b""),
        maker: String::new(),
    };
    assert!(file.set_made(long).is_err());
}

fn day() -> impl Strategy<Value = Day> {
    (2020u16..2030, 1u8..13, 1u8..29)
        .prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}").parse().unwrap())
}

fn numbered() -> impl Strategy<Value = Option<Numbered>> {
    proptest::option::of(
        (any::<String>(), proptest::option::of(any::<String>()))
            .prop_map(|(uri, id)| Numbered { uri, id }),
    )
}

fn pin() -> impl Strategy<Value = IdentityPin> {
    let text = || proptest::option::of(any::<String>());
    let classes = (
        proptest::sample::select(vec![None, Some(RefClass::Tag), Some(RefClass::Other)]),
        proptest::sample::select(vec![None, Some(BuilderClass::SelfHosted)]),
    );
    let texts = (any::<String>(), text(), text(), text(), text(), text());
    (texts, numbered(), numbered(), classes).prop_map(
        |(
            (issuer, subject, workflow, signer, environment, trigger),
            repository,
            owner,
            classes,
        )| {
            IdentityPin {
                issuer,
                subject,
                repository,
                owner,
                workflow,
                signer,
                ref_class: classes.0,
                builder: classes.1,
                environment,
                trigger,
            }
        },
    )
}

fn record() -> impl Strategy<Value = LineRecord> {
    let release = prop_oneof![
        ("(@[a-z]{1,4}/)?[a-z]{1,6}", 0u64..12, 0u64..40).prop_map(|(name, major, minor)| {
            let line = if major == 0 {
                format!("0.{minor}")
            } else {
                major.to_string()
            };
            (package(&name), line, format!("{major}.{minor}.0-rc.1"))
        }),
        ("[a-z]{1,6}", 1u64..3).prop_map(|(name, major)| {
            let package = PackageName::new(Ecosystem::PyPi, &name).unwrap();
            (package, format!("1!{major}"), format!("1!{major}.2"))
        }),
    ];
    let axes = proptest::collection::btree_set(proptest::sample::select(Axis::ALL.to_vec()), 0..4);
    (release, axes, pin(), day(), day()).prop_map(|((package, line, version), axes, pin, a, b)| {
        LineRecord {
            package,
            line: line.parse().unwrap(),
            version: Version::new(&version).unwrap(),
            identity: axes.contains(&Axis::Provenance).then_some(pin),
            evidence: axes,
            first_seen: a.min(b),
            last_seen: a.max(b),
        }
    })
}

fn made() -> impl Strategy<Value = Made> {
    (any::<String>(), any::<String>()).prop_map(|(path, maker)| Made {
        path: format!("a/{}", path.replace(['/', '\0'], "x")),
        digest: Digest::sha256(path.as_bytes()),
        maker,
    })
}

fn accept() -> impl Strategy<Value = Accepted> {
    let what =
        proptest::sample::select(vec![Acceptable::Identity, Acceptable::Loss(Axis::Approval)]);
    ("[a-z]{1,5}", 1u64..30, any::<String>(), day(), what).prop_map(
        |(name, major, text, on, what)| Accepted {
            package: package(&name),
            line: major.to_string().parse().unwrap(),
            version: Version::new(&format!("{major}.0.1")).unwrap(),
            what: [what].into(),
            reason: format!("{text}."),
            on,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_file_reads_back_as_what_was_written(
        lines in proptest::collection::vec(record(), 0..6),
        pins in proptest::collection::vec(made(), 0..6),
        accepts in proptest::collection::vec(accept(), 0..4),
    ) {
        let mut file = TrustFile::default();
        for line in lines { file.set_line(line).unwrap(); }
        for pin in pins {
            if !pin.path.ends_with("/.") && !pin.path.ends_with("/..") && pin.path != "a/" {
                file.set_made(pin).unwrap();
            }
        }
        for accept in accepts { file.set_accepted(accept).unwrap(); }
        let text = file.render();
        prop_assert_eq!(TrustFile::parse(text.as_bytes()), Ok(file));
    }

    #[test]
    fn whatever_stands_in_a_file_never_panics(
        text in "(identity|accept|made|<<<<<<<)? ?(npm:[a-z]{1,3}|\"\\PC{0,6}\")?( (line|version|evidence|digest|first)=(\"[^\\n]{0,9}\"?|\\PC{0,9})){0,5}\\PC{0,8}",
        bytes in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let with_head = [b"customs-lock 1\n".as_slice(), text.as_bytes(), b"\n", &bytes].concat();
        for bytes in [with_head.as_slice(), &bytes] {
            if let Ok(file) = TrustFile::parse(bytes) {
                prop_assert_eq!(TrustFile::parse(file.render().as_bytes()), Ok(file));
            }
        }
    }
}
