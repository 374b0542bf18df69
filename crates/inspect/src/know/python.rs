//! Python's library, and packages that everybody uses.

mod called;
mod parameters;

use super::Role;
pub(super) use called::{calls_for, calls_handed, calls_own};
use customs_model::SourceKind;
pub(super) use parameters::{before, names_itself, parameters};

pub(super) fn role(path: &str) -> Role {
    if let Some((head, rest)) = path.split_once("()") {
        // What the library does at the borders of a `with` is no doing of its own.
        let is_border = ["__enter__", "__exit__", "__aenter__", "__aexit__"]
            .iter()
            .any(|border| rest.ends_with(border));
        if is_border {
            return Role::None;
        }
        return on_result(head, rest);
    }
    if let Some(position) = network(path) {
        return Role::Network(position);
    }
    if super::cloner(path).is_some() {
        return Role::Extract;
    }
    match path {
        "exec"
        | "eval"
        | "compile"
        | "builtins.exec"
        | "builtins.eval"
        | "marshal.loads"
        | "pickle.loads"
        | "dill.loads"
        | "cloudpickle.loads"
        | "types.FunctionType"
        | "pdb.run"
        | "pdb.runeval"
        | "profile.run"
        | "profile.runctx"
        | "cProfile.run"
        | "cProfile.runctx"
        | "ctypes.pythonapi.PyRun_SimpleString" => Role::Code(0),
        "timeit.timeit" | "timeit.repeat" => Role::CodeEach(2),
        "pickle.load"
        | "_pickle.load"
        | "cPickle.load"
        | "dill.load"
        | "cloudpickle.load"
        | "joblib.load"
        | "pandas.read_pickle"
        | "jsonpickle.decode"
        | "jsonpickle.loads"
        | "marshal.load"
        | "yaml.unsafe_load"
        | "yaml.unsafe_load_all" => Role::CodeStream,
        "runpy.run_path" => Role::Fork,
        "netrc.netrc" => Role::Source(SourceKind::CredentialFile),
        p if p.starts_with("ctypes.cdll.") && p.ends_with(".system") => Role::Shell,
        "os.system"
        | "posix.system"
        | "nt.system"
        | "os.popen"
        | "subprocess.getoutput"
        | "subprocess.getstatusoutput"
        | "commands.getoutput"
        | "asyncio.create_subprocess_shell"
        | "asyncio.subprocess.create_subprocess_shell"
        | "popen2.popen2"
        | "platform.popen"
        | "pexpect.run"
        | "pexpect.runu"
        | "pexpect.spawn"
        | "invoke.run"
        | "invoke.sudo"
        | "delegator.run"
        | "fabric.api.local"
        | "sarge.run"
        | "sarge.capture_stdout" => Role::Shell,
        "subprocess.run"
        | "subprocess.call"
        | "subprocess.Popen"
        | "subprocess.check_output"
        | "subprocess.check_call"
        | "os.startfile"
        | "pty.spawn"
        | "distutils.spawn.spawn"
        | "pip.main"
        | "pip._internal.main"
        | "pip._internal.cli.main.main"
        | "asyncio.create_subprocess_exec"
        | "asyncio.subprocess.create_subprocess_exec"
        | "sh.bash" => Role::Spawn,
        _ if names_itself(path) => Role::Spawn,
        "__import__"
        | "importlib.import_module"
        | "importlib.util.spec_from_file_location"
        | "importlib.machinery.SourceFileLoader"
        | "ctypes.CDLL"
        | "ctypes.cdll.LoadLibrary"
        | "imp.load_source" => Role::Load,
        "socket.gethostname"
        | "socket.getfqdn"
        | "platform.node"
        | "platform.uname"
        | "getpass.getuser"
        | "os.getlogin"
        | "uuid.getnode"
        | "os.getcwd"
        | "os.uname"
        | "pwd.getpwuid"
        | "os.getuid"
        | "psutil.net_if_addrs"
        | "netifaces.ifaddresses" => Role::Source(SourceKind::Identity),
        "os.environ.copy" | "os.environ.items" | "os.environ.values" => {
            Role::Source(SourceKind::Environment)
        }
        "socket.gethostbyname"
        | "socket.getaddrinfo"
        | "socket.gethostbyname_ex"
        | "dns.resolver.resolve"
        | "dns.resolver.query"
        | "dns.resolver.resolve_at" => Role::Lookup,
        "pyperclip.paste"
        | "win32clipboard.GetClipboardData"
        | "clipboard.paste"
        | "PIL.ImageGrab.grab"
        | "ImageGrab.grab"
        | "pyautogui.screenshot"
        | "mss.mss"
        | "cv2.VideoCapture"
        | "sounddevice.rec"
        | "pynput.keyboard.Listener"
        | "keyboard.record"
        | "keyboard.on_press"
        | "keyboard.hook"
        | "keyring.get_password"
        | "keyring.get_credential"
        | "win32crypt.CryptUnprotectData" => Role::Source(SourceKind::InputDevice),
        _ if gives_cookies(path) => Role::Source(SourceKind::InputDevice),
        "pyperclip.copy"
        | "win32clipboard.SetClipboardData"
        | "win32clipboard.SetClipboardText"
        | "clipboard.copy" => Role::WriteInput,
        "open"
        | "io.open"
        | "codecs.open"
        | "os.fdopen"
        | "tempfile.NamedTemporaryFile"
        | "zipfile.ZipFile"
        | "tarfile.open" => Role::OpenFile,
        "urllib.request.urlretrieve" | "wget.download" => Role::Network(0),
        "shutil.make_archive" => Role::CopyFile,
        "shutil.copy" | "shutil.copyfile" | "shutil.copy2" | "shutil.move" | "os.rename"
        | "os.replace" | "os.symlink" | "shutil.copytree" => Role::CopyFile,
        "winreg.SetValueEx" | "_winreg.SetValueEx" => Role::WriteFile,
        "os.chmod" => Role::Executable,
        "os.dup2" => Role::Duplicate,
        "shutil.unpack_archive" => Role::Extract,
        "sqlite3.connect" => Role::ReadFile,
        "os.remove" | "os.unlink" | "shutil.rmtree" | "os.rmdir" | "os.removedirs" => Role::Delete,
        "base64.b64decode"
        | "base64.b32decode"
        | "base64.b16decode"
        | "base64.b85decode"
        | "base64.a85decode"
        | "base64.urlsafe_b64decode"
        | "base64.standard_b64decode"
        | "base64.decodebytes"
        | "binascii.unhexlify"
        | "binascii.a2b_base64"
        | "bytes.fromhex"
        | "bytearray.fromhex"
        | "codecs.decode"
        | "zlib.decompress"
        | "gzip.decompress"
        | "lzma.decompress"
        | "bz2.decompress"
        | "chr" => Role::Decode,
        "hashlib.sha256" | "hashlib.md5" | "hashlib.sha1" | "hashlib.sha512" | "len" | "bool"
        | "isinstance" | "hash" | "print" | "os.path.exists" | "os.path.isfile"
        | "os.path.isdir" | "logging.info" | "logging.debug" | "logging.error" => Role::Digest,
        "os.write" => Role::WriteInto,
        "ctypes.memmove" => Role::IntoMemory,
        "ctypes.windll.kernel32.VirtualAlloc"
        | "ctypes.windll.kernel32.CreateRemoteThread"
        | "ctypes.windll.kernel32.OpenProcess" => Role::ForeignMemory,
        _ if path.starts_with("ctypes.") => of_system(path),
        _ => Role::None,
    }
}

