//! Releases that other tools cried out about, through documents of a registry and the whole program:
//! none may be a no, neither for where it comes from nor for policy, and each is told or left quiet
//! as the public record has it. What each was is told in the tests of `customs-origin`, where it is
//! judged alone. A release that must be spoken of shows that they could be a no.

use crate::authority::synthetic::{WORKFLOW, World as Authority, github_claims};
use crate::world::program;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use customs_model::{Clock as _, Digest, DigestAlgorithm, Hasher, SignedDuration, SystemClock};
use customs_replay::{Answer, Bound, Faults, Request, Response, Server};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

const SLSA: &str = "https://slsa.dev/provenance/v1";

/// Who a document says published a release.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// The maintainer, by hand.
    Maintainer,
    /// The same from an address that nobody has seen.
    NewAddress,
    /// A pipeline of GitHub's, as a trusted publisher.
    Pipeline,
    /// A pipeline of CircleCI's, which never carries provenance.
    Circle,
    /// A person who approved what a pipeline had staged.
    Staged,
}

/// One release of a document.
#[derive(Clone)]
struct One {
    version: &'static str,
    /// Days, counted from anywhere.
    day: i64,
    provenance: bool,
    by: By,
    dependencies: &'static [&'static str],
}

const fn one(version: &'static str, day: i64, provenance: bool, by: By) -> One {
    One {
        version,
        day,
        provenance,
        by,
        dependencies: &[],
    }
}

const fn by_hand(version: &'static str, day: i64) -> One {
    one(version, day, false, By::Maintainer)
}

const fn attested(version: &'static str, day: i64) -> One {
    one(version, day, true, By::Maintainer)
}

const fn trusted(version: &'static str, day: i64) -> One {
    one(version, day, true, By::Pipeline)
}

/// What has to come of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Quiet,
    Warns,
    /// The history of the line warns; policy goes by the release before, which had lost it already.
    HistoryWarns,
}

/// A package with the releases that are locked, and what has to come of each.
struct Package {
    name: &'static str,
    locked: &'static [(&'static str, Then)],
    releases: &'static [One],
}

