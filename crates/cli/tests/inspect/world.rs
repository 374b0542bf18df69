//! Registries on a loopback port, and a home and a project that know no others.

use crate::shelves::{Release, Shelves, package};
use customs_model::{Clock as _, Digest, SystemClock};
use customs_replay::{Bound, Faults, Response, Server};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Stdio};

pub struct World {
    shelves: Shelves,
    server: Server,
    folder: tempfile::TempDir,
}

/// What a call printed.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl World {
    pub async fn new() -> Self {
        let shelves = Shelves::default();
        let bound = Bound::new().await.unwrap();
        let server = bound.serve(shelves.clone(), Faults::none());
        let folder = tempfile::tempdir().unwrap();
        for name in ["project", "no-programs"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let npmrc = format!("registry={}/\n", server.base());
        std::fs::write(folder.path().join(".npmrc"), npmrc).unwrap();
        Self {
            shelves,
            server,
            folder,
        }
    }

    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    pub fn publish_npm(&self, name: &str, releases: Vec<Release>) {
        let package = package(name, SystemClock.now(), releases);
        self.shelves.npm(&self.server.base(), &package);
    }

    /// Puts files of one release.
    pub fn publish_pypi(&self, name: &str, files: &[(&str, &Vec<u8>)]) {
        let base = self.server.base();
        let entry = |(file, bytes): &(&str, &Vec<u8>)| {
            json!({
                "filename": file,
                "url": format!("{base}/files/{file}"),
                "hashes": { "sha256": Digest::sha256(bytes).to_hex() },
                "size": bytes.len(),
                "upload-time": "2020-01-01T00:00:00Z",
            })
        };
        let entries: Vec<Value> = files.iter().map(entry).collect();
        let page = json!({ "meta": { "api-version": "1.1" }, "name": name, "files": entries });
        let kind = "application/vnd.pypi.simple.v1+json";
        let answer = Response::of(200, kind, page.to_string());
        self.shelves.put(&format!("/simple/{name}/"), answer);
        for (file, bytes) in files {
            let answer = Response::of(200, "application/octet-stream", (*bytes).clone());
            self.shelves.put(&format!("/files/{file}"), answer);
        }
    }

    /// A lockfile of npm that names these releases.
    pub fn lock(&self, releases: &[(&str, &str)]) {
        let mut packages = json!({ "": { "name": "demo", "version": "1.0.0" } });
        for (name, version) in releases {
            packages[format!("node_modules/{name}")] = json!({
                "version": version,
                "resolved": format!("{}/{name}/-/{name}-{version}.tgz", self.server.base()),
            });
        }
        let lock = json!({
            "name": "demo", "version": "1.0.0", "lockfileVersion": 3, "packages": packages,
        });
        let path = self.project().join("package-lock.json");
        std::fs::write(path, lock.to_string()).unwrap();
    }

    /// Calls the program in the project.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let home = self.folder.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_customs"));
        command
            .args(arguments)
            .current_dir(self.project())
            .env_clear()
            .env("HOME", home)
            // No client is there to be asked for a registry of its own.
            .env("PATH", home.join("no-programs"))
            .env("PIP_INDEX_URL", format!("{}/simple/", self.server.base()))
            .stdin(Stdio::null());
        for name in ["DATA", "STATE", "CACHE", "CONFIG"] {
            let own = home.join(name.to_ascii_lowercase());
            command.env(format!("CUSTOMS_{name}_DIR"), own);
        }
        let output = command.output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The same, where it prints JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(arguments);
        serde_json::from_str(&ran.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}{}", ran.stdout, ran.stderr))
    }
}
