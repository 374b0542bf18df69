//! Several registries behind one gate: each name has one origin, whoever is away or claims it.

use super::world::{Served, Site, token, tokens_file};
use crate::harness::many_bytes;
use crate::shelves::{Shelves, days, package, release};
use customs_model::{Clock as _, SystemClock};
use customs_replay::{Bound, Faults, Hit, Response, Server};

/// A private registry of npm.
struct Registry {
    shelves: Shelves,
    server: Server,
}

impl Registry {
    async fn new() -> Self {
        let shelves = Shelves::default();
        let server = Bound::new().await.unwrap();
        let server = server.serve(shelves.clone(), Faults::none());
        Self { shelves, server }
    }

    fn publish(&self, name: &str, bytes: &[u8]) {
        publish(&self.shelves, &self.server, name, bytes);
    }

    fn asked_for(&self, name: &str) -> usize {
        asked_for(&self.server, name).len()
    }
}

fn publish(shelves: &Shelves, server: &Server, name: &str, bytes: &[u8]) {
    let releases = vec![release("1.0.0", days(400)).bytes(bytes)];
    let package = package(name, SystemClock.now(), releases);
    shelves.npm(&server.base(), &package.tags(&[("latest", "1.0.0")]));
}

fn asked_for(server: &Server, name: &str) -> Vec<Hit> {
    let hits = server.hits().into_iter();
    hits.filter(|hit| hit.path.contains(name)).collect()
}

fn entry(registry: &Registry, secret: &str) -> String {
    format!(
        "[[upstream]]\necosystem = \"npm\"\nurl = \"{}\"\nvisibility = \"private\"\n\
         credential = {{ kind = \"bearer\", file = \"{secret}\" }}\n",
        registry.server.base()
    )
}

/// A gate in front of two private registries and the public one of the site.
async fn gate(site: &Site, one: &Registry, two: &Registry) -> (Served, super::world::TestToken) {
    let ci = token("ci", "role = \"publish\"\n");
    super::world::put(&site.at("tokens.toml"), &tokens_file(&[&ci]));
    std::fs::write(site.at("one.secret"), "secret-one\n").unwrap();
    std::fs::write(site.at("two.secret"), "secret-two\n").unwrap();
    let upstreams = [entry(one, "one.secret"), entry(two, "two.secret")].concat();
    site.append(&upstreams);
    (site.start_as_it_is().await, ci)
}

