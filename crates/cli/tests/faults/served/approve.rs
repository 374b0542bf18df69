//! Exemptions over the network: a person with a token lets a release through, and takes that back.

use super::world::{Served, Site, TestToken, put, token};
use crate::harness::read;
use crate::program::customs;
use crate::shelves::{days, hours, package, release};
use customs_model::{Clock as _, SystemClock};
use serde_json::json;
use std::path::Path;

/// Variables by which an agent says that it is there.
const AGENTS: [&str; 6] = [
    "AI_AGENT",
    "CLAUDECODE",
    "CURSOR_AGENT",
    "GEMINI_CLI",
    "CODEX_SANDBOX",
    "OPENCODE",
];

const ADDRESS: &str = "/-/customs/exemptions";

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

/// A team's gate, and four who know it.
struct Team {
    site: Site,
    ci: TestToken,
    bots: TestToken,
    lead: TestToken,
    auditor: TestToken,
}

impl Team {
    async fn new(policy: &str) -> (Self, Served) {
        let mut site = Site::new().await.with_tls();
        site.more = "policy = \"policy.toml\"\n".to_owned();
        put(&site.at("policy.toml"), &format!("version = 1\n{policy}"));
        let releases = vec![release("1.0.0", days(400)), release("1.0.1", hours(2))];
        let left = package("left", SystemClock.now(), releases);
        site.shelves
            .npm(&site.upstream.base(), &left.tags(&[("latest", "1.0.1")]));
        put(
            &site.at("strict.toml"),
            "version = 1\n[roles]\napprovers = [\"token:security\"]\n",
        );
        let ci = token("ci", "");
        let bots = token("bots", "policy = \"strict\"\n");
        let lead = token("lead", "role = \"approve\"\n");
        let auditor = token("auditor", "role = \"read\"\n");
        site.tokens(&[&ci, &bots, &lead, &auditor]);
        site.append("[policies]\nstrict = \"strict.toml\"\n");
        let served = site.start_as_it_is().await;
        for token in [&ci, &lead, &auditor] {
            put(&site.at(&token.name), &token.secret);
        }
        put(&site.at("root.pem"), super::world::ONE.pem);
        let team = Self {
            site,
            ci,
            bots,
            lead,
            auditor,
        };
        (team, served)
    }

    /// Somebody far from the gate asks, by the program and a token of theirs.
    fn ask(&self, served: &Served, who: &TestToken, what: &[&str], agent: Option<&str>) -> Said {
        let account: &Path = &self.site.at("account");
        let mut command = customs(account, &["policy", "exempt"]);
        command.args(what).args(["--gate", &served.base]);
        command.arg("--token-file").arg(self.site.at(&who.name));
        command.arg("--roots").arg(self.site.at("root.pem"));
        for name in AGENTS {
            command.env_remove(name);
        }
        if let Some(agent) = agent {
            command.env("AI_AGENT", agent);
        }
        let output = command.output().unwrap();
        let all = [&output.stdout[..], b"\n", &output.stderr[..]].concat();
        Said {
            code: output.status.code().unwrap(),
            text: String::from_utf8_lossy(&all).into_owned(),
        }
    }

    async fn latest(served: &Served, token: &TestToken) -> String {
        let document = served.get("/left", token).await.json();
        document["dist-tags"]["latest"].as_str().unwrap().to_owned()
    }
}