/// The table of the public record.
const TABLE: &[Package] = &[
    Package {
        name: "semver",
        locked: &[("6.3.1", Then::Quiet), ("5.7.2", Then::Quiet)],
        releases: &[
            by_hand("5.7.1", 1),
            by_hand("6.3.0", 1),
            attested("7.5.2", 10),
            attested("7.5.3", 20),
            by_hand("6.3.1", 30),
            by_hand("5.7.2", 30),
        ],
    },
    Package {
        name: "@octokit/endpoint",
        locked: &[("9.0.6", Then::Quiet)],
        releases: &[
            by_hand("9.0.5", 1),
            attested("10.1.3", 44),
            by_hand("9.0.6", 45),
        ],
    },
    Package {
        name: "@hono/node-server",
        locked: &[("1.19.15", Then::Quiet)],
        releases: &[
            by_hand("1.19.14", 400),
            trusted("2.0.10", 560),
            by_hand("1.19.15", 570),
        ],
    },
    Package {
        name: "axios",
        locked: &[("0.30.3", Then::Quiet), ("1.13.3", Then::Warns)],
        releases: &[
            by_hand("1.8.0", 60),
            trusted("1.13.1", 300),
            by_hand("0.30.2", 300),
            trusted("1.13.2", 308),
            by_hand("1.13.3", 392),
            trusted("1.13.5", 400),
            by_hand("0.30.3", 413),
        ],
    },
    Package {
        name: "@langchain/core",
        locked: &[("0.3.80", Then::Quiet)],
        releases: &[
            by_hand("0.3.79", 300),
            trusted("1.1.8", 356),
            by_hand("0.3.80", 357),
        ],
    },
    Package {
        name: "ua-parser-js",
        locked: &[("1.0.41", Then::Quiet)],
        releases: &[
            by_hand("1.0.40", 1),
            attested("2.0.4", 200),
            by_hand("1.0.41", 210),
        ],
    },
    Package {
        name: "undici",
        locked: &[("5.28.5", Then::Quiet)],
        releases: &[
            by_hand("5.28.4", 1),
            attested("6.21.1", 20),
            attested("7.2.3", 21),
            by_hand("5.28.5", 22),
        ],
    },
    Package {
        name: "vite",
        locked: &[("6.4.1", Then::Quiet)],
        releases: &[
            attested("6.4.0", 280),
            trusted("7.1.10", 285),
            attested("6.4.1", 290),
        ],
    },
    Package {
        name: "chokidar",
        locked: &[("4.0.2", Then::Warns), ("4.0.3", Then::HistoryWarns)],
        releases: &[
            attested("4.0.0", 1),
            attested("4.0.1", 8),
            by_hand("4.0.2", 95),
            by_hand("4.0.3", 96),
            attested("5.0.0", 97),
        ],
    },
    Package {
        name: "undici-types",
        locked: &[("6.21.0", Then::Warns)],
        releases: &[
            attested("6.19.8", 1),
            attested("6.20.0", 60),
            by_hand("6.21.0", 90),
        ],
    },
    Package {
        name: "radix-ui",
        locked: &[("1.6.4", Then::Warns)],
        releases: &[
            trusted("1.6.2", 1),
            trusted("1.6.3", 9),
            by_hand("1.6.4", 20),
        ],
    },
    Package {
        name: "better-auth",
        locked: &[("1.4.2", Then::Warns)],
        releases: &[
            attested("1.4.0-beta.1", 1),
            attested("1.4.2-beta.1", 9),
            trusted("1.4.1", 15),
            by_hand("1.4.2", 20),
        ],
    },
    Package {
        name: "ts-api-utils",
        locked: &[("2.1.1", Then::Warns)],
        releases: &[
            attested("2.0.1", 1),
            attested("2.1.0", 30),
            by_hand("2.1.1", 60),
        ],
    },
    Package {
        name: "eslint-import-resolver-typescript",
        locked: &[("3.10.1", Then::Warns)],
        releases: &[
            attested("3.10.0", 20),
            attested("4.3.4", 25),
            by_hand("3.10.1", 30),
        ],
    },
    Package {
        name: "detect-port",
        locked: &[("1.6.1", Then::Quiet)],
        releases: &[
            by_hand("1.6.0", 20),
            attested("2.1.0", 25),
            by_hand("1.6.1", 30),
        ],
    },
    Package {
        name: "tailwind-merge",
        locked: &[("2.6.1", Then::Quiet)],
        releases: &[
            by_hand("2.6.0", 20),
            attested("3.3.1", 25),
            by_hand("2.6.1", 30),
        ],
    },
    Package {
        name: "tinyexec",
        locked: &[("1.1.0", Then::Quiet)],
        releases: &[
            trusted("1.0.1", 200),
            trusted("1.0.2", 230),
            one("1.1.0", 510, true, By::Staged),
        ],
    },
    Package {
        name: "pnpm",
        locked: &[("12.21.0", Then::Quiet)],
        releases: &[
            one("12.20.0", 590, true, By::Staged),
            trusted("12.21.0", 600),
        ],
    },
    Package {
        name: "on-circle",
        locked: &[("1.1.0", Then::Quiet)],
        releases: &[
            one("1.0.0", 10, false, By::Circle),
            one("1.1.0", 20, false, By::Circle),
        ],
    },
];

/// What must be spoken of.
const ATTACK: &[Package] = &[
    Package {
        name: "axios",
        locked: &[("1.14.1", Then::Warns)],
        releases: &[
            by_hand("1.8.0", 60),
            trusted("1.13.5", 407),
            trusted("1.13.6", 422),
            trusted("1.14.0", 437),
            One {
                dependencies: &["plain-crypto-js"],
                ..one("1.14.1", 455, false, By::NewAddress)
            },
        ],
    },
    Package {
        name: "plain-crypto-js",
        locked: &[],
        releases: &[by_hand("4.2.0", 60)],
    },
];

/// An internal feed.
const FEED: &[Package] = &[Package {
    name: "@sinclair/typebox",
    locked: &[],
    releases: &[attested("0.34.48", 1), by_hand("0.34.49", 20)],
}];

