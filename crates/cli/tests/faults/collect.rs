//! `customs collect`, the built program: what lies in its folder is what was asked for.

use crate::program::customs;
use crate::shelves::{Shelves, days, digest, package, release, tarball_path};
use customs_model::{DigestAlgorithm, Timestamp};
use customs_replay::{Bound, Faults, Response, Server};
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

const BYTES: &str = "application/octet-stream";

/// An upstream with one artifact of each ecosystem, and one that is not where npm's
/// artifacts usually are.
struct World {
    server: Server,
    home: tempfile::TempDir,
}

/// How it ended, and all that it said.
struct Ended {
    code: Option<i32>,
    said: String,
}

impl World {
    async fn new() -> Self {
        let shelves = Shelves::default();
        let bound = Bound::new().await.unwrap();
        let server = bound.serve(shelves.clone(), Faults::none());
        let base = server.base();
        let home = tempfile::tempdir().unwrap();

        let three = release("1.0.0", days(9)).bytes("three");
        shelves.npm(&base, &package("three", Timestamp::now(), vec![three]));
        let elsewhere = json!({"dist": {"tarball": format!("{base}/elsewhere/four.tgz")}});
        let four = release("1.0.0", days(9)).bytes("four").more(elsewhere);
        let four = package("@a/four", Timestamp::now(), vec![four]);
        shelves.npm(&base, &four.tags(&[("latest", "1.0.0")]));
        shelves.take_away(&tarball_path("@a/four", "1.0.0"));
        shelves.put("/elsewhere/four.tgz", Response::of(200, BYTES, "four"));

        let file = "two-1.0-py3-none-any.whl";
        let page = json!({
            "meta": {"api-version": "1.0"},
            "name": "two",
            "files": [{
                "filename": file,
                "url": format!("{base}/files/{file}"),
                "hashes": {"sha256": digest(DigestAlgorithm::Sha256, b"two").to_hex()},
            }],
        });
        let kind = "application/vnd.pypi.simple.v1+json";
        shelves.put("/simple/two/", Response::of(200, kind, page.to_string()));
        shelves.put(&format!("/files/{file}"), Response::of(200, BYTES, "two"));

        let config = json!({"dl": format!("{base}/dl")});
        shelves.put_json("/index/config.json", &config);
        let one = Response::of(200, BYTES, "one");
        shelves.put("/dl/one/1.0.0+x.1/download", one);
        let cargo = format!(
            "[source.crates-io]\nreplace-with = \"mirror\"\n\
             [source.mirror]\nregistry = \"sparse+{base}/index/\"\n"
        );
        std::fs::create_dir(home.path().join("cargo")).unwrap();
        std::fs::write(home.path().join("cargo/config.toml"), cargo).unwrap();
        Self { server, home }
    }

    fn files(&self) -> PathBuf {
        self.home.path().join("files")
    }

    async fn collect(&self, wanted: String) -> Ended {
        let (home, base) = (self.home.path().to_owned(), self.server.base());
        let run = move || ended(&home, &base, &wanted);
        tokio::task::spawn_blocking(run).await.unwrap()
    }
}

fn ended(home: &Path, base: &str, wanted: &str) -> Ended {
    let mut command = customs(home, &["collect", "--into", "files"]);
    for (name, _) in std::env::vars_os() {
        let lower = name.to_string_lossy().to_ascii_lowercase();
        let clients = ["npm_config_", "pip_", "uv_", "cargo_"];
        if clients.iter().any(|client| lower.starts_with(client)) {
            command.env_remove(name);
        }
    }
    command
        .current_dir(home)
        .env("NO_PROXY", "127.0.0.1")
        .env("HOME", home)
        .env("USERPROFILE", home)
        // No client is asked: what is configured here is all there is.
        .env("PATH", home)
        .env("npm_config_registry", format!("{base}/"))
        .env("npm_config_userconfig", home.join("no-user.npmrc"))
        .env("npm_config_globalconfig", home.join("no-global.npmrc"))
        .env("PIP_INDEX_URL", format!("{base}/simple/"))
        .env("PIP_CONFIG_FILE", home.join("no-pip.conf"))
        .env("CARGO_HOME", home.join("cargo"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(wanted.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Ended {
        code: output.status.code(),
        said: String::from_utf8_lossy(&said).into_owned(),
    }
}

/// The line that asks for an artifact of these bytes.
fn line(release: &str, algorithm: DigestAlgorithm, bytes: &str, file: &str) -> String {
    let digest = digest(algorithm, bytes.as_bytes());
    format!("{release} {digest} {file}\n")
}

fn all() -> String {
    let (sha256, sha512) = (DigestAlgorithm::Sha256, DigestAlgorithm::Sha512);
    [
        line("pkg:cargo/one@1.0.0%2Bx.1", sha256, "one", "one.crate"),
        line(
            "pkg:pypi/two@1.0",
            sha256,
            "two",
            "two-1.0-py3-none-any.whl",
        ),
        line("pkg:npm/three@1.0.0", sha512, "three", "three-1.0.0.tgz"),
        line(
            "pkg:npm/%40a/four@1.0.0",
            sha512,
            "four",
            "@a__four-1.0.0.tgz",
        ),
    ]
    .concat()
}

#[tokio::test]
async fn artifacts_of_every_ecosystem_are_fetched_once_and_again_when_they_are_spoiled() {
    let world = World::new().await;
    let first = world.collect(all()).await;
    assert!(
        first.said.contains("0 were there, 4 are fetched"),
        "{}",
        first.said
    );
    assert_eq!(first.code, Some(0));
    for (file, bytes) in [
        ("one.crate", "one"),
        ("two-1.0-py3-none-any.whl", "two"),
        ("three-1.0.0.tgz", "three"),
        ("@a__four-1.0.0.tgz", "four"),
    ] {
        let found = std::fs::read_to_string(world.files().join(file)).unwrap();
        assert_eq!(found, bytes, "{file}");
    }

    let spoiled = world.files().join("three-1.0.0.tgz");
    std::fs::write(&spoiled, "thre").unwrap();
    let second = world.collect(all()).await;
    assert!(
        second.said.contains("3 were there, 1 are fetched"),
        "{}",
        second.said
    );
    assert_eq!(std::fs::read_to_string(&spoiled).unwrap(), "three");
}

#[tokio::test]
async fn other_bytes_and_what_nobody_has_are_missing_with_a_reason_and_leave_nothing() {
    let world = World::new().await;
    let sha512 = DigestAlgorithm::Sha512;
    let wanted = [
        line("pkg:npm/three@1.0.0", sha512, "other", "three-1.0.0.tgz"),
        line("pkg:npm/gone@1.0.0", sha512, "gone", "gone-1.0.0.tgz"),
        line(
            "pkg:pypi/two@1.0",
            DigestAlgorithm::Sha256,
            "two",
            "two-1.0.tar.gz",
        ),
    ]
    .concat();
    let ended = world.collect(wanted).await;
    assert_eq!(ended.code, Some(4), "{}", ended.said);
    for words in [
        "three-1.0.0.tgz: its bytes are sha512:",
        "gone-1.0.0.tgz: 127.0.0.1",
        "two-1.0.tar.gz: 127.0.0.1",
        "0 were there, 0 are fetched, 3 are missing",
    ] {
        assert!(
            ended.said.contains(words),
            "no {words:?} in: {}",
            ended.said
        );
    }
    assert_eq!(std::fs::read_dir(world.files()).unwrap().count(), 0);
}
