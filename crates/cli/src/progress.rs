//! How far a long piece of work is, on a terminal only.

use std::io::{IsTerminal as _, Write as _};

/// One line that is written over again.
pub struct Progress {
    count: usize,
    word: &'static str,
    shown: bool,
}

impl Progress {
    /// Of so many things, each of which is then `word` ("read"). A few are not worth a line.
    pub fn new(count: usize, word: &'static str) -> Self {
        Self {
            count,
            word,
            shown: count > 3 && std::io::stderr().is_terminal(),
        }
    }

    /// So many are done.
    pub fn tell(&self, done: usize) {
        if self.shown {
            // Where stderr is closed nobody looks.
            let _ = write!(
                std::io::stderr(),
                "\r{done} of {} {}",
                self.count,
                self.word
            );
        }
    }

    /// All are done.
    pub fn end(&self) {
        if self.shown {
            let _ = writeln!(std::io::stderr());
        }
    }
}
