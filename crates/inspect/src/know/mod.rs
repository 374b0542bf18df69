//! What the libraries of the languages do: the one place where names mean something.
//!
//! A path is what the pure machine gives for something of a library (`https.request`,
//! `os.environ`), whatever it was called on the way.

mod clients;
mod family;
mod intercepted;
mod javascript;
mod measures;
mod packers;
mod page;
mod places;
mod python;
mod rust;
mod settings;
mod unpackers;

pub use clients::{Client, bot, client, gives_messages};
pub use family::{family, is_family};
pub use intercepted::{Seen, intercepted, intercepted_names, is_outside_of_request};
pub use packers::{
    PUTTERS, Packing, lists_pattern, packing, sends_file, sends_itself, sends_to_store, takes_files,
};
pub use page::{
    ANYWHERE, is_beside_form, is_of_form, is_of_page, is_of_storage, is_whole_page, keeps_whole,
    page_source,
};
pub use places::{
    CHAIN_WORDS, GENERAL_FUNCTIONS, KEY_FUNCTIONS, KEY_PARAMETERS, KEY_WORDS, SIGNING_WORDS,
    configuration, credential_place, host_of, host_part, is_loopback, is_metadata, is_of_vendor,
    named_secret, names_a_phrase, place_of, unusual_host, user_place,
};
pub use settings::{Leads, leads};
pub use unpackers::{Slot, cloner, unpacker, unpacker_of_rust};

use crate::ir::Language;
use customs_model::SourceKind;
use std::borrow::Cow;

/// What a call of something of a library does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Gives data of this kind.
    Source(SourceKind),
    /// Sends its arguments; gives bytes from the network. The argument that says where.
    Network(u8),
    /// Sends its arguments over what it is called on.
    Send,
    /// Gives bytes from what it is called on.
    Receive,
    /// Looks a name up.
    Lookup,
    /// Runs a command line.
    Shell,
    /// Runs a program with a list of arguments.
    Spawn,
    /// Runs a file of the package's language.
    Fork,
    /// Makes code from the text at this position.
    Code(u8),
    /// Makes code from each of so many arguments.
    CodeEach(u8),
    /// Makes objects from a stream that says which functions make them: whoever writes it runs
    /// what they want.
    CodeStream,
    /// Makes code from its last argument.
    CodeLast,
    /// Fills a template, which may hold code.
    Template,
    /// Publishes a release.
    Publish,
    /// Runs a file, or its first argument where an option says that this is code.
    Worker,
    /// Loads a module by name or path.
    Load,
    /// Reads the file at the path.
    ReadFile,
    /// Writes the second argument into the file at the first.
    WriteFile,
    /// Opens a file; what is written to it goes there.
    OpenFile,
    /// Writes into the file that it is called on.
    WriteInto,
    /// Reads from the file that it is called on.
    ReadFrom,
    /// Copies or moves the first path to the second.
    CopyFile,
    /// Gives a file the execution bit.
    Executable,
    /// Deletes.
    Delete,
    /// Turns text into other text or bytes: base64, hex, decompression.
    Decode,
    /// Decrypts.
    Decrypt,
    /// Gives nothing of its arguments: a digest, a length, a test.
    Digest,
    /// Patches or reads the memory of another process.
    ForeignMemory,
    /// Puts its arguments into memory, which is run where what it is called on says so.
    IntoMemory,
    /// Adds a file to the archive that it is called on.
    Attach,
    /// Unpacks the archive that it is called on into a folder.
    Extract,
    /// Makes one stream stand in for another.
    Duplicate,
    /// Writes into the input of the process that it is called on.
    IntoProcess,
    /// Puts into the clipboard.
    WriteInput,
    /// Nothing that is known.
    None,
}

