//! Functions of both libraries that compute and do nothing else.

use super::value::{HOLE, Native, Value, to_u32};
use super::{Machine, operate};
use crate::ir::Language;
use crate::limit::evaluating;
use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::io::Read;
use std::rc::Rc;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

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
        (Language::JavaScript, "JSON.parse") => text(0)
            .and_then(|text| serde_json::from_str(text).ok())
            .map(|json| from_json(&json)),
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
        (Language::JavaScript, "Object.keys") => {
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
            "path.join" | "path.resolve" | "path.posix.join" | "path.normalize" | "path.win32.join",
        ) => Some(joined(args)),
        (Language::JavaScript, "path.dirname") => first
            .and_then(Value::any_text)
            .map(|path| Value::text(path.rsplit_once('/').map_or(".", |(folder, _)| folder))),
        (Language::JavaScript, "path.basename") => first
            .and_then(Value::any_text)
            .map(|path| Value::text(path.rsplit('/').next().unwrap_or(path))),
        (Language::JavaScript, "os.tmpdir") => Some(Value::host("temp")),
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
            .and_then(|path| machine.own_file(path))
            .map(|bytes| match args.get(1) {
                Some(Value::Text(_)) | Some(Value::Object(_)) => {
                    Value::text(&String::from_utf8_lossy(&bytes))
                }
                _ => Value::bytes(bytes),
            }),
        (Language::Python, "open().read") => native.made_at.and_then(|made| machine.opened(made)),
        (Language::JavaScript, "RegExp") => match (text(0), text(1)) {
            (Some(pattern), flags) => {
                Some(Value::Regex(pattern.into(), flags.unwrap_or("").into()))
            }
            _ => None,
        },
        (Language::JavaScript, "Symbol" | "Symbol.for") => Some(Value::Unknown),
        (Language::JavaScript, _) if path.starts_with("Math.") => math(&path[5..], args),
        (Language::JavaScript, _) if path.starts_with("Array.prototype.") => {
            Some(machine.method(this, &path[16..], args, language))
        }

        (
            Language::Rust,
            "std.env.var" | "env.var" | "std.env.var_os" | "env.var_os" | "built in",
        ) => match text(0) {
            Some("OUT_DIR") => Some(Value::host("out")),
            Some("HOME" | "USERPROFILE") => Some(Value::host("home")),
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
            | "std.str.from_utf8"
            | "str.from_utf8",
        ) => match first {
            Some(Value::Bytes(bytes)) => {
                Some(Value::text(&String::from_utf8_lossy(&bytes.borrow())))
            }
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
        (Language::Rust, "String.new") => Some(Value::text("")),
        (Language::Rust, "Vec.new") => Some(Value::array(Vec::new())),
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
            (Some(Value::Text(_)), radix) => text(0)
                .and_then(|t| {
                    i64::from_str_radix(
                        t.trim().trim_start_matches("0x"),
                        radix.unwrap_or(10.0).clamp(2.0, 36.0) as u32,
                    )
                    .ok()
                })
                .map(|n| Value::Number(n as f64)),
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
        (Language::Python, "vars") if matches!(first, Some(Value::Native(_))) => first.cloned(),
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
        (Language::Python, "zlib.decompress" | "gzip.decompress") => first
            .and_then(Value::to_bytes)
            .and_then(|bytes| inflate(&bytes))
            .map(Value::bytes),
        (Language::Python, "dict.fromkeys") => None,
        (Language::Python, "codecs.decode") => codec(first, text(1)),
        (
            Language::Python,
            "os.path.join" | "posixpath.join" | "pathlib.Path" | "Path" | "pathlib.PurePath",
        ) => Some(joined(args)),
        (Language::Python, "os.path.expanduser") => first
            .and_then(Value::any_text)
            .map(|path| Value::text(&home(path))),
        (Language::Python, "pathlib.Path.home" | "Path.home") => Some(Value::host("home")),
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
            other => other.cloned(),
        },
        (Language::Python, "tempfile.gettempdir" | "tempfile.mkdtemp") => Some(Value::host("temp")),
        (Language::Python, "os.getcwd") => Some(Value::host("cwd")),
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
            if path.len() > 200 {
                Value::Unknown
            } else {
                Value::Native(Native {
                    path: format!("{path}()").into(),
                    made_at: native.made_at,
                })
            }
        }
    }
}

