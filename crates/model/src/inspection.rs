use crate::{BinaryFact, FileFact, Hop};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What reading the code of one artifact showed: facts, without judgement.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Inspection {
    /// The version of the engine that read it.
    pub engine: u32,
    /// Files in it, those of nested archives included.
    pub files: u32,
    /// Bytes of their contents.
    pub bytes: u64,
    /// From where to where data goes.
    pub flows: Vec<Flow>,
    /// What its code can do, each with the strongest zone in which it does.
    pub capabilities: Vec<Capability>,
    /// Other facts that a rule may weigh.
    pub signs: Vec<Sign>,
    /// Programs and libraries of a machine in it, and WebAssembly modules.
    #[serde(default)]
    pub binaries: Vec<BinaryFact>,
    /// Sources of such programs come with it.
    #[serde(default)]
    pub native_sources: bool,
    /// Where the archive is not what an honest packer makes, one sentence each.
    pub oddities: Vec<Oddity>,
    /// What was not read, and why.
    pub unread: Vec<UnreadPart>,
    /// The strongest zone whose code is more than what is followed, if there is one: it was
    /// read, and not all that it does is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfollowed: Option<Zone>,
    /// Its files, those of archives in it left out.
    #[serde(default)]
    pub layout: Vec<FileFact>,
    /// Declared dependencies that no file of it names (npm), as data.
    #[serde(default)]
    pub unimported: Vec<String>,
    /// Whose the places are that its manifest names as its own, as [`owner_of`](crate::owner_of)
    /// tells it: domains and, on hosts that many share, owners. Home page, repository, place
    /// of its binaries. As data.
    #[serde(default)]
    pub own_domains: Vec<String>,
}

/// When code runs. Later ones are stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// Never by users: nothing that runs reaches it.
    Never,
    /// When somebody calls it.
    Called,
    /// As a command.
    Command,
    /// When a folder is opened in an editor or by an agent.
    Folder,
    /// When it is imported.
    Import,
    /// When any interpreter starts.
    Start,
    /// When it is installed or built.
    Install,
}

impl Zone {
    /// For people, the end of "it happens …".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Never => "never: nothing that runs reaches it",
            Self::Called => "when it is called",
            Self::Command => "when its command is run",
            Self::Folder => "when the folder is opened in an editor or by an agent",
            Self::Import => "when it is imported",
            Self::Start => "whenever the interpreter starts",
            Self::Install => "when it is installed or built",
        }
    }
}

/// What data is, where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// The whole environment.
    Environment,
    /// A well-known secret of the environment, by its name.
    NamedSecret,
    /// A file or store that holds credentials of somebody else.
    CredentialFile,
    /// Credentials that a service hands out (cloud metadata, `gh auth token`).
    CredentialService,
    /// Clipboard, keyboard, screen.
    InputDevice,
    /// Who and where: host name, user, home, working directory, addresses.
    Identity,
    /// Bytes from the network.
    Remote,
    /// Text or bytes decoded from a constant.
    Decoded,
    /// A value made of constants that could not be folded.
    Opaque,
    /// A text that stands in the package.
    Constant,
    /// A file of the package itself that is no code.
    OwnFile,
    /// A place of the user's: home, root, other projects.
    UserPlace,
    /// An argument of a call that is intercepted (a request, a transaction).
    Intercepted,
}

/// How the name begins of a text that has a shell or an interpreter run what a host answers.
pub const RUNS_ANSWER: &str = "a command that runs the answer of ";

/// The name of what a visitor of a server sends in a header or cookie of a request.
pub const VISITOR: &str = "what a visitor sends in a header";

/// Where data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SinkKind {
    /// A request, socket or message.
    Network,
    /// A name lookup.
    NameLookup,
    /// A process.
    Process,
    /// Code that is made from text.
    DynamicCode,
    /// A module that is loaded.
    Module,
    /// A file that is then run, loaded or made executable.
    ExecutedFile,
    /// A file of an editor, agent, shell, workflow or start-up configuration.
    Configuration,
    /// A registry, with a release.
    Publication,
    /// Deletion, overwriting, encryption.
    Destruction,
    /// The call that was intercepted, with another value.
    Replacement,
    /// Memory of another process.
    ForeignMemory,
    /// An agent of the user's that is given work to do.
    Agent,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The file, as data (not safe to print).
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The bytes of the file: from, to.
    pub bytes: (u32, u32),
}

