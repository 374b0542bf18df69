//! Every bound of the room, in one place. Bounds count bytes, entries and steps, never
//! time: the same bytes give the same answer on every machine. Only the user's own rules have
//! a guard that is a span of time, and what it stops is said as not checked.

/// Bounds on unpacking.
#[derive(Debug, Clone, Copy)]
pub struct Unpacking {
    /// Entries, over all levels.
    pub entries: usize,
    /// Bytes of all their paths.
    pub names: u64,
    /// Bytes that come out of decompressors, over all levels; those of slow ones count
    /// several times.
    pub inflated: u64,
    /// Bytes of a zip archive that is held as a whole. Of a larger one only its directory
    /// and one entry at a time are.
    pub packed: u64,
    /// Bytes that are unpacked to see whether compressed files hold archives.
    pub glances: u64,
    /// Bytes of one entry that is kept.
    pub entry: u64,
    /// Bytes that are kept in memory.
    pub kept: u64,
    /// Bytes of the beginnings of what is not kept, before these are cut shorter.
    pub heads: u64,
    /// Levels of archives in archives.
    pub depth: usize,
    /// Oddities and unread entries that are told one by one.
    pub oddities: usize,
}

impl Default for Unpacking {
    fn default() -> Self {
        Self {
            entries: 200_000,
            names: 32 << 20,
            inflated: 2 << 30,
            packed: 32 << 20,
            glances: 256 << 20,
            entry: 32 << 20,
            kept: 112 << 20,
            heads: 8 << 20,
            depth: 3,
            oddities: 200,
        }
    }
}

/// Bounds on reading one file as code.
pub mod reading {
    /// Bytes of a source file.
    pub const SOURCE: usize = 32 << 20;
    /// Bytes of a library that nothing runs unasked and that is followed nevertheless.
    pub const LIBRARY: usize = 1 << 20;
    /// Levels of nesting.
    pub const NESTING: usize = 2_000;
    /// The same for Rust, whose tree takes more of the stack at each level.
    pub const NESTING_OF_RUST: usize = NESTING / 4;
    /// What is said past these.
    pub const TOO_DEEP: &str = "it is nested more deeply than is read";
    /// The same, before it is parsed: an estimate that is often too high.
    pub const ESTIMATE: usize = 20_000;
    /// Bytes of the tree that a parser makes of one source file: an estimate that is often too
    /// high.
    pub const TREE: usize = 512 << 20;
    /// What is said past these.
    pub const TOO_DENSE: &str = "its syntax tree would take more memory than a file is given";
    /// Bytes from which on a file of JavaScript is read in pieces.
    pub const IN_PIECES: usize = 1 << 20;
    /// Bytes of the smallest body of a function that is a piece.
    pub const SMALLEST_PIECE: usize = 256;
    /// Bytes of the largest one.
    pub const LARGEST_PIECE: usize = 512 << 10;
    /// Brackets that a piece may stand in.
    pub const BRACKETS: usize = 100;
    /// Levels of nesting that a piece may stand in.
    pub const AROUND_PIECE: usize = NESTING / 2;
    /// Expressions of all programs of an artifact that are held at once.
    pub const EXPRESSIONS: usize = 6_000_000;
}

