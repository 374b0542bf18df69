use super::*;

fn names_of(url: &str, name: &str, version: &str) -> Names {
    npm_names(url, Address::parse(url).as_ref(), name, version)
}

#[test]
fn every_form_that_registries_use_names_its_release() {
    for (url, name, version) in [
        ("https://r.example/ms/-/ms-2.1.2.tgz", "ms", "2.1.2"),
        (
            "https://r.example/ms/-/ms-2.1.2.tgz#65101baf",
            "ms",
            "v2.1.2",
        ),
        (
            "https://r.example/npm/group/@s/ui/-/ui-1.0.0-rc.1.tgz",
            "@s/ui",
            "1.0.0-rc.1",
        ),
        (
            "https://r.example/@s%2fui/-/ui-1.0.0.tgz",
            "@s/ui",
            "1.0.0+build.5",
        ),
        (
            "https://r.example/@s/ui/-/@s/ui-1.0.0.tgz",
            "@s/ui",
            "1.0.0",
        ),
        (
            "https://r.example/@s/pro/-/6.4.0/pro-6.4.0.tgz",
            "@s/pro",
            "6.4.0",
        ),
        (
            "https://r.example/download/@s/ui/1.0.0/0a1b",
            "@s/ui",
            "1.0.0",
        ),
        ("https://r.example/download/ms/2.1.2/abc", "ms", "2.1.2"),
        (
            "https://r.example/~/11/@jsr/std__path/1.0.0.tgz",
            "@jsr/std__path",
            "1.0.0",
        ),
        (
            "https://cdn.example/ms/download/ms-2.1.2.tgz?cache=0",
            "ms",
            "2.1.2",
        ),
        (
            "https://cdn.example/@s/ui/download/@s/ui-1.0.0.tgz",
            "@s/ui",
            "1.0.0",
        ),
        ("http://127.0.0.1:4873/ms/-/ms-2.1.2.tgz?x=1", "ms", "2.1.2"),
        ("mirrored-1.0.0.tgz#e109", "mirrored", "1.0.0"),
        ("@s-ui-1.0.0.tgz", "@s/ui", "1.0.0"),
        (
            "https://r.example/JSONStream/-/JSONStream-1.3.5.tgz",
            "JSONStream",
            "1.3.5",
        ),
    ] {
        assert_eq!(names_of(url, name, version), Names::This, "{url}");
    }
}

#[test]
fn an_address_of_another_release_says_which() {
    for (url, name, version, named) in [
        (
            "https://r.example/is-odd/-/is-odd-3.0.1.tgz",
            "is-number",
            "7.0.0",
            "is-odd@3.0.1",
        ),
        (
            "https://r.example/is-number/-/is-number-3.0.1.tgz",
            "is-number",
            "7.0.0",
            "is-number@3.0.1",
        ),
        (
            "https://r.example/@evil/ui/-/ui-1.0.0.tgz",
            "@s/ui",
            "1.0.0",
            "@evil/ui@1.0.0",
        ),
        (
            "https://r.example/ui/-/ui-1.0.0.tgz",
            "@s/ui",
            "1.0.0",
            "ui@1.0.0",
        ),
        (
            "https://r.example/ms/-/is-odd-3.0.1.tgz",
            "ms",
            "3.0.1",
            "ms (is-odd-3.0.1)",
        ),
        (
            "https://r.example/download/@s/a/1.0.0/0a1b",
            "@s/b",
            "1.0.0",
            "@s/a@1.0.0",
        ),
        ("is-odd-3.0.1.tgz#65", "is-number", "7.0.0", "is-odd@3.0.1"),
    ] {
        assert_eq!(
            names_of(url, name, version),
            Names::Another(named.into()),
            "{url}"
        );
    }
}

#[test]
fn an_address_that_names_nothing_is_untold_and_not_wrong() {
    for url in [
        "https://r.example/0a1b2c",
        "https://r.example/blob/0a1b.tgz",
        "",
        "x",
    ] {
        assert_eq!(names_of(url, "ms", "2.1.2"), Names::Untold, "{url}");
    }
}

#[test]
fn hosts_are_told_without_credentials() {
    let address = Address::parse("git+ssh://git@code.example:22/a.git#c0").unwrap();
    assert_eq!(
        (&*address.scheme, &*address.host),
        ("ssh", "code.example:22")
    );
    assert_eq!(address.fragment.as_deref(), Some("c0"));
    for loopback in [
        "http://127.0.0.1:1/x",
        "http://localhost/",
        "http://[::1]:80/",
    ] {
        assert!(
            Address::parse(loopback).unwrap().is_loopback(),
            "{loopback}"
        );
    }
}