/// What a function of a library of the system does that is called by `ctypes`.
fn of_system(path: &str) -> Role {
    match path.rsplit('.').next().unwrap_or_default() {
        "URLDownloadToFileW" | "URLDownloadToFileA" => Role::Network(1),
        "ShellExecuteW" | "ShellExecuteA" => Role::Spawn,
        "WinExec" => Role::Shell,
        name if super::writes_memory(name) => Role::ForeignMemory,
        _ => Role::None,
    }
}

fn on_result(head: &str, rest: &str) -> Role {
    let method = rest.rsplit('.').next().unwrap_or("");
    if (head.starts_with("paramiko.") || head.starts_with("boto3."))
        && super::sends_to_store(&[head, "()", rest].concat())
    {
        return Role::Send;
    }
    if rest.starts_with(".stdin.") && method == "write"
        || method == "communicate" && head.starts_with("subprocess.")
    {
        return Role::IntoProcess;
    }
    match head {
        "code.InteractiveInterpreter" | "code.InteractiveConsole" => match method {
            "runsource" | "runcode" | "push" => return Role::Code(0),
            _ => {}
        },
        "pickle.Unpickler" | "_pickle.Unpickler" | "dill.Unpickler" if rest == ".load" => {
            return Role::CodeStream;
        }
        "asyncio.get_event_loop" | "asyncio.get_running_loop" | "asyncio.new_event_loop" => {
            match method {
                "subprocess_shell" => return Role::Shell,
                "subprocess_exec" => return Role::Spawn,
                _ => {}
            }
        }
        "ctypes.CDLL" | "ctypes.cdll.LoadLibrary" | "ctypes.PyDLL" | "ctypes.WinDLL"
            if matches!(rest, ".system" | ".popen" | "._wsystem" | "._popen") =>
        {
            return Role::Shell;
        }
        "dns.resolver.Resolver" | "dns.asyncresolver.Resolver"
            if matches!(rest, ".resolve" | ".query") =>
        {
            return Role::Lookup;
        }
        "invoke.Context" | "invoke.context.Context" if matches!(rest, ".run" | ".sudo") => {
            return Role::Shell;
        }
        "fabric.Connection" if rest == ".local" => return Role::Shell,
        "boto3.Session"
        | "boto3.session.Session"
        | "botocore.session.Session"
        | "botocore.session.get_session"
            if rest == ".get_credentials" =>
        {
            return Role::Source(SourceKind::CredentialFile);
        }
        // What is written into a line to a shell.
        "os.popen" if matches!(rest, ".write" | ".writelines") => return Role::IntoProcess,
        // Whatever is called of it is asked over there.
        "xmlrpc.client.ServerProxy" | "xmlrpclib.ServerProxy" if !rest.is_empty() => {
            return Role::Network(u8::MAX);
        }
        "ctypes.CDLL"
        | "ctypes.WinDLL"
        | "ctypes.OleDLL"
        | "ctypes.cdll.LoadLibrary"
        | "ctypes.windll.LoadLibrary"
            if rest.matches('.').count() == 1 && of_system(rest) != Role::None =>
        {
            return of_system(rest);
        }
        // The socket that it is given, under a cipher.
        _ if head.starts_with("ssl.") && rest == ".wrap_socket" => return Role::Network(0),
        "mmap.mmap" if rest == ".write" => return Role::IntoMemory,
        "zipfile.ZipFile" | "tarfile.open" => match method {
            "write" | "add" => return Role::Attach,
            "extractall" | "extract" => return Role::Extract,
            _ => {}
        },
        "tkinter.Tk" => match method {
            "clipboard_get" => return Role::Source(SourceKind::InputDevice),
            "clipboard_append" => return Role::WriteInput,
            _ => {}
        },
        _ => {}
    }
    match head {
        "open" | "io.open" | "codecs.open" | "tempfile.NamedTemporaryFile" | "os.fdopen" => {
            match method {
                "write" | "writelines" => Role::WriteInto,
                "read" | "readlines" | "readline" | "" => Role::ReadFrom,
                _ => Role::None,
            }
        }
        "requests.Session"
        | "requests.session"
        | "httpx.Client"
        | "httpx.AsyncClient"
        | "aiohttp.ClientSession"
        | "urllib3.PoolManager"
        | "cloudscraper.create_scraper" => {
            if rest.matches("()").count() == 0 {
                match method {
                    "request" => Role::Network(1),
                    "get" | "post" | "put" | "patch" | "delete" | "head" | "urlopen" | "stream"
                    | "ws_connect" => Role::Network(0),
                    _ => Role::None,
                }
            } else {
                Role::Receive
            }
        }
        "urllib.request.build_opener"
        | "urllib.request.OpenerDirector"
        | "urllib.request.URLopener"
        | "urllib.request.FancyURLopener"
        | "urllib2.build_opener" => match (rest.matches("()").count(), method) {
            (0, "open" | "retrieve") => Role::Network(0),
            (0, _) => Role::None,
            _ => Role::Receive,
        },
        "http.client.HTTPSConnection"
        | "http.client.HTTPConnection"
        | "httplib.HTTPSConnection"
        | "httplib.HTTPConnection" => match method {
            "request" | "putrequest" | "send" | "putheader" => Role::Send,
            _ => Role::Receive,
        },
        "socket.socket" | "socket.create_connection" | "ssl.wrap_socket" => match method {
            "connect" => Role::Network(0),
            "send" | "sendall" | "sendto" | "write" | "writelines" => Role::Send,
            "recv" | "recvfrom" | "makefile" => Role::Receive,
            _ => Role::None,
        },
        "smtplib.SMTP" | "smtplib.SMTP_SSL" => {
            if matches!(method, "sendmail" | "send_message") {
                Role::Send
            } else {
                Role::None
            }
        }
        "asyncio.open_connection" => match method {
            "write" | "writelines" => Role::Send,
            _ => Role::Receive,
        },
        // A message in the mailbox of somebody else.
        "imaplib.IMAP4" | "imaplib.IMAP4_SSL" if method == "append" => Role::Send,
        "pycurl.Curl" if rest == ".setopt" => Role::Send,
        "ftplib.FTP" => {
            if method.starts_with("stor") {
                Role::Send
            } else {
                Role::None
            }
        }
        "telegram.Bot"
        | "telebot.TeleBot"
        | "discord.SyncWebhook.from_url"
        | "discord_webhook.DiscordWebhook"
        | "dhooks.Webhook"
        | "slack_sdk.WebClient" => Role::Send,
        "websocket.create_connection" | "websockets.connect" => {
            if method == "send" {
                Role::Send
            } else {
                Role::Receive
            }
        }
        "hashlib.sha256" | "hashlib.md5" | "hashlib.sha1" | "hashlib.sha512" => Role::Digest,
        "Cryptodome.Cipher.AES.new" | "Crypto.Cipher.AES.new" | "cryptography.fernet.Fernet" => {
            if method == "decrypt" {
                Role::Decrypt
            } else {
                Role::None
            }
        }
        "zlib.decompressobj" | "bz2.BZ2Decompressor" | "lzma.LZMADecompressor" => {
            if method == "decompress" {
                Role::Decode
            } else {
                Role::None
            }
        }
        "psutil.Process" => Role::None,
        _ if network(head).is_some() => Role::Receive,
        _ => Role::None,
    }
}

