//! What the words of such commands say.

use crate::know;

/// What a command unpacks, and where to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unpacking<'w> {
    /// None where the archive comes in.
    pub archive: Option<&'w str>,
    pub folder: &'w str,
}

impl<'w> Unpacking<'w> {
    pub fn of(base: &str, texts: &[&'w str]) -> Option<Self> {
        match base {
            "tar" | "bsdtar" | "gtar" => Self::of_tar(texts),
            "unzip" => {
                let mut words = texts.iter().copied();
                let (mut archive, mut folder) = (None, "");
                while let Some(word) = words.next() {
                    match word {
                        "-d" => folder = words.next().unwrap_or_default(),
                        // Nothing is written.
                        "-l" | "-p" | "-t" | "-v" | "-Z" => return None,
                        _ if word.starts_with("-d") => folder = &word[2..],
                        _ if word.starts_with('-') => {}
                        _ => archive = archive.or(Some(word)),
                    }
                }
                Some(Self {
                    archive: Some(archive?),
                    folder,
                })
            }
            _ => {
                let (verb, rest) = texts.split_first()?;
                if !matches!(*verb, "x" | "e") {
                    return None;
                }
                let folder = rest.iter().find_map(|word| word.strip_prefix("-o"));
                let archive = rest.iter().copied().find(|word| !word.starts_with('-'));
                Some(Self {
                    archive: Some(archive?),
                    folder: folder.unwrap_or_default(),
                })
            }
        }
    }

    /// Old options without a dash (`tar xzf a b`), short ones, and long ones.
    fn of_tar(texts: &[&'w str]) -> Option<Self> {
        let (mut extracts, mut archive, mut folder) = (false, None, "");
        let mut words = texts.iter().copied().enumerate();
        while let Some((at, word)) = words.next() {
            let long = word.strip_prefix("--");
            if let Some(long) = long {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (long, None),
                };
                match name {
                    "extract" | "get" => extracts = true,
                    "file" => archive = value.or_else(|| words.next().map(|(_, word)| word)),
                    "directory" => {
                        folder = value
                            .or_else(|| words.next().map(|(_, word)| word))
                            .unwrap_or_default();
                    }
                    "to-stdout" | "list" | "create" => return None,
                    _ => {}
                }
                continue;
            }
            let letters = match word.strip_prefix('-') {
                Some(letters) => letters,
                None if at == 0 => word,
                None => continue,
            };
            for (index, letter) in letters.char_indices() {
                let rest = &letters[index + letter.len_utf8()..];
                match letter {
                    'x' => extracts = true,
                    'O' | 't' | 'c' => return None,
                    'f' | 'C' => {
                        // Without a dash values follow in the order of the letters.
                        let joined = word.starts_with('-') && !rest.is_empty();
                        let value = match joined {
                            true => Some(rest),
                            false => words.next().map(|(_, word)| word),
                        };
                        match letter {
                            'f' => archive = value,
                            _ => folder = value.unwrap_or_default(),
                        }
                        if joined {
                            break;
                        }
                    }
                    _ => {}
                }
            }
        }
        extracts.then_some(Self {
            archive: archive.filter(|archive| *archive != "-"),
            folder,
        })
    }
}

/// The words that are no options and no values of such.
pub(super) fn without_options<'w>(
    texts: &[&'w str],
    takes_a_value: fn(&str) -> bool,
) -> impl Iterator<Item = &'w str> {
    let mut skips = false;
    texts.iter().copied().filter(move |text| {
        let is_value = std::mem::take(&mut skips);
        skips = !is_value && takes_a_value(text);
        !is_value && (*text == "-" || !text.starts_with('-'))
    })
}

/// Whether an option of git takes what follows.
pub(super) fn takes_a_value(option: &str) -> bool {
    matches!(
        option,
        "-b" | "--branch"
            | "-c"
            | "-C"
            | "--config"
            | "--depth"
            | "-o"
            | "--origin"
            | "-j"
            | "--jobs"
            | "--filter"
            | "--reference"
            | "--shallow-since"
            | "--template"
            | "-u"
            | "--upload-pack"
            | "--revision"
            | "-r"
            | "--username"
            | "--password"
    )
}

/// Whether a word is the digest of a commit, in full.
pub(super) fn is_commit(word: &str) -> bool {
    matches!(word.len(), 40 | 64) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a word names a place on another machine: `host:path`, `s3://bucket/key`.
pub(super) fn is_afar(word: &str) -> bool {
    if word.contains("://") {
        return !word.starts_with("file:");
    }
    // `C:\path` is one of this machine.
    word.split_once(':').is_some_and(|(host, path)| {
        host.len() > 1 && !host.contains('/') && !path.is_empty() && !host.starts_with('.')
    })
}

/// The place that an address names, those that ssh understands too: `user@host:path`.
pub(super) fn host_of(word: &str) -> Option<String> {
    if word.contains("://") {
        return know::place_of(word).filter(|_| !word.starts_with("file:"));
    }
    let word = word
        .rsplit_once('@')
        .filter(|(user, _)| !user.contains('/'))
        .map_or(word, |(_, rest)| rest);
    let (host, path) = word.split_once([':', '/']).unwrap_or((word, ""));
    if !host.contains('.') || host.starts_with('.') {
        return None;
    }
    know::place_of(&format!("https://{host}/{}", path.trim_start_matches('/')))
}

/// Whether it is the input of the command by name.
pub(super) fn is_input(file: &str) -> bool {
    matches!(file, "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0")
}

/// Whether a command builds or installs what lies in a folder, and so runs it.
pub(super) fn builds(base: &str, texts: &[&str]) -> bool {
    let verb = texts.iter().copied().find(|text| !text.starts_with('-'));
    match base {
        "make" | "gmake" | "nmake" | "ninja" | "rake" | "just" | "gradle" | "gradlew" | "mvn"
        | "ant" | "scons" | "bazel" => true,
        "cmake" => texts.contains(&"--build") || texts.contains(&"--install"),
        "meson" => matches!(verb, Some("compile" | "install")),
        "npm" | "pnpm" | "yarn" | "bun" => matches!(
            verb,
            None | Some(
                "i" | "install" | "ci" | "add" | "run" | "start" | "test" | "rebuild" | "link"
            )
        ),
        "pip" | "pip3" => matches!(verb, Some("install" | "wheel")),
        "cargo" => matches!(verb, Some("build" | "b" | "run" | "r" | "install" | "test")),
        "go" => matches!(verb, Some("run" | "generate" | "test")),
        _ => false,
    }
}

/// Whether a command runs a file that it names from the folder that it stands in.
pub(super) fn starts_a_file(base: &str, texts: &[&str]) -> bool {
    let is_near = |text: &str| !text.starts_with(['/', '-']) && !text.is_empty();
    match base {
        "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" | "node" | "python" | "python3" | "perl"
        | "ruby" | "php" | "source" | "." => texts.iter().any(|text| is_near(text)),
        "configure" | "autogen.sh" | "bootstrap.sh" | "install.sh" | "build.sh" => true,
        _ => false,
    }
}