impl Machine<'_> {
    /// The bytes of a file of the package, by a path that was folded.
    pub(super) fn own_file(&self, path: &str) -> Option<Vec<u8>> {
        let inside = path
            .strip_prefix("\u{fdd0}package")?
            .replace('\u{fdd1}', "");
        let inside = inside.trim_start_matches('/');
        if inside.contains(super::HOLE_START) {
            return None;
        }
        self.surroundings
            .content(inside)
            .map(|bytes| bytes.to_vec())
            .or_else(|| self.named_file(inside))
    }

    /// The bytes of the one file whose path ends so: data of a module, whose folder is
    /// not told.
    fn named_file(&self, name: &str) -> Option<Vec<u8>> {
        self.surroundings
            .content_named(name)
            .map(|bytes| bytes.to_vec())
    }

    /// What `open(path).read()` gives, for a file of the package.
    fn opened(&mut self, made: (super::FileId, crate::ir::ExprId)) -> Option<Value> {
        let program = self.surroundings.program(made.0)?;
        let crate::ir::Expr::Call { args, .. } = program.expr(made.1) else {
            return None;
        };
        let args = program.list(args).to_vec();
        let path = self.fold(made.0, *args.first()?);
        let bytes = self.own_file(path.any_text()?)?;
        let binary = args.get(1).is_some_and(|mode| {
            self.fold(made.0, *mode)
                .known_text()
                .is_some_and(|mode| mode.contains('b'))
        });
        Some(if binary {
            Value::bytes(bytes)
        } else {
            Value::text(&String::from_utf8_lossy(&bytes))
        })
    }
}

fn mapped(machine: &mut Machine<'_>, args: &[Value], language: Language) -> Option<Value> {
    let items = match args.first()? {
        Value::Object(object) => {
            let length = object
                .entries
                .borrow()
                .iter()
                .find(|(key, _)| &**key == "length")
                .and_then(|(_, value)| value.number())?;
            vec![Value::Undefined; length.clamp(0.0, 65_536.0) as usize]
        }
        other => operate::elements(other)?,
    };
    let function = args.get(1)?.clone();
    let mut out = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        if machine.spent() {
            return None;
        }
        out.push(machine.invoke(
            &function,
            Value::Undefined,
            vec![item, Value::Number(index as f64)],
            false,
            language,
        ));
    }
    Some(Value::array(out))
}

