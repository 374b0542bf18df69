//! T2: commands in other files. T12: commands in texts that are evaluated.

use super::lines::whole;
use super::{changed_hooks, head, is_own, is_script, reads_itself};
use crate::transform::edit::{base64, extension, file_name, folder};
use crate::transform::{File, Random, new_path};

/// Names for new files that look like any other.
const STEMS: &[&str] = &["helper", "lib", "common", "env", "step"];

/// T2: the commands of a hook in a script, and those of a script in one that it reads.
pub fn split(files: &[File], random: &mut Random) -> Option<Vec<File>> {
    let mut out = files.to_vec();
    let mut any = false;
    for (path, text) in files {
        let new = new_path(&out, folder(path), STEMS, "sh", random);
        let beside = file_name(&new);
        if file_name(path) == "package.json" {
            let mut moved = None;
            let changed = changed_hooks(text, |command| {
                // Each hook would need a file of its own.
                if moved.is_some() {
                    return None;
                }
                moved = Some(format!("{command}\n"));
                Some(format!("sh ./{beside}"))
            });
            if let (Some(changed), Some(moved)) = (changed, moved) {
                put(&mut out, path, changed);
                out.push((new, moved));
                any = true;
            }
        } else if may_move(files, path, text) {
            let (first, body) = head(text);
            let mut cuts = whole(body);
            random.shuffle(&mut cuts);
            // All that stands behind one line, or all of it.
            let cut = cuts
                .into_iter()
                .find(|cut| body.get(*cut..).is_some_and(|rest| !rest.trim().is_empty()))
                .filter(|_| random.chance(2, 3))
                .unwrap_or(0);
            let (kept, moved) = body.split_at(cut);
            let read = format!(". \"$(dirname \"$0\")/{beside}\"\n");
            put(&mut out, path, format!("{first}{kept}{read}"));
            out.push((new.clone(), moved.to_owned()));
            any = true;
        }
    }
    any.then_some(out)
}

/// T12: the commands as a text, encoded or not, in the file or beside it.
pub fn into_data(files: &[File], random: &mut Random) -> Option<Vec<File>> {
    let mut out = files.to_vec();
    let mut any = false;
    for (path, text) in files {
        let new = new_path(&out, folder(path), STEMS, "dat", random);
        let beside = file_name(&new);
        if file_name(path) == "package.json" {
            let mut moved = None;
            let kind = random.below(2);
            let changed = changed_hooks(text, |command| {
                let encoded = base64(command.as_bytes());
                if kind == 0 {
                    return Some(format!("eval \"$(printf %s '{encoded}' | base64 -d)\""));
                }
                if moved.is_some() {
                    return None;
                }
                moved = Some(encoded);
                Some(format!("eval \"$(base64 -d < ./{beside})\""))
            });
            if let Some(changed) = changed {
                put(&mut out, path, changed);
                out.extend(moved.map(|moved| (new, moved)));
                any = true;
            }
        } else if may_move(files, path, text) {
            let (first, body) = head(text);
            let encoded = base64(body.as_bytes());
            let (with, data) = match random.below(3) {
                0 => (
                    format!("eval \"$(printf %s '{encoded}' | base64 -d)\"\n"),
                    None,
                ),
                1 => {
                    let end = random.name(body);
                    (
                        format!("eval \"$(cat <<'{end}'\n{}\n{end}\n)\"\n", body.trim_end()),
                        None,
                    )
                }
                _ => (
                    format!("eval \"$(base64 -d < \"$(dirname \"$0\")/{beside}\")\"\n"),
                    Some(encoded),
                ),
            };
            put(&mut out, path, format!("{first}{with}"));
            out.extend(data.map(|data| (new, data)));
            any = true;
        }
    }
    any.then_some(out)
}

fn put(files: &mut [File], path: &str, text: String) {
    if let Some(file) = files.iter_mut().find(|(other, _)| other == path) {
        file.1 = text;
    }
}

/// A script that is run, and not read by another: its `$0` is its own path.
fn may_move(files: &[File], path: &str, text: &str) -> bool {
    let name = file_name(path);
    let is_read = |other: &str| {
        other.lines().any(|line| {
            let line = line.trim_start();
            (line.starts_with(". ") || line.contains("source ")) && line.contains(name)
        })
    };
    let is_code = extension(path) == "sh" || is_script(text);
    let returns = crate::transform::edit::has_word(text, "return");
    is_code
        && is_own(text)
        && !reads_itself(text)
        && !returns
        && !head(text).1.trim().is_empty()
        && !files.iter().any(|(_, other)| is_read(other))
}
