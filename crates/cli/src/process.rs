//! Other processes: the little that has to be known of them, without unsafe code.

use std::path::Path;
use std::process::{Command, Stdio};

/// Whether a process is there. Where that cannot be told it counts as gone.
pub fn lives(pid: u32) -> bool {
    if Path::new("/proc/self").exists() {
        return Path::new(&format!("/proc/{pid}")).exists();
    }
    // The system's own program: one call is not worth unsafe code.
    cfg!(unix)
        && Command::new("kill")
            .args(["-0", &pid.to_string()])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
}