/// What is known of the host, path or command at a sink.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// It is this, as data; parts that only the machine knows stand in `<>`.
    Constant(String),
    /// It is made of constants and could not be folded.
    Opaque,
    /// Whoever calls gives it.
    Caller,
}

/// Data that goes from a source to a sink.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Flow {
    /// What it is.
    pub source: SourceKind,
    /// What it is, by name: `process.env`, `~/.npmrc`.
    pub source_name: String,
    /// Where it goes.
    pub sink: SinkKind,
    /// Where it goes, by name: `https.request`.
    pub sink_name: String,
    /// Where the sink leads.
    pub target: Target,
    /// When it happens.
    pub zone: Zone,
    /// The way, source first, sink last.
    pub path: Vec<Hop>,
    /// What speaks for it or against it.
    pub marks: Vec<Mark>,
}

/// Something about a flow that a rule weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// A digest that stands in the package guards it.
    PinnedByDigest,
    /// The host is one that the package declares as its own.
    OwnHost,
    /// The host belongs to the vendor of the secret.
    VendorHost,
    /// An opt-out is read first.
    OptOut,
    /// The decoded text has an effect that the visible code hides.
    HiddenEffect,
    /// The decoded text is code without any effect.
    NoEffect,
    /// The process is detached, hidden or silent.
    Detached,
    /// The host is a bare address, tunnel, paste or message service.
    UnusualHost,
    /// Guarded by a test of machine, date or host.
    Guarded,
    /// The file that is run deletes itself.
    DeletesItself,
    /// The value is a large text without structure.
    Large,
    /// What is written is a native program or library that the package does not show.
    NativeCode,
    /// The text that is run stands in the package as it is, where readers see it.
    InPlainSight,
    /// The agent is told to ask nobody before it acts.
    AsksNobody,
    /// It is compared with a digest that stands in the package, and nothing shows that the
    /// comparison stops what is run.
    ComparedWithDigest,
}

/// What code can do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Capability {
    /// What: `network.http`, `process.shell`, `environment.all`.
    pub name: String,
    /// In the strongest zone.
    pub zone: Zone,
    /// Host, path or command, where it is known, as data.
    pub detail: Option<String>,
    /// Where.
    pub at: Place,
}

/// A fact that is no flow: a reader may weigh it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sign {
    /// Which.
    pub kind: SignKind,
    /// In which zone.
    pub zone: Zone,
    /// More, as data.
    pub detail: String,
    /// Where.
    pub at: Place,
}

/// Kinds of signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignKind {
    /// A command that runs at install or build.
    InstallCommand,
    /// A file deletes or replaces itself or its manifest.
    HidesItself,
    /// Characters that nobody sees, in code.
    HiddenText,
    /// Code is made from text that could not be folded.
    OpaqueCode,
    /// An identifier scheme of an obfuscator.
    Obfuscated,
    /// A module is chosen by a value that could not be folded.
    OpaqueModule,
    /// A file whose name promises data is loaded as code.
    CodeInData,
    /// Network errors are swallowed around a flow.
    Silenced,
    /// A command starts a program of the package, or a file of it in a language that is not read.
    RunsUnread,
}

/// Where an archive is not what an honest packer makes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Oddity {
    /// The trick's id: `case-twin`.
    pub trick: String,
    /// In words, a part of a sentence about the entry.
    pub words: String,
    /// The entry, as data (not safe to print).
    pub path: String,
    /// An honest packer never makes it.
    pub never_honest: bool,
}

/// A part of an artifact that was not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UnreadPart {
    /// The entry, or empty for the artifact as a whole, as data.
    pub path: String,
    /// Why, a part of a sentence.
    pub because: String,
    /// Something that runs reaches it, so the artifact cannot be judged without it.
    pub reached: bool,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}",
            crate::printable(&self.file, 200),
            self.line,
            self.column
        )
    }
}
