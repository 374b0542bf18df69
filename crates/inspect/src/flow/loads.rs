//! Modules whose names are known in part: `require('./locale/' + name)`.
//!
//! Which of them is loaded nobody knows, but it is one of a folder of the package, or one of those
//! that are named after systems. So each of these may be.

use super::{Analysis, Site};
use crate::ir::{Expr, ExprId, Language, Program};
use crate::package::{folder, join};
use crate::pure::{FileId, HOLE_END, HOLE_START, Surroundings as _};
use crate::unpack::plain;

/// Files that one such name may mean.
const MOST: usize = 256;

impl Analysis<'_> {
    /// The files that a specifier may mean of which a part is not known.
    pub(super) fn loads_one_of(&mut self, site: Site, specifier: ExprId) -> Vec<FileId> {
        let Some(program) = self.program(site.file) else {
            return Vec::new();
        };
        if program.language != Language::JavaScript {
            return Vec::new();
        }
        let mut found = Vec::new();
        for value in self.possible(site.file, specifier, 0) {
            let Some(text) = value.any_text() else {
                continue;
            };
            if !text.contains(HOLE_START) {
                found.extend(self.package.resolve(site.file, text));
            } else if let Some(pattern) = Pattern::of(&self.package.file(site.file).path, text)
                && (!pattern.system || asks_for_system(&program, specifier, 0))
            {
                let ids = self.package.ids();
                let like = ids.filter(|id| pattern.means(&self.package.file(*id).path));
                let like = like.filter(|id| self.package.language(*id) == Some(program.language));
                found.extend(like.take(MOST));
            }
        }
        found.sort_unstable();
        found.dedup();
        found.truncate(MOST);
        found
    }
}

/// A path of which a part in the middle is not known.
#[derive(Debug, PartialEq, Eq)]
struct Pattern {
    before: String,
    after: String,
    /// The part names a system, because nothing else says where it may be.
    system: bool,
}

impl Pattern {
    fn of(from: &str, text: &str) -> Option<Self> {
        const PACKAGE: &str = "\u{fdd0}package/";
        let text = match text.strip_prefix(PACKAGE) {
            Some(inside) => inside.replacen(HOLE_END, "", 1),
            None if text.starts_with("./") || text.starts_with("../") => {
                format!("{}/{text}", folder(from))
            }
            None => return None,
        };
        let (before, _) = text.split_once(HOLE_START)?;
        let (_, after) = text.rsplit_once(HOLE_END)?;
        // A name that begins in the folder of the file itself.
        let (place, begin) = before.rsplit_once('/').unwrap_or(("", before));
        let place = plain(place);
        let before = if place.is_empty() {
            begin.to_owned()
        } else {
            join(&place, begin)
        };
        Some(Self {
            system: begin.is_empty() && place == folder(from),
            before,
            after: after.to_owned(),
        })
    }

    fn means(&self, path: &str) -> bool {
        let Some(rest) = path.strip_prefix(self.before.as_str()) else {
            return false;
        };
        let endings = ["", ".js", ".cjs", ".mjs", ".ts", "/index.js"];
        endings.iter().any(|ending| {
            let part = rest
                .strip_suffix(ending)
                .and_then(|rest| rest.strip_suffix(self.after.as_str()));
            part.is_some_and(|part| {
                !part.is_empty()
                    && !part.trim_start_matches('/').contains('/')
                    && (!self.system || names_system(part))
            })
        })
    }
}

/// Whether a text is put together with the name of the system that it runs on.
fn asks_for_system(program: &Program, expr: ExprId, level: u8) -> bool {
    const LEVELS: u8 = 6;
    if level > LEVELS {
        return false;
    }
    let asks = |expr: ExprId| asks_for_system(program, expr, level + 1);
    match program.expr(expr) {
        Expr::Member(_, name) => matches!(program.name(name), "platform" | "arch"),
        Expr::Call { callee, args, .. } => {
            asks(callee) || program.list(args).iter().any(|arg| asks(*arg))
        }
        Expr::Concat(parts) => program.list(parts).iter().any(|part| asks(*part)),
        Expr::Binary(_, left, right) | Expr::Logic(_, left, right) => asks(left) || asks(right),
        Expr::Name(atom, scope) => match program.resolve(atom, scope) {
            Some(symbol) => match program.symbol(symbol).values[..] {
                [only] => asks(only),
                _ => false,
            },
            None => false,
        },
        _ => false,
    }
}

/// Whether a part of a name is that of a system or a processor.
fn names_system(part: &str) -> bool {
    part.split(['-', '_', '.']).all(|word| {
        matches!(
            word,
            "linux"
                | "darwin"
                | "win32"
                | "freebsd"
                | "openbsd"
                | "sunos"
                | "aix"
                | "android"
                | "x64"
                | "arm64"
                | "arm"
                | "ia32"
                | "gnu"
                | "musl"
                | "msvc"
        )
    })
}
