//! Shell text: what a hook's command line, a script or a string that is given to a
//! process does.
//!
//! A small reader of the POSIX language, forgiving, without running anything: words with
//! their quotes taken away, pipes, lists, redirections, substitutions. What only the
//! machine knows is a hole, as everywhere.

mod power;
mod read;
mod written;

pub use power::decoded as decoded_power_shell;
pub use read::{Command, Group, Link, Script, Word, parse};
pub use written::folded as folded_power_shell;
