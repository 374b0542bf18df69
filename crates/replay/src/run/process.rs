//! A child process with an end: bounded in time and in the words that are kept.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::timeout;

/// How long any child may take.
pub const LIMIT: Duration = Duration::from_secs(60);

/// What is kept of each stream: its end, where clients say what went wrong.
const KEPT: usize = 64 << 10;

/// How long what a child left behind may hold its streams open.
const STRAGGLERS: Duration = Duration::from_secs(2);

/// A child that ended, or was ended.
#[derive(Debug)]
pub struct Finished {
    /// None when it took too long and was killed.
    pub status: Option<ExitStatus>,
    /// The end of its stdout.
    pub out: String,
    /// The end of its stderr.
    pub err: String,
}

impl Finished {
    /// Whether it ended by itself and well.
    pub fn good(&self) -> bool {
        self.status.is_some_and(|s| s.success())
    }

    /// Its last words: of stderr, or of stdout when it says nothing there. A stack trace
    /// is no word.
    pub fn last_words(&self) -> String {
        let text = if self.err.trim().is_empty() {
            &self.out
        } else {
            &self.err
        };
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty() && !l.starts_with("at "))
            .collect();
        lines[lines.len().saturating_sub(6)..].join(" | ")
    }
}

/// The process group of a child, killed when this is dropped: whoever stops waiting,
/// for whatever reason, leaves nothing running.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            kill_group(leader);
        }
    }
}

/// Runs a command in a process group of its own, and kills that group when it takes
/// longer than `limit`.
///
/// # Errors
/// It cannot be started.
pub async fn run(mut command: Command, limit: Duration) -> io::Result<Finished> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn()?;
    let mut group = Group(child.id());
    let out = tokio::spawn(tail(child.stdout.take()));
    let err = tokio::spawn(tail(child.stderr.take()));
    let status = match timeout(limit, child.wait()).await {
        Ok(status) => Some(status?),
        Err(_) => {
            drop(std::mem::replace(&mut group, Group(None)));
            let _ = child.kill().await;
            None
        }
    };
    let mut both = std::pin::pin!(async { (out.await, err.await) });
    let words = match timeout(STRAGGLERS, &mut both).await {
        Ok(words) => Some(words),
        // Somebody of its group still holds the streams, so the group is still there.
        Err(_) => {
            drop(std::mem::replace(&mut group, Group(None)));
            timeout(STRAGGLERS, &mut both).await.ok()
        }
    };
    // All have let go of the streams: the id may soon be somebody else's.
    group.0 = None;
    let (out, err) = words.unwrap_or((Ok(String::new()), Ok(String::new())));
    Ok(Finished {
        status,
        out: out.unwrap_or_default(),
        err: err.unwrap_or_default(),
    })
}

/// Kills a process group by the id of its leader.
#[cfg(unix)]
pub fn kill_group(leader: u32) {
    // The shell's own `kill` is there wherever npm scripts run, and needs no unsafe call.
    let line = format!("kill -s KILL -- -{leader}");
    silently(std::process::Command::new("/bin/sh").args(["-c", &line]));
}

/// Kills a process and all below it.
#[cfg(not(unix))]
pub fn kill_group(leader: u32) {
    let leader = leader.to_string();
    silently(std::process::Command::new("taskkill").args(["/T", "/F", "/PID", &leader]));
}

/// What is gone already needs no killing, so nobody asks what came of it.
fn silently(kill: &mut std::process::Command) {
    let null = Stdio::null;
    let _ = kill.stdin(null()).stdout(null()).stderr(null()).status();
}

async fn tail(stream: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut stream) = stream else {
        return String::new();
    };
    let mut kept: Vec<u8> = Vec::new();
    let mut piece = [0; 8 << 10];
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        kept.extend_from_slice(&piece[..read]);
        // Cut now and then, not at every piece.
        if kept.len() > 2 * KEPT {
            kept.drain(..kept.len() - KEPT);
        }
    }
    let from = kept.len().saturating_sub(KEPT);
    String::from_utf8_lossy(&kept[from..]).into_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::time::Instant;

    fn shell(line: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", line]);
        command
    }

    #[tokio::test]
    async fn words_and_codes_are_kept() {
        let line = "echo out; printf 'a\\n\\nb\\n    at x (y:1)\\n' >&2; exit 3";
        let finished = run(shell(line), LIMIT).await.unwrap();
        assert_eq!(finished.status.and_then(|s| s.code()), Some(3));
        assert_eq!(finished.out, "out\n");
        assert_eq!(finished.last_words(), "a | b");
        assert!(!finished.good());
    }

    #[tokio::test]
    async fn only_the_end_of_a_long_speech_is_kept() {
        let line =
            "i=0; while [ $i -lt 20000 ]; do echo 0123456789012345; i=$((i+1)); done; echo end";
        let finished = run(shell(line), LIMIT).await.unwrap();
        assert!(finished.out.len() <= KEPT && finished.out.ends_with("end\n"));
    }

    #[tokio::test]
    async fn what_takes_too_long_is_killed_with_all_that_it_started() {
        let begun = Instant::now();
        let line = "sleep 30 & echo $!; sleep 30";
        let finished = run(shell(line), Duration::from_millis(300)).await.unwrap();
        assert!(finished.status.is_none() && begun.elapsed() < Duration::from_secs(10));
        let grandchild: u32 = finished.out.trim().parse().unwrap();
        assert!(ended(grandchild).await);
    }

    #[tokio::test]
    async fn who_stops_waiting_leaves_nothing_running() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let line = format!("sleep 30 & echo $! > {}; wait", file.display());
        let waited = timeout(Duration::from_millis(400), run(shell(&line), LIMIT)).await;
        assert!(waited.is_err());
        let grandchild: u32 = std::fs::read_to_string(file)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        assert!(ended(grandchild).await);
    }

    /// Whether a process is gone within a second. A zombie no longer does anything,
    /// whoever has yet to reap it.
    async fn ended(pid: u32) -> bool {
        for _ in 0..100 {
            let alive = shell(&format!("kill -0 {pid} 2>/dev/null")).status().await;
            let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            if !alive.is_ok_and(|s| s.success()) || state.contains(") Z") {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    #[tokio::test]
    async fn what_a_child_leaves_behind_does_not_hold_us_up() {
        let begun = Instant::now();
        let finished = run(shell("sleep 30 & exit 0"), LIMIT).await.unwrap();
        assert!(finished.good() && begun.elapsed() < Duration::from_secs(10));
    }
}
