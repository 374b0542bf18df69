//! Programs that are asked for a few words: bounded in time and in words.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Bytes of each stream that are kept.
const MOST: u64 = 4 << 20;

/// What a program printed, its stdout first. `None`: it did not end within `limit`, and
/// was ended.
///
/// # Errors
/// It cannot be started.
pub fn words(mut command: Command, limit: Duration) -> io::Result<Option<String>> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        // What it starts belongs to it and ends with it.
        command.process_group(0);
    }
    let mut child = command.spawn()?;
    let end = Instant::now() + limit;
    let streams = [listen(child.stdout.take()), listen(child.stderr.take())];
    let mut text = String::new();
    for stream in streams {
        let left = end.saturating_duration_since(Instant::now());
        let Ok(bytes) = stream.recv_timeout(left) else {
            stop(&mut child);
            return Ok(None);
        };
        text.push_str(&String::from_utf8_lossy(&bytes));
        text.push('\n');
    }
    // Both streams are closed; a program that goes on without them is not waited for.
    while child.try_wait()?.is_none() {
        if Instant::now() >= end {
            stop(&mut child);
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(Some(text))
}

/// Reads a stream to its end, on a thread of its own: neither stream may fill up while
/// the other is read.
fn listen(stream: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        if let Some(mut stream) = stream {
            // What breaks off has said what it said; what is too much is read on, so that
            // the program does not hang, and forgotten.
            let _ = stream.by_ref().take(MOST).read_to_end(&mut kept);
            let _ = io::copy(&mut stream, &mut io::sink());
        }
        // Nobody listens any more when the time was up.
        let _ = sender.send(kept);
    });
    receiver
}

/// Ends a program and what it started.
fn stop(child: &mut Child) {
    #[cfg(unix)]
    {
        let line = format!("kill -s KILL -- -{}", child.id());
        let _ = Command::new("/bin/sh")
            .args(["-c", &line])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
    // One that ended meanwhile needs no killing.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(line: &str, limit: Duration) -> Option<String> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", line]);
        words(command, limit).ok()?
    }

    #[test]
    fn both_streams_are_heard() {
        let text = shell("echo err >&2; echo out", Duration::from_secs(20));
        assert_eq!(text.as_deref(), Some("out\n\nerr\n\n"));
    }

    #[test]
    fn who_does_not_end_is_ended_with_all_that_it_started() {
        let begun = Instant::now();
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("pid");
        let line = format!("sleep 60 & echo $! > {}; wait", file.display());
        assert_eq!(shell(&line, Duration::from_millis(500)), None);
        assert!(begun.elapsed() < Duration::from_secs(20));
        let pid = std::fs::read_to_string(file).expect("it was written");
        let pid: u32 = pid.trim().parse().expect("a number");
        let gone = (0..500).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            customs_gate::process::lives(pid) == Some(false)
        });
        assert!(gone, "{pid} still runs");
    }

    #[test]
    fn more_words_than_are_kept_do_not_hang_it() {
        let text = shell("yes | head -c 9000000", Duration::from_secs(30));
        assert_eq!(text.map(|t| t.len() as u64), Some(MOST + 2));
    }
}
