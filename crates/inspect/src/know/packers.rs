//! Libraries that put files into archives and forms, which are then sent or written as a whole.

use super::Slot;

/// What a call of a library that packs does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// It puts something into what the method is called on: the files at a path, or below the
    /// folder that a pattern is looked for in.
    Puts {
        /// The path or pattern.
        path: Option<Slot>,
        /// The folder that it is meant from.
        folder: Option<Slot>,
    },
    /// It gives an archive of the listed paths.
    Makes {
        /// The list of paths, or the one path.
        paths: Slot,
        /// The folder that they are meant from.
        folder: Option<Slot>,
        /// The file that it writes the archive to, where one is named.
        into: Option<Slot>,
    },
    /// It writes what the method is called on into a file.
    Saves(Slot),
    /// It hands what the method is called on to other streams.
    Pipes,
}

/// What makes an archive or a form that things are put into.
fn makes_archive(head: &str) -> bool {
    matches!(
        head,
        "archiver"
            | "archiver.create"
            | "archiver.ZipArchive"
            | "archiver.TarArchive"
            | "adm-zip"
            | "jszip"
            | "yazl.ZipFile"
            | "tar-stream.pack"
            | "form-data"
    )
}

/// Methods that put something into an archive, whatever the library.
pub const PUTTERS: [&str; 12] = [
    "file",
    "directory",
    "glob",
    "append",
    "symlink",
    "addFile",
    "addLocalFile",
    "addLocalFolder",
    "addLocalFolderPromise",
    "addBuffer",
    "addReadStream",
    "entry",
];

/// What a call of a library that packs does; none where it is something else.
pub fn packing(path: &str) -> Option<Packing> {
    const CWD: Option<Slot> = Some(Slot::In(0, &["cwd", "C"]));
    let path = super::undefaulted(path);
    match &*path {
        "tar.c" | "tar.create" => {
            return Some(Packing::Makes {
                paths: Slot::At(1),
                folder: CWD,
                into: Some(Slot::In(0, &["file", "f"])),
            });
        }
        "tar-fs.pack" => {
            return Some(Packing::Makes {
                paths: Slot::At(0),
                folder: None,
                into: None,
            });
        }
        _ => {}
    }
    let (head, rest) = path.split_once("()")?;
    let method = rest.rsplit('.').next()?;
    if matches!(head, "tar.c" | "tar.create" | "tar-fs.pack") {
        return matches!(method, "pipe" | "pipeTo").then_some(Packing::Pipes);
    }
    if !makes_archive(head) {
        return None;
    }
    let puts = |path, folder| Some(Packing::Puts { path, folder });
    match (head, method) {
        (_, "pipe" | "pipeTo") => Some(Packing::Pipes),
        ("adm-zip", "writeZip" | "writeZipPromise") => Some(Packing::Saves(Slot::At(0))),
        (
            "adm-zip",
            "addLocalFile" | "addLocalFolder" | "addLocalFolderPromise" | "addLocalFolderAsync",
        )
        | ("yazl.ZipFile", "addFile") => puts(Some(Slot::At(0)), None),
        ("archiver" | "archiver.create" | "archiver.ZipArchive" | "archiver.TarArchive", how) => {
            match how {
                "file" | "directory" => puts(Some(Slot::At(0)), None),
                "glob" => puts(Some(Slot::At(0)), Some(Slot::In(1, &["cwd"]))),
                "append" => puts(None, None),
                _ => None,
            }
        }
        ("adm-zip", "addFile")
        | ("jszip", "file")
        | ("yazl.ZipFile", "addBuffer" | "addReadStream")
        | ("tar-stream.pack", "entry")
        | ("form-data", "append") => puts(None, None),
        _ => None,
    }
}

/// Whether a call sends what it is called on: `form.submit(url)`, `session.get(url)` with what
/// was put into the session's headers.
pub fn sends_itself(path: &str) -> bool {
    let path = super::undefaulted(path);
    if path == "form-data().submit" {
        return true;
    }
    let session = [
        "requests.Session().",
        "requests.session().",
        "httpx.Client().",
        "httpx.AsyncClient().",
    ];
    session
        .iter()
        .find_map(|session| path.strip_prefix(session))
        .is_some_and(|method| {
            matches!(
                method,
                "get" | "post" | "put" | "patch" | "delete" | "head" | "request" | "options"
            )
        })
}

/// The argument of a call that is the path of a file whose content is sent, with the name that
/// it may be given by.
pub fn sends_file(path: &str) -> Option<(usize, &'static str)> {
    match path {
        "paramiko.SSHClient().open_sftp().put"
        | "paramiko.SFTPClient.from_transport().put"
        | "paramiko.Transport().open_sftp_client().put" => return Some((0, "localpath")),
        "ssh2-sftp-client().put"
        | "ssh2-sftp-client().fastPut"
        | "ssh2-sftp-client().uploadDir"
        | "basic-ftp.Client().uploadFrom"
        | "basic-ftp.Client().uploadFromDir" => return Some((0, "")),
        _ => {}
    }
    let (head, method) = path.rsplit_once('.')?;
    if head.starts_with("google.cloud.storage.Client") && method == "upload_from_filename" {
        return Some((0, "filename"));
    }
    let of_store = head.starts_with("boto3.") && head.ends_with("()");
    (of_store && method == "upload_file").then_some((0, "Filename"))
}

/// Whether a call sends a message that names the files that it takes along.
pub fn takes_files(path: &str) -> bool {
    path.starts_with("nodemailer") && path.ends_with(".sendMail")
}

/// Whether a call of a client of a store or of another machine sends its arguments.
pub fn sends_to_store(path: &str) -> bool {
    if sends_file(path).is_some() {
        return true;
    }
    match path.rsplit_once('.') {
        Some((head, "put_object" | "upload_fileobj" | "put" | "send_message" | "publish")) => {
            head.starts_with("boto3.") && head.ends_with("()")
        }
        Some(("paramiko.SSHClient().open_sftp()", "putfo")) => true,
        _ => false,
    }
}

/// Whether a call lists the files that a pattern means, as many packages of npm do.
pub fn lists_pattern(path: &str) -> bool {
    matches!(
        path,
        "glob"
            | "glob.sync"
            | "glob.glob"
            | "glob.globSync"
            | "glob.default"
            | "fast-glob"
            | "fast-glob.sync"
            | "fast-glob.async"
            | "fast-glob.default"
            | "fast-glob.glob"
            | "fast-glob.globSync"
            | "globby"
            | "globby.sync"
            | "globby.globby"
            | "globby.globbySync"
            | "globby.default"
            | "tinyglobby.glob"
            | "tinyglobby.globSync"
            | "fs.globSync"
            | "fs.promises.glob"
            | "fs/promises.glob"
    )
}