/// One whose artifact says more than its document.
const CONFUSED: &[Package] = &[Package {
    name: "confused",
    locked: &[("1.0.0", Then::Quiet)],
    releases: &[by_hand("1.0.0", 400)],
}];

/// Answers path by path.
#[derive(Clone, Default)]
struct Shelves(Arc<Mutex<BTreeMap<String, Response>>>);

impl Answer for Shelves {
    fn answer(&self, request: &Request) -> Response {
        let shelves = self.0.lock().unwrap();
        let found = shelves.get(request.bare_path());
        found.cloned().unwrap_or_else(Response::not_found)
    }
}

/// A home whose registry has these packages, signed by an authority that its user trusts.
struct Shop {
    folder: tempfile::TempDir,
    shelves: Shelves,
    server: Server,
    authority: Authority,
    /// What each artifact hashes to, by its path.
    digests: RefCell<BTreeMap<String, Digest>>,
    _runtime: tokio::runtime::Runtime,
}

impl Shop {
    fn open(packages: &[Package]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let shelves = Shelves::default();
        let server = runtime.block_on(async {
            let bound = Bound::new().await.unwrap();
            bound.serve(shelves.clone(), Faults::none())
        });
        let shop = Self {
            folder: tempfile::tempdir().unwrap(),
            shelves,
            server,
            authority: Authority::new(),
            digests: RefCell::default(),
            _runtime: runtime,
        };
        let registry = format!("registry={}/\n", shop.server.base());
        shop.write(".npmrc", &registry);
        shop.write("project/.git/HEAD", "");
        let root = shop.authority.root().to_string();
        shop.write("own/data/trust/trusted_root.json", &root);
        shop.write("own/data/trust/npm_keys.json", &shop.authority.keys());
        for package in packages {
            shop.publish(package, true);
        }
        shop
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.at(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn put(&self, path: String, kind: &str, body: impl Into<Vec<u8>>) {
        let response = Response::of(200, kind, body.into());
        self.shelves.0.lock().unwrap().insert(path, response);
    }

    /// Puts a package's document, artifacts and attestations there. A feed that is not `honest` hands
    /// on no evidence and names nobody.
    fn publish(&self, package: &Package, honest: bool) {
        let name = package.name;
        let now = SystemClock.now();
        let locked = |one: &&One| {
            package
                .locked
                .iter()
                .any(|(version, _)| one.version == *version)
        };
        let days = package.releases.iter().filter(locked).map(|one| one.day);
        let newest = package.releases.iter().map(|one| one.day).max().unwrap();
        // What is locked is past the age that policy asks for, and young enough for all of its rules.
        let newest = days.max().unwrap_or(newest);
        // Nobody publishes many packages within an hour.
        let place = TABLE.iter().position(|one| one.name == name).unwrap_or(0);
        let apart = SignedDuration::from_hours(3 * i64::try_from(place).unwrap());
        let mut versions = serde_json::Map::new();
        let mut time = serde_json::Map::new();
        // The maintainer published the first of them.
        let first = by_hand("0.0.1", -300);
        for one in std::iter::once(&first).chain(package.releases) {
            let days = SignedDuration::from_hours(24 * (5 + newest - one.day));
            let at = now - days - apart;
            time.insert(one.version.to_owned(), at.to_string().into());
            versions.insert(one.version.to_owned(), self.object(name, one, honest));
        }
        let latest = package.releases.last().unwrap().version;
        let document = json!({
            "name": name, "dist-tags": {"latest": latest}, "versions": versions, "time": time,
        });
        let path = format!("/{}", name.replace('/', "%2f"));
        self.put(path, "application/json", document.to_string());
    }

    fn object(&self, name: &str, one: &One, honest: bool) -> Value {
        let version = one.version;
        let asks: BTreeMap<&str, &str> = one.dependencies.iter().map(|name| (*name, "*")).collect();
        let bytes = artifact(&json!({"name": name, "version": version, "dependencies": asks}));
        let sri = sha512(&bytes).to_sri();
        let path = tarball(name, version);
        let mut object = json!({
            "name": name, "version": version, "dependencies": asks,
            "dist": {"tarball": format!("{}{path}", self.server.base()), "integrity": sri},
        });
        let digest = sha512(&bytes);
        self.digests
            .borrow_mut()
            .insert(path.clone(), digest.clone());
        self.put(path, "application/octet-stream", bytes);
        if !honest {
            return object;
        }
        let message = format!("{name}@{version}:{sri}");
        let signed = self.authority.registry.sign(message.as_bytes()).unwrap();
        object["dist"]["signatures"] = json!([{
            "keyid": self.authority.key_id(), "sig": STANDARD.encode(signed.as_bytes()),
        }]);
        object["_npmUser"] = match one.by {
            By::Maintainer => json!({"name": "maintainer", "email": "a@maintainer.example"}),
            By::NewAddress => json!({"name": "maintainer", "email": "a@proton.example"}),
            By::Pipeline => json!({
                "name": "GitHub Actions", "email": "npm-oidc-no-reply@github.com",
                "trustedPublisher": {"id": "github", "oidcConfigId": "oidc:1"},
            }),
            By::Circle => json!({
                "name": "CircleCI", "email": "npm-oidc-no-reply@circleci.example",
                "trustedPublisher": {"id": "circleci", "oidcConfigId": "oidc:1"},
            }),
            By::Staged => json!({
                "name": "approver", "email": "b@approver.example",
                "trustedPublisher": {"id": "github", "oidcConfigId": "oidc:1"},
                "approver": {"name": "approver"},
            }),
        };
        if one.provenance {
            let named = json!({"url": "x", "provenance": {"predicateType": SLSA}});
            object["dist"]["attestations"] = named;
            self.attest(name, version, &digest);
        }
        object
    }

    fn attest(&self, name: &str, version: &str, digest: &Digest) {
        let subject = format!("pkg:npm/{}@{version}", name.replacen('@', "%40", 1));
        let built = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": subject, "digest": {"sha512": digest.to_hex()}}],
            "predicateType": SLSA,
            "predicate": {},
        });
        let bundle = self.authority.attest(WORKFLOW, &github_claims(), &built);
        let document = json!({"attestations": [{"predicateType": SLSA, "bundle": bundle}]});
        let path = format!(
            "/-/npm/v1/attestations/{}@{version}",
            name.replace('/', "%2f")
        );
        self.put(path, "application/json", document.to_string());
    }

