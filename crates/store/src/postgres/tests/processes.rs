//! Gates that are processes of their own, one of them killed.

use super::*;
use customs_model::Digest;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

const URL: &str = "CUSTOMS_STORE_TEST_WRITES_TO";
const FOLDER: &str = "CUSTOMS_STORE_TEST_KEEPS_KEYS_IN";
const NAME: &str = "postgres::tests::processes::of_two_gates_one_is_killed_and_the_other_says_so";

fn write_until_killed(url: &str, folder: &Path) -> ! {
    let store = Database::gate(url, folder, terms());
    let acknowledged = |receipt: Result<Receipt, StoreError>| {
        let receipt = match receipt {
            Ok(receipt) => receipt,
            Err(StoreError::QueueFull(_)) => return,
            Err(error) => panic!("{error}"),
        };
        let line = format!("ack {} {} {}\n", receipt.chain, receipt.seq, receipt.hash);
        // Nobody reads any more: the test was ended.
        if std::io::stdout().write_all(line.as_bytes()).is_err() {
            std::process::exit(1);
        }
    };
    for n in 0..1_000_000 {
        store.append(note(&format!("{n}")), Box::new(acknowledged));
        if n % 16 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    std::process::exit(0);
}

fn start(url: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
        .env(URL, url)
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn of_two_gates_one_is_killed_and_the_other_says_so() {
    if let (Some(url), Some(folder)) = (std::env::var_os(URL), std::env::var_os(FOLDER)) {
        write_until_killed(url.to_str().unwrap(), Path::new(&folder));
    }
    let Some(house) = Database::new() else { return };
    let (own, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Database::gate(&house.url, own.path(), terms());
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let mut child = start(&house.url, other.path());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acks = lines
            .map(|line| line.unwrap())
            .filter(|line| line.starts_with("ack "));
        for n in 0..200 + round * 150 {
            acknowledged.push(acks.next().unwrap());
            if n % 20 == 0 {
                store.append_wait(note("beside it")).unwrap();
            }
        }
        child.kill().unwrap();
        acknowledged.extend(acks.filter(|line| line.split(' ').count() == 4));
        child.wait().unwrap();
    }
    // The living gate notices by itself.
    let begun = Instant::now();
    let records = loop {
        let records = all(&store);
        if gaps(&records).len() == 3 {
            break records;
        }
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(100));
    };
    for (chain, said) in gaps(&records) {
        assert_eq!(count(&records, &chain), said);
    }
    store.flush().unwrap();
    drop(store);
    for folder in [own.path(), other.path()] {
        let verification = verified(&house.url, folder);
        let broken: Vec<_> = verification
            .chains
            .iter()
            .filter(|c| !c.is_sound())
            .collect();
        assert!(broken.is_empty(), "{broken:?}");
    }
    let reader = PostgresStore::open_read_only(&house.url).unwrap();
    for ack in &acknowledged {
        let parts: Vec<_> = ack.split(' ').collect();
        // The last line of a killed process may be cut; its record is there or not.
        let Ok(hash) = parts[3].parse::<Digest>() else {
            continue;
        };
        let key = (parts[1].to_owned(), parts[2].parse().unwrap());
        assert!(records.contains_key(&key), "{ack}");
        let (chain, seq) = (parts[1].to_owned(), i64::try_from(key.1).unwrap());
        let stored: Vec<u8> = reader
            .ask(move |target, session| async move {
                let found = session
                    .client
                    .query_one(
                        "SELECT hash FROM record JOIN chain ON chain.id = record.chain
                         WHERE chain.name = $1 AND seq = $2",
                        &[&chain, &seq],
                    )
                    .await
                    .map_err(target.failed("find"))?;
                Ok(found.get(0))
            })
            .unwrap();
        assert_eq!(stored, hash.as_bytes(), "{ack}");
    }
}
