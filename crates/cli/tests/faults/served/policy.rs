//! `customs policy` and `customs ledger` about a team's gate: by its config, and by the policy of
//! one of its tokens.

use super::world::{Served, Site, TestToken, put, token};
use crate::program::customs;
use crate::shelves::{Shelves, days, hours, package, release};
use customs_model::{Clock as _, SystemClock};
use customs_replay::{Bound, Faults, Server};
use std::path::Path;

const STRICT: &str = "version = 1\n[rules.version-age]\nage = \"14d\"\n\
                      [roles]\napprovers = [\"user:nobody-here\"]\n";

/// Variables by which an agent says that it is there.
const AGENTS: [&str; 6] = [
    "AI_AGENT",
    "CLAUDECODE",
    "CURSOR_AGENT",
    "GEMINI_CLI",
    "CODEX_SANDBOX",
    "OPENCODE",
];

struct Said {
    code: i32,
    text: String,
}

impl Said {
    #[track_caller]
    fn demand(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{}", self.text);
        for word in words {
            assert!(self.text.contains(word), "no {word:?} in: {}", self.text);
        }
    }
}

/// A team's gate, as somebody at its machine looks after it: in an account with folders of its own.
struct Team {
    site: Site,
    private: Server,
    ci: TestToken,
    bots: TestToken,
}

impl Team {
    async fn new() -> (Self, Served) {
        let mut site = Site::new().await;
        site.more = "policy = \"policy.toml\"\n".to_owned();
        put(
            &site.at("policy.toml"),
            "version = 1\n[rules.version-age]\nage = \"24h\"\n",
        );
        put(&site.at("strict.toml"), STRICT);
        let now = SystemClock.now();
        let both = |young| vec![release("1.0.0", days(400)), release("1.0.1", hours(young))];
        let left = package("left", now, both(30));
        site.shelves
            .npm(&site.upstream.base(), &left.tags(&[("latest", "1.0.1")]));
        let shelves = Shelves::default();
        let private = Bound::new().await.unwrap();
        let private = private.serve(shelves.clone(), Faults::none());
        let ours = package("ours", now, both(1));
        shelves.npm(&private.base(), &ours.tags(&[("latest", "1.0.1")]));
        let ci = token("ci", "");
        let bots = token("bots", "policy = \"strict\"\n");
        site.tokens(&[&ci, &bots]);
        site.append(&format!(
            "[policies]\nstrict = \"strict.toml\"\n\
             [[upstream]]\necosystem = \"npm\"\nurl = \"{}\"\nvisibility = \"private\"\n",
            private.base()
        ));
        let served = site.start_as_it_is().await;
        let team = Self {
            site,
            private,
            ci,
            bots,
        };
        (team, served)
    }

    fn ask(&self, arguments: &[&str]) -> Said {
        let account: &Path = &self.site.at("account");
        let mut command = customs(account, arguments);
        for name in AGENTS {
            command.env_remove(name);
        }
        command.env_remove("CUSTOMS_POLICY");
        command.env("CUSTOMS_GATE_CONFIG", self.site.at("customs-gate.toml"));
        let output = command.output().unwrap();
        let all = [&output.stdout[..], b"\n", &output.stderr[..]].concat();
        Said {
            code: output.status.code().unwrap(),
            text: String::from_utf8_lossy(&all).into_owned(),
        }
    }
}

const EXEMPT: [&str; 9] = [
    "policy",
    "exempt",
    "left@1.0.1",
    "--reason",
    "hot fix, reviewed by hand",
    "--owner",
    "platform",
    "--until",
    "2099-01-01",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_gate_offers_is_explained_by_its_config_and_by_the_policy_of_a_token() {
    let (team, served) = Team::new().await;
    let latest = async |token: &TestToken| {
        served.get("/left", token).await.json()["dist-tags"]["latest"].to_string()
    };
    assert_eq!(latest(&team.ci).await, "\"1.0.1\"");
    assert_eq!(latest(&team.bots).await, "\"1.0.0\"");
    let explain = ["policy", "explain", "left@1.0.1", "--offline"];
    team.ask(&explain)
        .demand(0, &["policy.toml", "1.0.1  offered"]);
    team.ask(&[&explain[..], &["--token", "bots"]].concat())
        .demand(
            1,
            &["strict.toml", "1.0.1  held until", "policy wants 14 d"],
        );
    team.ask(&[&explain[..], &["--token", "bot"]].concat())
        .demand(2, &["no token \"bot\"", "did you mean \"bots\"?"]);
    // Not in the ledger yet: the registries of the gate are asked, with nothing configured here.
    team.ask(&["policy", "explain", "ours@1.0.0"])
        .demand(0, &["asked at its registry now"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_release_is_judged_again_as_what_it_is() {
    let (team, served) = Team::new().await;
    let document = served.get("/ours", &team.ci).await.json();
    assert_eq!(
        document["dist-tags"]["latest"], "1.0.1",
        "young, and private"
    );
    let file = served.get("/ours/-/ours-1.0.1.tgz", &team.ci).await;
    assert_eq!(file.status, 200, "{}", file.text());
    team.ask(&["policy", "explain", "ours@1.0.1", "--offline"])
        .demand(0, &["1.0.1  offered"]);
    team.ask(&["policy", "test"])
        .demand(0, &["1 event would be as they were"]);
    assert!(team.private.count("/ours") > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exemption_of_a_gate_stands_in_its_ledger_and_counts_where_its_policy_lets_it() {
    let (team, served) = Team::new().await;
    for token in [&team.ci, &team.bots] {
        served.get("/left", token).await;
    }
    // Under the policy of the bots somebody else approves.
    let strict = [&EXEMPT[..], &["--token", "bots"]].concat();
    team.ask(&strict)
        .demand(2, &["none of the policy's approvers", "strict.toml"]);
    let granted = [&EXEMPT[..], &["--rule", "version-age"]].concat();
    team.ask(&granted).demand(0, &["exempt from version-age"]);
    team.ask(&["policy", "exempt", "--list"])
        .demand(0, &["hot fix", "granted", "user:"]);
    team.ask(&["policy", "exempt", "--list", "--token", "bots"])
        .demand(0, &["not applied"]);
    let document = served.get("/left", &team.bots).await.json();
    assert_eq!(document["dist-tags"]["latest"], "1.0.0", "not for the bots");
    team.ask(&["ledger", "verify"])
        .demand(0, &["ledger: intact"]);
    let own = team.site.at("account/data");
    assert!(
        !own.exists(),
        "nothing is written into the account's own folders"
    );
}
