//! Every client against the registry that it is configured with, through the built
//! program, in a clean home. Lockfiles must not name the gate, and must not lead past it.
//!
//! Registry addresses and certificates are taken over from this machine's configuration;
//! everything else is each client's default.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do: loudly, at once"
)]

mod refusals;
mod world;
mod writes;

use world::{World, axios_and_friends};

/// What every client of the npm family must do.
fn npm_family(
    tool: &str,
    install: &[&str],
    frozen: &[&str],
    lockfile: &str,
    files: &[(&str, &str)],
) {
    let world = World::new(tool);
    world.write("package.json", axios_and_friends());
    for (path, text) in files {
        world.write(path, text);
    }

    // Without a lockfile: everything is resolved and delivered by the gate.
    let first = world.run(install);
    first.succeeded();
    assert!(first.report["protected"].as_bool().unwrap());
    let delivered = first.delivered();
    assert!(
        delivered.iter().any(|r| r.starts_with("pkg:npm/axios@1.")),
        "{delivered:?}"
    );
    assert!(delivered.len() > 3, "{delivered:?}");
    assert!(world.exists("node_modules/axios/package.json"));
    let locked = world.read(lockfile);
    world.names_no_gate(&locked);

    // With the lockfile, an empty cache and no tree: still through the gate.
    world.forget_caches();
    world.remove("node_modules");
    let second = world.run(frozen);
    second.succeeded();
    assert_eq!(second.delivered(), delivered, "{tool} went past the gate");
    assert!(world.exists("node_modules/axios/package.json"));
    assert_eq!(world.read(lockfile), locked, "{tool}: the lockfile changed");

    // With a warm cache nothing arrives, and that is said.
    world.remove("node_modules");
    let third = world.run(frozen);
    third.succeeded();
    let cached = third.report["not_through_gate"].as_array().unwrap();
    let arrived = third.delivered();
    assert_eq!(
        cached.len() + arrived.len(),
        delivered.len(),
        "{tool}: {}",
        third.stderr
    );
    for entry in cached {
        assert!(entry["delivered"].is_string(), "delivered before: {entry}");
    }
}

#[test]
fn npm_installs_through_the_gate_with_and_without_a_lockfile() {
    npm_family(
        "npm",
        &["npm", "install"],
        &["npm", "ci"],
        "package-lock.json",
        &[],
    );
}

#[test]
fn pnpm_installs_through_the_gate_with_and_without_a_lockfile() {
    npm_family(
        "pnpm",
        &["pnpm", "install"],
        &["pnpm", "install", "--frozen-lockfile"],
        "pnpm-lock.yaml",
        &[],
    );
}

#[test]
fn yarn_1_installs_through_the_gate_with_and_without_a_lockfile() {
    npm_family(
        "yarn1",
        &["yarn", "install"],
        &["yarn", "install", "--frozen-lockfile"],
        "yarn.lock",
        &[],
    );
}

#[test]
fn yarn_4_installs_through_the_gate_with_and_without_a_lockfile() {
    npm_family(
        "yarn4",
        &["yarn", "install", "--no-immutable"],
        &["yarn", "install", "--immutable"],
        "yarn.lock",
        &[
            ("yarn.lock", ""),
            (".yarnrc.yml", "nodeLinker: node-modules\n"),
        ],
    );
}

#[test]
fn bun_installs_through_the_gate_with_and_without_a_lockfile() {
    npm_family(
        "bun",
        &["bun", "install"],
        &["bun", "install", "--frozen-lockfile"],
        "bun.lock",
        &[],
    );
}

#[test]
fn what_pip_installs_past_the_gate_outside_of_an_environment_is_named() {
    let world = World::new("pip");
    // The pinned pip lives in an environment of its own; the machine's does not.
    let kept = ["python3", "-m", "pip", "download", "--dest", "kept", "six"];
    world.run(&kept).succeeded();
    // As a variable: a pip that does not know the option overlooks it.
    let ran = world.run(&[
        "env",
        "PIP_BREAK_SYSTEM_PACKAGES=1",
        "python3",
        "-m",
        "pip",
        "install",
        "--user",
        "--ignore-installed",
        "--no-index",
        "--find-links",
        "kept",
        "six",
    ]);
    ran.succeeded();
    let past = ran.report["not_through_gate"].as_array().unwrap();
    let names: Vec<&str> = past.iter().filter_map(|p| p["release"].as_str()).collect();
    assert!(
        matches!(names[..], [name] if name.starts_with("pkg:pypi/six@")),
        "{names:?}"
    );
    assert!(ran.stderr.contains("NOT PROTECTED"), "{}", ran.stderr);
}

