//! A process that ends when the chore does, however that ends.
//!
//! Between the chore and what it starts stands a shell that waits for the end of a pipe. The system
//! closes the pipe when the chore is gone, also when it was killed; the shell then ends its own
//! child, by its id, and takes away the folder that belonged to it.

use crate::error::Error;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What the shell does. `SIGNAL` is how its child is asked to end, `LOG` where that writes, `AWAY`
/// the folder that goes with it. The traps do nothing: what is ignored, a child would ignore too.
const SHELL: &str = r#"trap : INT HUP TERM
"$@" </dev/null >"$LOG" 2>&1 &
child=$!
echo "$child"
exec >/dev/null
while read -r _; do :; done
kill -s "$SIGNAL" "$child"
wait "$child"
[ -z "$AWAY" ] || rm -rf "$AWAY"
"#;

/// How long a process may take to end before it is killed. A gate answers for up to 30 s.
const GRACE: Duration = Duration::from_secs(45);
/// How often it is looked whether something ended.
const LOOK: Duration = Duration::from_millis(50);
/// More than a process id has digits.
const MAX_ID: u64 = 32;

/// A running process. It ends with this value.
#[derive(Debug)]
pub struct Held {
    shell: Child,
    pipe: Option<ChildStdin>,
    id: u32,
}

/// How a process is started, and what becomes of it.
#[derive(Debug)]
pub struct How<'a> {
    /// Where it writes.
    pub log: &'a Path,
    /// By which signal it ends well.
    pub signal: &'static str,
    /// The folder that is removed behind it.
    pub away: Option<&'a Path>,
}

impl<'a> How<'a> {
    /// Ends by `TERM`, and leaves everything.
    pub const fn logged(log: &'a Path) -> Self {
        Self {
            log,
            signal: "TERM",
            away: None,
        }
    }
}

impl Held {
    /// Starts a command: its program, arguments, environment and folder count.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(command: &Command, how: &How<'_>) -> Result<Self, Error> {
        let program = Path::new(command.get_program()).to_owned();
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(SHELL).arg("sh");
        shell.arg(&program).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell
            .env("SIGNAL", how.signal)
            .env("LOG", how.log)
            .env("AWAY", how.away.map_or(OsStr::new(""), Path::as_os_str))
            .current_dir(command.get_current_dir().unwrap_or(Path::new("/")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        alone(&mut shell);
        File::create(how.log).map_err(Error::io("write", how.log))?;
        let mut shell = shell.spawn().map_err(Error::io("start", &program))?;
        let pipe = shell.stdin.take();
        let mut line = String::new();
        if let Some(out) = shell.stdout.take() {
            BufReader::new(out.take(MAX_ID))
                .read_line(&mut line)
                .map_err(Error::io("start", &program))?;
        }
        let id = line
            .trim()
            .parse()
            .map_err(|_| Error::Checks(format!("{} could not be started", program.display())))?;
        Ok(Self { shell, pipe, id })
    }

    /// Its process.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// Ends it at once: nothing is finished, nothing is flushed.
    ///
    /// # Errors
    /// The signal cannot be sent.
    pub fn kill(mut self) -> Result<(), Error> {
        signal("KILL", self.id)?;
        self.ended();
        Ok(())
    }

    /// Lets the shell end it, and waits for both.
    fn ended(&mut self) {
        if self.pipe.take().is_none() {
            return;
        }
        let began = Instant::now();
        while matches!(self.shell.try_wait(), Ok(None)) {
            if began.elapsed() > GRACE {
                // Where that fails as well, nothing more can be done for it.
                let _ = signal("KILL", self.id);
                let _ = self.shell.wait();
                return;
            }
            sleep(LOOK);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.ended();
    }
}

fn signal(name: &str, id: u32) -> Result<(), Error> {
    let mut kill = Command::new("kill");
    kill.args(["-s", name, &id.to_string()]);
    kill.stderr(Stdio::null());
    let status = kill
        .status()
        .map_err(Error::io("start", Path::new("kill")))?;
    match status.success() {
        true => Ok(()),
        false => Err(Error::Checks(format!("process {id} is gone already"))),
    }
}

/// A group of its own: a Ctrl-C at the terminal reaches the chore alone, which ends the rest.
#[cfg(unix)]
fn alone(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
fn alone(_: &mut Command) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn lives(id: u32) -> bool {
        signal("0", id).is_ok()
    }

    #[test]
    fn what_was_started_ends_with_the_value_and_its_folder_goes() {
        let folder = tempfile::tempdir().unwrap();
        let away = folder.path().join("away");
        std::fs::create_dir(&away).unwrap();
        let log = folder.path().join("log");
        let mut command = Command::new("sh");
        command.args(["-c", "echo \"$WORD\"; exec sleep 600"]);
        command.env("WORD", "here");
        let how = How {
            away: Some(&away),
            ..How::logged(&log)
        };
        let held = Held::start(&command, &how).unwrap();
        let id = held.id();
        let began = Instant::now();
        while std::fs::read_to_string(&log).unwrap() != "here\n" && began.elapsed() < GRACE {
            sleep(LOOK);
        }
        assert!(lives(id) && away.is_dir());
        drop(held);
        assert!(!lives(id) && !away.exists());
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "here\n");
    }

    #[test]
    fn what_is_killed_is_gone_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' TERM; exec sleep 20"]);
        let held = Held::start(&command, &How::logged(&log)).unwrap();
        let (id, began) = (held.id(), Instant::now());
        held.kill().unwrap();
        assert!(!lives(id) && began.elapsed() < GRACE);
    }
}
