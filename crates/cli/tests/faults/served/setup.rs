//! A client's side: set up, proved, used, taken back.

use super::world::{Served, Site, TestToken, put, token};
use crate::program::customs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const NPMRC: &[u8] =
    b"; mine\r\nsave-exact=true\nregistry = https://r.example/\n@a:registry=https://a.example/";
const PIP: &[u8] = b"[global]\ntimeout = 20\nextra-index-url =\n    https://a.example/simple\n";

fn said(output: &Output) -> String {
    let all = [&output.stdout[..], b"\n", &output.stderr[..]].concat();
    String::from_utf8_lossy(&all).into_owned()
}

/// A user of another machine.
struct User {
    home: PathBuf,
    gate: String,
    secret: String,
}

impl User {
    fn new(site: &Site, served: &Served, ci: &TestToken) -> Self {
        let home = site.at("user");
        std::fs::create_dir_all(home.join(".config/pip")).unwrap();
        std::fs::write(home.join(".npmrc"), NPMRC).unwrap();
        std::fs::write(home.join(".config/pip/pip.conf"), PIP).unwrap();
        std::fs::write(home.join("token"), format!("{}\n", ci.secret)).unwrap();
        std::fs::write(home.join("roots.pem"), super::world::ONE.pem).unwrap();
        Self {
            home,
            gate: served.base.clone(),
            secret: ci.secret.clone(),
        }
    }

    /// Without what would speak for another registry, and with the programs of this machine.
    fn dress(&self, command: &mut Command) {
        for (name, _) in std::env::vars() {
            let name_of_client = ["npm_config", "pip_", "uv_", "cargo_", "yarn_", "bun_"];
            let lower = name.to_lowercase();
            if name_of_client.iter().any(|start| lower.starts_with(start)) {
                command.env_remove(name);
            }
        }
        let real = std::env::var("HOME").unwrap_or_default();
        for (name, folder) in [("PYENV_ROOT", ".pyenv"), ("RUSTUP_HOME", ".rustup")] {
            let usual = Path::new(&real).join(folder);
            if std::env::var_os(name).is_none() && usual.is_dir() {
                command.env(name, usual);
            }
        }
        command
            .env("HOME", &self.home)
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("REQUESTS_CA_BUNDLE")
            .env_remove("CURL_CA_BUNDLE");
        command.env("NO_PROXY", "127.0.0.1");
    }

    fn customs(&self, arguments: &[&str]) -> Output {
        let mut command = customs(&self.home, arguments);
        self.dress(&mut command);
        command.current_dir(&self.home).output().unwrap()
    }

    fn setup(&self, more: &[&str]) -> Output {
        let usual = [
            "gate",
            "setup",
            &self.gate,
            "--token-file",
            "token",
            "--roots",
            "roots.pem",
        ];
        self.customs(&[&usual, more].concat())
    }

    fn read(&self, file: &str) -> Option<Vec<u8>> {
        std::fs::read(self.home.join(file)).ok()
    }
}

