//! Rust's library, and crates that everybody uses. Paths are written with dots.

use super::Role;
use customs_model::SourceKind;

pub(super) fn role(path: &str) -> Role {
    if super::unpacker_of_rust(path).is_some() {
        return Role::Extract;
    }
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
            "TcpStream.connect" | "TcpStream.connect_timeout" | "UdpSocket.bind" => match method {
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
            "NamedTempFile.new"
            | "NamedTempFile.new_in"
            | "NamedTempFile.with_suffix"
            | "Builder.new"
                if head.starts_with("tempfile.") =>
            {
                match method {
                    "write_all" | "write" | "write_fmt" => Role::WriteInto,
                    _ => Role::None,
                }
            }
            "Clipboard.new" | "ClipboardContext.new" | "ClipboardProvider.new"
                if is_of_clipboard(head) =>
            {
                match method {
                    "get_text" | "get_contents" => Role::Source(SourceKind::InputDevice),
                    "set_text" | "set_contents" => Role::WriteInput,
                    _ => Role::None,
                }
            }
            _ if is_of_resolver(head) => match method {
                "lookup" | "lookup_ip" | "ipv4_lookup" | "ipv6_lookup" | "txt_lookup"
                | "mx_lookup" | "ns_lookup" | "srv_lookup" | "soa_lookup" => Role::Lookup,
                _ => Role::None,
            },
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
                | "with_header" | "text" | "bytes" | "with_json" | "bearer_auth" | "basic_auth"
                | "with_param" | "param" | "params" | "headers" | "send_form" => Role::Send,
                // What is handed over when it is sent: `ureq::post(url).send(body)`.
                "send" if head.starts_with("ureq.") => Role::Send,
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
        "cli_clipboard.get_contents"
        | "terminal_clipboard.get_string"
        | "clipboard_win.get_clipboard_string" => Role::Source(SourceKind::InputDevice),
        "cli_clipboard.set_contents"
        | "terminal_clipboard.set_string"
        | "clipboard_win.set_clipboard_string" => Role::WriteInput,
        "rusqlite.Connection.open"
        | "rusqlite.Connection.open_with_flags"
        | "sqlite.open"
        | "sqlite.Connection.open" => Role::ReadFile,
        "duct.cmd" | "xshell.cmd" => Role::Spawn,
        "duct_sh.sh" | "duct_sh.sh_dangerous" => Role::Shell,
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

/// Whether something of a crate for the clipboard is made.
fn is_of_clipboard(head: &str) -> bool {
    ["arboard.", "copypasta.", "clipboard.", "cli_clipboard."]
        .iter()
        .any(|of| head.starts_with(of))
}

/// Whether something of a crate that looks names up is made.
fn is_of_resolver(head: &str) -> bool {
    ["hickory_resolver.", "trust_dns_resolver."]
        .iter()
        .any(|of| head.starts_with(of))
}

fn is_client(head: &str) -> bool {
    matches!(
        head,
        "ureq.Agent.new_with_defaults"
            | "ureq.Agent.new_with_config"
            | "ureq.Agent.config_builder"
            | "attohttpc.Session.new"
            | "isahc.HttpClient.builder"
            | "isahc.HttpClientBuilder.new"
            | "surf.client"
            | "surf.Client.new"
            | "surf.Config.new"
            | "reqwest.Client.new"
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
        | "std.net.TcpStream.connect_timeout"
        | "TcpStream.connect_timeout"
        | "net.TcpStream.connect_timeout"
        | "tokio_tungstenite.connect_async"
        | "async_tungstenite.connect_async"
        | "tungstenite.connect" => Some(0),
        "ureq.request" => Some(1),
        _ => {
            let (module, verb) = path.rsplit_once('.')?;
            let asks = matches!(
                module,
                "reqwest"
                    | "reqwest.blocking"
                    | "ureq"
                    | "attohttpc"
                    | "minreq"
                    | "bitreq"
                    | "isahc"
                    | "isahc.Request"
                    | "surf"
                    | "tinyget"
                    | "chttp"
            );
            let verb = verb.strip_suffix("_async").unwrap_or(verb);
            let verbs = matches!(verb, "get" | "post" | "put" | "patch" | "delete" | "head");
            (asks && verbs).then_some(0)
        }
    }
}
