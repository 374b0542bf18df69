//! Writes go to the upstream with the credential that the user's own configuration has
//! for it, and with nothing of the gate's.

use crate::world::World;
use std::io::{BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;

/// What a registry was asked: method, path, `Authorization`.
type Asked = (String, String, Option<String>);

/// A registry that knows no package and takes everything.
fn registry() -> (String, mpsc::Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, asked) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(200).flatten() {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut stream = stream;
                while let Some((request, length)) = head(&mut reader) {
                    std::io::copy(&mut (&mut reader).take(length), &mut std::io::sink()).unwrap();
                    let answer = match request.0.as_str() {
                        "PUT" => "HTTP/1.1 201 Created\r\ncontent-length: 11\r\n\r\n{\"ok\":true}",
                        _ => "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}",
                    };
                    // Nobody listens any more once the test has what it wants.
                    let _ = sender.send(request);
                    if stream.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, asked)
}

fn head(reader: &mut impl std::io::BufRead) -> Option<(Asked, u64)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let (mut credential, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => credential = Some(value.to_owned()),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    Some(((method, path, credential), length))
}

fn publishing_world(tool: &str) -> (World, mpsc::Receiver<Asked>) {
    let (address, asked) = registry();
    let world = World::new(tool);
    let host = address.trim_start_matches("http:");
    world.configure_npm(&format!(
        "registry={address}\n{host}:_authToken=users-own-token\n"
    ));
    // yarn 4 does not read npm's file.
    if tool == "yarn4" {
        world.configure_yarn(&format!(
            "npmRegistryServer: \"{address}\"\nnpmAuthToken: users-own-token\n\
             unsafeHttpWhitelist: [\"127.0.0.1\"]\n"
        ));
        // It publishes what is installed; nothing is needed for that here.
        world.write("yarn.lock", "");
    }
    world.write(
        "package.json",
        r#"{"name":"demo-customs-x","version":"1.0.0","license":"MIT"}"#,
    );
    world.write("index.js", "");
    (world, asked)
}

fn publishes(tool: &str, command: &[&str]) {
    let (world, asked) = publishing_world(tool);
    let ran = world.run(command);
    ran.succeeded();
    assert!(
        ran.report["protected"].as_bool().unwrap(),
        "it went past the gate: {}",
        ran.stderr
    );
    let all: Vec<Asked> = asked.try_iter().collect();
    let written: Vec<&Asked> = all.iter().filter(|(method, ..)| method == "PUT").collect();
    let [(_, path, credential)] = written.as_slice() else {
        panic!("{all:?}")
    };
    assert_eq!(path, "/demo-customs-x");
    assert_eq!(credential.as_deref(), Some("Bearer users-own-token"));
    for (.., credential) in &all {
        let known = credential
            .as_deref()
            .is_none_or(|c| c == "Bearer users-own-token");
        assert!(known, "something of the gate's left it: {all:?}");
    }
}

#[test]
fn npm_publishes_through_the_gate_with_the_users_own_token() {
    publishes("npm", &["npm", "publish"]);
}

#[test]
fn pnpm_publishes_through_the_gate_with_the_users_own_token() {
    publishes("pnpm", &["pnpm", "publish", "--no-git-checks"]);
}

#[test]
fn yarn_1_publishes_through_the_gate_with_the_users_own_token() {
    publishes(
        "yarn1",
        &[
            "yarn",
            "publish",
            "--non-interactive",
            "--new-version",
            "1.0.0",
        ],
    );
}

#[test]
fn yarn_4_publishes_through_the_gate_with_the_users_own_token() {
    publishes("yarn4", &["sh", "-c", "yarn install && yarn npm publish"]);
}

#[test]
fn bun_publishes_through_the_gate_with_the_users_own_token() {
    publishes("bun", &["bun", "publish"]);
}

#[test]
fn a_read_only_run_publishes_nothing_and_says_so() {
    let (world, asked) = publishing_world("npm");
    let ran = world.customs(&["run", "--read-only", "--", "npm", "publish"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("this run is read-only"),
        "{}",
        ran.stderr
    );
    assert!(asked.try_iter().all(|(method, ..)| method == "GET"));
}

#[test]
fn a_registry_that_only_the_project_names_never_sees_the_users_token() {
    let (evil, asked) = registry();
    let (own, _own_asked) = registry();
    let world = World::new("npm");
    let host = own.trim_start_matches("http:");
    world.configure_npm(&format!(
        "registry={own}\n{host}:_authToken=users-own-token\n"
    ));
    world.write(".npmrc", &format!("@x:registry={evil}\n"));
    world.write(
        "package.json",
        r#"{"name":"@x/demo","version":"1.0.0","license":"MIT"}"#,
    );
    world.run(&["npm", "publish", "--access", "public"]);
    world.run(&["npm", "view", "@x/other"]);
    let all: Vec<Asked> = asked.try_iter().collect();
    assert!(!all.is_empty(), "it was not asked at all");
    for (.., credential) in &all {
        assert_eq!(credential, &None, "{all:?}");
    }
}

#[test]
fn yarns_registry_that_only_the_project_names_never_sees_the_users_token() {
    let (evil, asked) = registry();
    let world = World::new("yarn4");
    world.configure_yarn("npmAuthToken: users-own-token\n");
    world.write(
        ".yarnrc.yml",
        &format!("nodeLinker: node-modules\nnpmRegistryServer: \"{evil}\"\nunsafeHttpWhitelist: [\"127.0.0.1\"]\n"),
    );
    world.write("yarn.lock", "");
    world.write(
        "package.json",
        r#"{"name":"demo","version":"1.0.0","dependencies":{"left":"1"}}"#,
    );
    let ran = world.run(&["yarn", "install"]);
    assert!(ran.report["protected"].as_bool().unwrap(), "{}", ran.stderr);
    let all: Vec<Asked> = asked.try_iter().collect();
    assert!(!all.is_empty(), "it was not asked at all: {}", ran.stderr);
    assert!(
        all.iter().all(|(.., credential)| credential.is_none()),
        "{all:?}"
    );
}
