//! One step of a project: a command that ends, or a server that is asked once and ended. Each is
//! bounded in time; with a command everything ends that it started and that stayed in its group.

use super::home::Home;
use super::project::{Step, Use};
use crate::error::Error;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often it is looked whether something ended or answers.
const LOOK: Duration = Duration::from_millis(200);
/// How long a server is left alone after its answer: it writes caches then.
const SERVED: Duration = Duration::from_secs(1);
/// How long an answer may take: servers compile the first page when it is asked for.
const ANSWER: Duration = Duration::from_secs(60);
/// How long a process that was asked to end may take.
const GRACE: Duration = Duration::from_secs(10);

/// How a step ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// As it should.
    Well,
    /// Not so, and why.
    Badly(String),
}

/// Does one step; what its command prints goes to `log`.
pub fn take(home: &Home, step: &Step, log: &Path) -> Result<Ended, Error> {
    let limit = Duration::from_secs(step.seconds());
    match step.what() {
        Some(Use::Run(words)) => {
            let mut group = Group::start(home, step, words, 0, log)?;
            Ok(match group.wait(limit)? {
                Some(status) if status.success() => Ended::Well,
                Some(status) => Ended::Badly(status.to_string()),
                None => Ended::Badly(format!("not done after {} s", limit.as_secs())),
            })
        }
        Some(Use::Serve { words, at }) => {
            let port = free_port()?;
            let mut group = Group::start(home, step, words, port, log)?;
            served(&mut group, port, at, limit)
        }
        None => Ok(Ended::Badly("it names no command".to_owned())),
    }
}

fn served(group: &mut Group, port: u16, at: &str, limit: Duration) -> Result<Ended, Error> {
    let began = Instant::now();
    let mut last = "nobody answers".to_owned();
    while began.elapsed() < limit {
        if let Some(status) = group.ended()? {
            return Ok(Ended::Badly(format!("the server ended: {status}")));
        }
        match answer(port, at) {
            Ok(status) if (200..500).contains(&status) => {
                sleep(SERVED);
                return Ok(Ended::Well);
            }
            Ok(status) => return Ok(Ended::Badly(format!("it answers with status {status}"))),
            Err(error) => last = error.to_string(),
        }
        sleep(LOOK);
    }
    Ok(Ended::Badly(format!(
        "no answer after {} s: {last}",
        limit.as_secs()
    )))
}

/// The status that a server of this machine answers with.
fn answer(port: u16, at: &str) -> io::Result<u16> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut stream = TcpStream::connect_timeout(&address, ANSWER)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    write!(
        stream,
        "GET {at} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    )?;
    let mut line = String::new();
    // A status line is short; whatever else comes is not read.
    BufReader::new(io::Read::take(stream, 1 << 10)).read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "that is no HTTP"))
}

/// A port that nobody had a moment ago.
fn free_port() -> Result<u16, Error> {
    let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let address = port.map_err(Error::io("find a port on", Path::new("loopback")))?;
    Ok(address.port())
}

/// A command and what it starts, in a process group of its own, which ends with this value.
#[derive(Debug)]
pub struct Group {
    child: Child,
}

impl Group {
    fn start(
        home: &Home,
        step: &Step,
        words: &[String],
        port: u16,
        log: &Path,
    ) -> Result<Self, Error> {
        let words: Vec<String> = words.iter().map(|word| home.filled(word, port)).collect();
        let (program, arguments) = words.split_first().ok_or_else(|| Error::Config {
            path: log.to_owned(),
            why: "a step names no command".to_owned(),
        })?;
        let mut out = File::options()
            .append(true)
            .create(true)
            .open(log)
            .map_err(Error::io("write", log))?;
        writeln!(out, "$ {}", words.join(" ")).map_err(Error::io("write", log))?;
        let said = out.try_clone().map_err(Error::io("write", log))?;
        let mut command = home.command(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(said);
        if let Some(folder) = &step.folder {
            command.current_dir(home.project().join(folder));
        }
        for (name, value) in &step.environment {
            command.env(name, home.filled(value, port));
        }
        Self::spawn(&mut command)
    }

    /// Starts a command in a group of its own.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(command: &mut Command) -> Result<Self, Error> {
        alone(command);
        let program = Path::new(command.get_program()).to_owned();
        let child = command.spawn().map_err(Error::io("start", &program))?;
        Ok(Self { child })
    }

    /// How it ended; none while it runs.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>, Error> {
        let program = Path::new("a step");
        self.child
            .try_wait()
            .map_err(Error::io("wait for", program))
    }

    /// None where it takes longer.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>, Error> {
        let began = Instant::now();
        loop {
            match self.ended()? {
                Some(status) => return Ok(Some(status)),
                None if began.elapsed() > limit => return Ok(None),
                None => sleep(LOOK),
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        signal(&self.child, "TERM");
        let began = Instant::now();
        while began.elapsed() < GRACE && matches!(self.child.try_wait(), Ok(None)) {
            sleep(LOOK);
        }
        signal(&self.child, "KILL");
        // Whoever cannot be ended, or has ended already, is nothing that a chore could mend.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to the group of a process that this chore started.
#[cfg(unix)]
fn signal(child: &Child, signal: &str) {
    // A group in which nobody is left cannot be signalled, and need not be.
    let _ = Command::new("kill")
        .args([&format!("-{signal}"), "--", &format!("-{}", child.id())])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

#[cfg(not(unix))]
fn signal(_: &Child, _: &str) {}

#[cfg(unix)]
fn alone(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
fn alone(_: &mut Command) {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_server_is_asked_for_its_status() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = String::new();
            BufReader::new(stream.try_clone().unwrap())
                .read_line(&mut request)
                .unwrap();
            stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").unwrap();
            request
        });
        assert_eq!(answer(port, "/here").unwrap(), 404);
        assert_eq!(server.join().unwrap(), "GET /here HTTP/1.1\r\n");
    }

    #[test]
    fn where_nobody_listens_there_is_no_answer() {
        assert!(answer(free_port().unwrap(), "/").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_takes_too_long_is_ended_with_what_it_started() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & wait"]);
        alone(&mut command);
        let mut group = Group {
            child: command.spawn().unwrap(),
        };
        assert_eq!(group.wait(Duration::from_millis(300)).unwrap(), None);
        let id = group.child.id();
        drop(group);
        let is_there = || {
            let asked = Command::new("kill")
                .args(["-0", "--", &format!("-{id}")])
                .stderr(Stdio::null())
                .status();
            asked.unwrap().success()
        };
        // Whoever lost its parent is seen until the system has taken note of its end.
        let began = Instant::now();
        while is_there() && began.elapsed() < GRACE {
            sleep(LOOK);
        }
        assert!(!is_there());
    }
}
