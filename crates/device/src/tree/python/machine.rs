//! Which interpreter and which machine an environment is for: of the files of a release only some
//! can have been installed into it.

use super::installed::Installed;
use super::scene::Scene;
use super::wheel::Wheel;
use customs_ecosystem::pypi::installed::VirtualEnvironment;
use customs_ecosystem::pypi::tags::{Interpreter, Machine, Tag, limit, tags_of_wheel_file};
use std::collections::BTreeSet;
use std::path::Path;

/// This machine.
pub fn machine() -> Machine {
    let system = std::env::consts::OS;
    // Where the loader of musl lies its programs run.
    let musl = system == "linux"
        && Path::new("/lib").read_dir().is_ok_and(|names| {
            let is_loader = |name: &str| name.starts_with("ld-musl-");
            names
                .flatten()
                .any(|name| is_loader(&name.file_name().to_string_lossy()))
        });
    let loaders = ["/lib64", "/lib", "/usr/lib", "/usr/lib64"];
    let glibc = loaders.iter().any(|folder| {
        Path::new(folder).read_dir().is_ok_and(|names| {
            let is_loader =
                |name: &str| name.starts_with("ld-linux") || name.starts_with("ld64.so");
            names
                .flatten()
                .any(|name| is_loader(&name.file_name().to_string_lossy()))
        })
    });
    Machine {
        system,
        processor: std::env::consts::ARCH,
        musl,
        // Where neither is found nothing is known: wheels for the usual one are meant.
        glibc: glibc || !musl,
    }
}

/// The interpreter of an environment: by the folder that it imports from, else by its `pyvenv.cfg`.
/// None where neither says which.
pub fn interpreter(environment: &Path, site: &str) -> Option<Interpreter> {
    Interpreter::of_site(site).or_else(|| {
        let path = environment.join("pyvenv.cfg");
        // One that cannot be read says nothing.
        let bytes = crate::tree::disk::read_up_to(&path, 64 << 10).ok()??;
        Interpreter::of_settings(&VirtualEnvironment::parse(&bytes)?)
    })
}

/// Which files of a release can be the one that was installed.
pub(super) struct Fit {
    machine: Machine,
    interpreter: Option<Interpreter>,
    /// What the installed `WHEEL` says. None where it says nothing.
    installed: Option<BTreeSet<Tag>>,
}

impl Fit {
    pub fn of(scene: &Scene, one: &Installed, machine: Machine) -> Self {
        let interpreter = Interpreter::of_site(&one.site);
        let installed = scene.bytes(&one.own("WHEEL"), limit::BYTES).ok();
        Self {
            machine,
            interpreter: interpreter.or_else(|| Interpreter::of_settings(&scene.config)),
            installed: installed.and_then(|bytes| tags_of_wheel_file(&bytes)),
        }
    }

    /// Whether this wheel can be the one that was installed: it runs here, or the tree names it. One
    /// that says of itself nothing can be.
    pub fn admits(&self, wheel: &Wheel) -> bool {
        let own = wheel.kept.get(&format!("{}/WHEEL", wheel.dist_info));
        let Some(own) = own.and_then(|bytes| tags_of_wheel_file(bytes)) else {
            return true;
        };
        self.runs(&own) || self.installed.as_ref() == Some(&own)
    }

    /// The tags of the file that was installed, where an installer can have taken it here. What no
    /// installer puts here explains nothing.
    pub fn said(&self) -> Option<String> {
        let installed = self.installed.as_ref()?;
        let tag = installed.iter().find(|tag| {
            let only = BTreeSet::from([(*tag).clone()]);
            self.runs(&only)
        })?;
        Some(customs_model::printable(&tag.to_string(), 100))
    }

    fn runs(&self, tags: &BTreeSet<Tag>) -> bool {
        self.machine.rank(self.interpreter, tags).is_some()
    }
}