/// The argument that says where a request goes.
fn network(path: &str) -> Option<u8> {
    match path {
        "urllib.request.urlopen"
        | "urllib.request.Request"
        | "urllib.urlopen"
        | "urllib2.urlopen"
        | "urllib2.Request"
        | "urllib.request.urlretrieve"
        | "six.moves.urllib.request.urlopen"
        | "http.client.HTTPSConnection"
        | "http.client.HTTPConnection"
        | "socket.create_connection"
        | "websocket.create_connection"
        | "websockets.connect"
        | "ftplib.FTP"
        | "imaplib.IMAP4"
        | "imaplib.IMAP4_SSL"
        | "poplib.POP3"
        | "poplib.POP3_SSL"
        | "telnetlib.Telnet"
        | "asyncio.open_connection"
        | "smtplib.SMTP"
        | "smtplib.SMTP_SSL"
        | "httplib2.Http"
        | "pycurl.Curl"
        | "wget.download"
        | "discord_webhook.DiscordWebhook"
        | "xmlrpc.client.ServerProxy" => return Some(0),
        "requests.request" | "httpx.request" | "aiohttp.request" | "httpx.stream" => {
            return Some(1);
        }
        _ => {}
    }
    let (module, verb) = path.rsplit_once('.')?;
    (matches!(
        module,
        "requests"
            | "httpx"
            | "requests.api"
            | "curl_cffi.requests"
            | "grequests"
            | "urllib3"
            | "pip._vendor.requests"
    ) && matches!(
        verb,
        "get" | "post" | "put" | "patch" | "delete" | "head" | "options"
    ))
    .then_some(0)
}

