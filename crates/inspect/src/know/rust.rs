//! Rust's library, and crates that everybody uses. Paths are written with dots.

use super::Role;
use customs_model::SourceKind;

pub(super) fn role(path: &str) -> Role {
    if let Some((head, rest)) = path.split_once("()") {
        let method = rest.rsplit('.').next().unwrap_or("");
        return match tail(head) {
            "Command.new" if head.contains("Command") => match method {
                "status" | "output" | "spawn" | "exec" => Role::Spawn,
                "write_all" | "write" | "write_fmt" if rest.contains(".stdin.") => {
                    Role::IntoProcess
                }
                _ => Role::None,
            },
            "TcpStream.connect" | "UdpSocket.bind" => match method {
                "write" | "write_all" | "send" | "send_to" | "write_fmt" => Role::Send,
                "connect" => Role::Network(0),
                _ => Role::Receive,
            },
            "File.create" => {
                if matches!(method, "write_all" | "write" | "write_fmt") {
                    Role::WriteInto
                } else {
                    Role::None
                }
            }
            "File.open" => Role::ReadFrom,
            "OpenOptions.new" => match method {
                "open" => Role::OpenFile,
                "write_all" | "write" | "write_fmt" if rest.contains("open()") => Role::WriteInto,
                _ => Role::None,
            },
            // What an answer holds: `client.post(url).send().text()`.
            _ if (network(head).is_some() || is_client(head)) && is_answered(head, rest) => {
                Role::Receive
            }
            _ if network(head).is_some() || is_client(head) => match method {
                "body" | "json" | "send_string" | "send_bytes" | "send_json" | "form"
                | "multipart" | "header" | "set" | "query" | "post_fields_copy" | "with_body"
                | "with_header" | "text" | "bytes" | "with_json" | "bearer_auth" => Role::Send,
                "get" | "post" | "put" | "request" | "delete" | "patch" | "url"
                    if is_client(head) && !rest.contains("()") =>
                {
                    Role::Network(if method == "request" { 1 } else { 0 })
                }
                _ => Role::Receive,
            },
            _ => Role::None,
        };
    }
    if let Some(position) = network(path) {
        return Role::Network(position);
    }
    match path {
        p if p.ends_with("env.vars") || p.ends_with("env.vars_os") => {
            Role::Source(SourceKind::Environment)
        }
        "hostname.get"
        | "gethostname.gethostname"
        | "whoami.username"
        | "whoami.hostname"
        | "whoami.fallible.hostname"
        | "whoami.realname"
        | "std.env.current_dir"
        | "dirs.home_dir"
        | "home.home_dir" => Role::Source(SourceKind::Identity),
        "include!" => Role::Load,
        "std.fs.write" | "fs.write" | "tokio.fs.write" | "async_std.fs.write" | "fs_err.write" => {
            Role::WriteFile
        }
        "std.fs.read"
        | "std.fs.read_to_string"
        | "fs.read"
        | "fs.read_to_string"
        | "tokio.fs.read"
        | "tokio.fs.read_to_string"
        | "async_std.fs.read"
        | "async_std.fs.read_to_string"
        | "fs_err.read"
        | "fs_err.read_to_string"
        | "include_str!"
        | "include_bytes!" => Role::ReadFile,
        "std.fs.File.create" | "File.create" | "fs.File.create" | "std.fs.File.open" => {
            Role::OpenFile
        }
        "std.fs.copy" | "std.fs.rename" | "fs.copy" | "fs.rename" => Role::CopyFile,
        "std.fs.remove_file"
        | "std.fs.remove_dir_all"
        | "fs.remove_file"
        | "fs.remove_dir_all"
        | "std.fs.remove_dir" => Role::Delete,
        "std.fs.set_permissions" | "fs.set_permissions" => Role::Executable,
        "libloading.Library.new" => Role::Load,
        "libc.system" | "libc.popen" | "nix.libc.system" | "nix.libc.popen" => Role::Shell,
        "libc.execl" | "libc.execlp" | "libc.execle" | "libc.execv" | "libc.execvp"
        | "libc.execve" => Role::Spawn,
        "std.net.ToSocketAddrs.to_socket_addrs"
        | "ToSocketAddrs.to_socket_addrs"
        | "dns_lookup.lookup_host"
        | "tokio.net.lookup_host" => Role::Lookup,
        p if p.ends_with("base64.decode")
            || p.ends_with("STANDARD.decode")
            || p.ends_with("hex.decode") =>
        {
            Role::Decode
        }
        _ => Role::None,
    }
}

fn tail(path: &str) -> &str {
    let mut dots = path.rmatch_indices('.');
    dots.next();
    dots.next().map_or(path, |(at, _)| &path[at + 1..])
}

/// Whether a request has been sent before what stands last in a path is asked of it.
fn is_answered(head: &str, rest: &str) -> bool {
    let before = rest.rsplit_once('.').map_or("", |(before, _)| before);
    let sent = [
        ".send()",
        ".call()",
        ".execute()",
        ".send_string()",
        ".send_bytes()",
        ".send_json()",
    ];
    sent.iter().any(|sent| before.contains(sent))
        || matches!(
            head,
            "reqwest.get" | "reqwest.blocking.get" | "isahc.get" | "isahc.get_async"
        )
}

fn is_client(head: &str) -> bool {
    matches!(
        head,
        "reqwest.Client.new"
            | "reqwest.blocking.Client.new"
            | "reqwest.blocking.Client.builder"
            | "reqwest.Client.builder"
            | "ureq.agent"
            | "ureq.Agent.new"
            | "ureq.AgentBuilder.new"
            | "reqwest.blocking.ClientBuilder.new"
            | "reqwest.ClientBuilder.new"
            | "ureq.builder"
            | "isahc.HttpClient.new"
            | "curl.easy.Easy.new"
            | "hyper.Client.new"
            | "awc.Client.default"
    )
}

fn network(path: &str) -> Option<u8> {
    match path {
        "std.net.TcpStream.connect"
        | "TcpStream.connect"
        | "net.TcpStream.connect"
        | "tokio.net.TcpStream.connect"
        | "tungstenite.connect" => Some(0),
        "ureq.request" => Some(1),
        _ => {
            let (module, verb) = path.rsplit_once('.')?;
            let asks = matches!(
                module,
                "reqwest" | "reqwest.blocking" | "ureq" | "attohttpc" | "minreq" | "isahc" | "surf"
            );
            let verb = verb.strip_suffix("_async").unwrap_or(verb);
            let verbs = matches!(verb, "get" | "post" | "put" | "patch" | "delete" | "head");
            (asks && verbs).then_some(0)
        }
    }
}
