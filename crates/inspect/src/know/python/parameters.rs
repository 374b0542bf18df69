//! The parameters of functions of Python's library that start or load something.

/// The names of the first parameters of a function, for calls that give them by name.
pub(in crate::know) fn parameters(path: &str) -> &'static [&'static str] {
    match path {
        "os.system" | "posix.system" | "nt.system" => &["command"],
        "os.popen"
        | "subprocess.getoutput"
        | "subprocess.getstatusoutput"
        | "asyncio.create_subprocess_shell"
        | "asyncio.subprocess.create_subprocess_shell" => &["cmd"],
        "subprocess.run"
        | "subprocess.call"
        | "subprocess.Popen"
        | "subprocess.check_output"
        | "subprocess.check_call" => &["args"],
        "asyncio.create_subprocess_exec" | "asyncio.subprocess.create_subprocess_exec" => {
            &["program"]
        }
        "os.startfile" => &["filepath"],
        "os.execvp" | "os.execvpe" => &["file", "args"],
        "os.execve" => &["path", "argv"],
        "os.spawnv" | "os.spawnve" | "os.spawnvp" | "os.spawnvpe" => &["mode", "file", "args"],
        "pty.spawn" => &["argv"],
        "importlib.import_module" | "__import__" | "ctypes.CDLL" => &["name"],
        "ctypes.cdll.LoadLibrary" => &["name"],
        "importlib.util.spec_from_file_location" => &["name", "location"],
        "importlib.machinery.SourceFileLoader" => &["fullname", "path"],
        "imp.load_source" => &["name", "pathname"],
        "runpy.run_path" => &["path_name"],
        "compile" | "builtins.compile" => &["source"],
        "types.FunctionType" => &["code"],
        "pdb.run" | "profile.run" | "profile.runctx" | "cProfile.run" | "cProfile.runctx" => {
            &["statement"]
        }
        "pdb.runeval" => &["expression"],
        "timeit.timeit" | "timeit.repeat" => &["stmt", "setup"],
        "code.InteractiveInterpreter().runsource" | "code.InteractiveConsole().runsource" => {
            &["source"]
        }
        "pickle.load" | "_pickle.load" | "dill.load" | "cloudpickle.load" => &["file"],
        "joblib.load" => &["filename"],
        "pandas.read_pickle" => &["filepath_or_buffer"],
        "torch.load" => &["f"],
        "jsonpickle.decode" | "jsonpickle.loads" => &["string"],
        "yaml.load" => &["stream", "Loader"],
        "yaml.unsafe_load" | "yaml.unsafe_load_all" => &["stream"],
        _ => &[],
    }
}

/// How many arguments stand before what is started: `os.spawnl(mode, path, ...)`,
/// `loop.subprocess_shell(protocol, command)`.
pub(in crate::know) fn before(path: &str) -> usize {
    // The window and the verb: `ShellExecuteW(None, "open", path, words, …)`.
    if path.starts_with("ctypes.") && path.contains(".ShellExecute") {
        return 2;
    }
    let is_behind = path.starts_with("os.spawn")
        || path.ends_with("().subprocess_shell")
        || path.ends_with("().subprocess_exec")
        // The name that a module is to have stands before its path.
        || matches!(
            path,
            "importlib.util.spec_from_file_location"
                | "importlib.machinery.SourceFileLoader"
                | "imp.load_source"
        );
    usize::from(is_behind)
}

/// Whether the first argument of what is started is how it names itself, as of `execv` in C:
/// `os.execl("/bin/sh", "sh", "-c", line)`.
pub(in crate::know) fn names_itself(path: &str) -> bool {
    matches!(
        path,
        "os.execl"
            | "os.execle"
            | "os.execlp"
            | "os.execlpe"
            | "os.execv"
            | "os.execve"
            | "os.execvp"
            | "os.execvpe"
            | "os.spawnl"
            | "os.spawnle"
            | "os.spawnlp"
            | "os.spawnlpe"
            | "os.spawnv"
            | "os.spawnve"
            | "os.spawnvp"
            | "os.spawnvpe"
            | "os.posix_spawn"
            | "os.posix_spawnp"
            | "posix.execv"
            | "posix.execve"
            | "posix.posix_spawn"
    )
}
