//! Methods of a class of the package that Python's library calls, since the class is made from
//! one of the library's or an object of it is handed to the library.

/// The methods that a method of a library's class calls: `threading.Thread().start` calls `run`.
/// A name that ends with `*` means each that begins with it.
pub(in crate::know) fn calls_own(path: &str) -> &'static [&'static str] {
    let Some((class, method)) = path.rsplit_once("().") else {
        return &[];
    };
    match (class, method) {
        (
            "threading.Thread" | "multiprocessing.Process" | "multiprocessing.context.Process",
            "start" | "run",
        )
        | ("threading.Timer", "start") => &["run"],
        ("cmd.Cmd", "onecmd" | "cmdloop") => &[
            "do_*",
            "default",
            "emptyline",
            "precmd",
            "postcmd",
            "preloop",
            "postloop",
        ],
        ("ast.NodeVisitor" | "ast.NodeTransformer", "visit" | "generic_visit") => {
            &["visit_*", "generic_visit"]
        }
        ("html.parser.HTMLParser" | "HTMLParser.HTMLParser", "feed" | "close" | "goahead") => {
            &["handle_*", "unknown_decl"]
        }
        ("string.Formatter", "format" | "vformat") => &[
            "get_value",
            "get_field",
            "format_field",
            "convert_field",
            "check_unused_args",
            "parse",
        ],
        ("string.Template", "substitute" | "safe_substitute") => &["__getitem__"],
        ("pickle.Unpickler" | "pickle._Unpickler", "load") => &["find_class", "persistent_load"],
        ("pickle.Pickler" | "pickle._Pickler", "dump") => &["reducer_override", "persistent_id"],
        ("json.JSONEncoder", "encode" | "iterencode") => &["default"],
        ("json.JSONDecoder", "decode") => &["raw_decode"],
        (
            "logging.Handler" | "logging.StreamHandler" | "logging.FileHandler",
            "handle" | "emit",
        ) => &["emit", "filter", "format"],
        ("unittest.TestCase", "run" | "debug" | "__call__") => &["test*", "setUp", "tearDown"],
        ("argparse.ArgumentParser", "parse_args" | "parse_known_args") => &[
            "parse_known_args",
            "convert_arg_line_to_args",
            "error",
            "exit",
        ],
        (
            "socketserver.BaseServer" | "socketserver.TCPServer" | "socketserver.UDPServer",
            "serve_forever" | "handle_request",
        ) => &[
            "process_request",
            "verify_request",
            "finish_request",
            "service_actions",
            "handle_error",
        ],
        ("code.InteractiveConsole" | "code.InteractiveInterpreter", "runsource" | "interact") => {
            &["runcode", "runsource", "showtraceback"]
        }
        _ => &[],
    }
}

/// The methods that something of the library calls of an object that it is handed.
pub(in crate::know) fn calls_handed(path: &str) -> &'static [&'static str] {
    let method = path.rsplit('.').next().unwrap_or(path);
    match path {
        "sys.meta_path.insert" | "sys.meta_path.append" | "sys.meta_path.extend" => &[
            "find_spec",
            "find_module",
            "create_module",
            "exec_module",
            "load_module",
        ],
        "importlib.util.spec_from_loader" | "importlib.machinery.ModuleSpec" => &[
            "create_module",
            "exec_module",
            "load_module",
            "get_code",
            "get_data",
            "get_filename",
            "get_source",
            "source_to_code",
        ],
        "copy.copy" => &["__copy__", "__reduce__", "__reduce_ex__", "__getstate__"],
        "copy.deepcopy" => &[
            "__deepcopy__",
            "__reduce__",
            "__reduce_ex__",
            "__getstate__",
        ],
        "pickle.dumps" | "pickle.dump" => &["__reduce__", "__reduce_ex__", "__getstate__"],
        "contextlib.closing" => &["close"],
        "contextlib.ExitStack().enter_context" | "contextlib.ExitStack().push" => {
            &["__enter__", "__exit__"]
        }
        "contextlib.AsyncExitStack().enter_async_context" => &["__aenter__", "__aexit__"],
        "xml.sax.parse" | "xml.sax.parseString" => &[
            "start*",
            "end*",
            "characters",
            "processingInstruction",
            "setDocumentLocator",
        ],
        "threading.Thread"
        | "threading.Timer"
        | "multiprocessing.Process"
        | "map"
        | "filter"
        | "sorted"
        | "min"
        | "max"
        | "functools.reduce"
        | "functools.partial"
        | "atexit.register"
        | "signal.signal"
        | "sys.settrace"
        | "sys.setprofile"
        | "weakref.finalize"
        | "asyncio.to_thread"
        | "sys.path_hooks.append"
        | "sys.path_hooks.insert"
        | "gc.callbacks.append"
        | "iter" => &["__call__"],
        _ if path.contains("logging.") => match method {
            "addHandler" => &["emit", "handle", "filter"],
            "addFilter" => &["filter"],
            _ => &[],
        },
        _ if method == "submit" && path.contains("Executor()") => &["__call__"],
        _ => &[],
    }
}

/// What a call of something of the library calls in its place: the position of the function, and
/// the name it may be given by.
pub(in crate::know) fn calls_for(path: &str) -> Option<(usize, &'static str)> {
    match path {
        "threading.Thread" | "multiprocessing.Process" => Some((1, "target")),
        "threading.Timer" => Some((1, "function")),
        "atexit.register" | "asyncio.to_thread" | "functools.partial" => Some((0, "")),
        "weakref.finalize" => Some((1, "")),
        _ if path.ends_with("Executor().submit") => Some((0, "")),
        _ if path.ends_with(".call_soon") && path.contains("()") => Some((0, "")),
        _ => None,
    }
}