#[test]
fn pip_installs_through_the_gate_by_name_and_by_requirements() {
    let world = World::new("pip");
    let environment = world.python_environment();
    let python = environment.to_str().unwrap();
    let first = world.run(&["pip", "--python", python, "install", "six", "idna"]);
    first.succeeded();
    let delivered = first.delivered();
    assert!(
        delivered.iter().any(|r| r.starts_with("pkg:pypi/six@")),
        "{delivered:?}"
    );

    // A requirements file that names the index itself must not lead past the gate.
    let index = world.python_index();
    let hashes = world.run(&["pip", "--python", python, "freeze"]);
    world.write(
        "requirements.txt",
        &format!("--index-url {index}\n{}", hashes.stdout),
    );
    let before = world.read("requirements.txt");
    world.remove(".venv");
    world.python_environment();
    world.forget_caches();
    let second = world.run(&[
        "pip",
        "--python",
        python,
        "install",
        "-r",
        "requirements.txt",
    ]);
    second.succeeded();
    assert_eq!(second.delivered(), delivered, "{}", second.stderr);
    assert_eq!(world.read("requirements.txt"), before);
}

#[test]
fn uv_syncs_through_the_gate_with_and_without_a_lockfile() {
    let world = World::new("uv");
    world.write(
        "pyproject.toml",
        "[project]\nname = \"demo\"\nversion = \"0.1.0\"\nrequires-python = \">=3.9\"\ndependencies = [\"six\", \"idna\"]\n",
    );
    let manifest = world.read("pyproject.toml");
    let first = world.run(&["uv", "sync"]);
    first.succeeded();
    let delivered = first.delivered();
    assert!(
        delivered.iter().any(|r| r.starts_with("pkg:pypi/six@")),
        "{delivered:?}"
    );
    let locked = world.read("uv.lock");
    world.names_no_gate(&locked);

    world.forget_caches();
    world.remove(".venv");
    let second = world.run(&["uv", "sync", "--locked"]);
    second.succeeded();
    assert_eq!(
        second.delivered(),
        delivered,
        "uv went past the gate: {}",
        second.stderr
    );
    assert_eq!(world.read("uv.lock"), locked);

    // What uv writes into the manifest names no index.
    world.run(&["uv", "add", "iniconfig"]).succeeded();
    world.names_no_gate(&world.read("pyproject.toml"));
    world.names_no_gate(&world.read("uv.lock"));
    assert!(world.read("pyproject.toml").len() > manifest.len());
}

#[test]
fn cargo_builds_through_the_gate_with_and_without_a_lockfile() {
    let world = World::new("cargo");
    world.write(
        "Cargo.toml",
        "[package]\nname = \"demo\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nitoa = \"1\"\nryu = \"1\"\n[workspace]\n",
    );
    world.write("src/lib.rs", "");
    let first = world.run(&["cargo", "fetch"]);
    first.succeeded();
    let delivered = first.delivered();
    assert!(
        delivered.iter().any(|r| r.starts_with("pkg:cargo/itoa@1.")),
        "{delivered:?}"
    );
    let locked = world.read("Cargo.lock");
    world.names_no_gate(&locked);

    world.forget_caches();
    let second = world.run(&["cargo", "build", "--locked"]);
    second.succeeded();
    assert_eq!(
        second.delivered(),
        delivered,
        "cargo went past the gate: {}",
        second.stderr
    );
    assert_eq!(world.read("Cargo.lock"), locked);

    // The same port again: nothing is built a second time.
    let third = world.run(&["cargo", "build", "--locked"]);
    third.succeeded();
    assert!(!third.stderr.contains("Compiling itoa"), "{}", third.stderr);
}

