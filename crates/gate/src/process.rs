//! Other processes: the little that has to be known of them, without unsafe code.

use std::path::Path;
use std::process::{Command, Stdio};

/// Whether a process is there. `None`: it cannot be told here.
///
/// A process that ended keeps its folder until its parent asks for it. In a container
/// whose first process never asks, that is for ever: its state says that it is over.
pub fn lives(pid: u32) -> Option<bool> {
    if Path::new("/proc/self").exists() {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name before the state is in brackets and may hold some itself (proc(5)).
        let state = stat
            .rsplit_once(')')
            .and_then(|(_, rest)| rest.trim_start().chars().next());
        return Some(state.is_some_and(|state| !matches!(state, 'Z' | 'X')));
    }
    if !cfg!(unix) {
        return None;
    }
    // The system's own program: one call is not worth unsafe code.
    let asked = Command::new("kill")
        .args(["-0", &pid.to_string()])
        .stderr(Stdio::null())
        .status();
    asked.ok().map(|status| status.success())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::lives;
    use std::process::{Command, Stdio};

    #[test]
    fn a_process_that_ended_and_that_nobody_asked_for_does_not_live() {
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("cat starts");
        let pid = child.id();
        assert_eq!(lives(pid), Some(true), "it waits for its input");

        drop(child.stdin.take());
        let folder = std::path::PathBuf::from(format!("/proc/{pid}"));
        let over = (0..500).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            lives(pid) == Some(false)
        });
        assert!(folder.exists(), "not waited for: its folder stays");
        assert!(over, "it is over all the same");
        child.wait().expect("it ended");
    }
}