fn char_codes(args: &[Value], units: bool) -> Option<Value> {
    let codes: Option<Vec<u32>> = args.iter().map(|arg| arg.number().map(to_u32)).collect();
    let codes = codes?;
    let text: String = if units {
        char::decode_utf16(codes.iter().map(|code| *code as u16))
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    } else {
        codes
            .iter()
            .map(|code| char::from_u32(*code).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    Some(Value::Text(text.into()))
}

fn parse_int(text: &str, radix: Option<f64>) -> f64 {
    let text = text.trim();
    let (negative, text) = text
        .strip_prefix('-')
        .map_or((false, text), |rest| (true, rest));
    let (radix, text) = match radix {
        None | Some(0.0) => text
            .strip_prefix("0x")
            .map_or((10, text), |rest| (16, rest)),
        Some(16.0) => (16, text.strip_prefix("0x").unwrap_or(text)),
        Some(radix) if (2.0..=36.0).contains(&radix) => (radix as u32, text),
        Some(_) => return f64::NAN,
    };
    let digits: String = text.chars().take_while(|c| c.is_digit(radix)).collect();
    if digits.is_empty() {
        return f64::NAN;
    }
    let value = digits
        .chars()
        .filter_map(|c| c.to_digit(radix))
        .fold(0.0, |sum, digit| sum * f64::from(radix) + f64::from(digit));
    if negative { -value } else { value }
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if compact.len() > evaluating::STRING {
        return None;
    }
    BASE64
        .decode(&compact)
        .or_else(|_| BASE64_URL.decode(&compact))
        .ok()
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn buffer_from(args: &[Value]) -> Option<Value> {
    match args.first()? {
        Value::Text(_) => {
            let text = args[0].known_text()?;
            let bytes = match args
                .get(1)
                .map_or(Some("utf8"), Value::known_text)?
                .to_ascii_lowercase()
                .as_str()
            {
                "base64" | "base64url" => from_base64(text)?,
                "hex" => hex(text.as_bytes())?,
                "binary" | "latin1" | "ascii" => text.chars().map(|c| u32::from(c) as u8).collect(),
                "utf16le" | "ucs2" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                _ => text.as_bytes().to_vec(),
            };
            Some(Value::bytes(bytes))
        }
        other => other.to_bytes().map(Value::bytes),
    }
}

/// Bytes as a text in an encoding of Node's.
pub(super) fn encode_bytes(bytes: &[u8], encoding: &str) -> Value {
    match encoding.to_ascii_lowercase().as_str() {
        "base64" => Value::text(&BASE64.encode(bytes)),
        "hex" => Value::text(&bytes.iter().map(|b| format!("{b:02x}")).collect::<String>()),
        "binary" | "latin1" => Value::text(&latin1(bytes)),
        "ascii" => Value::text(
            &bytes
                .iter()
                .map(|b| char::from(b & 0x7f))
                .collect::<String>(),
        ),
        "utf16le" | "ucs2" => Value::text(&String::from_utf16_lossy(
            &bytes
                .chunks_exact(2)
                .map(|p| u16::from_le_bytes([p[0], p[1]]))
                .collect::<Vec<_>>(),
        )),
        _ => Value::text(&String::from_utf8_lossy(bytes)),
    }
}

fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .iter()
        .filter(|b| !b.is_ascii_whitespace())
        .map(|b| char::from(*b).to_digit(16).map(|d| d as u8))
        .collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| {
        digits
            .chunks_exact(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect()
    })
}

fn base32(text: &[u8]) -> Option<Vec<u8>> {
    let mut bits = 0_u64;
    let mut count = 0;
    let mut out = Vec::new();
    for byte in text.iter().filter(|b| **b != b'=') {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u64::from(digit);
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Some(out)
}

/// Base 85 in Python's two alphabets.
fn base85(text: &[u8], ascii: bool) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] =
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
    let mut out = Vec::new();
    let clean: Vec<u8> = text
        .iter()
        .copied()
        .filter(|b| !b.is_ascii_whitespace())
        .collect();
    for chunk in clean.chunks(5) {
        let mut value = 0_u64;
        for at in 0..5 {
            let digit = match (chunk.get(at), ascii) {
                (None, _) => 84,
                (Some(byte), true) => u64::from(byte.checked_sub(b'!')?),
                (Some(byte), false) => ALPHABET.iter().position(|b| b == byte)? as u64,
            };
            value = value * 85 + digit;
        }
        let bytes = u32::try_from(value).ok()?.to_be_bytes();
        out.extend_from_slice(&bytes[..chunk.len() - 1]);
    }
    Some(out)
}

/// Inflates what any of the three containers of deflate holds, under the bound.
fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let read = |reader: &mut dyn Read| -> Option<Vec<u8>> {
        let mut out = Vec::new();
        reader
            .take(evaluating::STRING as u64)
            .read_to_end(&mut out)
            .ok()?;
        (!out.is_empty()).then_some(out)
    };
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return read(&mut flate2::read::GzDecoder::new(bytes));
    }
    read(&mut flate2::read::ZlibDecoder::new(bytes))
        .or_else(|| read(&mut flate2::read::DeflateDecoder::new(bytes)))
}

fn codec(value: Option<&Value>, name: Option<&str>) -> Option<Value> {
    let value = value?;
    match name?.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
        "rot13" => value.known_text().map(|text| {
            let turn = |c: char, base: u8| char::from((c as u8 - base + 13) % 26 + base);
            let text: String = text
                .chars()
                .map(|c| {
                    if c.is_ascii_lowercase() {
                        turn(c, b'a')
                    } else if c.is_ascii_uppercase() {
                        turn(c, b'A')
                    } else {
                        c
                    }
                })
                .collect();
            Value::text(&text)
        }),
        "hex" | "hexcodec" => hex(&value.to_bytes()?).map(Value::bytes),
        "base64" | "base64codec" => {
            from_base64(&String::from_utf8_lossy(&value.to_bytes()?)).map(Value::bytes)
        }
        "zlib" | "zlibcodec" => inflate(&value.to_bytes()?).map(Value::bytes),
        "utf8" | "ascii" | "latin1" => value
            .to_bytes()
            .map(|bytes| Value::text(&String::from_utf8_lossy(&bytes))),
        _ => None,
    }
}

