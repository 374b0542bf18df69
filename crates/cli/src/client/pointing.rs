//! How each client is pointed at the gate: found by experiment, one client at a time.
//!
//! | client | how |
//! |---|---|
//! | npm | environment; `replace-registry-host=always`, so that lockfiles keep the upstream's addresses and still lead here |
//! | pnpm | `pnpm_config__auth`: address, scopes and credential in one; older ones read npm's environment |
//! | yarn 1 | npm's environment, and a shim that adds `_auth`, which npm itself would complain about |
//! | yarn 4 | `YARN_NPM_*` |
//! | bun | `BUN_CONFIG_*` |
//! | pip | `PIP_INDEX_URL`; configured extra indexes are asked through the gate |
//! | uv | `UV_DEFAULT_INDEX` or `UV_INDEX_URL` |
//! | cargo | `CARGO_REGISTRIES_CUSTOMS_*`, and a shim with `--config`: source replacement has no environment form |

use super::Discovered;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Names the folder of shims, so that a shim finds the program behind itself.
pub const SHIMS: &str = "CUSTOMS_SHIMS";
/// Marks the process tree of a run: a nested `customs run` does not chain gates.
pub const ACTIVE: &str = "CUSTOMS_RUN";
/// The run's credential, for stand-ins.
pub const TOKEN: &str = "CUSTOMS_RUN_TOKEN";
/// The one that yarn shows, whose registry may be another.
pub const YARN_TOKEN: &str = "CUSTOMS_YARN_TOKEN";
/// Folders whose lockfiles are led to the gate already.
pub const LED: &str = "CUSTOMS_LED";
/// Set when writes are refused.
pub const READ_ONLY: &str = "CUSTOMS_READ_ONLY";
/// Variables that point npm, pnpm, yarn and bun at the gate, besides npm's credential,
/// whose name holds the port.
pub const NPM_FAMILY: [&str; 9] = [
    "npm_config_registry",
    "npm_config_replace_registry_host",
    "pnpm_config__auth",
    "YARN_NPM_REGISTRY_SERVER",
    "YARN_NPM_AUTH_TOKEN",
    "YARN_NPM_ALWAYS_AUTH",
    "BUN_CONFIG_REGISTRY",
    "BUN_CONFIG_TOKEN",
    "npm_config__auth",
];
/// The gate's address, for shims.
pub const GATE: &str = "CUSTOMS_GATE";

/// The environment of a run.
pub struct Environment {
    /// Variables to set.
    pub set: Vec<(String, String)>,
    /// Variables to take away.
    pub remove: Vec<String>,
}

/// What a run asks for that changes how a client must be pointed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Project {
    /// It declares a uv index of its own, which beats `UV_INDEX_URL`.
    pub has_uv_index: bool,
    /// Writes are refused.
    pub read_only: bool,
}

/// The credential that a client shows: one that says which client it is, where that
/// client's registries are not everybody's.
pub fn token_of(client: &str, token: &str, found: &Discovered) -> String {
    match found.of_client.contains_key(client) {
        true => format!("{token}.{client}"),
        false => token.to_owned(),
    }
}

/// Points every client of a process tree at the gate.
pub fn environment(port: u16, token: &str, found: &Discovered, project: Project) -> Environment {
    let upstreams = &found.upstreams;
    let (yarn, bun) = (
        token_of("yarn", token, found),
        token_of("bun", token, found),
    );
    let uv_token = token_of("uv", token, found);
    let gate = format!("http://127.0.0.1:{port}");
    let root = format!("{gate}/");
    let simple = |token: &str| format!("http://customs:{token}@127.0.0.1:{port}/-/pypi/simple/");
    let mut set: Vec<(String, String)> = Vec::new();
    let mut put = |name: &str, value: &str| set.push((name.to_owned(), value.to_owned()));
    put(ACTIVE, "1");
    put(TOKEN, token);
    put(YARN_TOKEN, &yarn);
    put(GATE, &gate);
    if project.read_only {
        put(READ_ONLY, "1");
    }
    if upstreams.npm.is_some() || !upstreams.npm_scopes.is_empty() {
        put("npm_config_registry", &root);
        put("npm_config_replace_registry_host", "always");
        put(&format!("npm_config_//127.0.0.1:{port}/:_authToken"), token);
        let mut scopes = serde_json::Map::new();
        scopes.insert("@".into(), serde_json::json!({ "authToken": token }));
        for scope in upstreams.npm_scopes.keys() {
            put(&format!("npm_config_{scope}:registry"), &root);
            scopes.insert(scope.clone(), serde_json::json!({ "authToken": token }));
        }
        put(
            "pnpm_config__auth",
            &serde_json::json!({ root.clone(): scopes }).to_string(),
        );
        put("YARN_NPM_REGISTRY_SERVER", &gate);
        put("YARN_NPM_AUTH_TOKEN", &yarn);
        put("YARN_NPM_ALWAYS_AUTH", "true");
        put("YARN_UNSAFE_HTTP_WHITELIST", "127.0.0.1");
        put("BUN_CONFIG_REGISTRY", &root);
        put("BUN_CONFIG_TOKEN", &bun);
    }
    if !upstreams.pypi.is_empty() {
        put("PIP_INDEX_URL", &simple(token));
        // The gate asks the configured extra indexes itself, one origin per name. pip has
        // no way to say "none": the same index twice is none more.
        put("PIP_EXTRA_INDEX_URL", &simple(token));
        // `uv add` writes a default index into pyproject.toml, but not an index URL.
        let uv = if project.has_uv_index {
            "UV_DEFAULT_INDEX"
        } else {
            "UV_INDEX_URL"
        };
        put(uv, simple(&uv_token).trim_end_matches('/'));
        put("UV_INSECURE_HOST", &format!("127.0.0.1:{port}"));
    }
    if upstreams.cargo.is_some() {
        put(
            "CARGO_REGISTRIES_CUSTOMS_INDEX",
            &format!("sparse+{gate}/-/cargo/index/"),
        );
        put("CARGO_REGISTRIES_CUSTOMS_TOKEN", token);
        put(
            "CARGO_REGISTRIES_CUSTOMS_CREDENTIAL_PROVIDER",
            "cargo:token",
        );
    }
    let stale = if project.has_uv_index {
        "UV_INDEX_URL"
    } else {
        "UV_DEFAULT_INDEX"
    };
    Environment {
        set,
        remove: [stale, "UV_EXTRA_INDEX_URL", "UV_INDEX"]
            .map(str::to_owned)
            .into(),
    }
}

