//! One step of the way of a value.

use customs_model::Edge;
use std::rc::Rc;

/// How a value comes from one place to the next. Its words are made when a path is told, which
/// few of them are.
#[derive(Debug, Clone)]
pub(in crate::flow) enum Step {
    /// It is read, under this name.
    Read(Rc<str>),
    /// It is an argument of a function of the package.
    Passed(Option<Rc<str>>),
    /// A function of the package gives it.
    Returned(Option<Rc<str>>),
    /// It goes through something else that is called; how that is written.
    Through(Rc<str>),
    /// A file of the package hands it out, which the place imports.
    HandedOut(Rc<str>),
    /// It is decoded by a function of the library.
    Decoded(Rc<str>),
    /// It is written to this file.
    Written(Rc<str>),
    /// It was written to this file and is read again.
    ReadBack(Rc<str>),
    /// It is the address of what is fetched next.
    Address,
}

impl Step {
    /// For people.
    pub fn words(&self) -> String {
        match self {
            Self::Read(name) => format!("{name} is read"),
            Self::Passed(function) => format!("is passed to {}", named(function.as_deref())),
            Self::Returned(function) => format!("comes back from {}", named(function.as_deref())),
            Self::Through(written) => format!("goes through {written}"),
            Self::HandedOut(path) => format!("is handed out by {path}"),
            Self::Decoded(by) => format!("is decoded by {by}"),
            Self::Written(path) => format!("is written to {path}"),
            Self::ReadBack(path) => format!("is read back from {path}"),
            Self::Address => "is the address of what is fetched next".to_owned(),
        }
    }

    /// For programs.
    pub fn edge(&self) -> Edge {
        let text = |text: &Rc<str>| text.to_string();
        match self {
            Self::Read(name) => Edge::Read { name: text(name) },
            Self::Passed(function) => Edge::Passed {
                function: function.as_ref().map(text),
            },
            Self::Returned(function) => Edge::Returned {
                function: function.as_ref().map(text),
            },
            Self::Through(_) | Self::HandedOut(_) => Edge::Through,
            Self::Decoded(by) => Edge::Decoded { by: text(by) },
            Self::Written(path) => Edge::Written { path: text(path) },
            Self::ReadBack(path) => Edge::ReadBack { path: text(path) },
            Self::Address => Edge::Address,
        }
    }
}

fn named(function: Option<&str>) -> String {
    function.map_or_else(|| "a function".to_owned(), |name| format!("`{name}`"))
}