#[test]
fn the_command_keeps_its_input_its_output_and_its_exit_code() {
    let world = World::new("npm");
    let ran = world.run_with_input(&["sh", "-c", "cat; echo err >&2; exit 7"], "through\n");
    assert_eq!(ran.code, Some(7));
    assert_eq!(ran.stdout, "through\n");
    assert!(ran.stderr.starts_with("err\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("NOT PROTECTED"), "{}", ran.stderr);
    assert_eq!(world.run(&["no-such-program-anywhere"]).code, Some(127));
    let killed = world.run(&["sh", "-c", "kill -9 $$"]);
    assert_eq!(killed.code, Some(128 + 9));
}

#[test]
fn doctor_proves_every_client_that_is_there() {
    let world = World::new("pnpm");
    let doctor = world.customs(&["doctor", "--format", "json"]);
    let told: serde_json::Value = serde_json::from_str(&doctor.stdout).unwrap();
    let state = |name: &str| {
        let clients = told["clients"].as_array().unwrap();
        let client = clients.iter().find(|c| c["client"] == name).unwrap();
        assert_ne!(client["state"], "failed", "{client}");
        client["state"].as_str().unwrap().to_owned()
    };
    for name in ["npm", "pnpm", "cargo"] {
        assert_eq!(state(name), "ok", "{told}");
    }
    for tool in ["yarn1", "yarn4", "bun", "pip", "uv"] {
        let world = World::new(tool);
        let doctor = world.customs(&["doctor", "--json"]);
        let told: serde_json::Value = serde_json::from_str(&doctor.stdout).unwrap();
        let clients = told["clients"].as_array().unwrap();
        let name = tool.trim_end_matches(['1', '4']);
        let client = clients.iter().find(|c| c["client"] == name).unwrap();
        assert_eq!(client["state"], "ok", "{client}");
    }
}

#[test]
fn the_ledger_says_who_received_a_release_and_that_it_is_intact() {
    let world = World::new("npm");
    world.write(
        "package.json",
        r#"{"name":"demo","version":"1.0.0","dependencies":{"is-number":"7.0.0"}}"#,
    );
    world.run(&["npm", "install"]).succeeded();
    let who = world.customs(&[
        "ledger",
        "who",
        "pkg:npm/is-number@7.0.0",
        "--format",
        "json",
    ]);
    let who: serde_json::Value = serde_json::from_str(&who.stdout).unwrap();
    assert_eq!(who["total"], 1, "{who}");
    let row = &who["deliveries"][0];
    assert_eq!(row["artifact"], "is-number-7.0.0.tgz");
    assert!(
        row["who"]["client"].as_str().unwrap().starts_with("npm/"),
        "{row}"
    );
    assert!(
        row["digest"].as_str().unwrap().starts_with("sha512:"),
        "{row}"
    );
    let verified = world.customs(&["ledger", "verify"]);
    assert_eq!(
        verified.code,
        Some(0),
        "{}{}",
        verified.stdout,
        verified.stderr
    );
    assert!(verified.stdout.contains("intact"), "{}", verified.stdout);
    let nobody = world.customs(&["ledger", "who", "pkg:npm/is-number@6.0.0"]);
    assert!(nobody.stdout.contains("0 times"), "{}", nobody.stdout);
}

#[test]
fn a_lockfile_that_a_killed_run_left_is_given_back_by_the_next_one() {
    let world = World::new("yarn1");
    world.write(
        "package.json",
        r#"{"name":"demo","version":"1.0.0","dependencies":{"is-number":"7.0.0"}}"#,
    );
    world.run(&["yarn", "install"]).succeeded();
    let locked = world.read("yarn.lock");
    let pid = world.dir().join("pid");
    // The command kills customs itself, in the middle of the run.
    let script = format!("cat yarn.lock > {0}.lock; kill -9 $PPID", pid.display());
    world.run(&["sh", "-c", &script]);
    let during = std::fs::read_to_string(pid.with_extension("lock")).unwrap();
    assert!(during.contains("127.0.0.1"), "{during}");
    assert_ne!(
        world.read("yarn.lock"),
        locked,
        "it was killed too late to show anything"
    );
    world.run(&["true"]).succeeded();
    assert_eq!(world.read("yarn.lock"), locked);
}

#[test]
fn a_user_without_any_configuration_is_protected_by_the_clients_own_defaults() {
    let world = World::new("uv");
    world.forget_configuration();
    let doctor = world.customs(&["doctor", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&doctor.stdout).unwrap();
    for name in ["npm", "uv", "cargo"] {
        let clients = told["clients"].as_array().unwrap();
        let client = clients.iter().find(|c| c["client"] == name).unwrap();
        assert_eq!(client["state"], "ok", "{client}");
    }
}

#[test]
fn the_gate_of_a_killed_run_ends_by_itself() {
    let world = World::new("npm");
    world.run(&["sh", "-c", "kill -9 $PPID"]);
    let state = std::fs::read_to_string(world.gate_state().join("gate.json")).unwrap();
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    let process = format!("/proc/{}", state["pid"]);
    if !std::path::Path::new("/proc/self").exists() {
        return;
    }
    // 30 s of silence until the run counts as abandoned, then the 5 s of these tests.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(90);
    while std::path::Path::new(&process).exists() {
        assert!(std::time::Instant::now() < end, "{process} is still there");
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
}

#[test]
fn a_lockfile_in_another_folder_does_not_lead_past_the_gate() {
    let world = World::new("yarn1");
    world.write(
        "web/package.json",
        r#"{"name":"demo","version":"1.0.0","dependencies":{"is-number":"7.0.0"}}"#,
    );
    world
        .run(&["sh", "-c", "cd web && yarn install"])
        .succeeded();
    let locked = world.read("web/yarn.lock");
    world.names_no_gate(&locked);
    for command in [
        "cd web && yarn install --frozen-lockfile",
        "yarn --cwd web install --frozen-lockfile",
    ] {
        world.forget_caches();
        world.remove("web/node_modules");
        let ran = world.run(&["sh", "-c", command]);
        ran.succeeded();
        assert_eq!(
            ran.delivered(),
            ["pkg:npm/is-number@7.0.0"],
            "{command} went past the gate"
        );
        assert_eq!(world.read("web/yarn.lock"), locked);
    }
}

#[test]
fn a_reinstall_from_the_cache_is_named_although_the_tree_is_the_same() {
    let world = World::new("npm");
    world.write(
        "package.json",
        r#"{"name":"demo","version":"1.0.0","dependencies":{"is-number":"7.0.0"}}"#,
    );
    world.run(&["npm", "install"]).succeeded();
    let again = world.run(&["npm", "ci"]);
    again.succeeded();
    let cached = again.report["not_through_gate"].as_array().unwrap();
    assert_eq!(
        cached.len() + again.delivered().len(),
        1,
        "{}",
        again.stderr
    );
}

#[test]
fn whoever_took_the_port_of_a_killed_gate_is_told_nothing() {
    let world = World::new("npm");
    world.run(&["true"]).succeeded();
    let path = world.gate_state().join("gate.json");
    let state: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let secret = state["secret"].as_str().unwrap().to_owned();
    // Ended by its own id, the way a crash ends it: the file stays.
    let pid = state["pid"].to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-9", &pid])
            .status()
            .unwrap()
            .success()
    );
    let port = u16::try_from(state["port"].as_u64().unwrap()).unwrap();
    let listener = loop {
        match std::net::TcpListener::bind(("127.0.0.1", port)) {
            Ok(listener) => break listener,
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
    };
    listener.set_nonblocking(true).unwrap();
    let done = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stop = done.clone();
    let impostor = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let mut heard = String::new();
        while !stop.load(std::sync::atomic::Ordering::Relaxed) {
            let Ok((mut stream, _)) = listener.accept() else {
                std::thread::sleep(std::time::Duration::from_millis(5));
                continue;
            };
            stream.set_nonblocking(false).unwrap();
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes).unwrap_or(0);
            heard.push_str(&String::from_utf8_lossy(&bytes[..read]));
            let body = r#"{"version":"0.1.0","proof":"00","runs":0}"#;
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes());
        }
        heard
    });
    // The port is taken, so a gate starts on another one; the command works.
    world.run(&["true"]).succeeded();
    done.store(true, std::sync::atomic::Ordering::Relaxed);
    let heard = impostor.join().unwrap();
    assert!(
        heard.contains("/-/customs/hello/"),
        "it was not even asked: {heard}"
    );
    assert!(!heard.contains(&secret), "{heard}");
    assert!(!heard.contains("upstreams"), "{heard}");
}

#[test]
fn other_processes_cannot_use_the_gate() {
    let world = World::new("npm");
    let script = r#"
import http.client, os
gate = os.environ["CUSTOMS_GATE"].split("//")[1]
token = "Bearer " + os.environ["CUSTOMS_RUN_TOKEN"]
for headers in [{}, {"Authorization": token, "Host": "evil.example"}, {"Authorization": token}]:
    connection = http.client.HTTPConnection(gate)
    connection.request("GET", "/is-number", headers=headers)
    print(connection.getresponse().status)
"#;
    let ran = world.run(&["python3", "-c", script]);
    assert_eq!(ran.stdout, "401\n421\n200\n", "{}", ran.stderr);
}
