//! nginx beside the gate: the same bytes as files, on loopback, with a config and a folder of its
//! own.

use crate::error::{Doing as _, Error};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Where it may be besides the path: Debian's is not on everybody's.
const PLACES: [&str; 2] = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"];
/// How long it may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running nginx. It ends with this.
pub struct Nginx {
    folder: TempDir,
    /// With `sendfile off`.
    pub copying: u16,
    /// With `sendfile on`.
    pub sending: u16,
    /// Its version, for the notes.
    pub version: String,
    child: Child,
}

impl Drop for Nginx {
    /// Killed, its first process would leave its workers behind: it is asked to end, and ends them.
    fn drop(&mut self) {
        let Some(id) = self.child.id() else { return };
        let mut ask = std::process::Command::new("kill");
        let asked = ask.args(["-TERM", &id.to_string()]).status();
        if !asked.is_ok_and(|status| status.success()) {
            return;
        }
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A port that nobody listens on now.
pub fn free_port() -> Result<u16, Error> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).doing("take a loopback port")?;
    Ok(listener.local_addr().doing("take a loopback port")?.port())
}

impl Nginx {
    /// Starts one with so many workers; none where none is installed.
    pub async fn start(workers: usize) -> Result<Option<Self>, Error> {
        let Some((program, version)) = find().await else {
            return Ok(None);
        };
        let folder = tempfile::tempdir().doing("make a temporary folder")?;
        let files = folder.path().join("files");
        fs::create_dir(&files).map_err(Error::io("make", &files))?;
        let (copying, sending) = (free_port()?, free_port()?);
        let config = folder.path().join("nginx.conf");
        let text = config_text(folder.path(), workers, copying, sending, is_root().await);
        fs::write(&config, text).map_err(Error::io("write", &config))?;
        let child = Command::new(program)
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .doing("start nginx")?;
        let nginx = Self {
            folder,
            copying,
            sending,
            version,
            child,
        };
        nginx.wait().await?;
        Ok(Some(nginx))
    }

    async fn wait(&self) -> Result<(), Error> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if std::net::TcpStream::connect(("127.0.0.1", self.sending)).is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let log = fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default();
        let last = log.lines().last().unwrap_or("nothing").to_owned();
        Err(Error::said(format!("nginx did not start; its log: {last}")))
    }

    /// Puts a file where it is served.
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.folder.path().join("files").join(name);
        fs::write(&path, bytes).map_err(Error::io("write", &path))
    }
}

async fn find() -> Option<(PathBuf, String)> {
    let named = std::iter::once("nginx").chain(PLACES).map(PathBuf::from);
    for program in named {
        let asked = Command::new(&program).arg("-v").output().await;
        let Ok(output) = asked else { continue };
        // It says "nginx version: nginx/1.22.1" on stderr.
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let version = text.split_once("nginx/").map(|(_, rest)| rest.trim());
        return Some((program, version.unwrap_or("not known").to_owned()));
    }
    None
}

/// Its workers are somebody else where it is started by root, and cannot read the folder then.
async fn is_root() -> bool {
    let asked = Command::new("id").arg("-u").output().await;
    asked.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn config_text(folder: &Path, workers: usize, copying: u16, sending: u16, is_root: bool) -> String {
    let user = if is_root { "user root;\n" } else { "" };
    let folder = folder.display();
    format!(
        r"{user}daemon off;
worker_processes {workers};
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  default_type application/octet-stream;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  root {folder}/files;
  server {{ listen 127.0.0.1:{copying}; sendfile off; }}
  server {{ listen 127.0.0.1:{sending}; sendfile on; tcp_nopush on; }}
}}
"
    )
}
