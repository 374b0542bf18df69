//! Node's library, the browser's, and wrappers that everybody uses.

use super::Role;
use customs_model::SourceKind;

pub(super) fn role(path: &str) -> Role {
    // The keys that a client of the cloud found on the machine.
    if path.starts_with("@aws-sdk/client-") && path.ends_with(".config.credentials") {
        return Role::Source(SourceKind::CredentialService);
    }
    if super::unpacker(path).is_some() {
        return Role::Extract;
    }
    if super::packing(path).is_some() {
        return Role::Attach;
    }
    if let Some((head, rest)) = path.split_once("()") {
        return on_result(head, rest);
    }
    if let Some(name) = of_file_system(path) {
        return file_system(name);
    }
    if let Some(name) = path.strip_prefix("child_process.") {
        return match name {
            "exec" | "execSync" => Role::Shell,
            "spawn" | "spawnSync" | "execFile" | "execFileSync" => Role::Spawn,
            "fork" => Role::Fork,
            _ => Role::None,
        };
    }
    if let Some(position) = network(path) {
        return Role::Network(position);
    }
    match path {
        "eval" | "Function" | "AsyncFunction" | "GeneratorFunction" | "globalThis.eval" => {
            if path == "Function" {
                Role::CodeLast
            } else {
                Role::Code(0)
            }
        }
        "setTimeout" | "setInterval" | "setImmediate" => Role::Code(0),
        "vm.runInThisContext"
        | "vm.runInNewContext"
        | "vm.runInContext"
        | "vm.Script"
        | "vm.compileFunction"
        | "vm.SourceTextModule" => Role::Code(0),
        // What stands between the marks of a template is code.
        "lodash.template"
        | "lodash/template"
        | "lodash-es.template"
        | "underscore.template"
        | "ejs.render"
        | "ejs.compile"
        | "dot.template"
        | "dot.compile"
        | "pug.render"
        | "pug.compile"
        | "jade.render"
        | "jade.compile"
        | "eta.render"
        | "eta.compile"
        | "art-template.render"
        | "art-template.compile" => Role::Template,
        "libnpmpublish.publish" | "libnpmpublish" => Role::Publish,
        "worker_threads.Worker" | "Worker" | "module.register" => Role::Worker,
        "module._compile"
        | "module.prototype._compile"
        | "module.Module.prototype._compile"
        | "module.exports._compile" => Role::Code(0),
        "require" | "module.require" | "process.dlopen" | "require.resolve" => Role::Load,
        // Tagged templates: the text is a line, and what stands in it one word each.
        "zx.$" | "zx.$.sync" | "execa.$" | "execa.$.sync" | "Bun.$" | "bun.$" | "dax" | "dax.$"
        | "dax-sh" => Role::Shell,
        "shelljs.exec"
        | "execa.command"
        | "execa.commandSync"
        | "execa.execaCommand"
        | "execa.execaCommandSync"
        | "sudo-prompt.exec" => Role::Shell,
        "execa" | "execa.execa" | "execa.execaSync" | "execa.sync" | "cross-spawn"
        | "cross-spawn.sync" | "cross-spawn.spawn" | "Bun.spawn" | "Bun.spawnSync" | "Deno.run"
        | "Deno.Command" | "spawn" => Role::Spawn,
        "os.hostname"
        | "os.userInfo"
        | "os.networkInterfaces"
        | "os.homedir"
        | "process.cwd"
        | "os.machine"
        | "node-machine-id.machineIdSync"
        | "node-machine-id.machineId"
        | "public-ip"
        | "public-ip.v4"
        | "ip.address"
        | "username"
        | "username.sync" => {
            if path == "os.machine" {
                Role::None
            } else {
                Role::Source(SourceKind::Identity)
            }
        }
        "dns.lookup"
        | "dns.resolve"
        | "dns.resolve4"
        | "dns.resolve6"
        | "dns.resolveTxt"
        | "dns.resolveAny"
        | "dns.resolveCname"
        | "dns.resolveMx"
        | "dns.promises.lookup"
        | "dns.promises.resolve"
        | "dns.promises.resolve4"
        | "dns.promises.resolveTxt"
        | "dns/promises.resolveTxt"
        | "dns.reverse" => Role::Lookup,
        "clipboardy.read"
        | "clipboardy.readSync"
        | "navigator.clipboard.readText"
        | "navigator.clipboard.read"
        | "copy-paste.paste"
        | "screenshot-desktop"
        | "iohook.on"
        | "keytar.getPassword"
        | "keytar.findCredentials" => Role::Source(SourceKind::InputDevice),
        "clipboardy.write"
        | "clipboardy.writeSync"
        | "navigator.clipboard.writeText"
        | "copy-paste.copy" => Role::WriteInput,
        "atob"
        | "unescape"
        | "decodeURIComponent"
        | "Buffer.from"
        | "Buffer"
        | "String.fromCharCode"
        | "String.fromCodePoint"
        | "bs58.decode"
        | "base-x"
        | "pako.inflate"
        | "pako.ungzip"
        | "lz-string.decompress"
        | "lz-string.decompressFromBase64" => Role::Decode,
        "zlib.gunzipSync"
        | "zlib.inflateSync"
        | "zlib.inflateRawSync"
        | "zlib.brotliDecompressSync"
        | "zlib.unzipSync"
        | "zlib.gunzip"
        | "zlib.inflate"
        | "zlib.brotliDecompress"
        | "zlib.unzip" => Role::Decode,
        "crypto.createDecipheriv"
        | "crypto.createDecipher"
        | "crypto.privateDecrypt"
        | "crypto.publicDecrypt"
        | "crypto.subtle.decrypt"
        | "CryptoJS.AES.decrypt"
        | "crypto-js.AES.decrypt" => Role::Decrypt,
        "crypto.createHash"
        | "crypto.createHmac"
        | "crypto.randomBytes"
        | "crypto.randomUUID"
        | "Boolean"
        | "Number"
        | "parseInt"
        | "parseFloat"
        | "isNaN"
        | "Array.isArray"
        | "Date.now"
        | "console.log"
        | "console.error"
        | "console.warn"
        | "console.info"
        | "console.debug"
        | "assert"
        | "Object.defineProperty"
        | "fs.existsSync" => Role::Digest,
        _ => Role::None,
    }
}

