//! Where it was measured: without these facts a figure says nothing.

use customs_model::Timestamp;
use std::fmt;
use std::fs;
use std::process::Command;

/// The machine, and how busy it was when the part began.
#[derive(Debug, Clone)]
pub struct Machine {
    cores: usize,
    processor: String,
    compiler: String,
    date: String,
    load: String,
}

impl Machine {
    /// Looks around.
    pub fn now() -> Self {
        let date: String = Timestamp::now().to_string().chars().take(10).collect();
        Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            processor: processor().unwrap_or_else(|| "processor not known".to_owned()),
            compiler: compiler().unwrap_or_else(|| "rustc not known".to_owned()),
            date,
            load: load().unwrap_or_else(|| "not known".to_owned()),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cores,
            processor,
            compiler,
            date,
            load,
        } = self;
        write!(
            f,
            "{date}, {cores} cores ({processor}), {compiler}, load average {load} at the start:"
        )
    }
}

/// The load average of the last minute.
pub fn load() -> Option<String> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next().map(str::to_owned)
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn compiler() -> Option<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let words: Vec<&str> = text.split_whitespace().take(2).collect();
    (!words.is_empty()).then(|| words.join(" "))
}