/// A path without the `.default` under which ES modules hand out what others hand out by itself.
/// Each call of a package is asked for; next to none has it.
fn undefaulted(path: &str) -> Cow<'_, str> {
    const DEFAULT: &str = ".default";
    let bytes = path.as_bytes();
    let has = memchr::memchr_iter(b'.', bytes).any(|at| {
        bytes
            .get(at..)
            .is_some_and(|rest| rest.starts_with(DEFAULT.as_bytes()))
    });
    if has {
        Cow::Owned(path.replace(DEFAULT, ""))
    } else {
        Cow::Borrowed(path)
    }
}

/// What a call of a path does.
pub fn role(language: Language, path: &str) -> Role {
    let role = match language {
        Language::JavaScript => javascript::role(path),
        Language::Python => python::role(path),
        Language::Rust => rust::role(path),
    };
    match role {
        // Of most paths nothing else is known: the table is asked for those of calls only.
        Role::None | Role::Receive if client(language, path).is_some() => Role::Send,
        role => role,
    }
}

/// Whether a function of a system's library writes bytes to an address that it is given, where
/// scripts have no use for it but to run them.
pub fn writes_memory(name: &str) -> bool {
    matches!(
        name,
        "WriteProcessMemory"
            | "NtWriteVirtualMemory"
            | "RtlMoveMemory"
            | "RtlCopyMemory"
            | "process_vm_writev"
            | "mach_vm_write"
    )
}

/// The names of the first parameters of a function of Python's library.
pub fn parameters(path: &str) -> &'static [&'static str] {
    python::parameters(path)
}

/// How many arguments of a function of Python's library stand before what it starts.
pub fn before_program(path: &str) -> usize {
    python::before(path)
}

/// Whether the first argument of what a function of Python's library starts is its own name.
pub fn names_itself(path: &str) -> bool {
    python::names_itself(path)
}

/// What a path gives without being called.
pub fn value_source(language: Language, path: &str) -> Option<SourceKind> {
    match (language, path) {
        (Language::JavaScript, "process.env" | "Bun.env" | "import.meta.env") => {
            Some(SourceKind::Environment)
        }
        (Language::Python, "os.environ" | "os.environb" | "os.environ.copy()") => {
            Some(SourceKind::Environment)
        }
        // Their users, hosts and passwords.
        (Language::Python, "django.conf.settings.DATABASES") => Some(SourceKind::CredentialFile),
        _ => None,
    }
}

/// Whether a path gives one variable of the environment.
pub fn reads_setting(path: &str) -> bool {
    path.starts_with("process.env.")
        || path.starts_with("Bun.env.")
        || path.starts_with("import.meta.env.")
        || path.starts_with("os.environ.")
        || matches!(path, "os.getenv()" | "environ.get()")
        || path.ends_with("env.var()")
        || path.ends_with("option_env()")
}

/// The name of a variable of the environment that a path reads, if it reads one.
pub fn environment_name(language: Language, path: &str) -> Option<&str> {
    let prefixes: &[&str] = match language {
        Language::JavaScript => &["process.env.", "Bun.env.", "import.meta.env."],
        Language::Python => &["os.environ."],
        Language::Rust => &[],
    };
    prefixes
        .iter()
        .find_map(|prefix| path.strip_prefix(prefix))
        .filter(|name| !name.contains('.') && !name.contains('('))
}

/// The capability that a call of a path has, for the list of what code can do.
pub fn capability(language: Language, path: &str) -> Option<&'static str> {
    Some(match role(language, path) {
        Role::Network(_) | Role::Send => "network",
        Role::Lookup => "network.names",
        Role::Shell | Role::Spawn | Role::Fork => "process",
        Role::Code(_) | Role::CodeEach(_) | Role::CodeLast => "code.dynamic",
        Role::Worker | Role::CodeStream | Role::Template | Role::Publish => return None,
        Role::ReadFile | Role::OpenFile | Role::ReadFrom => "files.read",
        Role::WriteFile | Role::WriteInto | Role::CopyFile => "files.write",
        Role::Executable => "files.executable",
        Role::Delete => "files.delete",
        Role::Source(SourceKind::Environment) => "environment.all",
        Role::Source(SourceKind::Identity) => "identity",
        Role::Source(SourceKind::InputDevice) | Role::WriteInput => "input",
        Role::Source(_)
        | Role::Receive
        | Role::Load
        | Role::IntoProcess
        | Role::IntoMemory
        | Role::Attach
        | Role::Extract
        | Role::Duplicate
        | Role::Decode
        | Role::Digest
        | Role::None => return None,
        Role::Decrypt => "crypto.decrypt",
        Role::ForeignMemory => "process.memory",
    })
}

