//! The built program, watching, with a home of its own and nothing of this machine's
//! configuration.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(90);

pub struct Watcher {
    child: Child,
    folder: tempfile::TempDir,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What it left behind.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    home: PathBuf,
    _folder: tempfile::TempDir,
}

impl Watcher {
    /// Follows one package of a lockfile at a registry.
    pub fn start(registry: &str, name: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_owned();
        let project = home.join("project");
        std::fs::create_dir_all(home.join("no-programs")).unwrap();
        std::fs::create_dir_all(&project).unwrap();
        std::fs::write(home.join(".npmrc"), format!("registry={registry}/\n")).unwrap();
        let lock = serde_json::json!({
            "name": "demo", "version": "1.0.0", "lockfileVersion": 3,
            "packages": {
                "": { "name": "demo", "version": "1.0.0", "dependencies": { name: "^1.0.0" } },
                format!("node_modules/{name}"): {
                    "version": "1.0.0",
                    "resolved": format!("{registry}/{name}/-/{name}-1.0.0.tgz"),
                },
            },
        });
        std::fs::write(project.join("package-lock.json"), lock.to_string()).unwrap();
        let file = |name: &str| std::fs::File::create(home.join(name)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_customs"));
        command
            .arg("watch")
            .args(arguments)
            .arg("--log")
            .arg(home.join("log.jsonl"))
            .arg("--sarif")
            .arg(home.join("found.sarif"))
            .arg("--osv")
            .arg(home.join("drafts"))
            .arg("package-lock.json")
            .current_dir(&project)
            .env_clear()
            .env("HOME", &home)
            // No client is there to be asked for a registry of its own.
            .env("PATH", home.join("no-programs"))
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"));
        for name in ["DATA", "STATE", "CACHE", "CONFIG"] {
            let own = home.join(name.to_ascii_lowercase());
            command.env(format!("CUSTOMS_{name}_DIR"), own);
        }
        let child = command.spawn().unwrap();
        Self { child, folder }
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// Waits for something.
    pub async fn until(&self, what: &str, is_there: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_there() {
            assert!(
                begun.elapsed() < PATIENCE,
                "{what} did not come:\n{}{}",
                self.read("stdout"),
                self.read("stderr")
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What it logged until now.
    pub fn log(&self) -> Vec<Value> {
        // A line that is being written is read the next time.
        let text = self.read("log.jsonl");
        let lines = text.lines();
        lines.filter_map(|l| serde_json::from_str(l).ok()).collect()
    }

    /// Ctrl-C, and what it left behind.
    pub async fn stop(self) -> Ended {
        let line = format!("kill -INT {}", self.child.id());
        let sent = Command::new("/bin/sh").arg("-c").arg(line).status();
        assert!(sent.unwrap().success());
        self.end().await
    }

    /// Waits for its end.
    pub async fn end(mut self) -> Ended {
        let begun = Instant::now();
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code();
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it does not end:\n{}{}",
                self.read("stdout"),
                self.read("stderr")
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let (stdout, stderr) = (self.read("stdout"), self.read("stderr"));
        let empty = tempfile::tempdir().unwrap();
        let folder = std::mem::replace(&mut self.folder, empty);
        Ended {
            code,
            stdout,
            stderr,
            home: folder.path().to_owned(),
            _folder: folder,
        }
    }
}

impl Ended {
    pub fn log(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.home.join("log.jsonl")).unwrap();
        let lines = text.lines();
        lines.map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    pub fn sarif(&self) -> Value {
        let bytes = std::fs::read(self.home.join("found.sarif")).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    pub fn drafts(&self) -> Vec<Value> {
        let drafts = std::fs::read_dir(self.home.join("drafts")).unwrap();
        drafts
            .map(|draft| {
                let bytes = std::fs::read(draft.unwrap().path()).unwrap();
                serde_json::from_slice(&bytes).unwrap()
            })
            .collect()
    }
}