    /// A project that has these releases locked.
    fn lock(&self, folder: &str, releases: &[(&str, &str)]) {
        let asked: BTreeMap<&str, &str> = releases.iter().copied().collect();
        let mut packages = serde_json::Map::new();
        packages.insert(
            String::new(),
            json!({"name": "shop", "dependencies": asked}),
        );
        for (name, version) in releases {
            let path = tarball(name, version);
            let entry = json!({
                "version": version,
                "resolved": format!("{}{path}", self.server.base()),
                "integrity": self.digests.borrow()[&path].to_sri(),
            });
            packages.insert(format!("node_modules/{name}"), entry);
        }
        let lock = json!({
            "name": "shop", "lockfileVersion": 3, "requires": true, "packages": packages,
        });
        self.write(
            &format!("project/{folder}/package-lock.json"),
            &lock.to_string(),
        );
        let manifest = json!({"name": "shop", "dependencies": asked}).to_string();
        self.write(&format!("project/{folder}/package.json"), &manifest);
    }

    fn report(&self, words: &[&str]) -> Value {
        let mut customs = Command::new(program());
        let home = self.folder.path();
        let ran = customs
            .args(words)
            .current_dir(home.join("project"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("CUSTOMS_CACHE_DIR", home.join("own/cache"))
            .env("CUSTOMS_DATA_DIR", home.join("own/data"))
            .env("CUSTOMS_STATE_DIR", home.join("own/state"))
            .env("CUSTOMS_CONFIG_DIR", home.join("own/config"))
            .output()
            .unwrap();
        serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
    }
}

fn tarball(name: &str, version: &str) -> String {
    let short = name.rsplit('/').next().unwrap();
    format!("/{name}/-/{short}-{version}.tgz")
}

fn artifact(manifest: &Value) -> Vec<u8> {
    let gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gz);
    let text = manifest.to_string();
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, "package/package.json", text.as_bytes())
        .unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}