/// Gives a command the environment of a run.
pub fn apply(command: &mut tokio::process::Command, environment: Environment, shims: &Path) {
    for name in environment.remove {
        command.env_remove(name);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(shims.to_owned()).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(all).unwrap_or(path);
    command
        .envs(environment.set)
        .env(SHIMS, shims)
        .env("PATH", path);
}

/// What starts a program of a run: a bare name is looked up with the stand-ins in
/// front; anything else is taken as it is.
pub fn stand_in_for(program: impl AsRef<OsStr>, shims: &Path) -> OsString {
    let program = program.as_ref();
    let bare = Path::new(program).components().count() == 1;
    let shim = shims.join(program);
    if bare && shim.exists() {
        shim.into_os_string()
    } else {
        program.to_owned()
    }
}

/// Shims stand in front of these programs.
///
/// npm, pnpm and bun need none to install; theirs give writes the user's own credential.
/// Those of clients that fetch what their lockfile names lead the lockfiles of folders
/// that a command changes into.
/// On Windows npm and pnpm are scripts, which a program of that name would not find.
pub const SHIMMED: &[&str] = if cfg!(windows) {
    &["cargo", "yarn"]
} else {
    &["cargo", "yarn", "npm", "pnpm", "bun", "uv", "pip", "pip3"]
};

/// Makes the folder of shims: links to this program under other names.
pub fn make_shims(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let program = std::env::current_exe()?;
    for name in SHIMMED {
        let shim = folder.join(if cfg!(windows) {
            format!("{name}.exe")
        } else {
            (*name).to_owned()
        });
        if std::fs::read_link(&shim).is_ok_and(|target| target == program) {
            continue;
        }
        let _ = std::fs::remove_file(&shim);
        #[cfg(unix)]
        std::os::unix::fs::symlink(&program, &shim)?;
        #[cfg(not(unix))]
        std::fs::copy(&program, &shim).map(|_| ())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::Route;
    use customs_registry::{Upstream, Upstreams};

    #[test]
    fn scopes_are_routed_through_the_gate_too() {
        let upstream = |u: &str| Upstream::parse(u, Route::Public).unwrap();
        let upstreams = Upstreams {
            npm: Some(upstream("https://registry.example/")),
            npm_scopes: [("@acme".to_owned(), upstream("https://npm.acme.example/"))].into(),
            ..Upstreams::default()
        };
        let found = Discovered {
            upstreams,
            of_client: [("bun".to_owned(), Upstreams::default())].into(),
            missing: Vec::new(),
            from_project: Vec::new(),
        };
        let environment = environment(4873, "tok", &found, Project::default());
        let get = |name: &str| {
            environment
                .set
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.as_str())
        };
        assert_eq!(
            get("BUN_CONFIG_TOKEN"),
            Some("tok.bun"),
            "bun has a registry of its own"
        );
        assert_eq!(get("YARN_NPM_AUTH_TOKEN"), Some("tok"));
        assert_eq!(
            get("npm_config_@acme:registry"),
            Some("http://127.0.0.1:4873/")
        );
        assert!(get("pnpm_config__auth").unwrap().contains("@acme"));
        assert_eq!(
            get("PIP_INDEX_URL"),
            None,
            "what has no upstream is left alone"
        );
    }
}
