//! `cargo xtask tools`: the pinned package managers, in `target/tools`, without root.
//!
//! They come from the registries that the user's own npm and pip are configured with; what
//! comes is unpacked only when its digest is the one in `xtask/tools.toml`. Nothing of a
//! package runs while it is installed.

mod fetch;
mod layout;
mod pins;
pub mod unpack;

use crate::error::Error;
use crate::workspace::Workspace;
use fetch::{Downloads, PYTHON};
use layout::{Installed, Manifest};
use pins::{Pin, Registry, Start};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Brings `target/tools` to what is pinned, and says where it is. Without a difference it
/// reads two small files and returns.
pub fn install(workspace: &Workspace) -> Result<PathBuf, Error> {
    let (root, platform) = (workspace.tools(), pins::platform());
    let file = workspace.root().join("xtask/tools.toml");
    let text = fs::read_to_string(&file).map_err(Error::io("read", &file))?;
    let pins = pins::read(&text, &file, &platform)?;

    fs::create_dir_all(&root).map_err(Error::io("make", &root))?;
    let _alone = lock(&root)?;
    let mut manifest = Manifest::read(&root, &platform);
    // One registry after the other: what npm brought stays when Python is missing.
    for registry in [Registry::Npm, Registry::Pypi] {
        let ours = pins.iter().filter(|pin| pin.registry == registry);
        let missing: Vec<&Pin> = ours.filter(|pin| !manifest.holds(pin)).collect();
        if !missing.is_empty() {
            get(&root, registry, &missing, &mut manifest)?;
        }
    }
    forget_others(&root, &pins, &mut manifest)?;
    Ok(root)
}

/// Two chores at once (a test run and an editor's) take turns.
fn lock(root: &Path) -> Result<File, Error> {
    let path = root.join(".lock");
    let file = File::create(&path).map_err(Error::io("write", &path))?;
    file.lock().map_err(Error::io("lock", &path))?;
    Ok(file)
}

fn get(
    root: &Path,
    registry: Registry,
    missing: &[&Pin],
    manifest: &mut Manifest,
) -> Result<(), Error> {
    let names: Vec<String> = missing
        .iter()
        .map(|pin| format!("{} {}", pin.name, pin.version()))
        .collect();
    eprintln!(
        "xtask: getting {} (again only when a pin changes)",
        names.join(", ")
    );
    let folder = root.join("download");
    put_anew(&folder)?;
    fetch::download(registry, missing, &folder)?;
    let downloads = Downloads::read(&folder)?;
    for pin in missing {
        put(root, pin, &downloads)?;
        manifest.tools.insert(pin.name.clone(), Installed::of(pin));
        manifest.write()?;
    }
    fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))
}

fn put(root: &Path, pin: &Pin, downloads: &Downloads) -> Result<(), Error> {
    let package = layout::package(root, pin);
    put_anew(&package)?;
    match pin.start {
        Start::Native | Start::Node | Start::Python => {
            for part in &pin.parts {
                unpack::unpack(downloads.find(part)?, pin.registry, &package)?;
            }
        }
        Start::Module => {
            for part in &pin.parts {
                python_environment(&package, downloads.find(part)?)?;
            }
        }
    }
    let start = layout::start_file(root, pin);
    if !start.is_file() {
        return Err(Error::Archive {
            archive: pin.name.clone(),
            why: format!(
                "it holds no {}; change `entry` in xtask/tools.toml",
                pin.entry
            ),
        });
    }
    if pin.start == Start::Native {
        unpack::set_executable(&start, true)?;
    }
    for script in layout::scripts(pin) {
        let path = root.join(script);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
        }
        fs::write(&path, layout::script(root, pin)).map_err(Error::io("write", &path))?;
        unpack::set_executable(&path, true)?;
    }
    Ok(())
}

/// An environment with one wheel in it, made without a network: the wheel is pip's own, and
/// pip runs from its wheel. `--without-pip` because Debian's Python has no bundled pip to
/// give; `--isolated` because the user's settings (`target`, `user`) speak of other installs.
fn python_environment(folder: &Path, wheel: &Path) -> Result<(), Error> {
    let mut make = Command::new(PYTHON.program);
    PYTHON.run(make.args(["-m", "venv", "--without-pip"]).arg(folder))?;
    let mut install = Command::new(layout::python(folder));
    install
        .arg(wheel.join("pip"))
        .args(["install", "--isolated", "--quiet", "--no-index"]);
    PYTHON.run(
        install
            .args(["--no-deps", "--no-warn-script-location"])
            .arg(wheel),
    )
}

/// Takes away what is no longer pinned, so that no test finds it.
fn forget_others(root: &Path, pins: &[Pin], manifest: &mut Manifest) -> Result<(), Error> {
    let wanted: BTreeSet<PathBuf> = pins
        .iter()
        .flat_map(|pin| {
            let [program, command] = layout::scripts(pin).map(|script| root.join(script));
            let folder = command
                .parent()
                .map_or_else(|| command.clone(), Path::to_owned);
            [program, folder, layout::package(root, pin)]
        })
        .collect();
    for folder in ["bin", "path", "pkg"].map(|name| root.join(name)) {
        for entry in fs::read_dir(&folder).map_err(Error::io("list", &folder))? {
            let path = entry.map_err(Error::io("list", &folder))?.path();
            if wanted.contains(&path) {
                continue;
            }
            let gone = if path.is_dir() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            gone.map_err(Error::io("remove", &path))?;
        }
    }
    let before = manifest.tools.len();
    manifest
        .tools
        .retain(|name, _| pins.iter().any(|pin| pin.name == *name));
    if manifest.tools.len() == before {
        Ok(())
    } else {
        manifest.write()
    }
}

fn put_anew(folder: &Path) -> Result<(), Error> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Error::io("remove", folder))?;
    }
    fs::create_dir_all(folder).map_err(Error::io("make", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_longer_pinned_goes_away() {
        let root = tempfile::tempdir().unwrap();
        for file in [
            "bin/old",
            "path/old/old",
            "pkg/old-1/old",
            "pkg/yarn1-1.0.0/old",
        ] {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        let text = include_str!("../../tools.toml");
        let pins = pins::read(text, Path::new("tools.toml"), "linux-x86_64").unwrap();
        let kept: Vec<PathBuf> = pins
            .iter()
            .map(|pin| layout::package(root.path(), pin))
            .collect();
        for folder in &kept {
            fs::create_dir_all(folder).unwrap();
        }
        let mut manifest = Manifest::empty(root.path(), "linux-x86_64");
        forget_others(root.path(), &pins, &mut manifest).unwrap();
        assert!(!root.path().join("bin/old").exists());
        assert!(!root.path().join("path/old").exists());
        assert_eq!(
            fs::read_dir(root.path().join("pkg")).unwrap().count(),
            kept.len()
        );
    }
}
