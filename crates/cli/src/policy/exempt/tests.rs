use super::*;
use customs_model::{
    Action, Clock as _, Decision, Epoch, FixedClock, Inputs, Reason, ReleaseId, RuleId,
    SignedDuration,
};
use customs_store::{SqliteStore, Store as _, Who};
use std::sync::Arc;

struct House {
    store: SqliteStore,
    clock: Arc<FixedClock>,
    _folder: tempfile::TempDir,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A ledger in which left@1.0.1 is held until the sixth for its age.
fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::new(at("2026-11-04T00:00:00Z")));
    let store = SqliteStore::open(folder.path(), clock.clone()).unwrap();
    let hold = Action::Hold {
        until: at("2026-11-06T00:00:00Z"),
    };
    let release: ReleaseId = "pkg:npm/left@1.0.1".parse().unwrap();
    let decision = Decision {
        release,
        artifact: None,
        action: hold.clone(),
        reasons: vec![Reason {
            rule: RuleId::of("version-age"),
            message: "it is young".to_owned(),
            asks: hold,
            waived: None,
        }],
        at: clock.now(),
        epoch: Epoch::default(),
        inputs: Inputs::default(),
        next_change: None,
    };
    let digests = [
        Digest::sha256(b"left"),
        "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"
            .parse()
            .unwrap(),
    ];
    let judged = customs_store::Judged {
        decision: &decision,
        digests: &digests,
    };
    store.record_judged(&[judged]).unwrap();
    House {
        store,
        clock,
        _folder: folder,
    }
}

#[derive(clap::Parser)]
struct Shape {
    #[command(flatten)]
    format: output::Format,
}

impl House {
    fn desk(&self) -> Desk<'_> {
        use clap::Parser as _;
        Desk {
            store: &self.store,
            who: Who {
                credential: Some("user:ann".to_owned()),
                ..Who::default()
            },
            now: self.clock.now(),
            format: Shape::parse_from(["x"]).format,
        }
    }

    fn grant(&self, target: &str, rules: &[&str], until: &str) -> Result<u8, Failure> {
        let target = PackageSpec::parse(target, Ecosystem::Npm).unwrap();
        let wanted = Wanted {
            target: target.about(),
            reason: "hot fix".to_owned(),
            owner: "platform".to_owned(),
            until: until.to_owned(),
            rules: rules.iter().map(ToString::to_string).collect(),
            although_malicious: false,
            agent: None,
        };
        self.desk().grant(&target, &wanted)
    }

    fn refused(&self, target: &str, rules: &[&str], until: &str) -> String {
        let why = self.grant(target, rules, until).unwrap_err().to_string();
        assert_eq!(self.store.exemptions().unwrap(), [], "{why}");
        why
    }
}

