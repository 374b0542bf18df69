//! What calls of functions of libraries do, kept by the paths of these: a path is compared with
//! hundreds of others to find that out, and the same few are asked about for each call of a package.

use super::Analysis;
use crate::ir::Language;
use crate::know::{self, Role};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Paths of one language that are kept.
const MOST: usize = 1 << 16;

/// Roles by their paths.
type ByPath = FxHashMap<Rc<str>, Role>;

/// What calls do, as far as asked.
#[derive(Debug, Default)]
pub(super) struct Roles {
    javascript: ByPath,
    python: ByPath,
    rust: ByPath,
}

impl Analysis<'_> {
    /// What a call of something of a library does.
    pub(super) fn role(&mut self, language: Language, path: &Rc<str>) -> Role {
        let known = match language {
            Language::JavaScript => &mut self.roles.javascript,
            Language::Python => &mut self.roles.python,
            Language::Rust => &mut self.roles.rust,
        };
        if let Some(role) = known.get(path) {
            return *role;
        }
        let role = know::role(language, path);
        if known.len() < MOST {
            known.insert(Rc::clone(path), role);
        }
        role
    }
}
