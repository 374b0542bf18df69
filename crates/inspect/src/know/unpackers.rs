//! Libraries that fill folders: with what is in an archive, or with a clone.

/// Which part of a call says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// An argument.
    At(usize),
    /// A property of an argument, under one of these names.
    In(usize, &'static [&'static str]),
}

/// What a call unpacks, and where to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unpacker {
    /// The archive. Where there is none it was given to what the method is called on, or flows in.
    pub archive: Option<Slot>,
    /// The folder. Where the call does not name it, that is the one that the program runs in.
    pub folder: Slot,
    /// The archive is an address: what it names is fetched.
    pub fetches: bool,
}

/// What a function of a library clones from an address into a folder; none where it does not.
pub fn cloner(path: &str) -> Option<Unpacker> {
    let path = super::undefaulted(path);
    let (address, folder) = match &*path {
        "git.Repo.clone_from"
        | "git.repo.Repo.clone_from"
        | "pygit2.clone_repository"
        | "dulwich.porcelain.clone"
        | "simple-git().clone"
        | "simple-git/promise().clone"
        | "simple-git.simpleGit().clone"
        | "nodegit.Clone"
        | "nodegit.Clone.clone"
        | "git-clone"
        | "git-clone/promise"
        | "download-git-repo"
        | "download" => (Slot::At(0), Slot::At(1)),
        "isomorphic-git.clone" => (Slot::In(0, &["url"]), Slot::In(0, &["dir"])),
        "giget.downloadTemplate" => (Slot::At(0), Slot::In(1, &["dir"])),
        _ => return None,
    };
    Some(Unpacker {
        archive: Some(address),
        folder,
        fetches: true,
    })
}

/// What a function or a method of a crate unpacks or clones; none where it does not.
pub fn unpacker_of_rust(path: &str) -> Option<Unpacker> {
    let (archive, folder) = match path {
        "zip.ZipArchive.new().extract"
        | "zip.read.ZipArchive.new().extract"
        | "zip.ZipArchive.new().extract_unwrapped_root_dir"
        | "tar.Archive.new().unpack"
        | "tokio_tar.Archive.new().unpack"
        | "async_tar.Archive.new().unpack" => (None, Slot::At(0)),
        "zip_extract.extract"
        | "zip_extensions.zip_extract"
        | "sevenz_rust.decompress"
        | "sevenz_rust.decompress_file"
        | "sevenz_rust2.decompress"
        | "sevenz_rust2.decompress_file" => (Some(Slot::At(0)), Slot::At(1)),
        "git2.Repository.clone"
        | "git2.Repository.clone_recurse"
        | "git2.build.RepoBuilder.new().clone"
        | "gix.prepare_clone"
        | "gix.clone.PrepareFetch.new" => {
            return Some(Unpacker {
                archive: Some(Slot::At(0)),
                folder: Slot::At(1),
                fetches: true,
            });
        }
        _ => return None,
    };
    Some(Unpacker {
        archive,
        folder,
        fetches: false,
    })
}

/// What a function, a class or a method of a library unpacks; none where it does not.
pub fn unpacker(path: &str) -> Option<Unpacker> {
    let path = super::undefaulted(path);
    let (archive, folder) = match &*path {
        "tar.x" | "tar.extract" => (
            Some(Slot::In(0, &["file", "f"])),
            Slot::In(0, &["cwd", "C"]),
        ),
        "extract-zip" | "@electron/extract-zip" => (Some(Slot::At(0)), Slot::In(1, &["dir"])),
        "decompress"
        | "compressing.zip.uncompress"
        | "compressing.tgz.uncompress"
        | "compressing.tar.uncompress"
        | "compressing.gzip.uncompress"
        | "cross-zip.unzip"
        | "cross-zip.unzipSync"
        | "zip-lib.extract"
        | "7zip-min.unpack"
        | "node-7z.extract"
        | "node-7z.extractFull"
        | "inly" => (Some(Slot::At(0)), Slot::At(1)),
        "targz.decompress" => (Some(Slot::In(0, &["src"])), Slot::In(0, &["dest"])),
        "unzipper.Extract" | "unzip.Extract" | "unzip-stream.Extract" | "tar.Extract" => {
            (None, Slot::In(0, &["path"]))
        }
        "unzipper.Open.file().extract"
        | "unzipper.Open.buffer().extract"
        | "unzipper.Open.url().extract" => (None, Slot::In(0, &["path"])),
        "tar-fs.extract" => (None, Slot::At(0)),
        "adm-zip().extractAllTo" | "adm-zip().extractAllToAsync" => (None, Slot::At(0)),
        "adm-zip().extractEntryTo" => (None, Slot::At(1)),
        _ => return cloner(&path),
    };
    Some(Unpacker {
        archive,
        folder,
        fetches: false,
    })
}
