//! A real Chromium, driven over its debugging pipe: JSON texts that end in a zero byte.

use base64::Engine as _;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long it may take for one answer: machines of tests are busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program, if this machine has one: `CUSTOMS_CHROMIUM`, else what PATH has.
pub fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CUSTOMS_CHROMIUM") {
        return Some(named.into());
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let all = std::env::split_paths(&folders);
    let mut all = all.flat_map(|folder| names.map(|name| folder.join(name)));
    all.find(|path| path.is_file())
}

/// A browser with one page.
pub struct Browser {
    child: Child,
    to: File,
    from: Receiver<Value>,
    session: String,
    last: u64,
    /// What it told without being asked.
    pub events: Vec<Value>,
    _folder: tempfile::TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Browser {
    pub fn start(program: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (to, from) = (folder.path().join("to"), folder.path().join("from"));
        let made = Command::new("mkfifo").args([&to, &from]).status().unwrap();
        assert!(made.success());
        // The browser reads from 3 and writes to 4.
        let child = Command::new("sh")
            .arg("-c")
            .arg(r#"to=$1 from=$2; shift 2; exec "$@" 3<"$to" 4>"$from""#)
            .arg("sh")
            .args([&to, &from])
            .arg(program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--no-default-browser-check",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-extensions",
                "--disable-sync",
                "--disable-quic",
                "--hide-scrollbars",
                "--force-color-profile=srgb",
                // Whoever asks for another host gets nothing.
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                "--remote-debugging-pipe",
            ])
            .arg(format!(
                "--user-data-dir={}",
                folder.path().join("user").display()
            ))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // In the order in which the shell opens them.
        let to = File::options().write(true).open(to).unwrap();
        let mut pieces = BufReader::new(File::open(from).unwrap());
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            let mut text = Vec::new();
            while pieces.read_until(0, &mut text).is_ok_and(|read| read > 0) {
                text.pop();
                let Ok(message) = serde_json::from_slice(&text) else {
                    break;
                };
                if sender.send(message).is_err() {
                    break;
                }
                text.clear();
            }
        });
        let mut browser = Self {
            child,
            to,
            from: receiver,
            session: String::new(),
            last: 0,
            events: Vec::new(),
            _folder: folder,
        };
        browser.attach();
        browser
    }

    fn attach(&mut self) {
        let made = self.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let target = made["targetId"].as_str().unwrap().to_owned();
        let asked = json!({ "targetId": target, "flatten": true });
        let attached = self.call("Target.attachToTarget", &asked);
        self.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), &json!({}));
        }
        self.size(1280, 900);
    }

    /// Asks for something, and waits for the answer.
    pub fn call(&mut self, method: &str, params: &Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = self.session.clone().into();
        }
        let mut text = serde_json::to_vec(&message).unwrap();
        text.push(0);
        self.to.write_all(&text).unwrap();
        loop {
            let mut message = self.next();
            if message["id"] == self.last {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].take();
            }
            self.events.push(message);
        }
    }

    fn next(&mut self) -> Value {
        let told = self.from.recv_timeout(PATIENCE);
        told.expect("the browser says nothing more")
    }

    /// Does what leads to another page, and waits until that is there.
    pub fn load(&mut self, begin: impl FnOnce(&mut Self)) {
        let is_loaded = |message: &Value| message["method"] == "Page.loadEventFired";
        self.events.retain(|message| !is_loaded(message));
        begin(self);
        while !self.events.iter().any(is_loaded) {
            let message = self.next();
            self.events.push(message);
        }
    }

    pub fn open(&mut self, address: &str) {
        self.load(|browser| {
            let went = browser.call("Page.navigate", &json!({ "url": address }));
            assert!(went["errorText"].is_null(), "{address}: {went}");
        });
    }

    /// The value of an expression.
    pub fn value(&mut self, expression: &str) -> Value {
        let asked =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut told = self.call("Runtime.evaluate", &asked);
        assert!(told["exceptionDetails"].is_null(), "{expression}: {told}");
        told["result"]["value"].take()
    }

    pub fn size(&mut self, width: u32, height: u32) {
        let asked = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.call("Emulation.setDeviceMetricsOverride", &asked);
    }

    /// `media` is `screen` or `print`, `scheme` is `light` or `dark`.
    pub fn media(&mut self, media: &str, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        let asked = json!({ "media": media, "features": features });
        self.call("Emulation.setEmulatedMedia", &asked);
    }

    /// Presses a key.
    pub fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            other => panic!("{other} is no key of these tests"),
        };
        let mut event = json!({
            "type": "rawKeyDown", "key": key, "code": key, "windowsVirtualKeyCode": code,
        });
        if key == "Enter" {
            event["type"] = "keyDown".into();
            event["text"] = "\r".into();
        }
        self.call("Input.dispatchKeyEvent", &event);
        event["type"] = "keyUp".into();
        self.call("Input.dispatchKeyEvent", &event);
    }

    pub fn write(&mut self, text: &str) {
        self.call("Input.insertText", &json!({ "text": text }));
    }

    /// The whole page as PNG.
    pub fn picture(&mut self) -> Vec<u8> {
        let metrics = self.call("Page.getLayoutMetrics", &json!({}));
        let size = &metrics["cssContentSize"];
        let clip = json!({
            "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1,
        });
        let asked = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let taken = self.call("Page.captureScreenshot", &asked);
        bytes(&taken)
    }

    /// The page as it is printed.
    pub fn paper(&mut self) -> Vec<u8> {
        let printed = self.call("Page.printToPDF", &json!({ "preferCSSPageSize": true }));
        bytes(&printed)
    }
}

fn bytes(answer: &Value) -> Vec<u8> {
    let data = answer["data"].as_str().unwrap();
    base64::engine::general_purpose::STANDARD
        .decode(data)
        .unwrap()
}