fn sha512(bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha512);
    hasher.update(bytes);
    hasher.finish()
}

/// What the program says of each release: its history, and the rules of policy that speak.
fn told(report: &Value) -> BTreeMap<String, (Value, Vec<String>)> {
    let mut out: BTreeMap<String, (Value, Vec<String>)> = BTreeMap::new();
    for subject in report["subjects"].as_array().unwrap() {
        for package in subject["packages"].as_array().unwrap() {
            let release = package["release"].as_str().unwrap().to_owned();
            out.entry(release).or_default().0 = package["history"]["outcome"].clone();
        }
        let releases = subject["policy"]["releases"].as_array();
        for of in releases.into_iter().flatten() {
            let release = of["release"].as_str().unwrap().to_owned();
            let told = of["told"].as_array().unwrap().iter();
            let told = told.map(|one| format!("{} {}", one["outcome"], one["message"]));
            out.entry(release).or_default().1.extend(told);
        }
    }
    out
}

/// The project's folders for a table: several releases of one package lie in several.
fn lock_all(shop: &Shop, packages: &[Package]) {
    for number in 0..2 {
        let locked = packages.iter().filter_map(|package| {
            let (version, _) = package.locked.get(number)?;
            Some((package.name, *version))
        });
        let locked: Vec<(&str, &str)> = locked.collect();
        if !locked.is_empty() {
            shop.lock(&format!("p{number}"), &locked);
        }
    }
}