#[test]
fn without_a_rule_that_is_waived_which_holds_now_and_it_is_bound_to_the_strongest_digest() {
    let house = house();
    house.grant("left@1.0.1", &[], "2026-11-20").unwrap();
    let rows = house.store.exemptions().unwrap();
    let granted = &rows[0].granted;
    assert_eq!(granted.rules, [RuleId::of("version-age")]);
    assert_eq!(granted.digests, [Digest::sha256(b"left")]);
    assert_eq!(granted.until, at("2026-11-20T00:00:00Z"));
    assert_eq!(granted.who.credential.as_deref(), Some("user:ann"));
    assert!(rows[0].is_in_force(house.clock.now()));
    let told = text::granted(granted);
    let told = told.replace(&granted.id, "EX-…");
    let told = told.replace(&Digest::sha256(b"left").to_hex(), "…");
    insta::assert_snapshot!(told, @"
    EX-…: pkg:npm/left@1.0.1 is exempt from version-age until 2026-11-20 00:00 UTC
      reason    hot fix
      owner     platform
      granted   by credential user:ann
      bound to  sha256:…
    Runs that are open follow within a second. Take it back: customs policy exempt --end EX-…
    ");
}

#[test]
fn what_cannot_count_is_not_written() {
    let house = house();
    insta::assert_snapshot!(house.refused("left@1.0.1", &[], "2026-11-04"), @"nothing was exempted: --until 2026-11-04 00:00 UTC is past");
    insta::assert_snapshot!(house.refused("left@1.0.1", &[], "soon"), @"nothing was exempted: --until soon is not a date; write 2027-01-31 or 2027-01-31T12:00:00Z");
    insta::assert_snapshot!(house.refused("left@1.0.1", &["version-aeg"], "2026-11-20"), @r#"nothing was exempted: no rule "version-aeg"; did you mean "version-age"?"#);
    insta::assert_snapshot!(house.refused("left@1.0.1", &["false-origin"], "2026-11-20"), @"nothing was exempted: false-origin is waived only with an explicit word for it (--although-malicious)");
    insta::assert_snapshot!(house.refused("right@1.0.0", &[], "2026-11-20"), @"the ledger knows nothing that holds pkg:npm/right@1.0.0 now; name what is to be waived: --rule RULE (customs policy explain pkg:npm/right@1.0.0)");
}

#[test]
fn the_word_for_malware_stands_in_the_record() {
    let house = house();
    let target = PackageSpec::parse("left@1.0.1", Ecosystem::Npm).unwrap();
    let wanted = Wanted {
        target: target.about(),
        reason: "a sample for the laboratory".to_owned(),
        owner: "research".to_owned(),
        until: "2026-11-05".to_owned(),
        rules: vec!["known-malicious".to_owned()],
        although_malicious: true,
        agent: None,
    };
    house.desk().grant(&target, &wanted).unwrap();
    let granted = &house.store.exemptions().unwrap()[0].granted;
    assert!(granted.although_malicious);
    assert!(text::granted(granted).contains("ALTHOUGH it is or may be malicious"));
}

#[test]
fn an_exemption_is_ended_once_and_by_its_name() {
    let house = house();
    house.grant("left@1.0.1", &[], "2026-11-20").unwrap();
    let id = house.store.exemptions().unwrap()[0].granted.id.clone();
    assert!(house.desk().end("EX-none", None).is_err());
    house.desk().end(&id, Some("old enough now")).unwrap();
    let row = &house.store.exemptions().unwrap()[0];
    assert!(!row.is_in_force(house.clock.now()));
    assert_eq!(
        row.ended.as_ref().unwrap().1.reason.as_deref(),
        Some("old enough now")
    );
    let again = house.desk().end(&id, None).unwrap_err().to_string();
    assert!(again.contains("was ended 2026-11-04 00:00 UTC"), "{again}");
}

#[test]
fn what_ended_by_itself_cannot_be_ended() {
    let house = house();
    house.grant("left@1.0.1", &[], "2026-11-05").unwrap();
    house.clock.advance(SignedDuration::from_hours(24));
    let id = house.store.exemptions().unwrap()[0].granted.id.clone();
    let why = house.desk().end(&id, None).unwrap_err().to_string();
    assert!(
        why.contains("ended by itself 2026-11-05 00:00 UTC"),
        "{why}"
    );
}

#[test]
fn what_is_written_reads_back_as_a_line_of_a_policy() {
    for text in ["@acme/ui@1.0.0", "left@1.0.0+build.1", "left"] {
        let grant = customs_rules::Grant {
            id: "EX-1".to_owned(),
            about: PackageSpec::parse(text, Ecosystem::Npm).unwrap().about(),
            digests: Vec::new(),
            rules: vec!["version-age".to_owned()],
            reason: "x".to_owned(),
            owner: "y".to_owned(),
            until: Timestamp::UNIX_EPOCH,
            although_malicious: false,
            by: None,
            agent: None,
        };
        assert_eq!(grant.check(), Ok(()), "{text}");
    }
}