const FILES: [&str; 6] = [
    ".npmrc",
    ".yarnrc.yml",
    ".config/pip/pip.conf",
    ".config/uv/uv.toml",
    ".cargo/config.toml",
    ".cargo/credentials.toml",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_are_set_up_prove_it_install_and_are_as_before_afterwards() {
    let site = Site::new().await.with_tls();
    let base = site.upstream.base();
    let config = serde_json::json!({"dl": format!("{base}/dl"), "api": base});
    site.shelves.put_json("/index/config.json", &config);
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    site.append(&format!(
        "[[upstream]]\necosystem = \"pypi\"\nurl = \"{base}/simple/\"\nvisibility = \"public\"\n\
         [[upstream]]\necosystem = \"cargo\"\nurl = \"{base}/index/\"\nvisibility = \"public\"\n"
    ));
    let served = site.start_as_it_is().await;
    let user = User::new(&site, &served, &ci);

    let shown = user.setup(&[]);
    assert!(shown.status.success(), "{}", said(&shown));
    assert!(
        said(&shown).contains("_authToken=TOKEN"),
        "{}",
        said(&shown)
    );
    assert!(!said(&shown).contains(&user.secret));
    assert_eq!(
        user.read(".npmrc").as_deref(),
        Some(NPMRC),
        "nothing is written"
    );

    for _ in 0..2 {
        // The second time it stands on what was there before the first.
        let written = user.setup(&["--write"]);
        assert!(written.status.success(), "{}", said(&written));
        assert!(!said(&written).contains(&user.secret));
    }
    let examine = |environment: &[(&str, &str)]| {
        let arguments = [
            "doctor",
            "--gate",
            &user.gate,
            "--token-file",
            "token",
            "--json",
        ];
        let mut command = customs(&user.home, &arguments);
        user.dress(&mut command);
        command
            .args(["--roots", "roots.pem"])
            .current_dir(&user.home);
        let output = command.envs(environment.iter().copied()).output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
        report
    };
    let report = examine(&[]);
    let state = |name: &str| {
        let mut all = report["clients"].as_array().unwrap().iter();
        let found = all.find(|one| one["client"] == name).unwrap();
        found["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state("gate"), "ok", "{report:#}");
    for client in ["npm", "pip", "cargo", "uv", "pnpm", "yarn"] {
        let expected = if state(client) == "skipped" {
            "skipped"
        } else {
            "ok"
        };
        assert_eq!(
            state(client),
            expected,
            "{client}: {report:#} {}",
            served.log()
        );
    }
    assert_eq!(state("npm"), "ok", "{report:#}");
    // What leads past the gate after all is named.
    let beaten = examine(&[
        ("npm_config_registry", "http://127.0.0.1:1/"),
        ("npm_config_fetch_retries", "0"),
        ("REQUESTS_CA_BUNDLE", "/nowhere"),
    ]);
    let told = beaten.to_string();
    assert!(told.contains("npm_config_registry may beat it"), "{told}");
    let names_pips = told.contains("REQUESTS_CA_BUNDLE may beat it");
    assert!(state("pip") == "skipped" || names_pips, "{told}");

    let project = user.home.join("project");
    std::fs::create_dir_all(&project).unwrap();
    let manifest = r#"{"name": "app", "version": "1.0.0", "dependencies": {"left": "1.0.0"}}"#;
    std::fs::write(project.join("package.json"), manifest).unwrap();
    let archive = crate::shelves::tgz(&[
        ("package.json", r#"{"name": "left", "version": "1.0.0"}"#),
        ("index.js", "module.exports = 1\n"),
    ]);
    let releases = vec![crate::shelves::release("1.0.0", crate::shelves::days(400)).bytes(archive)];
    let now = customs_model::Clock::now(&customs_model::SystemClock);
    let left = crate::shelves::package("left", now, releases).tags(&[("latest", "1.0.0")]);
    site.shelves.npm(&base, &left);
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund"]);
    user.dress(&mut npm);
    let output = npm.current_dir(&project).output().unwrap();
    assert!(
        output.status.success(),
        "{} {}",
        said(&output),
        served.log()
    );
    assert!(
        project.join("node_modules/left/index.js").is_file(),
        "{} {}",
        said(&output),
        served.log()
    );
    let who = ["ledger", "who", "pkg:npm/left@1.0.0"];
    let mut who = customs(&user.home, &who);
    who.env("CUSTOMS_DATA_DIR", site.at("home/data"));
    let who = said(&who.output().unwrap());
    assert!(who.contains("token:ci") && who.contains("npm/"), "{who}");

    let undone = user.customs(&["gate", "setup", "--undo"]);
    assert!(undone.status.success(), "{}", said(&undone));
    for file in FILES {
        let expected = match file {
            ".npmrc" => Some(NPMRC.to_vec()),
            ".config/pip/pip.conf" => Some(PIP.to_vec()),
            _ => None,
        };
        assert_eq!(user.read(file), expected, "{file}");
    }
    let again = user.customs(&["gate", "setup", "--undo"]);
    assert_eq!(again.status.code(), Some(3), "{}", said(&again));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_wrote_since_is_not_taken_back_and_a_gate_that_is_none_is_said() {
    let site = Site::new().await;
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    let served = site.start().await;
    let user = User::new(&site, &served, &ci);
    let written = user.setup(&["--write", "--only", "npm"]);
    assert!(written.status.success(), "{}", said(&written));
    assert_eq!(user.read(".yarnrc.yml"), None);
    let npmrc = user.home.join(".npmrc");
    let edited = [user.read(".npmrc").unwrap(), b"color=false\n".to_vec()].concat();
    std::fs::write(&npmrc, &edited).unwrap();
    let undone = user.customs(&["gate", "setup", "--undo"]);
    assert_eq!(undone.status.code(), Some(1), "{}", said(&undone));
    assert_eq!(user.read(".npmrc").as_ref(), Some(&edited));
    // Nor is it taken for what stood there before the gate did.
    let again = user.setup(&["--write", "--only", "npm"]);
    assert_eq!(again.status.code(), Some(2), "{}", said(&again));
    let told = said(&again);
    assert!(told.contains("was edited since"), "{told}");
    assert_eq!(user.read(".npmrc").as_ref(), Some(&edited));
    // What the sentence says is done, and all is as before in the end, with the rights that it had.
    let rights =
        |mode: u32| -> std::fs::Permissions { std::os::unix::fs::PermissionsExt::from_mode(mode) };
    let mode = || std::os::unix::fs::PermissionsExt::mode(&npmrc.metadata().unwrap().permissions());
    std::fs::write(&npmrc, NPMRC).unwrap();
    std::fs::set_permissions(&npmrc, rights(0o640)).unwrap();
    let again = user.setup(&["--write", "--only", "npm"]);
    assert!(again.status.success(), "{}", said(&again));
    assert_eq!(mode() & 0o777, 0o600);
    let undone = user.customs(&["gate", "setup", "--undo"]);
    assert!(undone.status.success(), "{}", said(&undone));
    assert_eq!(user.read(".npmrc").as_deref(), Some(NPMRC));
    assert_eq!(mode() & 0o777, 0o640);

    put(&user.home.join("token"), "another-one");
    let doctor = |gate: &str| user.customs(&["doctor", "--gate", gate, "--token-file", "token"]);
    let told = said(&doctor(&user.gate));
    assert!(told.contains("not known to this gate"), "{told}");
    let told = said(&doctor(&site.upstream.base()));
    assert!(told.contains("failed") && told.contains("404"), "{told}");
    let told = said(&doctor("https://127.0.0.1:1"));
    assert!(told.contains("cannot be reached"), "{told}");
}
