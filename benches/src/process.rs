//! What Linux tells about a running process.

use crate::error::{Doing as _, Error};
use std::fs;
use std::process::{Command, ExitStatus};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::process::Child;

/// How often the kernel is asked.
const TICK: Duration = Duration::from_millis(1);

/// Memory that it uses now (`VmRSS`), in bytes.
pub fn memory(pid: u32) -> Option<u64> {
    status(pid, "VmRSS:")
}

/// The most that it ever used (`VmHWM`), in bytes.
pub fn peak(pid: u32) -> Option<u64> {
    status(pid, "VmHWM:")
}

/// Seconds of processor time, its own and the kernel's for it.
pub fn seconds(pid: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(ticks(&text)? as f64 / per_second()?)
}

/// Watches a process to its end. The kernel forgets the peak when the process ends, so it
/// is read each millisecond, and when the report comes: all memory was taken by then.
pub async fn watch(child: &mut Child) -> Result<(Option<u64>, ExitStatus), Error> {
    let pid = child.id();
    let now = || pid.and_then(peak);
    let mut out = child
        .stdout
        .take()
        .ok_or_else(|| Error::said("the process has no output"))?;
    let mut piece = vec![0; 1 << 16];
    let mut most: Option<u64> = None;
    loop {
        tokio::select! {
            biased;
            read = out.read(&mut piece) => {
                most = most.max(now());
                if read.doing("read its output")? == 0 {
                    break;
                }
            }
            () = tokio::time::sleep(TICK) => {
                most = most.max(now());
            }
        }
    }
    let status = child.wait().await.doing("wait for it")?;
    Ok((most, status))
}

fn status(pid: u32, field: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    kilobytes(&text, field).map(|kilobytes| kilobytes * 1024)
}

fn kilobytes(text: &str, field: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}

/// `utime` and `stime`, the fields 14 and 15. The second field, the program's name in
/// parentheses, may itself hold spaces.
fn ticks(text: &str) -> Option<u64> {
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let (user, system) = (fields.next()?, fields.next()?);
    Some(user.parse::<u64>().ok()? + system.parse::<u64>().ok()?)
}

fn per_second() -> Option<f64> {
    let output = Command::new("getconf").arg("CLK_TCK").output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_does_not_move_the_fields() {
        let text = "12 (a b) c) S 1 12 12 0 -1 4194304 100 0 0 0 150 25 0 0 20 0 3 0 99 1 1";
        assert_eq!(ticks(text), Some(175));
    }

    #[test]
    fn memory_is_read_in_bytes() {
        let text = "Name:\tx\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n";
        assert_eq!(kilobytes(text, "VmHWM:"), Some(20_480));
        assert_eq!(kilobytes(text, "VmSwap:"), None);
    }
}