const INTERNAL: &str = "internal = [\"pkg:npm/@acme/*\", \"pkg:npm/secret-tool\"]\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_a_private_registry_has_is_its_for_good_and_credentials_stay_at_home() {
    let mut site = Site::new().await;
    site.more = INTERNAL.to_owned();
    let (one, two) = (Registry::new().await, Registry::new().await);
    two.publish("tool", b"ours");
    publish(&site.shelves, &site.upstream, "tool", b"theirs");
    let (mut served, ci) = gate(&site, &one, &two).await;
    let tool = "/tool/-/tool-1.0.0.tgz";
    let got = served.get(tool, &ci).await;
    assert_eq!((got.status, got.text().as_str()), (200, "ours"));
    assert_eq!(asked_for(&site.upstream, "tool"), []);
    // A name that nobody private has comes from the public one, which is shown nothing.
    assert_eq!(served.get("/left", &ci).await.status, 200);
    for hit in asked_for(&site.upstream, "left") {
        assert_eq!(hit.authorization, None);
    }
    let shown = |registry: &Registry| -> Vec<Option<String>> {
        let hits = registry.server.hits().into_iter();
        let mut all: Vec<_> = hits.map(|hit| hit.authorization).collect();
        all.dedup();
        all
    };
    assert_eq!(shown(&one), [Some("Bearer secret-one".to_owned())]);
    assert_eq!(shown(&two), [Some("Bearer secret-two".to_owned())]);

    // It is taken away there, and the gate is another process: it does not come from elsewhere.
    two.shelves.take_away("/tool");
    served.signal("TERM");
    assert!(served.ended().await.success());
    std::fs::remove_dir_all(site.at("home/cache")).unwrap();
    let served = site.start_as_it_is().await;
    assert_eq!(served.get("/tool", &ci).await.status, 404);
    assert_eq!(asked_for(&site.upstream, "tool"), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_internal_name_is_never_told_in_public_whatever_is_asked() {
    let mut site = Site::new().await;
    site.more = INTERNAL.to_owned();
    let (one, two) = (Registry::new().await, Registry::new().await);
    publish(&site.shelves, &site.upstream, "@acme/x", b"theirs");
    publish(&site.shelves, &site.upstream, "secret-tool", b"theirs");
    let bulk = "/-/npm/v1/security/advisories/bulk";
    site.shelves.put_json(bulk, &serde_json::json!({}));
    let (served, ci) = gate(&site, &one, &two).await;
    for path in [
        "/@acme%2fx",
        "/@acme/x/-/x-1.0.0.tgz",
        "/@acme/x/1.0.0",
        "/-/package/@acme%2fx/dist-tags",
        "/secret-tool",
    ] {
        let got = served.get(path, &ci).await;
        assert!([403, 404].contains(&got.status), "{path}: {}", got.text());
    }
    for path in [
        "/@ACME%2fx",
        "/-/v1/search?text=@acme/x",
        "/-/v1/search?text=%2540Acme%252fx",
        "/-/v1/search?text=@%61cme",
        "/-/v1/search?text=Secret-Tool&size=20",
        "/-/package/@acme%2fx/collaborators",
        "/-/package/%2540acme%252fx/collaborators",
        "/-/package/secret-tool/collaborators",
        "/-/npm/v1/attestations/@acme%2fx@1",
        "/-/npm/v1/attestations/secret-tool@1.0.0",
        "/@acme/x/1.0.0/more",
        "/secret-tool/1.0.0/more",
        "/left/1.0.0/@acme%2fx",
        "/-/org/acme/package",
        "/-/npm/v1/keys?of=@acme/x",
    ] {
        served.get(path, &ci).await.explained(404, &[]);
    }
    for (method, path) in [
        ("PUT", "/-/package/@acme%2fx/dist-tags/latest"),
        ("DELETE", "/-/package/@acme%2fx/dist-tags/latest"),
        ("PUT", "/@acme%2fx"),
        ("PUT", "/@acme%2fx/-rev/1-a"),
        ("DELETE", "/secret-tool/-/secret-tool-1.0.0.tgz/-rev/1-a"),
        ("PUT", "/-/team/acme/dev/package"),
    ] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}{path}", served.base);
        let asked = served.client.request(method, url).bearer_auth(&ci.secret);
        let got = crate::harness::read(asked.body("{}")).await;
        assert_eq!(got.status, 404, "{path}: {}", got.text());
    }
    // Where the package comes from it arrives, and what names nobody goes on.
    assert_eq!(one.asked_for("dist-tags/latest"), 2);
    let found = serde_json::json!({"objects": []});
    site.shelves.put_json("/-/v1/search", &found);
    let search = "/-/v1/search?text=left";
    assert_eq!(served.get(search, &ci).await.status, 200);
    assert_eq!(asked_for(&site.upstream, "/-/v1/search").len(), 1);
    let names = serde_json::json!({"left": ["1.0.0"], "@acme/x": ["1.0.0"]});
    let ask = |path: &str| {
        let url = format!("{}{path}", served.base);
        served.client.post(url).bearer_auth(&ci.secret)
    };
    let asked = crate::harness::read(ask(bulk).body(names.to_string())).await;
    assert_eq!(asked.status, 200, "{}", asked.text());
    let quick = "/-/npm/v1/security/audits/quick";
    let asked = crate::harness::read(ask(quick).body("{}")).await;
    asked.explained(404, &["not passed on"]);
    for hit in site.upstream.hits() {
        let path = hit.path.to_lowercase();
        for name in ["acme", "%61cme", "secret-tool", "quick", "/more"] {
            assert!(!path.contains(name), "{name}: {hit:?}");
        }
    }
    assert!(one.asked_for("acme") > 0 && two.asked_for("acme") > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_in_public_has_no_internal_name_in_its_body() {
    let mut site = Site::new().await;
    site.more = INTERNAL.to_owned();
    let ci = token("ci", "role = \"publish\"\n");
    site.tokens(&[&ci]);
    let served = site.start().await;
    let put = |path: &str, body: String| {
        let url = format!("{}{path}", served.base);
        let asked = served.client.put(url).bearer_auth(&ci.secret);
        crate::harness::read(asked.body(body))
    };
    let publish = |dependency: &str| {
        let version = serde_json::json!({ "dependencies": { dependency: "1" } });
        serde_json::json!({ "name": "left", "versions": { "2.0.0": version } }).to_string()
    };
    for (path, body) in [
        ("/left", publish("@acme/x")),
        ("/left", publish("Secret-Tool")),
        ("/left", publish("x").replace('x', "\\u0040acme\\/x")),
        (
            "/-/team/open/dev/package",
            "{\"package\":\"@acme/x\"}".to_owned(),
        ),
        ("/-/npm/v1/user", "not JSON, of secret-tool".to_owned()),
        ("/left", "{\"cut\":".to_owned()),
    ] {
        let got = put(path, body.clone()).await;
        got.explained(403, &["not passed on", "rule internal-name"]);
    }
    assert_eq!(asked_for(&site.upstream, ""), [], "nothing arrived");
    put("/left", publish("other")).await;
    let arrived = asked_for(&site.upstream, "/left");
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].method, "PUT");
}