/// Bounds on evaluating.
pub mod evaluating {
    /// Steps of the pure machine for one file.
    pub const STEPS: u32 = 300_000;
    /// The same for a file that runs at install or at start.
    pub const STEPS_OF_HOOKS: u32 = 1_500_000;
    /// Steps of the pure machine for all hooks of an artifact, for all that runs at import and
    /// for all that is called: each this many.
    pub const STEPS_IN_SUM: u64 = 30_000_000;
    /// Steps of a loop without an end of its own, since nobody knows whether it was left.
    pub const UNSURE: u32 = 4_000;
    /// The same of one that a test may end as well.
    pub const UNSURE_TESTED: u32 = 150_000;
    /// Steps of the pure machine for a question that is no sink's.
    pub const GLANCE: u32 = 2_000;
    /// Such questions about one file that may be given up at that; the rest get fewer steps, so
    /// that the budget of a file is not spent on what is never known.
    pub const LONG_GLANCES: u16 = 32;
    /// Steps of these.
    pub const SHORT_GLANCE: u32 = 250;
    /// Bytes of one string that the machine makes.
    pub const STRING: usize = 4 << 20;
    /// Bytes from which on a value of the machine is large.
    pub const LARGE: usize = 64 << 10;
    /// Bytes of all large values that the machine makes for one artifact.
    pub const LARGE_SUM: usize = 128 << 20;
    /// Bytes of something large that are gone through in one step.
    pub const LOOKED_AT: usize = 16 << 10;
    /// Elements of a list that are moved in one step.
    pub const MOVED: usize = 4096;
    /// Elements of a list that the machine makes.
    pub const ELEMENTS: usize = 1 << 20;
    /// Levels of lists and objects that are written as one text.
    pub const LEVELS: u8 = 64;
    /// Calls within calls of the machine.
    pub const DEPTH: u32 = 120;
    /// Levels of code in strings of code.
    pub const CHILDREN: u8 = 4;
    /// Bytes of a text that is read as code.
    pub const TEXT: usize = 2 << 20;
    /// Expressions that are looked at for one question about what a value may be.
    pub const LOOKS: u32 = 2_000;
    /// Steps of the flow evaluator for one artifact.
    pub const FLOW_STEPS: u64 = 2_000_000;
    /// The part of them for code that only runs when it is called.
    pub const FLOW_STEPS_CALLED: u64 = 400_000;
    /// Bytes of a script of a shell.
    pub const SCRIPT: usize = 512 << 10;
    /// Commands of all scripts and command lines of an artifact, each as often as it is gone
    /// through.
    pub const COMMANDS: u32 = 30_000;
    /// Expressions within expressions of the flow evaluator.
    pub const FLOW_DEPTH: u32 = 160;
}

/// Bounds on reading binaries.
pub mod native {
    /// Binaries of an artifact that are told.
    pub const BINARIES: usize = 512;
    /// Names that one binary imports.
    pub const IMPORTS: usize = 4_096;
    /// Of them, those that are told.
    pub const SHOWN: usize = 64;
    /// Libraries that one binary asks for.
    pub const LIBRARIES: usize = 512;
    /// Of them, those that are told.
    pub const SHOWN_LIBRARIES: usize = 16;
    /// Bytes of one name.
    pub const NAME: usize = 256;
    /// Entries of tables that are looked at.
    pub const LOOKED_AT: usize = 65_536;
    /// Bytes of all names that are looked at.
    pub const NAME_BYTES: usize = 4 << 20;
    /// Entries that lead nowhere, before the rest is left.
    pub const FAULTS: usize = 32;
    /// Parts of a file that are put into memory.
    pub const SEGMENTS: u64 = 256;
    /// Sections of a file.
    pub const SECTIONS: usize = 4_096;
    /// Entries of the dynamic linker's table.
    pub const DYNAMIC: u64 = 4_096;
    /// Relocations that are looked at.
    pub const RELOCATIONS: u64 = 1 << 20;
    /// Machines that one file is for.
    pub const MACHINES: usize = 8;
    /// Bytes of code that are counted.
    pub const CODE: u64 = 16 << 20;
}

/// Bounds on the user's own rules.
#[cfg(feature = "yara")]
pub mod own {
    /// Matches that are told: one is a rule and a file.
    pub const MATCHES: usize = 200;
    /// Places of one match that are told.
    pub const PLACES: usize = 3;
    /// Places that are found for one pattern in one file; a rule counts no further.
    pub const PER_PATTERN: usize = 10_000;
    /// Seconds for one file. The engine counts no steps, so this is a last guard, far above
    /// what a file of the largest size needs.
    pub const SECONDS: u64 = 60;
    /// Files that may take too long before the rest is left.
    pub const SLOW: usize = 3;
    /// Files that were not checked and are named.
    pub const UNCHECKED: usize = 20;
}
