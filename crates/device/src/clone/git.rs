//! Starting git where nothing of the clone can make it do anything.

use super::layout::Layout;
use super::refs::Refs;
use super::{CloneError, limit};
use customs_model::printable;
use customs_origin::source::ObjectFormat;
use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Where git keeps the refs that it is given here: by number, so that no name of a stranger is
/// ever an argument or a line of it.
pub const REFS: &str = "refs/given";

/// A folder of our own that git takes for the clone.
pub struct Git {
    folder: tempfile::TempDir,
    objects: PathBuf,
    deadline: Instant,
}

impl Git {
    /// Makes the folder. The refs get numbers in the order of their names.
    pub fn new(layout: &Layout, refs: &Refs, format: ObjectFormat) -> Result<Self, CloneError> {
        let folder = tempfile::Builder::new()
            .prefix("customs-clone-")
            .tempdir()
            .map_err(CloneError::io(&std::env::temp_dir()))?;
        let git = Self {
            objects: layout.objects()?,
            deadline: Instant::now() + limit::TIME,
            folder,
        };
        git.write("HEAD", "ref: refs/heads/none\n")?;
        git.write("config", &config(format))?;
        // Stands for the configuration of the user and of the system.
        git.write("none", "")?;
        let mut packed = String::new();
        for (number, id) in refs.all.values().enumerate() {
            // Writing to a string cannot fail.
            let _ = writeln!(packed, "{id} {REFS}/{number}");
        }
        git.write("packed-refs", &packed)?;
        if !refs.shallow.is_empty() {
            let lines: Vec<String> = refs.shallow.iter().map(ToString::to_string).collect();
            git.write("shallow", &(lines.join("\n") + "\n"))?;
        }
        for needed in ["refs", "objects"] {
            let path = git.folder.path().join(needed);
            fs::create_dir(&path).map_err(CloneError::io(&path))?;
        }
        Ok(git)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), CloneError> {
        let path = self.folder.path().join(name);
        fs::write(&path, text).map_err(CloneError::io(&path))
    }

    /// git, with this environment and no other.
    fn command(&self, arguments: &[&str]) -> Command {
        let folder = self.folder.path();
        let mut command = Command::new("git");
        command.env_clear();
        for kept in ["PATH", "SystemRoot"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command
            // No file of the clone is a relative path of anything.
            .current_dir(folder)
            .env("GIT_DIR", folder)
            .env("GIT_OBJECT_DIRECTORY", &self.objects)
            .env("HOME", folder)
            .env("XDG_CONFIG_HOME", folder)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_SYSTEM", folder.join("none"))
            .env("GIT_CONFIG_GLOBAL", folder.join("none"))
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_ALLOW_PROTOCOL", "none")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_PAGER", "cat")
            .env("LC_ALL", "C")
            .arg("--no-pager")
            .args(arguments);
        command
    }

    /// Starts git with its input and output in our hands.
    pub fn start(&self, arguments: &[&str]) -> Result<Process, CloneError> {
        let log = self.folder.path().join("log");
        let errors = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(CloneError::io(&log))?;
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors);
        let child = command.spawn().map_err(CloneError::NoGit)?;
        Ok(Process::watch(child, self.deadline))
    }

    /// Runs git to its end and gives what it prints.
    pub fn run(&self, arguments: &[&str]) -> Result<String, CloneError> {
        let mut process = self.start(arguments)?;
        let mut bytes = Vec::new();
        if let Some(output) = process.take_output() {
            let read = output.take(limit::ANSWER + 1).read_to_end(&mut bytes);
            read.map_err(|error| CloneError::Git(error.to_string()))?;
        }
        if bytes.len() as u64 > limit::ANSWER {
            return Err(CloneError::Limit("64 MiB of refs"));
        }
        let status = process.wait()?;
        if !status.success() {
            return Err(self.failure());
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Why a process ended before its time.
    pub fn failure(&self) -> CloneError {
        if Instant::now() >= self.deadline {
            return CloneError::Time;
        }
        let log = self.folder.path().join("log");
        match super::read_file(&log, limit::REFS) {
            Ok(bytes) => {
                let bytes = bytes.unwrap_or_default();
                let text = String::from_utf8_lossy(&bytes);
                let line = text.lines().last().unwrap_or("it ended without a word");
                CloneError::Git(printable(line, 300))
            }
            Err(error) => error,
        }
    }
}

/// The configuration that git sees. What indexes of commits and packs say on top of the objects
/// is left alone: they are the clone's, and nothing would check them.
fn config(format: ObjectFormat) -> String {
    let version = match format {
        ObjectFormat::Sha1 => "[core]\n\trepositoryformatversion = 0\n".to_owned(),
        ObjectFormat::Sha256 => format!(
            "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = {}\n",
            format.name()
        ),
    };
    format!(
        "{version}[core]\n\tbare = true\n\tcommitGraph = false\n\tmultiPackIndex = false\n\
         \tfsmonitor = false\n[protocol]\n\tallow = never\n[gc]\n\tauto = 0\n\
         [maintenance]\n\tauto = false\n"
    )
}

/// A running git that is ended at the deadline, and when it is dropped.
pub struct Process {
    child: Arc<Mutex<Child>>,
    input: Option<std::process::ChildStdin>,
    output: Option<std::process::ChildStdout>,
    /// Dropped, it tells the watcher to go.
    _alive: Sender<()>,
}

impl Process {
    fn watch(mut child: Child, deadline: Instant) -> Self {
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let child = Arc::new(Mutex::new(child));
        let (alive, gone) = channel();
        let watched = Arc::clone(&child);
        std::thread::spawn(move || {
            let left = deadline.saturating_duration_since(Instant::now());
            if gone.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
                end(&watched);
            }
        });
        Self {
            child,
            input,
            output,
            _alive: alive,
        }
    }

    /// Its input, once.
    pub fn take_input(&mut self) -> Option<std::process::ChildStdin> {
        self.input.take()
    }

    /// Its output, once.
    pub fn take_output(&mut self) -> Option<std::process::ChildStdout> {
        self.output.take()
    }

    /// Waits for its end. Both pipes must have been taken and read, or it may never come.
    fn wait(&mut self) -> Result<ExitStatus, CloneError> {
        self.input = None;
        loop {
            // The lock is held for a moment only, so that the watcher can end it.
            let ended = self
                .child
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .try_wait();
            match ended {
                Ok(Some(status)) => return Ok(status),
                Ok(None) => std::thread::sleep(std::time::Duration::from_millis(1)),
                Err(error) => return Err(CloneError::Git(error.to_string())),
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.input = None;
        self.output = None;
        end(&self.child);
    }
}

fn end(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    // It may have ended by itself, which is as good.
    let _ = child.kill();
    let _ = child.wait();
}