const GRANT: [&str; 7] = [
    "left@1.0.1",
    "--reason",
    "hot fix, reviewed by hand",
    "--owner",
    "platform",
    "--until",
    "2099-01-01",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_approves_lets_a_release_through_over_the_network_and_takes_it_back() {
    let (team, served) = Team::new("").await;
    assert_eq!(Team::latest(&served, &team.ci).await, "1.0.0");
    let granted = team.ask(&served, &team.lead, &GRANT, None);
    granted.demand(
        0,
        &[
            "exempt from version-age",
            "credential token:lead",
            "NOT count under the policy strict: token:lead is none of the policy's approvers",
        ],
    );
    assert_eq!(Team::latest(&served, &team.bots).await, "1.0.0");
    assert_eq!(Team::latest(&served, &team.ci).await, "1.0.1", "at once");
    let listed = team.ask(&served, &team.auditor, &["--list"], None);
    listed.demand(0, &["platform: hot fix, reviewed by hand", "token:lead"]);
    let json = team.ask(&served, &team.lead, &["--list", "--format", "json"], None);
    let all: serde_json::Value = serde_json::from_str(json.text.trim()).unwrap();
    assert_eq!(all["schema"], "customs/policy-exemptions-v1");
    assert_eq!(all["exemptions"][0]["state"], "in force");
    let id = all["exemptions"][0]["id"].as_str().unwrap();
    let ended = ["--end", id, "--reason", "old enough"];
    let by_auditor = team.ask(&served, &team.auditor, &ended, None);
    by_auditor.demand(2, &["403", "the role read", "takes the role approve"]);
    team.ask(&served, &team.lead, &ended, None)
        .demand(0, &["is ended"]);
    assert_eq!(Team::latest(&served, &team.ci).await, "1.0.0", "at once");
    let over = team.ask(&served, &team.lead, &ended, None);
    over.demand(2, &["was ended"]);
    let all = team.ask(&served, &team.auditor, &["--list", "--all"], None);
    all.demand(0, &["ended: ", "token:lead", "old enough"]);
    // What was granted and ended is in the ledger that the gate keeps, and its chain holds.
    let mut verify = customs(&team.site.at("account"), &["ledger", "verify"]);
    verify.env("CUSTOMS_GATE_CONFIG", team.site.at("customs-gate.toml"));
    let said = verify.output().unwrap();
    assert!(said.status.success(), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_lets_anything_through() {
    let (team, served) = Team::new("").await;
    let by_ci = team.ask(&served, &team.ci, &GRANT, None);
    by_ci.demand(2, &["403", "the role install", "takes the role approve"]);
    let by_agent = team.ask(&served, &team.lead, &GRANT, Some("some-agent"));
    by_agent.demand(2, &["403", "an agent (some-agent) never grants exemptions"]);
    let nothing = team.ask(&served, &team.lead, &["right@1.0.0", "--reason", "x"], None);
    nothing.demand(2, &["--owner"]);
    let malicious = [&GRANT[..], &["--rule", "known-malicious"]].concat();
    team.ask(&served, &team.lead, &malicious, None)
        .demand(2, &["422", "only with an explicit word for it"]);
    // Who approves gets no packages by that.
    let package = served.get("/left", &team.lead).await;
    assert_eq!(package.status, 404, "{}", package.text());
    // A browser that knows the token shows it as Basic, also where a strange page asks for it.
    let wanted = json!({
        "target": "pkg:npm/left@1.0.1", "reason": "x", "owner": "x", "until": "2099-01-01",
    });
    let url = format!("{}{ADDRESS}", served.base);
    let basic = served.client.post(&url);
    let basic = basic.basic_auth("anybody", Some(&team.lead.secret));
    let refused = read(basic.body(wanted.to_string())).await;
    refused.explained(403, &["wants the token as Bearer"]);
    let nobody = read(served.client.post(&url).body(wanted.to_string())).await;
    assert_eq!(nobody.status, 401);
    let bearer = |body: String| {
        served
            .client
            .post(&url)
            .bearer_auth(&team.lead.secret)
            .body(body)
    };
    for body in ["", "[]", "{\"target\": 1}", "{\"targets\": \"left\"}"] {
        read(bearer(body.to_owned()))
            .await
            .explained(422, &["cannot be read"]);
    }
    read(bearer("x".repeat(65 << 10)))
        .await
        .explained(422, &["could not be read"]);
    assert_eq!(Team::latest(&served, &team.ci).await, "1.0.0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_approve_says_the_policy() {
    let (team, served) = Team::new("[roles]\napprovers = [\"token:security\"]\n").await;
    let refused = team.ask(&served, &team.lead, &GRANT, None);
    refused.demand(
        2,
        &[
            "403",
            "token:lead is none of the policy's approvers",
            "token:security",
        ],
    );
    assert_eq!(Team::latest(&served, &team.ci).await, "1.0.0");
}