/// Whether a function gives the cookies that a browser of the user keeps.
fn gives_cookies(path: &str) -> bool {
    let Some((module, browser)) = path.rsplit_once('.') else {
        return false;
    };
    matches!(module, "browser_cookie3" | "browsercookie" | "rookiepy")
        && matches!(
            browser,
            "load"
                | "any_browser"
                | "chrome"
                | "chromium"
                | "firefox"
                | "edge"
                | "brave"
                | "opera"
                | "opera_gx"
                | "vivaldi"
                | "safari"
                | "librewolf"
        )
}

/// Whether a decorator gives back what it is put above, or something around it, and leaves
/// calling it to whoever uses its name.
pub(super) fn keeps_decorated(path: &str) -> bool {
    if let Some(name) = of_typing(path) {
        return matches!(
            name,
            "overload" | "override" | "final" | "no_type_check" | "runtime_checkable"
        );
    }
    is_class_maker(path)
        || matches!(
            path,
            "property"
                | "classmethod"
                | "staticmethod"
                | "abc.abstractmethod"
                | "abc.abstractproperty"
                | "abc.abstractclassmethod"
                | "abc.abstractstaticmethod"
                | "contextlib.contextmanager"
                | "contextlib.asynccontextmanager"
                | "functools.cache"
                | "functools.cached_property"
                | "functools.lru_cache"
                | "functools.singledispatch"
                | "functools.singledispatchmethod"
                | "functools.total_ordering"
                | "enum.property"
                | "enum.unique"
                | "types.coroutine"
                | "types.DynamicClassAttribute"
                | "cached_property.cached_property"
                | "django.utils.functional.cached_property"
                | "werkzeug.utils.cached_property"
                | "pydantic.computed_field"
                | "pydantic.root_validator"
                | "pytest.fixture"
                | "pytest.hookimpl"
                | "unittest.expectedFailure"
        )
}