/// What is called on the result of a call.
/// Whether a call asks a chain for what somebody has written there: a place that nobody takes down,
/// which says where the second stage is (ethers' contracts in colortoolsv2, July 2025).
fn asks_chain(head: &str, rest: &str, method: &str) -> bool {
    match head {
        "ethers.Contract" | "ethers.ethers.Contract" => !rest.contains("()"),
        "@solana/web3.js.Connection" | "viem.createPublicClient" => {
            !rest.contains("()") && (method.starts_with("get") || method.starts_with("read"))
        }
        "web3" | "web3.Web3" | "web3.default" => {
            rest.starts_with(".eth.") && (method == "call" || method.starts_with("get"))
        }
        _ => false,
    }
}

fn on_result(head: &str, rest: &str) -> Role {
    let method = rest.rsplit('.').next().unwrap_or("");
    // A line of a shell with settings of its own: `$({ quiet: true })`ls``.
    if rest.is_empty() && matches!(head, "zx.$" | "execa.$") {
        return Role::Shell;
    }
    if super::gives_messages(head, method) && !rest.contains("()") {
        return Role::Receive;
    }
    if asks_chain(head, rest, method) {
        return Role::Receive;
    }
    if matches!(
        head,
        "axios.create" | "got.extend" | "request.defaults" | "ky.create" | "ky.extend"
    ) && rest.matches('.').count() <= 1
        && !rest.contains("()")
    {
        return Role::Network(0);
    }
    // A browser that is driven asks for the address that it is sent to.
    if method == "goto" && drives_browser(head) {
        return Role::Send;
    }
    if head == "http2.connect" && rest == ".request" {
        return Role::Network(0);
    }
    if super::sends_file(&[head, "()", rest].concat()).is_some() {
        return Role::Send;
    }
    if matches!(
        head,
        "dns.Resolver" | "dns.promises.Resolver" | "dns/promises.Resolver"
    ) && rest.starts_with(".resolve")
        && !rest.contains("()")
    {
        return Role::Lookup;
    }
    if head == "form-data" && rest == ".submit" {
        return Role::Network(0);
    }
    // The session's evaluations only: which one it is, is told by its first argument.
    if head == "inspector.Session" && rest == ".post" {
        return Role::Code(0);
    }
    if head == "crypto.createHash" || head == "crypto.createHmac" {
        return Role::Digest;
    }
    if network(head).is_some() || head == "dgram.createSocket" || head.starts_with("nodemailer") {
        return match method {
            "write" | "end" | "send" | "sendMessage" | "post" | "put" | "emit" | "sendMail"
            | "setHeader" | "query" | "field" | "attach" | "set" | "auth" => Role::Send,
            "connect" => Role::Network(0),
            "open" if head == "XMLHttpRequest" => Role::Network(1),
            _ => Role::Receive,
        };
    }
    if rest.starts_with(".stdin.") && matches!(method, "write" | "end") {
        return Role::IntoProcess;
    }
    if head == "fs.createReadStream" && matches!(method, "pipe" | "pipeTo") {
        return Role::Receive;
    }
    match head {
        "crypto.createDecipheriv" | "crypto.createDecipher" => Role::Decrypt,
        "fs.createWriteStream" | "fs.open" | "fs.openSync" => match method {
            "write" | "end" | "writeFile" | "appendFile" => Role::WriteInto,
            _ => Role::None,
        },
        "vm.Script"
            if method == "runInThisContext"
                || method == "runInNewContext"
                || method == "runInContext" =>
        {
            Role::None
        }
        "module" | "module.Module" | "module.constructor" if method == "_compile" => Role::Code(0),
        "discord.js.WebhookClient"
        | "discord-webhook-node.Webhook"
        | "telegraf"
        | "node-telegram-bot-api"
        | "@slack/webhook.IncomingWebhook" => Role::Send,
        "@octokit/rest.Octokit" | "@octokit/core.Octokit" | "octokit.Octokit" => Role::Send,
        "ffi-napi.Library" | "@breush/ffi-napi.Library" if super::writes_memory(method) => {
            Role::ForeignMemory
        }
        _ => Role::None,
    }
}