/// Whether Python calls a method of this name by itself, as soon as somebody does anything with an
/// object that has it: `__getattr__`, `__iter__`, `__del__`. Those that need a call, a `with` or
/// a copy that can be seen are not among them.
pub fn is_called_by_the_language(method: &str) -> bool {
    method.len() > 4
        && method.starts_with("__")
        && method.ends_with("__")
        && !matches!(
            method,
            "__call__"
                | "__enter__"
                | "__exit__"
                | "__aenter__"
                | "__aexit__"
                | "__init_subclass__"
                | "__class_getitem__"
                | "__reduce__"
                | "__reduce_ex__"
                | "__getstate__"
                | "__setstate__"
                | "__copy__"
                | "__deepcopy__"
                | "__dir__"
                | "__sizeof__"
                | "__instancecheck__"
                | "__subclasscheck__"
                | "__subclasshook__"
                | "__prepare__"
        )
}

/// The methods that a method of a class of Python's library calls of the object it is called on:
/// `threading.Thread().start` calls `run`. A name that ends with `*` means each that begins so.
pub fn calls_own(path: &str) -> &'static [&'static str] {
    python::calls_own(path)
}

/// The methods that something of Python's library calls of an object that it is handed.
pub fn calls_handed(path: &str) -> &'static [&'static str] {
    python::calls_handed(path)
}

/// Where a call of something of Python's library has the function that it calls in its place:
/// the position, and the name that it may be given by.
pub fn calls_for(path: &str) -> Option<(usize, &'static str)> {
    python::calls_for(path)
}

/// Whether a decorator of Python gives back what it is put above, or something around it, and
/// does not call it.
pub fn keeps_decorated(path: &str) -> bool {
    python::keeps_decorated(path)
}

/// Whether what a call of a path gives is such a decorator: `@functools.wraps(function)`.
pub fn keeps_with_settings(path: &str) -> bool {
    python::keeps_with_settings(path)
}

/// How many of the first arguments of a function of JavaScript's library are only given fields or
/// a prototype, or looked at: a function or class among them is not called.
pub fn only_dresses(path: &str) -> usize {
    match path {
        "Object.assign"
        | "Object.defineProperty"
        | "Object.defineProperties"
        | "Reflect.defineProperty"
        | "Object.freeze"
        | "Object.seal"
        | "Object.preventExtensions"
        | "Object.keys"
        | "Object.getOwnPropertyNames"
        | "Object.getPrototypeOf"
        | "Object.create" => 1,
        "Object.setPrototypeOf" | "Reflect.setPrototypeOf" | "util.inherits" => 2,
        _ => 0,
    }
}

/// Whether something of Python's library looks at a function that it gets and does not call it.
pub fn only_looks(path: &str) -> bool {
    python::only_looks(path)
}

/// Whether something of Python's library asks what a class is and calls none of its methods by
/// name.
pub fn only_asks(path: &str) -> bool {
    python::only_asks(path)
}

/// Tools for command lines and for servers: the functions that they get are handlers, which
/// wait for a command or a request.
pub fn is_of_handlers(path: &str) -> bool {
    const TOOLS: [&str; 17] = [
        "commander",
        "yargs",
        "cac",
        "sade",
        "meow",
        "caporal",
        "vorpal",
        "express",
        "fastify",
        "koa",
        "click",
        "typer",
        "argparse",
        "optparse",
        "flask.",
        "fastapi.",
        "starlette.",
    ];
    TOOLS.iter().any(|tool| path.starts_with(tool))
}
