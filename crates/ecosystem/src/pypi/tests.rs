//! Reading and rendering of one page, together.

use super::*;
use customs_model::{Digest, Ecosystem, PackageName};
use proptest::prelude::*;
use url::Url;

const SUM: &str = "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea";

fn demo() -> PackageName {
    PackageName::new(Ecosystem::PyPi, "demo").unwrap()
}

fn address() -> Url {
    Url::parse("https://index.example/simple/demo/").unwrap()
}

fn json(text: &str) -> Result<Project, SimpleError> {
    parse_json(text.as_bytes(), &address(), &demo())
}

fn html(text: &str) -> Result<Project, SimpleError> {
    parse_html(text.as_bytes(), &address(), &demo())
}

fn page(files: &str) -> String {
    format!(
        r#"{{"meta":{{"api-version":"1.3"}},"name":"Demo","files":[{files}],"versions":["x"]}}"#
    )
}

fn one(file: &str) -> File {
    json(&page(file)).unwrap().files.remove(0)
}

fn as_json(project: &Project) -> String {
    let mut out = Vec::new();
    render_json(project, |_| Show::Offer, |f| f.url.clone(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn as_html(project: &Project) -> String {
    let mut out = Vec::new();
    render_html(project, |_| Show::Offer, |f| f.url.clone(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn example() -> Project {
    json(&format!(
        r#"{{"meta":{{"api-version":"1.4","_last-serial":7}},
        "project-status":{{"status":"archived","reason":"<done>"}},
        "name":"demo","alternate-locations":[],
        "files":[
         {{"filename":"demo-1.10-py3-none-any.whl","url":"../../files/demo-1.10-py3-none-any.whl#x",
          "hashes":{{"blake2b":"00","sha256":"{SUM}"}},"size":7,"upload-time":"2026-03-31T00:21:00.100000Z",
          "requires-python":">=3.9","yanked":"it's \"bad\"","core-metadata":{{"sha256":"{SUM}"}},
          "provenance":"https://index.example/integrity/demo?a=1&b=2","gpg-sig":false}},
         {{"filename":"demo-1.9.tar.gz","url":"https://files.example/demo-1.9.tar.gz","hashes":{{"sha256":"{SUM}"}},
          "yanked":false,"data-dist-info-metadata":true,"requires-python":null,"provenance":null}}
        ]}}"#
    ))
    .unwrap()
}

#[test]
fn the_json_form_says_everything_again() {
    insta::assert_snapshot!(as_json(&example()).replace("},", "},\n").replace(SUM, "SUM"), @r#"
    {"meta":{"api-version":"1.4"},
    "project-status":{"status":"archived","reason":"<done>"},
    "name":"demo","files":[{"filename":"demo-1.10-py3-none-any.whl","url":"https://index.example/files/demo-1.10-py3-none-any.whl","hashes":{"sha256":"SUM"},
    "size":7,"upload-time":"2026-03-31T00:21:00.100000Z","requires-python":">=3.9","yanked":"it's \"bad\"","core-metadata":{"sha256":"SUM"},
    "dist-info-metadata":{"sha256":"SUM"},
    "provenance":"https://index.example/integrity/demo?a=1&b=2","gpg-sig":false},
    {"filename":"demo-1.9.tar.gz","url":"https://files.example/demo-1.9.tar.gz","hashes":{"sha256":"SUM"},
    "yanked":false,"core-metadata":true,"dist-info-metadata":true}],"versions":["1.9","1.10"]}
    "#);
}

#[test]
fn the_html_form_says_the_same_in_attributes() {
    let rendered = as_html(&example());
    insta::assert_snapshot!(rendered.replace(SUM, "SUM"), @r#"
    <!DOCTYPE html>
    <html>
    <head>
    <meta name="pypi:repository-version" content="1.4">
    <meta name="pypi:project-status" content="archived">
    <meta name="pypi:project-status-reason" content="&lt;done&gt;">
    <title>Links for demo</title>
    </head>
    <body>
    <h1>Links for demo</h1>
    <a href="https://index.example/files/demo-1.10-py3-none-any.whl#sha256=SUM" data-requires-python="&gt;=3.9" data-yanked="it&#x27;s &quot;bad&quot;" data-core-metadata="sha256=SUM" data-dist-info-metadata="sha256=SUM" data-provenance="https://index.example/integrity/demo?a=1&amp;b=2" data-gpg-sig="false" data-size="7" data-upload-time="2026-03-31T00:21:00.100000Z">demo-1.10-py3-none-any.whl</a><br>
    <a href="https://files.example/demo-1.9.tar.gz#sha256=SUM" data-core-metadata="true" data-dist-info-metadata="true">demo-1.9.tar.gz</a><br>
    </body>
    </html>
    "#);
    assert_eq!(html(&rendered).unwrap(), example());
}

#[test]
fn what_is_rendered_names_only_what_is_kept() {
    let project = example();
    let mut out = Vec::new();
    let keep = |f: &File| {
        if f.kind() == FileKind::Sdist {
            Show::Offer
        } else {
            Show::Hide
        }
    };
    let gate = |f: &File| format!("http://gate.example/{}", f.filename);
    render_json(&project, keep, gate, &mut out).unwrap();
    let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(value["versions"], serde_json::json!(["1.9"]));
    assert_eq!(value["files"].as_array().unwrap().len(), 1);
    assert_eq!(
        value["files"][0]["url"],
        "http://gate.example/demo-1.9.tar.gz"
    );
    out.clear();
    render_html(&project, keep, gate, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains("1.10") && text.contains("http://gate.example/demo-1.9.tar.gz#sha256="));
}

#[test]
fn versions_are_in_the_order_of_pep_440_and_each_once() {
    let files = [
        "1.10.tar.gz",
        "1.9.tar.gz",
        "1.10-py3-none-any.whl",
        "1.9rc1.zip",
    ]
    .map(|end| format!(r#"{{"filename":"demo-{end}","url":"demo-{end}"}}"#))
    .join(",");
    let text = as_json(&json(&page(&files)).unwrap());
    assert!(
        text.ends_with(r#""versions":["1.9rc1","1.9","1.10"]}"#),
        "{text}"
    );
}

#[test]
fn a_broken_entry_is_counted_and_the_others_are_served() {
    let good = r#"{"filename":"demo-1.0.tar.gz","url":"demo-1.0.tar.gz"}"#;
    let long = format!(
        r#"{{"filename":"demo-3.0.tar.gz","url":"x","pad":"{}"}}"#,
        "x".repeat(70_000)
    );
    for broken in [
        "17",
        "null",
        "{}",
        r#"{"filename":"demo-2.0.tar.gz"}"#,
        r#"{"filename":"../demo-2.0.tar.gz","url":"x"}"#,
        r#"{"filename":"demo-2.0.tar.gz","url":"file:///etc/passwd"}"#,
        r#"{"filename":"demo-2.0.tar.gz","url":"javascript:x"}"#,
        r#"{"filename":"demo-2.0.tar.gz","url":"x","size":-1}"#,
        r#"{"filename":"demo-2.0.tar.gz","url":"x","url":"y"}"#,
        r#"{"filename":"demo-2.0.tar.gz","url":"x","hashes":{"sha256":"00"}}"#,
        &long,
    ] {
        let project = json(&page(&format!("{good},{broken},{good}"))).unwrap();
        assert_eq!((project.files.len(), project.malformed), (2, 1), "{broken}");
    }
}

#[test]
fn what_makes_a_whole_page_useless_is_named() {
    let error = |text: &str| json(text).unwrap_err().to_string();
    insta::assert_snapshot!(error(&page("").replace("Demo", "other")), @r#"the project page is that of "other", although demo was asked for"#);
    insta::assert_snapshot!(error(&page("").replace("1.3", "2.0")), @r#"the project page is of API version "2.0"; only version 1 is understood"#);
    insta::assert_snapshot!(error("{}"), @"the project page has no list of files; is the upstream's address that of a simple index?");
    insta::assert_snapshot!(error(r#"{"files":{}}"#), @"the project page cannot be read: the document is not what it should be: a list of files was expected at byte 9");
    insta::assert_snapshot!(error(&page(r#"{"filename":"#)), @"the project page cannot be read: the document is not what it should be: brackets do not match at byte 65");
    let truncated = as_json(&example());
    for end in 0..truncated.len() {
        assert!(json(&truncated[..end]).is_err(), "{end}");
    }
}

#[test]
fn a_hundred_thousand_files_are_read_and_more_than_the_bound_are_not() {
    let many = |n: usize| {
        let files: Vec<_> = (0..n)
            .map(|i| format!(r#"{{"filename":"demo-1.{i}.tar.gz","url":"demo-1.{i}.tar.gz"}}"#))
            .collect();
        json(&page(&files.join(",")))
    };
    assert_eq!(many(100_000).unwrap().files.len(), 100_000);
    let error = many(200_001).unwrap_err();
    insta::assert_snapshot!(error, @"the project page lists more than 200000 files, which are not read");
}

#[test]
fn an_endless_page_ends_at_the_bound() {
    let spaces = std::io::Read::chain("{".as_bytes(), std::io::repeat(b' '));
    let error = parse_json(spaces, &address(), &demo()).unwrap_err();
    insta::assert_snapshot!(error, @"the project page has more than 268435456 bytes, which are not read");
}

#[test]
fn upload_times_keep_their_precision_and_may_lack_an_offset() {
    for (written, expected) in [
        ("2026-03-31T00:21:00Z", Some("2026-03-31T00:21:00Z")),
        ("2026-03-31T00:21:00.120Z", Some("2026-03-31T00:21:00.120Z")),
        (
            "2026-03-31T02:21:00.000001+02:00",
            Some("2026-03-31T00:21:00.000001Z"),
        ),
        ("2026-03-31T00:21:00.5", Some("2026-03-31T00:21:00.5Z")),
        ("yesterday", None),
    ] {
        let file = one(&format!(
            r#"{{"filename":"demo-1.0.tar.gz","url":"x","upload-time":"{written}"}}"#
        ));
        assert_eq!(file.upload_time_text().as_deref(), expected, "{written}");
    }
}

#[test]
fn core_metadata_wins_over_its_old_names_and_a_broken_digest_is_no_offer() {
    let offered = |keys: &str| {
        one(&format!(
            r#"{{"filename":"demo-1.0.tar.gz","url":"x",{keys}}}"#
        ))
        .core_metadata
    };
    let sum = Digest::from_hex(customs_model::DigestAlgorithm::Sha256, SUM).unwrap();
    let with = format!(r#""core-metadata":{{"sha256":"{SUM}"}},"dist-info-metadata":true"#);
    assert_eq!(offered(&with), CoreMetadata::Offered(Some(sum)));
    assert_eq!(
        offered(r#""dist-info-metadata":true"#),
        CoreMetadata::Offered(None)
    );
    assert_eq!(
        offered(r#""core-metadata":false,"dist-info-metadata":true"#),
        CoreMetadata::Absent
    );
    assert_eq!(
        offered(r#""core-metadata":{"sha256":"00"}"#),
        CoreMetadata::Absent
    );
    assert_eq!(
        offered(r#""core-metadata":{"md5":"00"}"#),
        CoreMetadata::Offered(None)
    );
}

#[test]
fn a_hand_written_html_page_is_read_as_pip_reads_it() {
    let project = html(&format!(
        r##"<!DOCTYPE html><html><head><base href="https://files.example/pool/">
        <META NAME='pypi:repository-version' CONTENT='1.1'></head><body>
        <!-- <a href="demo-9.0.tar.gz"> -->
        <a href="../">up</a> <a href="#top">top</a> <a name="x">no link</a>
        <A HREF='demo-1.0%2Blocal-py3-none-any.whl#md5=00&sha256={SUM}' data-requires-python=&gt;=3.7
           data-yanked data-dist-info-metadata="sha256={SUM}">anything</A>
        <a href="https://other.example/a/demo-1.1.tar.gz" data-yanked="a &amp; b" data-core-metadata=true>demo</a>
        <a href="ftp://files.example/demo-1.2.tar.gz">demo-1.2.tar.gz</a>
        <a href="demo-1.3.tar.gz%2f..%2fx">x</a>"##
    ))
    .unwrap();
    let [wheel, sdist] = project.files.as_slice() else {
        panic!("two files were expected")
    };
    assert_eq!(wheel.filename, "demo-1.0+local-py3-none-any.whl");
    assert_eq!(
        wheel.url,
        "https://files.example/pool/demo-1.0%2Blocal-py3-none-any.whl"
    );
    assert_eq!(wheel.version.as_ref().unwrap().as_str(), "1.0+local");
    assert_eq!(wheel.requires_python.as_deref(), Some(">=3.7"));
    assert_eq!(
        (wheel.digests.len(), &wheel.yanked),
        (1, &Yanked::Yes(None))
    );
    assert!(matches!(
        wheel.core_metadata,
        CoreMetadata::Offered(Some(_))
    ));
    assert_eq!(sdist.url, "https://other.example/a/demo-1.1.tar.gz");
    assert_eq!(sdist.yanked, Yanked::Yes(Some("a & b".to_owned())));
    assert_eq!(sdist.core_metadata, CoreMetadata::Offered(None));
    assert_eq!((project.api_version, project.malformed), (ApiVersion(1), 2));
}

#[test]
fn text_of_strangers_cannot_leave_its_place_in_html() {
    let file = r#"{"filename":"demo-1.0.tar.gz","url":"demo-1.0.tar.gz?\"><script>","yanked":"\"><script>alert(1)</script>","requires-python":"'><b>"}"#;
    let project = json(&page(file)).unwrap();
    let rendered = as_html(&project);
    assert!(
        !rendered.contains("<script") && !rendered.contains("<b>"),
        "{rendered}"
    );
    assert_eq!(html(&rendered).unwrap().files, project.files);
}

fn any_file() -> impl Strategy<Value = serde_json::Value> {
    let reason = prop_oneof![
        Just(serde_json::json!(null)),
        any::<bool>().prop_map(Into::into),
        "\\PC{0,12}".prop_map(Into::into),
    ];
    let metadata = prop_oneof![
        Just(serde_json::json!(null)),
        any::<bool>().prop_map(Into::into),
        Just(serde_json::json!({"sha256": SUM})),
    ];
    (
        "[0-9]\\.[0-9]{1,2}(rc[0-9])?(\\.tar\\.gz|-py3-none-any\\.whl|\\.zip)",
        reason,
        metadata,
        proptest::option::of(0u64..1 << 53),
        proptest::option::of((0i64..4_000_000_000, 0u32..=9)),
        proptest::option::of("[<>=!~,. 0-9&\"']{1,12}"),
        proptest::option::of(any::<bool>()),
        any::<bool>(),
    )
        .prop_map(|(end, yanked, metadata, size, time, python, signed, hashed)| {
            let time = time.map(|(second, digits)| {
                let at = customs_model::Timestamp::from_second(second).unwrap();
                let digits = digits as usize;
                format!("{at:.digits$}")
            });
            let hashes = if hashed { serde_json::json!({"sha256": SUM}) } else { serde_json::json!({}) };
            serde_json::json!({
                "filename": format!("demo-{end}"), "url": format!("/f/demo-{end}"), "hashes": hashes,
                "yanked": yanked, "core-metadata": metadata, "size": size, "upload-time": time,
                "requires-python": python.filter(|p| !p.trim().is_empty()), "gpg-sig": signed,
                "provenance": if hashed { Some("https://index.example/p?a&b") } else { None },
            })
        })
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse_json(&bytes[..], &address(), &demo());
        let _ = parse_html(&bytes[..], &address(), &demo());
    }

    #[test]
    fn arbitrary_markup_never_panics(text in "[<>a-z=\"'&;# /!-]{0,80}", file in "\\PC{0,40}") {
        let _ = html(&text);
        let _ = json(&page(&file));
    }

    #[test]
    fn what_is_rendered_reads_back_in_both_forms(
        files in proptest::collection::vec(any_file(), 0..6),
    ) {
        let files: Vec<_> = files.iter().map(ToString::to_string).collect();
        let project = json(&page(&files.join(","))).unwrap();
        prop_assert_eq!(project.files.len(), files.len());
        prop_assert_eq!(&json(&as_json(&project)).unwrap(), &project);
        prop_assert_eq!(&html(&as_html(&project)).unwrap(), &project);
    }
}
