//! Real pip, uv and cargo behind a gate with private registries: each name has one origin, whatever
//! somebody publishes under it elsewhere, and each registry is shown its own credential.

mod house;
mod person;

use super::world::{Served, Site, TestToken, put, token, tokens_file};
use house::{House, Shown};
use person::{CLIENTS, Client, Person};

/// A private registry of Python, one of cargo, and the public one of both, with a gate before them.
struct Street {
    site: Site,
    pypi: House,
    cargo: House,
    public: House,
    ci: TestToken,
}

const PYPI: Shown = Shown::Basic("gate", "secret-of-pypi");
const CARGO: Shown = Shown::Verbatim("secret-of-cargo");

impl Street {
    async fn new() -> Self {
        let street = Self {
            site: Site::new().await,
            pypi: House::new(PYPI).await,
            cargo: House::new(CARGO).await,
            public: House::new(Shown::Nothing).await,
            ci: token("ci", ""),
        };
        // Somebody else has the name too, and higher numbers.
        for private in [&street.pypi, &street.cargo] {
            private.publish("ours-tool", "1.0.0");
        }
        street.public.publish("ours-tool", "9.0.0");
        street.public.publish("common", "3.0.0");
        put(&street.site.at("tokens.toml"), &tokens_file(&[&street.ci]));
        put(&street.site.at("pypi.secret"), "secret-of-pypi\n");
        put(&street.site.at("cargo.secret"), "secret-of-cargo\n");
        street.configure("");
        street
    }

    /// Writes the gate's config. The public registries stand first in the file.
    fn configure(&self, internal: &str) {
        let entry = |ecosystem: &str, url: String, visibility: &str, more: &str| {
            format!(
                "[[upstream]]\necosystem = \"{ecosystem}\"\nurl = \"{url}\"\n\
                 visibility = \"{visibility}\"\n{more}"
            )
        };
        let (public, pypi, cargo) = (self.public.base(), self.pypi.base(), self.cargo.base());
        let more = [
            entry("pypi", format!("{public}/simple/"), "public", ""),
            entry("cargo", format!("{public}/index/"), "public", ""),
            entry(
                "pypi",
                format!("{pypi}/simple/"),
                "private",
                "credential = { kind = \"basic\", user = \"gate\", file = \"pypi.secret\" }\n",
            ),
            entry(
                "cargo",
                format!("{cargo}/index/"),
                "private",
                "credential = { kind = \"verbatim\", file = \"cargo.secret\" }\n",
            ),
        ];
        let config = self.site.config() + &more.concat();
        put(
            &self.site.at("customs-gate.toml"),
            &(internal.to_owned() + &config),
        );
    }

    async fn gate(&self) -> Served {
        self.site.start_as_it_is().await
    }

    /// Somebody whose clients are pointed at the gate, in a home of its own.
    fn person(&self, gate: &Served, name: &str) -> Person {
        let person = Person::new(&self.site.at(name));
        person.set_up(&gate.base, &self.ci.secret);
        person
    }

