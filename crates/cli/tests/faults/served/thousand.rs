//! A thousand clients that take nothing. A process may have more open files than the usual soft
//! limit then, so the test begins again under its hard limit; the gate begins under a low one, and
//! sees to it itself.

use super::world::{LONG, Site, TARBALL, token};
use crate::harness::many_bytes;
use customs_replay::Faults;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

const READERS: u32 = 1_000;
/// What the gate may have in memory: a piece of 256 KiB for each connection, and not the artifact.
const MOST_KB: u64 = 512 * 1024;
/// Set in the process that asks.
const INSIDE: &str = "CUSTOMS_TEST_THOUSAND";
const NAME: &str =
    "served::thousand::a_thousand_readers_that_take_nothing_cost_little_and_are_ended";

#[test]
fn a_thousand_readers_that_take_nothing_cost_little_and_are_ended() {
    if std::env::var_os(INSIDE).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build();
        return runtime.unwrap().block_on(asked());
    }
    let mut again = Command::new("sh");
    again.args(["-c", "ulimit -n \"$(ulimit -Hn)\"; exec \"$0\" \"$@\""]);
    again.arg(std::env::current_exe().unwrap());
    again
        .args([NAME, "--exact", "--nocapture"])
        .env(INSIDE, "1");
    let output = again.stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

async fn asked() {
    let mut site = Site::with(Faults::none(), many_bytes(24 << 20)).await;
    site.more = "limits = { stall = \"10s\" }\n".to_owned();
    site.wrap = ["sh", "-c", "ulimit -Sn 256; exec \"$0\" \"$@\""]
        .map(str::to_owned)
        .to_vec();
    let ci = token("ci", "");
    site.tokens(&[&ci]);
    let served = site.start().await;
    let got = served.get(TARBALL, &ci).await;
    assert!(got.status == 200 && got.body == site.bytes);
    let head = format!(
        "GET {TARBALL} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nauthorization: Bearer {}\r\n\r\n",
        site.port, ci.secret
    );
    let mut slow = Vec::new();
    for _ in 0..READERS {
        let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    served
        .until("customs_gate_connections", f64::from(READERS) * 0.9)
        .await;
    // Others are served meanwhile.
    let begun = Instant::now();
    assert_eq!(served.get("/left", &ci).await.status, 200);
    assert!(begun.elapsed() < LONG / 4, "{:?}", begun.elapsed());
    let peak = peak_kb(served.id());
    assert!(peak < MOST_KB, "{peak} kB");
    served
        .until("customs_gate_stalled_connections_total", f64::from(READERS))
        .await;
    let begun = Instant::now();
    while served.number("customs_gate_connections").await > 8.0 {
        assert!(begun.elapsed() < LONG, "they are still there");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(slow);
    assert_eq!(served.get(TARBALL, &ci).await.status, 200);
}

/// The most memory that a process ever had.
fn peak_kb(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.unwrap().trim().trim_end_matches(" kB");
    number.parse().unwrap()
}