/// Whoever brings a private registry down must not get to say what its names are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_answer_of_a_private_registry_but_404_fails_and_falls_through_to_nobody() {
    let site = Site::new().await;
    let (one, two) = (Registry::new().await, Registry::new().await);
    let (served, ci) = gate(&site, &one, &two).await;
    for (at, status) in [500_u16, 503, 401, 403, 429, 302].into_iter().enumerate() {
        let name = format!("tool-{at}");
        publish(&site.shelves, &site.upstream, &name, b"theirs");
        let path = format!("/{name}");
        one.shelves
            .put(&path, Response::of(status, "text/plain", "no"));
        let got = served.get(&path, &ci).await;
        assert!(got.status >= 400, "{status}: {}", got.text());
        assert_eq!(asked_for(&site.upstream, &name), [], "{status}");
        assert_eq!(two.asked_for(&name), 0, "{status}");
        // And once it says that it has none, the public one may be asked.
        one.shelves.take_away(&path);
        assert_eq!(served.get(&path, &ci).await.status, 200, "{status}");
    }
}

/// A registry that sends its client elsewhere does not send the credential along.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_takes_no_credential_to_another_host() {
    let site = Site::with(Faults::none(), many_bytes(100)).await;
    let (one, two) = (Registry::new().await, Registry::new().await);
    let elsewhere = Registry::new().await;
    elsewhere.publish("moved", b"elsewhere");
    let to = format!("{}/moved", elsewhere.server.base());
    let moved = Response::of(302, "text/plain", "").with("location", to);
    one.shelves.put("/moved", moved);
    let (served, ci) = gate(&site, &one, &two).await;
    served.get("/moved", &ci).await;
    for hit in elsewhere.server.hits() {
        assert_eq!(hit.authorization, None);
    }
    assert_eq!(one.asked_for("moved"), 1);
}

/// Python's and cargo's names have one origin as npm's have; pip's merging of indexes is no way
/// around it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_and_cargo_names_have_one_origin_too() {
    let mut site = Site::new().await;
    site.more = "internal = [\"pkg:pypi/ours-*\", \"pkg:cargo/ours-*\"]\n".to_owned();
    let own = Registry::new().await;
    let public = (&site.shelves, site.upstream.base());
    let private = (&own.shelves, own.server.base());
    for ((shelves, base), version) in [(public, "9.0.0"), (private, "1.0.0")] {
        shelves.put_json(
            "/index/config.json",
            &serde_json::json!({ "dl": format!("{base}/dl") }),
        );
        let names = ["tool", "only", "ours-x"];
        for name in names
            .into_iter()
            .filter(|name| version == "9.0.0" || *name == "tool")
        {
            let file = format!("{}-{version}-py3-none-any.whl", name.replace('-', "_"));
            let page = serde_json::json!({
                "meta": {"api-version": "1.1"}, "name": name,
                "files": [{
                    "filename": file, "url": format!("{base}/files/{file}"),
                    "hashes": {"sha256": "0".repeat(64)}, "upload-time": "2020-01-01T00:00:00Z",
                }],
            });
            let kind = "application/vnd.pypi.simple.v1+json";
            let page = Response::of(200, kind, page.to_string());
            shelves.put(&format!("/simple/{name}/"), page);
            let line = serde_json::json!({
                "name": name, "vers": version, "deps": [], "cksum": "0".repeat(64),
                "features": {}, "yanked": false, "pubtime": "2020-01-01T00:00:00Z",
            });
            let path = format!("/index/{}/{}/{name}", &name[..2], &name[2..4]);
            shelves.put(&path, Response::of(200, "text/plain", format!("{line}\n")));
        }
    }
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    let entry = |ecosystem: &str, base: &str, path: &str, visibility: &str| {
        format!(
            "[[upstream]]\necosystem = \"{ecosystem}\"\nurl = \"{base}{path}\"\n\
             visibility = \"{visibility}\"\n"
        )
    };
    let (theirs, ours) = (site.upstream.base(), own.server.base());
    let mut more = String::new();
    for (ecosystem, path) in [("pypi", "/simple/"), ("cargo", "/index/")] {
        // The public one is first in the file, and last in line.
        more += &entry(ecosystem, &theirs, path, "public");
        more += &entry(ecosystem, &ours, path, "private");
    }
    site.append(&more);
    let served = site.start_as_it_is().await;
    let pages = |name: &str| {
        [
            format!("/-/pypi/simple/{name}/"),
            format!("/-/cargo/index/{}/{}/{name}", &name[..2], &name[2..4]),
        ]
    };
    for path in pages("tool") {
        let got = served.get(&path, &ci).await;
        assert_eq!(got.status, 200, "{path}: {}", got.text());
        let text = got.text();
        assert!(
            text.contains("1.0.0") && !text.contains("9.0.0"),
            "{path}: {text}"
        );
    }
    for path in pages("only") {
        let got = served.get(&path, &ci).await;
        assert!(
            got.status == 200 && got.text().contains("9.0.0"),
            "{path}: {}",
            got.text()
        );
    }
    for path in pages("ours-x") {
        assert_eq!(served.get(&path, &ci).await.status, 404, "{path}");
    }
    for name in ["tool", "ours-x"] {
        assert_eq!(asked_for(&site.upstream, name), [], "{name}");
    }
}