pub(super) fn percent_decode(text: &str, latin: bool) -> String {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        if *byte == b'%' {
            if latin
                && tail.first() == Some(&b'u')
                && let Some(code) = tail.get(1..5).and_then(hex)
            {
                let c = char::from_u32(u32::from(code[0]) << 8 | u32::from(code[1])).unwrap_or('?');
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &tail[5..];
                continue;
            }
            if let Some(code) = tail.get(..2).and_then(hex) {
                if latin {
                    out.extend_from_slice(char::from(code[0]).encode_utf8(&mut [0; 4]).as_bytes());
                } else {
                    out.push(code[0]);
                }
                rest = &tail[2..];
                continue;
            }
        }
        out.push(*byte);
        rest = tail;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn percent_encode(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || "-_.!~*'()/:?&=#".contains(c) || u32::from(c) > 0xfdcf {
            out.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    out
}

fn joined(args: &[Value]) -> Value {
    let mut out = String::new();
    for arg in args {
        let part = arg.as_text().unwrap_or_else(|| HOLE.to_owned());
        if part.is_empty() {
            continue;
        }
        if !out.is_empty() && !out.ends_with('/') {
            out.push('/');
        }
        out.push_str(if out.is_empty() {
            &part
        } else {
            part.trim_start_matches('/')
        });
        if out.len() > 4096 {
            return Value::Unknown;
        }
    }
    Value::Text(normal(&out).into())
}

/// A path without `.` and `..`, as far as it goes.
fn normal(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if absolute {
        format!("/{joined}")
    } else {
        joined
    }
}

fn home(path: &str) -> String {
    match path.strip_prefix('~') {
        Some(rest) => format!("{}home{}{rest}", super::HOLE_START, super::HOLE_END),
        None => path.to_owned(),
    }
}

fn path_is_file(path: &str) -> bool {
    path.trim_end_matches(super::HOLE_END)
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'))
}

fn object_parts(value: Option<&Value>, part: impl Fn(&Rc<str>, &Value) -> Value) -> Option<Value> {
    match value? {
        Value::Object(object) if !object.open && object.class.is_none() => Some(Value::array(
            object
                .entries
                .borrow()
                .iter()
                .map(|(key, value)| part(key, value))
                .collect(),
        )),
        _ => None,
    }
}

fn assigned(args: &[Value]) -> Option<Value> {
    let mut entries = Vec::new();
    for arg in args {
        match arg {
            Value::Object(object) if !object.open => {
                entries.extend(object.entries.borrow().iter().cloned())
            }
            Value::Null | Value::Undefined => {}
            _ => return None,
        }
    }
    Some(Value::object(entries))
}

fn range(args: &[Value]) -> Option<Value> {
    let numbers: Vec<i64> = args
        .iter()
        .map(|arg| arg.number().map(|n| n as i64))
        .collect::<Option<_>>()?;
    let (from, to, step) = match numbers[..] {
        [to] => (0, to, 1),
        [from, to] => (from, to, 1),
        [from, to, step] if step != 0 => (from, to, step),
        _ => return None,
    };
    let count = ((to - from) as f64 / step as f64).ceil();
    if count > 1_048_576.0 {
        return None;
    }
    let count = count.max(0.0) as i64;
    Some(Value::array(
        (0..count)
            .map(|index| Value::Number((from + index * step) as f64))
            .collect(),
    ))
}

fn zip(args: &[Value]) -> Option<Value> {
    let lists: Vec<Vec<Value>> = args.iter().map(operate::elements).collect::<Option<_>>()?;
    let length = lists.iter().map(Vec::len).min().unwrap_or(0);
    Some(Value::array(
        (0..length)
            .map(|index| Value::array(lists.iter().map(|list| list[index].clone()).collect()))
            .collect(),
    ))
}

fn math(name: &str, args: &[Value]) -> Option<Value> {
    let numbers: Vec<f64> = args.iter().map(Value::number).collect::<Option<_>>()?;
    let first = numbers.first().copied().unwrap_or(f64::NAN);
    Some(Value::Number(match name {
        "floor" => first.floor(),
        "ceil" => first.ceil(),
        "round" => (first + 0.5).floor(),
        "trunc" => first.trunc(),
        "abs" => first.abs(),
        "sqrt" => first.sqrt(),
        "pow" => first.powf(*numbers.get(1)?),
        "max" => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        "min" => numbers.iter().copied().fold(f64::INFINITY, f64::min),
        "sign" => first.signum(),
        _ => return None,
    }))
}

/// A JSON document as a value.
pub(super) fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => number.as_f64().map_or(Value::Unknown, Value::Number),
        serde_json::Value::String(text) => Value::text(text),
        serde_json::Value::Array(items) => Value::array(items.iter().map(from_json).collect()),
        serde_json::Value::Object(entries) => Value::object(
            entries
                .iter()
                .map(|(key, value)| (key.as_str().into(), from_json(value)))
                .collect(),
        ),
    }
}

fn to_json(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null | Value::Undefined => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => super::number_text(*number),
        Value::Text(text) => {
            if text.contains(super::HOLE_START) {
                format!("\"{text}\"")
            } else {
                serde_json::to_string(&**text).ok()?
            }
        }
        Value::Array(items) => {
            let parts: Vec<String> = items
                .borrow()
                .iter()
                .map(|item| to_json(item).unwrap_or_else(|| HOLE.to_owned()))
                .collect();
            format!("[{}]", parts.join(","))
        }
        Value::Object(object) if !object.open && object.class.is_none() => {
            let parts: Vec<String> = object
                .entries
                .borrow()
                .iter()
                .map(|(key, value)| {
                    format!(
                        "\"{key}\":{}",
                        to_json(value).unwrap_or_else(|| HOLE.to_owned())
                    )
                })
                .collect();
            format!("{{{}}}", parts.join(","))
        }
        _ => return None,
    })
}