/// Whether a call starts a browser that code drives.
fn drives_browser(head: &str) -> bool {
    let head = super::undefaulted(head);
    match head
        .strip_suffix(".launch")
        .or(head.strip_suffix(".connect"))
    {
        Some("puppeteer" | "puppeteer-core" | "puppeteer-extra") => true,
        Some(head) => match head.split_once('.') {
            Some((library, "chromium" | "firefox" | "webkit")) => matches!(
                library,
                "playwright" | "playwright-core" | "@playwright/test" | "playwright-chromium"
            ),
            _ => false,
        },
        None => head
            .strip_suffix(".launchPersistentContext")
            .is_some_and(|head| head.starts_with("playwright")),
    }
}

/// The name in the file system's module, by whatever way the module was reached.
fn of_file_system(path: &str) -> Option<&str> {
    [
        "fs/promises.",
        "fs.promises.",
        "fs-extra.",
        "graceful-fs.",
        "fs.",
    ]
    .iter()
    .find_map(|module| path.strip_prefix(module))
}

fn file_system(name: &str) -> Role {
    match name {
        "readFile" | "readFileSync" | "createReadStream" | "read" => Role::ReadFile,
        "writeFile" | "writeFileSync" | "appendFile" | "appendFileSync" | "outputFile"
        | "outputFileSync" | "writeJson" | "writeJSON" | "writeJsonSync" => Role::WriteFile,
        "createWriteStream" | "open" | "openSync" => Role::OpenFile,
        "writeSync" | "write" => Role::WriteInto,
        "copyFile" | "copyFileSync" | "rename" | "renameSync" | "symlink" | "symlinkSync"
        | "cp" | "cpSync" => Role::CopyFile,
        "chmod" | "chmodSync" | "fchmod" | "fchmodSync" => Role::Executable,
        "unlink" | "unlinkSync" | "rm" | "rmSync" | "rmdir" | "rmdirSync" | "remove"
        | "removeSync" | "emptyDir" => Role::Delete,
        "existsSync" | "exists" | "stat" | "statSync" | "access" | "accessSync" => Role::Digest,
        _ => Role::None,
    }
}

/// The argument that says where a request goes.
fn network(path: &str) -> Option<u8> {
    const MODULES: [&str; 26] = [
        "axios",
        "got",
        "node-fetch",
        "request",
        "superagent",
        "needle",
        "undici",
        "phin",
        "bent",
        "ky",
        "cross-fetch",
        "isomorphic-fetch",
        "request-promise",
        "request-promise-native",
        "follow-redirects.http",
        "follow-redirects.https",
        "ws",
        "websocket",
        "simple-get",
        "centra",
        "miniget",
        "wretch",
        "hyperquest",
        "make-fetch-happen",
        "socket.io-client",
        "jQuery",
    ];
    const VERBS: [&str; 20] = [
        "",
        "get",
        "post",
        "put",
        "patch",
        "delete",
        "head",
        "request",
        "fetch",
        "stream",
        "concat",
        "default",
        "connect",
        "io",
        "WebSocket",
        "ajax",
        "client",
        "getJSON",
        "json",
        "text",
    ];
    match path {
        "http.request"
        | "http.get"
        | "https.request"
        | "https.get"
        | "http2.connect"
        | "fetch"
        | "WebSocket"
        | "EventSource"
        | "navigator.sendBeacon"
        | "XMLHttpRequest"
        | "net.connect"
        | "net.createConnection"
        | "net.Socket"
        | "tls.connect"
        | "$.ajax"
        | "$.get"
        | "$.post"
        | "importScripts"
        | "Bun.fetch" => return Some(0),
        _ => {}
    }
    let found = MODULES
        .iter()
        .any(|module| match path.strip_prefix(module) {
            Some("") => true,
            Some(rest) => rest
                .strip_prefix('.')
                .is_some_and(|verb| VERBS.contains(&verb)),
            None => false,
        });
    found.then_some(0)
}
