//! Values that depend on themselves.
//!
//! A variable may be made from itself, by way of others. What is asked for while it is being
//! computed is unknown there, and everything that saw this may be known later: it must not
//! be kept as unknown. Everything else may, and must be: most values are unknown, and asking
//! for them again from everywhere is what costs.

/// What was cut off among the questions that are open.
#[derive(Debug)]
pub(super) struct Circle {
    /// Questions that are open.
    open: u32,
    /// The outermost one at which something was cut off.
    cut: u32,
    /// Something was not computed to its end.
    short: bool,
}

/// A question that is open, and what was cut off before it.
#[derive(Debug)]
#[must_use = "it is to be closed"]
pub(super) struct Open {
    number: u32,
    cut: u32,
    short: bool,
}

/// How an answer was come by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closed {
    /// It does not depend on a question further out, and nothing more would be found.
    pub whole: bool,
    /// A bound ended something of it.
    pub short: bool,
}

impl Open {
    /// Its number.
    pub const fn number(&self) -> u32 {
        self.number
    }
}

impl Default for Circle {
    fn default() -> Self {
        Self {
            open: 0,
            cut: u32::MAX,
            short: false,
        }
    }
}

impl Circle {
    /// Opens a question.
    pub fn open(&mut self) -> Open {
        if self.open == 0 {
            *self = Self::default();
        }
        let open = Open {
            number: self.open,
            cut: self.cut,
            short: self.short,
        };
        self.open += 1;
        self.cut = u32::MAX;
        self.short = false;
        open
    }

    /// Closes it; `enough`: a bound that ended it would end it again.
    pub fn close(&mut self, open: Open, enough: bool) -> Closed {
        self.open = open.number;
        let apart = self.cut >= open.number;
        let closed = Closed {
            whole: apart && (enough || !self.short),
            short: self.short,
        };
        if apart {
            self.cut = u32::MAX;
        }
        self.cut = self.cut.min(open.cut);
        self.short |= open.short;
        closed
    }

    /// The question with this number is asked again while it is open.
    pub fn cut_at(&mut self, number: Option<u32>) -> bool {
        if let Some(number) = number {
            self.cut = self.cut.min(number);
        }
        number.is_some()
    }

    /// A bound ended something.
    pub const fn cut_short(&mut self) {
        self.short = true;
    }

    /// Whether a bound ended something of the open question.
    pub const fn is_short(&self) -> bool {
        self.short
    }
}