    /// The private registry that a client's names come from.
    fn private(&self, client: Client) -> &House {
        match client {
            Client::Pip | Client::Uv => &self.pypi,
            Client::Cargo => &self.cargo,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pip_uv_and_cargo_get_the_private_release_and_not_the_higher_public_one() {
    let street = Street::new().await;
    let gate = street.gate().await;
    for client in CLIENTS {
        let person = street.person(&gate, client.name());
        let ran = person.install(client, &["ours-tool", "common"]);
        ran.succeeded(&gate);
        assert_eq!(person.has(client, "ours-tool"), ["1.0.0"], "{client:?}");
        assert_eq!(person.has(client, "common"), ["3.0.0"], "{client:?}");
    }
    // The public one was never asked for a name that a private one has, and is shown nothing.
    assert_eq!(street.public.asked_for("ours-tool"), 0);
    assert!(street.public.asked_for("common") > 0);
    assert_eq!(street.public.shown(), [None]);
    // Each private one is shown its own credential with every question, and no other.
    for (house, own) in [(&street.pypi, PYPI), (&street.cargo, CARGO)] {
        assert_eq!(house.shown(), [own.header()]);
        assert!(house.served("ours-tool") > 0, "the artifact, too");
    }
    let ledger = street.site.at("home/data");
    for (release, clients) in [
        ("pkg:pypi/ours-tool@1.0.0", ["pip/", "uv/"].as_slice()),
        ("pkg:cargo/ours-tool@1.0.0", &["cargo"]),
    ] {
        let who = person::ledger_who(&ledger, release);
        assert!(who.contains("token:ci"), "{who}");
        for client in clients {
            assert!(who.contains(client), "{client}: {who}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_was_private_once_is_not_taken_from_the_public_one_when_it_is_gone() {
    let street = Street::new().await;
    let mut gate = street.gate().await;
    for client in CLIENTS {
        let person = street.person(&gate, client.name());
        person.install(client, &["ours-tool"]).succeeded(&gate);
    }
    street.pypi.take_away("ours-tool");
    street.cargo.take_away("ours-tool");
    // Another process, with nothing in its cache: what it knows is in its store.
    gate.signal("TERM");
    assert!(gate.ended().await.success());
    std::fs::remove_dir_all(street.site.at("home/cache")).unwrap();
    let gate = street.gate().await;
    for client in CLIENTS {
        let person = street.person(&gate, &format!("{}-again", client.name()));
        let ran = person.install(client, &["ours-tool"]);
        ran.failed(&["ours-tool"]);
        assert_eq!(person.has(client, "ours-tool"), [""; 0], "{client:?}");
    }
    assert_eq!(street.public.asked_for("ours-tool"), 0);
}

/// Whoever brings a private registry down, or has its credential taken back, does not get to say
/// what its names are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_answer_but_404_of_a_private_registry_fails_for_pip_uv_and_cargo() {
    let street = Street::new().await;
    let gate = street.gate().await;
    for (at, status) in [500_u16, 503, 401, 403, 429].into_iter().enumerate() {
        for client in CLIENTS {
            let name = format!("{}-tool-{at}", client.name());
            street.public.publish(&name, "2.0.0");
            street.private(client).answers(&name, status);
            let person = street.person(&gate, &name);
            let ran = person.install(client, &[&name]);
            ran.failed(&[&name]);
            assert_eq!(street.public.asked_for(&name), 0, "{client:?}, {status}");
            // Once it says that it has none, the public one may be asked.
            street.private(client).answers(&name, 404);
            let person = street.person(&gate, &format!("{name}-again"));
            person.install(client, &[&name]).succeeded(&gate);
            assert_eq!(person.has(client, &name), ["2.0.0"], "{client:?}, {status}");
        }
    }
}

/// A credential that the registry does not take is a 401 with every question, and no 404.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_credential_that_is_wrong_nothing_of_the_name_is_installed_from_elsewhere() {
    let street = Street::new().await;
    put(&street.site.at("pypi.secret"), "guessed\n");
    put(&street.site.at("cargo.secret"), "guessed\n");
    let gate = street.gate().await;
    for client in CLIENTS {
        let person = street.person(&gate, client.name());
        person
            .install(client, &["ours-tool"])
            .failed(&["ours-tool"]);
    }
    assert_eq!(street.public.asked_for("ours-tool"), 0);
    // It is put right while the gate serves.
    put(&street.site.at("pypi.secret"), "secret-of-pypi\n");
    put(&street.site.at("cargo.secret"), "secret-of-cargo\n");
    gate.until(
        "customs_gate_reloads_total{what=\"settings\",outcome=\"ok\"}",
        2.0,
    )
    .await;
    for client in CLIENTS {
        let person = street.person(&gate, &format!("{}-again", client.name()));
        person.install(client, &["ours-tool"]).succeeded(&gate);
        assert_eq!(person.has(client, "ours-tool"), ["1.0.0"], "{client:?}");
    }
}

/// A name on the list of internal ones that no private registry has yet is nobody's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_internal_name_that_nobody_published_yet_is_not_taken_from_the_public_one() {
    let street = Street::new().await;
    street.public.publish("ours-next", "9.0.0");
    street.configure("internal = [\"pkg:pypi/ours-*\", \"pkg:cargo/ours-*\"]\n");
    let gate = street.gate().await;
    for client in CLIENTS {
        let person = street.person(&gate, client.name());
        person
            .install(client, &["ours-next"])
            .failed(&["ours-next"]);
    }
    assert_eq!(street.public.asked_for("ours-next"), 0);
}
