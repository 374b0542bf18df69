//! Ways to tamper with what was installed. Paths are relative to the home.

use crate::ground::Ground;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;

/// What a tampered file says. It does nothing.
const MARK: &[u8] = b"/* inert */";

/// Other bytes in a file of its own: size, permissions and time are as they were, and a file that
/// shared its inode keeps its bytes.
pub fn edit(ground: &Ground, path: &str) {
    edit_at(&ground.at(path));
}

/// The same by a whole path.
pub fn edit_at(path: &Path) {
    let meta = fs::symlink_metadata(path).unwrap();
    assert!(meta.is_file(), "{} is no file", path.display());
    let bytes = changed(fs::read(path).unwrap());
    let beside = path.with_extension("tampered");
    fs::write(&beside, bytes).unwrap();
    fs::set_permissions(&beside, meta.permissions()).unwrap();
    fs::rename(&beside, path).unwrap();
    let file = fs::File::options().write(true).open(path);
    file.and_then(|file| file.set_modified(meta.modified().unwrap()))
        .unwrap();
    assert_eq!(fs::metadata(path).unwrap().len(), meta.len());
}

/// Other bytes in the same inode: whoever shares it has them too.
pub fn edit_shared(path: &Path) {
    let meta = fs::symlink_metadata(path).unwrap();
    assert!(meta.nlink() > 1, "{} is not shared", path.display());
    let bytes = changed(fs::read(path).unwrap());
    let mut permissions = meta.permissions();
    let before = permissions.clone();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
    fs::set_permissions(path, permissions).unwrap();
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, before).unwrap();
    let file = fs::File::open(path).unwrap();
    file.set_modified(meta.modified().unwrap()).unwrap();
}

/// The last letter is another one; texts and programs stay what they are for who looks at heads.
fn changed(mut bytes: Vec<u8>) -> Vec<u8> {
    let at = bytes.iter().rposition(u8::is_ascii_alphanumeric).unwrap();
    bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
    bytes
}

/// A new file, with the folders on its way.
pub fn add(ground: &Ground, path: &str) {
    write(ground, path, MARK);
}

/// A file with these bytes.
pub fn write(ground: &Ground, path: &str, bytes: &[u8]) {
    let path = ground.at(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    // A file that shares its inode keeps its bytes.
    if path.symlink_metadata().is_ok() {
        fs::remove_file(&path).unwrap();
    }
    fs::write(path, bytes).unwrap();
}

/// Text in place of other text, which must be there.
pub fn replace(ground: &Ground, path: &str, from: &str, to: &str) {
    let text = fs::read_to_string(ground.at(path)).unwrap();
    assert!(text.contains(from), "{path} does not say {from}");
    write(ground, path, text.replace(from, to).as_bytes());
}

/// No file any more.
pub fn delete(ground: &Ground, path: &str) {
    fs::remove_file(ground.at(path)).unwrap();
}

/// No folder any more.
pub fn delete_folder(ground: &Ground, path: &str) {
    fs::remove_dir_all(ground.at(path)).unwrap();
}

/// A folder with a file in it, where a file was.
pub fn file_to_folder(ground: &Ground, path: &str) {
    delete(ground, path);
    add(ground, &format!("{path}/index.js"));
}

/// The same bytes, but outside of the project: a link leads there.
pub fn move_out(ground: &Ground, path: &str) {
    let outside = ground.at("outside");
    fs::create_dir_all(&outside).unwrap();
    let moved = outside.join(Path::new(path).file_name().unwrap());
    fs::copy(ground.at(path), &moved).unwrap();
    delete(ground, path);
    symlink(moved, ground.at(path)).unwrap();
}

/// A link, in place of whatever is there.
pub fn link(ground: &Ground, path: &str, target: &str) {
    let path = ground.at(path);
    match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(&path).unwrap(),
        Ok(_) => fs::remove_file(&path).unwrap(),
        Err(_) => fs::create_dir_all(path.parent().unwrap()).unwrap(),
    }
    symlink(target, path).unwrap();
}
