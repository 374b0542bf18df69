//! Where Python installs packages, and the data of packages by the ways of its library: in a wheel all
//! of that is the archive itself.

use super::super::{Machine, Value};
use super::path::joined;

/// The place that packages are installed in. What is read there may be of the package itself; what is
/// written there is not.
pub(super) const SITE: &str = "\u{fdd0}site\u{fdd1}";
/// The top of the package itself.
const PACKAGE: &str = "\u{fdd0}package/\u{fdd1}";

/// What a function gives that tells where packages lie, or what a file of one holds.
pub(super) fn value(machine: &mut Machine, path: &str, args: &[Value]) -> Option<Value> {
    let site = || Value::text(SITE);
    let known = |at: usize| args.get(at).and_then(Value::known_text);
    match path {
        "site.getsitepackages" => Some(Value::array(vec![site(), site()])),
        "site.getusersitepackages" | "distutils.sysconfig.get_python_lib" => Some(site()),
        "sysconfig.get_path" => matches!(known(0), Some("purelib" | "platlib")).then(site),
        "sysconfig.get_paths" => Some(Value::object(vec![
            ("purelib".into(), site()),
            ("platlib".into(), site()),
        ])),
        "pkgutil.get_data" | "importlib.resources.read_binary" => {
            bytes_of(machine, known(0)?, known(1)?).map(Value::bytes)
        }
        "importlib.resources.read_text" => {
            let bytes = bytes_of(machine, known(0)?, known(1)?)?;
            Some(Value::text(&String::from_utf8_lossy(&bytes)))
        }
        "importlib.resources.files" | "importlib_resources.files" => {
            let package = known(0)?.replace('.', "/");
            Some(joined(&[Value::text(PACKAGE), Value::text(&package)]))
        }
        _ => None,
    }
}

/// The bytes of a file in the folder of a package.
fn bytes_of(machine: &Machine, package: &str, name: &str) -> Option<Vec<u8>> {
    let folder = Value::text(&package.replace('.', "/"));
    let path = joined(&[Value::text(PACKAGE), folder, Value::text(name)]);
    machine.own_file(path.any_text()?)
}