/// The same of what a call with settings gives: `@functools.lru_cache(maxsize=8)`.
pub(super) fn keeps_with_settings(path: &str) -> bool {
    if let Some(name) = of_typing(path) {
        return matches!(name, "deprecated" | "dataclass_transform");
    }
    is_class_maker(path)
        || matches!(
            path,
            "functools.wraps"
                | "functools.lru_cache"
                | "warnings.deprecated"
                | "six.add_metaclass"
                | "pydantic.computed_field"
                | "pydantic.field_serializer"
                | "pydantic.field_validator"
                | "pydantic.model_serializer"
                | "pydantic.model_validator"
                | "pydantic.root_validator"
                | "pydantic.validator"
                | "pytest.fixture"
                | "pytest.hookimpl"
                | "unittest.skip"
                | "unittest.skipIf"
                | "unittest.skipUnless"
                | "unittest.mock.patch"
                | "unittest.mock.patch.dict"
                | "unittest.mock.patch.object"
                | "mock.patch"
                | "mock.patch.dict"
                | "mock.patch.object"
        )
}

/// The name of something of the modules for types.
fn of_typing(path: &str) -> Option<&str> {
    path.strip_prefix("typing.")
        .or_else(|| path.strip_prefix("typing_extensions."))
}

/// What writes the methods of a class that only has fields.
fn is_class_maker(path: &str) -> bool {
    matches!(
        path,
        "dataclasses.dataclass"
            | "pydantic.dataclasses.dataclass"
            | "attr.attrs"
            | "attr.dataclass"
            | "attr.define"
            | "attr.frozen"
            | "attr.mutable"
            | "attr.s"
            | "attrs.define"
            | "attrs.frozen"
            | "attrs.mutable"
    )
}

/// Whether something of the library looks at a function that it gets and does not call it.
pub(super) fn only_looks(path: &str) -> bool {
    matches!(
        path,
        "callable"
            | "id"
            | "isinstance"
            | "inspect.getdoc"
            | "inspect.iscoroutinefunction"
            | "inspect.isfunction"
            | "inspect.isgeneratorfunction"
            | "inspect.signature"
            | "asyncio.iscoroutinefunction"
            | "functools.update_wrapper"
            | "functools.wraps"
    )
}

/// Whether something of the library asks what a class is and calls none of its methods by name.
pub(super) fn only_asks(path: &str) -> bool {
    matches!(
        path,
        "isinstance" | "issubclass" | "super" | "typing.cast" | "typing.TypeVar"
    )
}