#[test]
fn releases_that_others_cried_out_about_are_quiet_or_warn_and_never_a_no() {
    let shop = Shop::open(TABLE);
    lock_all(&shop, TABLE);
    let report = shop.report(&["check", "--format", "json"]);
    for subject in report["subjects"].as_array().unwrap() {
        assert_ne!(subject["origin"]["answer"], "no", "{subject:#}");
        assert_ne!(subject["policy"]["answer"]["answer"], "no", "{subject:#}");
    }
    let told = told(&report);
    let mut wrong = Vec::new();
    for package in TABLE {
        for (version, then) in package.locked {
            let name = package.name.replacen('@', "%40", 1);
            let (history, policy) = &told[&format!("pkg:npm/{name}@{version}")];
            let is_warned = policy.iter().any(|one| one.contains("(lost-origin)"));
            let is_refused = policy.iter().any(|one| one.starts_with("\"fails\""));
            let as_expected = match then {
                Then::Quiet => history == "quiet" && !is_warned,
                Then::Warns => history == "warn" && is_warned,
                Then::HistoryWarns => history == "warn" && !is_warned,
            };
            if !as_expected || is_refused {
                wrong.push(format!("{}@{version}: {history} {policy:?}", package.name));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn a_release_that_lost_its_evidence_and_changed_in_another_way_is_a_no() {
    let shop = Shop::open(ATTACK);
    lock_all(&shop, ATTACK);
    let report = shop.report(&["check", "--format", "json"]);
    let subject = &report["subjects"][0];
    assert_eq!(subject["origin"]["answer"], "no", "{subject:#}");
    assert_eq!(subject["policy"]["answer"]["answer"], "no", "{subject:#}");
    let (history, policy) = &told(&report)["pkg:npm/axios@1.14.1"];
    assert_eq!(history, "block", "{policy:?}");
    let is_refused =
        |one: &String| one.starts_with("\"fails\"") && one.contains("1.14.0 came with");
    assert!(policy.iter().any(is_refused), "{policy:?}");
}

#[test]
fn a_feed_that_strips_evidence_is_not_checked_and_no_loss() {
    let shop = Shop::open(FEED);
    let package = &FEED[0];
    shop.lock("p0", &[(package.name, "0.34.48")]);
    let first = shop.report(&["verify", "--fetch", "--update", "--format", "json"]);
    let origin = &first["subjects"][0]["packages"][0]["origin"];
    assert_eq!(origin["attestation"]["answer"], "yes", "{origin:#}");
    shop.publish(package, false);
    shop.lock("p0", &[(package.name, "0.34.49")]);
    std::fs::remove_dir_all(shop.at("own/cache")).unwrap();
    let report = shop.report(&["check", "--format", "json"]);
    let subject = &report["subjects"][0];
    let (history, policy) = &told(&report)["pkg:npm/%40sinclair/typebox@0.34.49"];
    assert_eq!(*history, json!({"not_checked": "stripped"}), "{subject:#}");
    assert_ne!(subject["origin"]["answer"], "no", "{subject:#}");
    assert_ne!(subject["policy"]["answer"]["answer"], "no", "{policy:?}");
}

/// An artifact at hand that says nothing of itself is no artifact that says the right thing.
#[test]
fn an_artifact_whose_own_manifest_cannot_be_read_is_not_checked_and_counted() {
    let shop = Shop::open(CONFUSED);
    let path = tarball("confused", "1.0.0");
    let digest = sha512(b"no archive");
    shop.digests.borrow_mut().insert(path, digest.clone());
    shop.lock("p0", &[("confused", "1.0.0")]);
    let lock = || {
        let report = shop.report(&["verify", "--format", "json"]);
        let told = report["subjects"][0]["locked"]["not_checked"].to_string();
        let open = report["sum"]["lockfile"]["not_checked"].clone();
        (told, open)
    };
    assert_eq!(lock(), ("[]".to_owned(), json!(0)));
    let (first, rest) = (&digest.to_hex()[..2], &digest.to_hex()[2..]);
    let file = format!("own/cache/verify/artifacts/sha512/{first}/{rest}");
    shop.write(&file, "no archive");
    let (told, open) = lock();
    let says = "1 artifact says nothing of itself that can be read (confused@1.0.0): its archive";
    assert!(told.contains(says), "{told}");
    assert_eq!(open, json!(1));
}

/// What lies in an artifact is held against its lockfile and its document before anything is installed.
#[test]
fn an_artifact_that_says_more_than_its_lockfile_and_its_document_is_told_without_a_tree() {
    let shop = Shop::open(CONFUSED);
    let path = tarball("confused", "1.0.0");
    let bytes = artifact(&json!({
        "name": "confused", "version": "1.0.0",
        "scripts": {"postinstall": "node a.js"}, "dependencies": {"hidden": "^1"},
    }));
    let digest = sha512(&bytes);
    let document = json!({
        "name": "confused", "dist-tags": {"latest": "1.0.0"},
        "versions": {"1.0.0": {
            "name": "confused", "version": "1.0.0",
            "dist": {"tarball": format!("{}{path}", shop.server.base()), "integrity": digest.to_sri()},
        }},
        "time": {"1.0.0": "2020-01-01T00:00:00.000Z"},
    });
    shop.put(
        "/confused".to_owned(),
        "application/json",
        document.to_string(),
    );
    shop.digests
        .borrow_mut()
        .insert(path.clone(), digest.clone());
    shop.put(path, "application/octet-stream", bytes.clone());
    shop.lock("p0", &[("confused", "1.0.0")]);
    let told = |words: &[&str]| {
        let report = shop.report(words);
        let findings = report["findings"].as_array().unwrap().iter();
        let own = findings.filter(|one| one["rule"] == "lock-artifact");
        own.map(|one| format!("{} {}", one["outcome"], one["message"]))
            .collect::<Vec<String>>()
    };
    // Nobody has it here, and nothing is fetched to find out.
    assert_eq!(told(&["verify", "--format", "json"]), [""; 0]);
    let (first, rest) = (&digest.to_hex()[..2], &digest.to_hex()[2..]);
    let file = shop.at(&format!("own/cache/verify/artifacts/sha512/{first}/{rest}"));
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, bytes).unwrap();
    let of_lock = r#""warns" "the artifact of confused@1.0.0 has what the lockfile does not tell""#;
    let of_document = r#""warns" "the artifact of confused@1.0.0 has what its registry's document does not tell""#;
    assert_eq!(told(&["verify", "--format", "json"]), [of_lock]);
    assert_eq!(told(&["check", "--format", "json"]), [of_lock, of_document]);
}
