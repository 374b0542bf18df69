//! Code that is written into another package.

use crate::flow::child::names_an_effect;
use crate::flow::{Analysis, Site};
use crate::pure::{FileId, HOLE_END, HOLE_START, shown};
use customs_model::{Mark, SinkKind, SourceKind, Target, Zone};

/// What is said of such a file.
const WHAT: &str = "code of another package";

impl Analysis<'_> {
    /// A script that gets code put into it which asks an address, in the folder of another package.
    /// Packages mend others when they are installed; what they add there asks nobody.
    pub(super) fn plants_in_another(
        &mut self,
        site: Site,
        path: &str,
        to: &str,
        content: Option<&str>,
        zone: Zone,
    ) {
        if zone < Zone::Import || !self.is_in_another(site.file, to) {
            return;
        }
        let asks = content.is_some_and(|text| text.contains("://") && reaches_out(text));
        if !asks {
            return;
        }
        let label = self.label_at(SourceKind::Constant, WHAT, site);
        self.flow(
            &label,
            SinkKind::Configuration,
            path,
            Target::Constant(format!("{} ({WHAT})", shown(to))),
            zone,
            site.file,
            site.expr,
            vec![Mark::HiddenEffect],
        );
    }
}

impl Analysis<'_> {
    /// Whether a path that code of a file names leads to a script of another package.
    pub(super) fn is_in_another(&self, file: FileId, path: &str) -> bool {
        if is_of_another(path) {
            return true;
        }
        // What lies above the package's own folder is told by its open mark alone, where the file
        // that names it stands there itself.
        let stands_above = self
            .package
            .file(file)
            .path
            .trim_start_matches("package/")
            .contains('/');
        !stands_above
            && path.strip_prefix("\u{fdd0}package/").is_some_and(|rest| {
                !rest.contains([HOLE_START, HOLE_END])
                    && rest.contains('/')
                    && is_script(rest)
                    && self.package.find(rest).is_none()
            })
    }
}

fn is_script(path: &str) -> bool {
    [".js", ".cjs", ".mjs", ".py"]
        .iter()
        .any(|ending| path.ends_with(ending))
}

fn reaches_out(text: &str) -> bool {
    names_an_effect(text)
        || ["\"https\"", "'https'", "\"http\"", "'http'", "sendBeacon"]
            .iter()
            .any(|word| text.contains(word))
}

/// Whether a path leads out of the package to a script beside it: `<package>/../other/index.js`.
fn is_of_another(path: &str) -> bool {
    if !is_script(path) {
        return false;
    }
    let Some(rest) = path.strip_prefix("\u{fdd0}package") else {
        return false;
    };
    // Marks of places end in a path; of what is not known nothing is known.
    let rest = rest.replacen(HOLE_END, "/", 1);
    if rest.contains(HOLE_START) {
        return false;
    }
    let mut inside = true;
    let mut parts: Vec<&str> = Vec::new();
    for part in rest.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_some() => {}
            ".." if !inside => return false,
            ".." => inside = false,
            part => parts.push(part),
        }
    }
    !inside && parts.len() > 1
}

#[cfg(test)]
mod tests {
    use crate::flow::testing::{found, script};
    use customs_model::SinkKind;

    fn plants(code: &str) -> bool {
        let head = "const fs = require('fs'), path = require('path'); const root = path.resolve(__dirname, '..');";
        let mut flows = found(script(&format!("{head} {code}"))).flows.into_iter();
        flows.any(|flow| flow.sink == SinkKind::Configuration)
    }

    #[test]
    fn code_that_asks_an_address_is_not_put_into_another_package() {
        let asks = "';require(\"https\").get(\"https://a.invalid/\")'";
        assert!(plants(&format!(
            "fs.writeFileSync(path.join(root, 'ethers/lib/index.js'), {asks})"
        )));
        assert!(plants(&format!(
            "const f = path.join(root, 'ethers/lib/index.js'); fs.writeFileSync(f, fs.readFileSync(f, 'utf8') + {asks})"
        )));
        assert!(plants(&format!(
            "for (const one of ['ethers/lib/index.js', 'web3/lib/index.js']) {{ const f = path.join(root, one); fs.writeFileSync(f, fs.readFileSync(f, 'utf8') + {asks}) }}"
        )));
        for quiet in [
            "fs.writeFileSync(path.join(root, 'ethers/lib/index.js'), 'module.exports = {}')"
                .to_owned(),
            format!("fs.writeFileSync(path.join(__dirname, 'lib/index.js'), {asks})"),
            format!("fs.writeFileSync(path.join(root, 'ethers/README.md'), {asks})"),
        ] {
            assert!(!plants(&quiet), "{quiet}");
        }
    }
}