#[test]
fn an_address_is_taken_apart_as_clients_do_it() {
    for (text, scheme, host, path) in [
        (
            "https://r.example/a/-/a-1.tgz#x",
            "https",
            "r.example",
            "/a/-/a-1.tgz",
        ),
        ("HTTP://R.Example:80/a", "http", "r.example", "/a"),
        ("https://r.example:443", "https", "r.example", "/"),
        (
            "https://r.example:8443/a?b",
            "https",
            "r.example:8443",
            "/a",
        ),
        (
            "https://r.example@other.example/a",
            "https",
            "other.example",
            "/a",
        ),
        (
            "https://u:p@Other.example/a",
            "https",
            "other.example",
            "/a",
        ),
        ("https:\\\\other.example\\a", "https", "other.example", "/a"),
        (
            "https://other.example\\@r.example/a",
            "https",
            "other.example",
            "/@r.example/a",
        ),
        (
            " ht\ttps://oth\ner.example/a",
            "https",
            "other.example",
            "/a",
        ),
        ("https:other.example/a", "https", "other.example", "/a"),
        ("https:////other.example/a", "https", "other.example", "/a"),
        (
            "https://r.example/a/../b/%2E%2e/c",
            "https",
            "r.example",
            "/c",
        ),
        ("http://0x7f.1/a", "http", "127.0.0.1", "/a"),
        ("git+SSH://git@Code.example/a", "ssh", "code.example", "/a"),
        (
            "git@code.example:a/b.git#c",
            "ssh",
            "code.example",
            "/a/b.git",
        ),
        ("github:a/b#c", "https", "github.com", "a/b"),
        (
            "registry+https://r.example/index",
            "https",
            "r.example",
            "/index",
        ),
    ] {
        let address = Address::parse(text).unwrap_or_else(|| panic!("{text}"));
        let read = (&*address.scheme, &*address.host, &*address.path);
        assert_eq!(read, (scheme, host, path), "{text}");
    }
    for text in [
        "a-1.0.0.tgz",
        "a@npm:1.0.0",
        "@s/a@workspace:.",
        "../a",
        "https://",
        "https://a b/",
    ] {
        assert_eq!(Address::parse(text), None, "{text}");
    }
}

#[test]
fn the_short_way_reads_what_the_standard_reads() {
    for text in [
        "https://r.example/@s/ui/-/ui-1.0.0.tgz?a=b#c",
        "http://a-b.r.example",
        "https://r.example?x",
        "https://r.example/%40s%2fui/(a)/*!$&+,;=:@~_",
    ] {
        let plain = Address::plain(text).unwrap();
        let (scheme, rest) = scheme_of(text).unwrap();
        assert_eq!(Some(plain), Address::by_standard(scheme, rest), "{text}");
    }
}

#[test]
fn an_address_that_clients_read_in_different_ways_is_in_doubt() {
    for text in [
        "https:\\\\other.example/a",
        "https://other.example\\@r.example/a",
        " https://r.example/a",
        "https://r.ex\tample/a",
        "https:r.example/a",
        "https:///r.example/a",
        "https://r.example:99999/a",
        "https://",
        "https://r\u{e9}.example/a",
        "git+ssh://git@code.example/a b",
    ] {
        assert!(doubt(text).is_some(), "{text}");
    }
    for text in [
        "https://r.example/a",
        "HTTPS://R.example:443/a",
        "https://u:p@r.example/a",
        "git+ssh://git@code.example/a.git#main",
        "git@code.example:a/b.git",
        "file:../a b/c.tgz",
        "file:///a/b.tgz",
        "a-1.0.0.tgz",
        "npm:a@^1 || ^2",
        "http://[::1]:4873/a",
    ] {
        assert_eq!(doubt(text), None, "{text}");
    }
}

#[test]
fn this_machine_is_told_by_its_number_and_not_by_a_beginning() {
    let is = |text| Address::parse(text).unwrap().is_loopback();
    assert!(is("http://127.0.0.1:4873/a") && is("http://127.9.9.9/a"));
    assert!(is("http://LOCALHOST/a") && is("http://[::1]:8080/a"));
    assert!(!is("http://127.evil.example/a") && !is("http://localhost.evil.example/a"));
}

#[test]
fn a_host_that_a_person_wrote_is_found_in_any_case_and_with_its_port() {
    let address = Address::parse("https://r.example/a").unwrap();
    assert!(address.is_at("R.example") && address.is_at("r.example:443"));
    assert!(!address.is_at("r.example:80") && !address.is_at("x.r.example"));
    let other = Address::parse("https://r.example:8443/a").unwrap();
    assert!(other.is_at("r.example:8443") && !other.is_at("r.example"));
}