/// The pieces of a text, each with whether a regular expression matched it. Only classes,
/// single characters and counts of them are read: what decoders use.
pub(super) fn simple_pieces(pattern: &str, flags: &str, text: &str) -> Option<Vec<(String, bool)>> {
    let class = CharClass::parse(pattern)?;
    let once = !flags.contains('g');
    let mut pieces: Vec<(String, bool)> = Vec::new();
    let mut matched_once = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if class.holds(c) && !(once && matched_once) {
            let mut piece = c.to_string();
            while piece.chars().count() < class.most && rest.peek().is_some_and(|c| class.holds(*c))
            {
                piece.extend(rest.next());
            }
            let enough = piece.chars().count() >= class.least;
            matched_once |= enough;
            pieces.push((piece, enough));
        } else {
            match pieces.last_mut() {
                Some((piece, false)) => piece.push(c),
                _ => pieces.push((c.to_string(), false)),
            }
        }
    }
    Some(pieces)
}

/// What a simple regular expression matches, in turn.
pub(super) fn simple_matches(pattern: &str, flags: &str, text: &str) -> Option<Vec<String>> {
    flags
        .contains('g')
        .then(|| simple_pieces(pattern, flags, text))?
        .map(|pieces| {
            pieces
                .into_iter()
                .filter(|(_, matched)| *matched)
                .map(|(piece, _)| piece)
                .collect()
        })
}

/// A set of characters and how many of them.
struct CharClass {
    ranges: Vec<(char, char)>,
    negated: bool,
    least: usize,
    most: usize,
}

impl CharClass {
    fn parse(pattern: &str) -> Option<Self> {
        let pattern = pattern
            .strip_prefix('(')
            .and_then(|p| p.strip_suffix(')'))
            .unwrap_or(pattern);
        let mut chars = pattern.chars().peekable();
        let mut ranges = Vec::new();
        let mut negated = false;
        match chars.next()? {
            '.' => ranges.push(('\0', char::MAX)),
            '[' => {
                if chars.peek() == Some(&'^') {
                    negated = true;
                    chars.next();
                }
                loop {
                    let from = match chars.next()? {
                        ']' => break,
                        '\\' => match escaped(chars.next()?) {
                            Ok(set) => {
                                ranges.extend(set);
                                continue;
                            }
                            Err(c) => c,
                        },
                        c => c,
                    };
                    if chars.peek() == Some(&'-') {
                        chars.next();
                        match chars.next()? {
                            ']' => {
                                ranges.extend([(from, from), ('-', '-')]);
                                break;
                            }
                            to => ranges.push((from, to)),
                        }
                    } else {
                        ranges.push((from, from));
                    }
                }
            }
            '\\' => match escaped(chars.next()?) {
                Ok(set) => ranges.extend(set),
                Err(c) => ranges.push((c, c)),
            },
            c if !"^$(){}|?*+".contains(c) => ranges.push((c, c)),
            _ => return None,
        }
        let count: String = chars.collect();
        let (least, most) = match count.as_str() {
            "" => (1, 1),
            "+" => (1, usize::MAX),
            count => {
                let inner = count.strip_prefix('{')?.strip_suffix('}')?;
                match inner.split_once(',') {
                    None => {
                        let n = inner.parse().ok()?;
                        (n, n)
                    }
                    Some((least, "")) => (least.parse().ok()?, usize::MAX),
                    Some((least, most)) => (least.parse().ok()?, most.parse().ok()?),
                }
            }
        };
        // The same character twice and more: `..` is two of anything.
        Some(Self {
            ranges,
            negated,
            least,
            most,
        })
    }

    fn holds(&self, c: char) -> bool {
        self.ranges
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&c))
            != self.negated
    }
}

fn escaped(c: char) -> Result<Vec<(char, char)>, char> {
    match c {
        'd' => Ok(vec![('0', '9')]),
        'w' => Ok(vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')]),
        's' => Ok(vec![(' ', ' '), ('\t', '\r')]),
        'n' => Err('\n'),
        'r' => Err('\r'),
        't' => Err('\t'),
        'D' | 'W' | 'S' | 'b' | 'B' | 'u' | 'x' | 'p' | 'P' => Ok(Vec::new()),
        c => Err(c),
    }
}
