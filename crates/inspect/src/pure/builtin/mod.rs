//! Functions of both libraries that compute and do nothing else.

mod decode;
mod file;
mod indent;
mod installed;
mod json;
pub(super) mod letters;
mod node;
mod number;
mod object;
mod path;
mod pattern;

pub(in crate::pure) use decode::encode_bytes;
pub(in crate::pure) use decode::percent_decode;
pub(crate) use file::names_beside;
pub(in crate::pure) use json::from_json;
pub(in crate::pure) use pattern::{Match, matches};

use crate::ir::{Language, Regex};
use crate::pure::paths::LONGEST;
use crate::pure::value::{Native, REST, Value};
use crate::pure::{Machine, operate};
use crate::unpack::Codec;
use base64::Engine as _;
use decode::{
    BASE64, base32, base85, buffer_from, char_codes, codec, expand, from_base64, hex, inflate,
    latin1, percent_encode, xz_or_lzma,
};
use file::beside_module;
use json::to_json;
use number::{large_number, math, parse_int, range, zip};
use object::{assigned, mapped, object_parts};
pub(in crate::pure) use path::normal;
use path::{here, home, joined, path_is_file, with_variables};
use std::rc::Rc;

/// Calls something of a library. What is not known to be pure gives a path: `f()`.
#[allow(clippy::too_many_lines, reason = "one arm a function")]
pub(super) fn call(
    machine: &mut Machine<'_>,
    native: &Native,
    this: &Value,
    args: &[Value],
    new: bool,
    language: Language,
) -> Value {
    let path = &*native.path;
    let first = args.first();
    let number = |index: usize| args.get(index).and_then(Value::number);
    let text = |index: usize| args.get(index).and_then(Value::known_text);
    let pure = match (language, path) {
        (Language::JavaScript, "String.fromCharCode" | "String.fromCodePoint") => {
            char_codes(args, path.ends_with("CharCode"))
        }
        (Language::JavaScript, "String") => first
            .and_then(Value::as_text)
            .map(|text| Value::text(&text)),
        (Language::JavaScript, "Number") => number(0).map(Value::Number),
        (Language::JavaScript, "Boolean") => first.and_then(Value::truth).map(Value::Bool),
        (Language::JavaScript, "parseInt" | "Number.parseInt") => first
            .and_then(Value::as_text)
            .map(|text| Value::Number(parse_int(&text, number(1)))),
        (Language::JavaScript, "parseFloat" | "Number.parseFloat") => number(0).map(Value::Number),
        (Language::JavaScript, "atob") => text(0)
            .and_then(from_base64)
            .map(|bytes| Value::text(&latin1(&bytes))),
        (Language::JavaScript, "btoa") => first
            .and_then(Value::to_bytes)
            .map(|bytes| Value::text(&BASE64.encode(bytes))),
        (Language::JavaScript, "unescape" | "decodeURIComponent" | "decodeURI") => {
            text(0).map(|text| Value::text(&percent_decode(text, path == "unescape")))
        }
        (Language::JavaScript, "encodeURIComponent" | "encodeURI" | "escape") => first
            .and_then(Value::as_text)
            .map(|text| Value::text(&percent_encode(&text))),
        (Language::JavaScript, "Buffer.from" | "Buffer" | "buffer.Buffer.from") => {
            buffer_from(args)
        }
        (Language::JavaScript, "Buffer.concat") => {
            first.and_then(operate::elements).and_then(|parts| {
                let mut out = Vec::new();
                for part in parts {
                    out.extend(part.to_bytes()?);
                }
                Some(Value::bytes(out))
            })
        }
        (Language::JavaScript, "Buffer.alloc" | "Buffer.allocUnsafe") => number(0)
            .filter(|n| *n >= 0.0 && *n < 1e6)
            .map(|n| Value::bytes(vec![0; n as usize])),
        (Language::JavaScript, "Uint8Array" | "Uint8Array.from" | "Uint8ClampedArray") => {
            match first {
                Some(Value::Number(n)) if *n >= 0.0 && *n < 1e6 => {
                    Some(Value::bytes(vec![0; *n as usize]))
                }
                Some(Value::Text(_)) if args.len() == 2 => mapped(machine, args, language)
                    .as_ref()
                    .and_then(Value::to_bytes)
                    .map(Value::bytes),
                Some(other) if args.len() < 2 => other.to_bytes().map(Value::bytes),
                Some(_) => mapped(machine, args, language)
                    .as_ref()
                    .and_then(Value::to_bytes)
                    .map(Value::bytes),
                None => None,
            }
        }
        (Language::JavaScript, "TextDecoder().decode") => first
            .and_then(Value::to_bytes)
            .map(|bytes| Value::text(&String::from_utf8_lossy(&bytes))),
        (Language::JavaScript, "TextEncoder().encode") => {
            first.and_then(Value::to_bytes).map(Value::bytes)
        }
        (Language::JavaScript, "JSON.parse") => match first {
            Some(Value::Bytes(bytes)) => serde_json::from_slice(&bytes.borrow()).ok(),
            _ => text(0).and_then(|text| serde_json::from_str(text).ok()),
        }
        .map(|json: serde_json::Value| from_json(&json)),
        (Language::Python, "json.loads" | "json.load") => match first {
            Some(Value::Native(native)) => native.made_at.and_then(|made| machine.opened(made)),
            other => other.cloned(),
        }
        .and_then(|text| serde_json::from_slice(&text.to_bytes()?).ok())
        .map(|json: serde_json::Value| from_json(&json)),
        // The reader gives a tagged template as one text.
        (Language::JavaScript, "String.raw") => match first {
            Some(Value::Object(_)) => match machine.get(&args[0], "raw", language) {
                whole @ Value::Text(_) => Some(whole),
                _ => None,
            },
            Some(whole @ Value::Text(_)) => Some(whole.clone()),
            _ => None,
        },
        // `new URL('./a', import.meta.url)`: a file of the package.
        (Language::JavaScript, "URL" | "url.URL") if args.len() == 2 => {
            beside_module(&args[0], &args[1])
        }
        (Language::JavaScript, "JSON.stringify") => {
            first.and_then(to_json).map(|json| Value::text(&json))
        }
        (Language::JavaScript, "Array.from") if args.len() < 2 => match first {
            Some(Value::Object(object)) => {
                let length = object
                    .entries
                    .borrow()
                    .iter()
                    .find(|(key, _)| &**key == "length")
                    .and_then(|(_, value)| value.number());
                length
                    .filter(|n| *n >= 0.0 && *n < 65_536.0)
                    .map(|n| Value::array(vec![Value::Undefined; n as usize]))
            }
            other => other.and_then(operate::elements).map(Value::array),
        },
        (Language::JavaScript, "Array.from") => mapped(machine, args, language),
        (Language::JavaScript, "Array.of") => Some(Value::array(args.to_vec())),
        (Language::JavaScript, "Array") => match (first, args.len()) {
            (Some(Value::Number(n)), 1) if *n >= 0.0 && *n < 65_536.0 => {
                Some(Value::array(vec![Value::Undefined; *n as usize]))
            }
            _ => Some(Value::array(args.to_vec())),
        },
        (Language::JavaScript, "Array.isArray") => first
            .filter(|v| !v.is_unknown())
            .map(|v| Value::Bool(matches!(v, Value::Array(_)))),
        (Language::JavaScript, "Object.defineProperty" | "Reflect.defineProperty") => {
            machine.define_property(args)
        }
        (Language::JavaScript, "Object.keys" | "Object.getOwnPropertyNames")
            if is_module(first) =>
        {
            Some(Value::array(vec![Value::text(REST)]))
        }
        // What is made of a module, or of what stands behind it, has what it has.
        (Language::JavaScript, "Object.getPrototypeOf" | "Reflect.getPrototypeOf")
            if is_module(first) =>
        {
            first.cloned()
        }
        (Language::JavaScript, "Object.create") if is_module(first) => {
            let rest = first.cloned().map(|module| (REST.into(), module));
            Some(Value::object(rest.into_iter().collect()))
        }
        (Language::JavaScript, "Object.keys" | "Object.getOwnPropertyNames") => {
            object_parts(first, |key, _| Value::Text(Rc::clone(key)))
        }
        (Language::JavaScript, "Object.values") => object_parts(first, |_, value| value.clone()),
        (Language::JavaScript, "Object.entries") => object_parts(first, |key, value| {
            Value::array(vec![Value::Text(Rc::clone(key)), value.clone()])
        }),
        (
            Language::JavaScript,
            "Object.freeze" | "Object.seal" | "Object" | "Promise.resolve" | "util.promisify"
            | "promisify",
        ) => first.cloned(),
        (Language::JavaScript, "structuredClone" | "v8.serialize" | "v8.deserialize") => {
            first.cloned()
        }
        (Language::JavaScript, "Object.getPrototypeOf" | "Reflect.getPrototypeOf")
            if matches!(first, Some(Value::Function(_))) =>
        {
            Some(Value::native("Function.prototype"))
        }
        (
            Language::JavaScript,
            "Error" | "TypeError" | "RangeError" | "SyntaxError" | "ReferenceError" | "EvalError",
        ) => text(0).map(|text| Value::object(vec![("message".into(), Value::text(text))])),
        (Language::JavaScript, "querystring.parse" | "querystring.decode") => {
            text(0).map(node::query)
        }
        (Language::JavaScript, "util.format") => node::formatted(args),
        (
            Language::JavaScript,
            "URL().searchParams.get" | "URLSearchParams().get" | "Map().get",
        ) => node::part_of_made(machine, native, text(0)),
        (Language::JavaScript, "Object.fromEntries") => first.and_then(node::from_entries),
        (
            Language::JavaScript,
            "require"
            | "module._load"
            | "module.Module._load"
            | "module.parent.require"
            | "module.Module.prototype.require"
            | "require.main.require",
        ) => text(0)
            .filter(|name| !name.starts_with(['.', '/']))
            .map(|name| Value::native(name.strip_prefix("node:").unwrap_or(name))),
        (Language::JavaScript, "Object.assign") => assigned(args),
        (Language::JavaScript, "Object.create") => Some(Value::object(Vec::new())),
        (Language::JavaScript, "Reflect.get") => Some(match (first, args.get(1)) {
            (Some(object), Some(key)) => machine.index(object, key, language),
            _ => Value::Unknown,
        }),
        (Language::JavaScript, "Reflect.apply") => {
            let function = first.cloned().unwrap_or(Value::Unknown);
            let rest = args.get(2).and_then(operate::elements).unwrap_or_default();
            return machine.invoke(
                &function,
                args.get(1).cloned().unwrap_or(Value::Undefined),
                rest,
                false,
                language,
            );
        }
        (
            Language::JavaScript,
            "createRequire"
            | "module.createRequire"
            | "Module.createRequire"
            | "module.Module.createRequire",
        ) => Some(Value::native("require")),
        (
            Language::JavaScript,
            "process.getBuiltinModule"
            | "process.binding"
            | "__non_webpack_require__"
            | "__require",
        ) => text(0).map(|name| Value::native(name.strip_prefix("node:").unwrap_or(name))),
        (
            Language::JavaScript,
            "path.join" | "path.posix.join" | "path.normalize" | "path.win32.join",
        ) => Some(joined(args)),
        (Language::JavaScript, "path.resolve") => Some(here(joined(args))),
        (Language::JavaScript, "path.dirname") => first
            .and_then(Value::any_text)
            .map(|path| Value::text(path.rsplit_once('/').map_or(".", |(folder, _)| folder))),
        (Language::JavaScript, "path.basename") => first
            .and_then(Value::any_text)
            .map(|path| Value::text(path.rsplit('/').next().unwrap_or(path))),
        // What is made for the call is as good as the folder for what is temporary: nobody else
        // looks there.
        (
            Language::JavaScript,
            "os.tmpdir" | "fs.mkdtempSync" | "fs.promises.mkdtemp" | "fs/promises.mkdtemp",
        ) => Some(Value::host("temp")),
        (Language::JavaScript, "os.homedir" | "homedir") => Some(Value::host("home")),
        (Language::JavaScript, "process.cwd") => Some(Value::host("cwd")),
        (Language::JavaScript, "url.fileURLToPath" | "fileURLToPath") => first.cloned(),
        (
            Language::JavaScript,
            "zlib.gunzipSync" | "zlib.inflateSync" | "zlib.inflateRawSync" | "zlib.unzipSync",
        ) => first
            .and_then(Value::to_bytes)
            .and_then(|b| inflate(&b))
            .map(Value::bytes),
        (
            Language::JavaScript,
            "fs.readFileSync" | "fs.promises.readFile" | "fs/promises.readFile",
        ) => first
            .and_then(Value::any_text)
            .and_then(|path| machine.own_file(path).or_else(|| machine.file_beside(path)))
            .map(|bytes| match args.get(1) {
                Some(Value::Text(_)) | Some(Value::Object(_)) => {
                    Value::text(&String::from_utf8_lossy(&bytes))
                }
                _ => Value::bytes(bytes),
            }),
        (Language::Python, "shutil.make_archive") => {
            match (first.and_then(Value::any_text), text(1)) {
                (Some(base), Some(format)) => Some(Value::text(&format!(
                    "{base}.{}",
                    match format {
                        "gztar" => "tar.gz",
                        "bztar" => "tar.bz2",
                        "xztar" => "tar.xz",
                        other => other,
                    }
                ))),
                _ => None,
            }
        }
        // What it makes runs as the text does.
        (Language::Python, "compile" | "builtins.compile") => match args.first() {
            Some(code @ (Value::Text(_) | Value::Bytes(_))) => Some(code.clone()),
            _ => None,
        },
        (Language::Python, "open().read") => native.made_at.and_then(|made| machine.opened(made)),
        (Language::JavaScript, "RegExp") => match (text(0), text(1)) {
            (Some(pattern), flags) => {
                let (pattern, flags) = (pattern.into(), flags.unwrap_or("").into());
                Some(Value::Regex(Regex { pattern, flags }.into()))
            }
            _ => None,
        },
        (Language::JavaScript, "Symbol" | "Symbol.for") => Some(Value::Unknown),
        (Language::JavaScript, _) if path.starts_with("Math.") => math(&path[5..], args),
        (Language::JavaScript, _) if path.starts_with("Array.prototype.") => {
            Some(machine.method(this, &path[16..], args, language))
        }

        (Language::Rust, "include_str!" | "include_bytes!") => {
            file::included(machine, args).map(|bytes| match path {
                "include_str!" => Value::text(&String::from_utf8_lossy(&bytes)),
                _ => Value::bytes(bytes),
            })
        }
        (
            Language::Rust,
            "std.env.var" | "env.var" | "std.env.var_os" | "env.var_os" | "built in",
        ) => match text(0) {
            Some("OUT_DIR") => Some(Value::host("out")),
            Some("HOME" | "USERPROFILE") => Some(Value::host("home")),
            Some("CARGO_HOME") => Some(Value::text(&home("~/.cargo"))),
            Some("CARGO") => Some(Value::text("cargo")),
            Some("SHELL") => Some(Value::text("sh")),
            Some("COMSPEC" | "ComSpec") => Some(Value::text("cmd.exe")),
            Some("CARGO_MANIFEST_DIR") => Some(Value::host("package")),
            Some("TMPDIR" | "TEMP" | "TMP") => Some(Value::host("temp")),
            _ => None,
        },
        (
            Language::Rust,
            "std.path.Path.new"
            | "Path.new"
            | "std.path.PathBuf.from"
            | "PathBuf.from"
            | "String.from"
            | "OsString.from"
            | "std.ffi.OsString.from"
            | "std.str.from_utf8"
            | "str.from_utf8",
        ) => match first {
            Some(Value::Bytes(bytes)) => {
                Some(Value::text(&String::from_utf8_lossy(&bytes.borrow())))
            }
            Some(Value::Array(items)) => Value::Array(Rc::clone(items))
                .to_bytes()
                .map(|bytes| Value::text(&String::from_utf8_lossy(&bytes))),
            other => other.cloned(),
        },
        (Language::Rust, "String.from_utf8" | "String.from_utf8_lossy") => first
            .and_then(Value::to_bytes)
            .map(|bytes| Value::text(&String::from_utf8_lossy(&bytes))),
        (Language::Rust, "std.env.temp_dir" | "env.temp_dir") => Some(Value::host("temp")),
        (
            Language::Rust,
            "dirs.home_dir" | "home.home_dir" | "std.env.home_dir" | "env.home_dir",
        ) => Some(Value::host("home")),
        (Language::Rust, "std.env.current_dir" | "env.current_dir") => Some(Value::host("cwd")),
        (
            Language::Rust,
            "String.new"
            | "PathBuf.new"
            | "std.path.PathBuf.new"
            | "OsString.new"
            | "std.ffi.OsString.new"
            | "String.with_capacity",
        ) => Some(Value::text("")),
        (Language::Rust, "Vec.new" | "Vec.with_capacity") => Some(Value::array(Vec::new())),
        (Language::Rust, _) if letters::is_of_numbers(path) => letters::made(path, args),
        (Language::Python, "chr") => number(0)
            .and_then(|n| char::from_u32(n as u32))
            .map(|c| Value::text(c.encode_utf8(&mut [0; 4]))),
        (Language::Python, "ord") => match first {
            Some(Value::Text(_)) => text(0)
                .and_then(|t| t.chars().next())
                .map(|c| Value::Number(f64::from(u32::from(c)))),
            Some(Value::Bytes(b)) => b.borrow().first().map(|b| Value::Number(f64::from(*b))),
            _ => None,
        },
        (Language::Python, "len") => first
            .and_then(operate::elements)
            .map(|items| Value::Number(items.len() as f64)),
        (Language::Python, "str") => match first {
            None => Some(Value::text("")),
            Some(value) => value.as_text().map(|text| Value::text(&text)),
        },
        (Language::Python, "int") => match (first, number(1)) {
            (Some(Value::Text(_)), radix) => text(0).and_then(|t| {
                let digits = t.trim().trim_start_matches("0x");
                let radix = radix.unwrap_or(10.0).clamp(2.0, 36.0) as u32;
                match i64::from_str_radix(digits, radix) {
                    Ok(n) => Some(Value::Number(n as f64)),
                    Err(_) => large_number(digits, radix).map(Value::bytes),
                }
            }),
            _ => number(0).map(|n| Value::Number(n.trunc())),
        },
        (Language::Python, "float") => number(0).map(Value::Number),
        (Language::Python, "abs") => number(0).map(|n| Value::Number(n.abs())),
        (Language::Python, "bytes" | "bytearray" | "memoryview") => match first {
            Some(Value::Number(n)) if *n >= 0.0 && *n < 1e6 => {
                Some(Value::bytes(vec![0; *n as usize]))
            }
            Some(other) => other.to_bytes().map(Value::bytes),
            None => Some(Value::bytes(Vec::new())),
        },
        (Language::Python, "list" | "tuple" | "iter" | "set") => match first {
            None => Some(Value::array(Vec::new())),
            Some(value) => operate::elements(value).map(Value::array),
        },
        (Language::Python, "dict") if args.is_empty() => Some(Value::object(Vec::new())),
        (Language::Python, "reversed") => first.and_then(operate::elements).map(|mut items| {
            items.reverse();
            Value::array(items)
        }),
        (Language::Python, "sorted") => None,
        (Language::Python, "range") => range(args),
        (Language::Python, "enumerate") => first.and_then(operate::elements).map(|items| {
            Value::array(
                items
                    .into_iter()
                    .enumerate()
                    .map(|(index, item)| Value::array(vec![Value::Number(index as f64), item]))
                    .collect(),
            )
        }),
        (Language::Python, "zip") => zip(args),
        (Language::Python, "itertools.cycle") => first.and_then(number::again),
        (Language::Python, "functools.reduce") => match args {
            [function, list, rest @ ..] => {
                let list = operate::elements(list).map(Value::array);
                list.map(|list| {
                    let mut given = vec![function.clone()];
                    given.extend(rest.iter().cloned());
                    machine.method(&list, "reduce", &given, language)
                })
            }
            _ => None,
        },
        (Language::Python, "textwrap.dedent") => first
            .and_then(Value::any_text)
            .map(|text| Value::text(&indent::dedent(text))),
        (Language::Python, "inspect.cleandoc") => first
            .and_then(Value::any_text)
            .map(|text| Value::text(&indent::cleandoc(text))),
        (Language::Python, "str.maketrans") => number::letters_for_letters(args),
        (Language::Python, "map") => match (first, args.get(1).and_then(operate::elements)) {
            (Some(function), Some(items)) => {
                let mut out = Vec::with_capacity(items.len());
                for item in items {
                    out.push(machine.invoke(
                        function,
                        Value::Undefined,
                        vec![item],
                        false,
                        language,
                    ));
                }
                Some(Value::array(out))
            }
            _ => None,
        },
        (Language::Python, "getattr") => match (first, text(1)) {
            (Some(object), Some(name)) => {
                let name = name.to_owned();
                Some(machine.get(object, &name, language))
            }
            _ => None,
        },
        (
            Language::Python,
            "__import__" | "importlib.import_module" | "import_module" | "importlib.__import__",
        ) => text(0).map(Value::native),
        (Language::Python, "vars")
            if matches!(first, Some(Value::Native(_) | Value::Object(_))) =>
        {
            first.cloned()
        }
        (Language::Python, "globals" | "vars" | "locals") => Some(Value::native("builtins")),
        (
            Language::Python,
            "importlib.resources.files" | "resources.files" | "importlib_resources.files",
        ) => Some(Value::host("package")),
        (
            Language::Python,
            "pkgutil.get_data"
            | "pkg_resources.resource_string"
            | "importlib.resources.read_binary",
        ) => text(1)
            .and_then(|name| machine.named_file(name))
            .map(Value::bytes),
        (Language::Python, "importlib.resources.read_text") => text(1)
            .and_then(|name| machine.named_file(name))
            .map(|bytes| Value::text(&String::from_utf8_lossy(&bytes))),
        (
            Language::Python,
            "base64.b64decode"
            | "base64.standard_b64decode"
            | "base64.decodebytes"
            | "base64.urlsafe_b64decode"
            | "binascii.a2b_base64",
        ) => first
            .and_then(Value::to_bytes)
            .and_then(|bytes| from_base64(&String::from_utf8_lossy(&bytes)))
            .map(Value::bytes),
        (Language::Python, "base64.b64encode" | "base64.encodebytes") => first
            .and_then(Value::to_bytes)
            .map(|bytes| Value::bytes(BASE64.encode(bytes).into_bytes())),
        (Language::Python, "base64.b32decode") => first
            .and_then(Value::to_bytes)
            .and_then(|bytes| base32(&bytes))
            .map(Value::bytes),
        (
            Language::Python,
            "base64.b16decode" | "binascii.unhexlify" | "binascii.a2b_hex" | "bytes.fromhex"
            | "bytearray.fromhex",
        ) => first
            .and_then(Value::to_bytes)
            .and_then(|bytes| hex(&bytes))
            .map(Value::bytes),
        (Language::Python, "base64.b85decode" | "base64.a85decode") => first
            .and_then(Value::to_bytes)
            .and_then(|bytes| base85(&bytes, path.ends_with("a85decode")))
            .map(Value::bytes),
        (
            Language::Python,
            "zlib.decompress" | "gzip.decompress" | "zlib.decompressobj().decompress",
        ) => first
            .and_then(Value::to_bytes)
            .and_then(|bytes| inflate(&bytes))
            .map(Value::bytes),
        (
            Language::Python,
            "bz2.decompress"
            | "bz2.BZ2Decompressor().decompress"
            | "lzma.decompress"
            | "lzma.LZMADecompressor().decompress"
            | "codecs.decode",
        ) if path != "codecs.decode" || matches!(text(1), Some("bz2" | "bz2_codec")) => {
            first.and_then(Value::to_bytes).and_then(|bytes| {
                let codec = if path.starts_with("lzma") {
                    xz_or_lzma(&bytes)
                } else {
                    Codec::Bzip2
                };
                let (out, work) = expand(codec, &bytes);
                machine.pay_for_bytes(work);
                out.map(Value::bytes)
            })
        }
        (Language::Python, "re.sub") => pattern::substituted(machine, args),
        (Language::Python, "dict.fromkeys") => None,
        (Language::Python, "codecs.decode") => codec(first, text(1)),
        (
            Language::Python,
            "os.path.join" | "posixpath.join" | "pathlib.Path" | "Path" | "pathlib.PurePath",
        ) => Some(joined(args)),
        (Language::Python, "os.path.expanduser") => first
            .and_then(Value::any_text)
            .map(|path| Value::text(&home(path))),
        (Language::Python, "os.path.expandvars") => first
            .and_then(Value::any_text)
            .map(|path| Value::text(&with_variables(path))),
        // Whichever shell that is, it reads what it gets as one.
        (Language::Python, "os.environ.get" | "os.getenv") => match text(0) {
            Some("SHELL") => Some(Value::text("sh")),
            Some("COMSPEC" | "ComSpec") => Some(Value::text("cmd.exe")),
            _ => None,
        },
        (Language::Python, "pathlib.Path.home" | "Path.home") => Some(Value::host("home")),
        (Language::Python, "pathlib.Path.cwd" | "Path.cwd") => Some(Value::host("cwd")),
        (
            Language::Python,
            "os.path.dirname" | "os.path.abspath" | "os.path.realpath" | "os.path.normpath"
            | "os.fspath",
        ) => match first {
            Some(Value::Text(path))
                if path.contains("package/")
                    && path_is_file(path)
                    && native.path.ends_with("dirname") =>
            {
                Some(Value::text(
                    path.rsplit_once('/').map_or(path, |(folder, _)| folder),
                ))
            }
            other if native.path.ends_with("abspath") => other.cloned().map(here),
            other => other.cloned(),
        },
        (Language::Python, "tempfile.gettempdir" | "tempfile.mkdtemp") => Some(Value::host("temp")),
        (Language::Python, "os.getcwd") => Some(Value::host("cwd")),
        (Language::Python, _) if let Some(value) = installed::value(machine, path, args) => {
            Some(value)
        }
        // The path that it was given, and headers.
        (Language::Python, "urllib.request.urlretrieve") => args
            .get(1)
            .filter(|to| to.any_text().is_some())
            .map(|to| Value::array(vec![to.clone(), Value::Unknown])),
        (Language::Python, "operator.attrgetter" | "operator.methodcaller") => None,
        (Language::Python, "str.join" | "bytes.join") => match (first, args.get(1)) {
            (Some(separator), Some(items)) => {
                Some(machine.method(separator, "join", std::slice::from_ref(items), language))
            }
            _ => None,
        },
        (Language::Python, "int.from_bytes") => first
            .and_then(Value::to_bytes)
            .filter(|b| b.len() <= 6)
            .map(|bytes| {
                let little = text(1) == Some("little");
                let fold = |sum: f64, byte: &u8| sum * 256.0 + f64::from(*byte);
                Value::Number(if little {
                    bytes.iter().rev().fold(0.0, fold)
                } else {
                    bytes.iter().fold(0.0, fold)
                })
            }),
        _ => None,
    };
    match pure {
        Some(value) => value,
        None => {
            let _ = new;
            // Streams and emitters give themselves back.
            if path.contains("()")
                && let Some((
                    inner,
                    "on" | "once" | "setEncoding" | "unref" | "ref" | "setTimeout" | "addListener"
                    | "setHeader" | "pause" | "resume",
                )) = path.rsplit_once('.')
            {
                return Value::Native(Native {
                    path: inner.into(),
                    made_at: native.made_at,
                });
            }
            // What the first call of a chain was given says where it goes.
            if path.len() > LONGEST {
                Value::Unknown
            } else {
                Value::Native(Native {
                    path: machine.paths.of(&[path, "()"]),
                    made_at: native.made_at,
                })
            }
        }
    }
}

fn is_module(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Native(native)) if native.is_module())
}
