//! Configuration of clients with a gate in it: a text in, a text out. What names another registry
//! would lead past the gate, so it is left out; what cannot be left out safely is said.

use super::Target;

/// How what was written begins.
const MARK: &str = "# customs gate setup";

fn host(target: &Target) -> String {
    let url = &target.url;
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

/// The address of Python's index, with the token in it: neither pip nor uv has another place.
fn simple(target: &Target) -> String {
    let (scheme, host) = (target.url.scheme(), host(target));
    format!("{scheme}://customs:{}@{host}/-/pypi/simple/", target.token)
}

/// Whether a text has a gate in it: what was written here, or this gate.
pub fn has_gate(text: &str, target: &Target) -> bool {
    text.contains(MARK) || text.contains(&target.token) || text.contains(&host(target))
}

fn lines_without(text: &str, leads_past: impl Fn(&str) -> bool) -> String {
    let mut kept: String = text
        .split_inclusive('\n')
        .filter(|line| !leads_past(line.trim()))
        .collect();
    if !kept.is_empty() && !kept.ends_with('\n') {
        kept.push('\n');
    }
    kept
}

/// The key of a line `key = value`.
fn key(line: &str) -> &str {
    line.split('=').next().unwrap_or_default().trim()
}

/// `.npmrc`, which npm, pnpm, bun and yarn 1 read.
pub fn npmrc(text: &str, target: &Target) -> Result<String, String> {
    let names_registry = |line: &str| {
        let key = key(line);
        key == "registry"
            || key.starts_with('@') && key.ends_with(":registry")
            || target.roots.is_some() && key == "cafile"
    };
    let mut text = lines_without(text, names_registry);
    let (url, host, token) = (&target.url, host(target), &target.token);
    text.push_str(&format!(
        "{MARK}\nregistry={url}\n//{host}/:_authToken={token}\nalways-auth=true\n\
         replace-registry-host=always\n"
    ));
    if let Some(roots) = &target.roots {
        text.push_str(&format!("cafile={}\n", roots.display()));
    }
    Ok(text)
}

/// `.yarnrc.yml` of yarn 2 and later.
pub fn yarnrc(text: &str, target: &Target) -> Result<String, String> {
    if text
        .lines()
        .any(|line| line.starts_with("npmScopes:") || line.starts_with("npmRegistries:"))
    {
        return Err(
            "it has npmScopes or npmRegistries, which lead past the gate; take them out first, or \
             leave yarn out with --only"
                .to_owned(),
        );
    }
    let own = [
        "npmRegistryServer:",
        "npmAuthToken:",
        "npmAlwaysAuth:",
        "httpsCaFilePath:",
    ];
    let mut text = lines_without(text, |line| own.iter().any(|key| line.starts_with(key)));
    let url = target.url.as_str().trim_end_matches('/');
    text.push_str(&format!(
        "{MARK}\nnpmRegistryServer: \"{url}\"\nnpmAuthToken: \"{}\"\nnpmAlwaysAuth: true\n",
        target.token
    ));
    if let Some(roots) = &target.roots {
        text.push_str(&format!("httpsCaFilePath: \"{}\"\n", roots.display()));
    }
    if target.url.scheme() == "http" {
        let host = target.url.host_str().unwrap_or_default();
        text.push_str(&format!("unsafeHttpWhitelist:\n  - \"{host}\"\n"));
    }
    Ok(text)
}

/// `pip.conf`. pip merges its indexes, and takes a name from any of them; behind a gate each name
/// has one origin, so the gate is its only index.
pub fn pip(text: &str, target: &Target) -> Result<String, String> {
    let own = [
        "index-url",
        "extra-index-url",
        "find-links",
        "index_url",
        "extra_index_url",
    ];
    // A value may go on in lines that begin with a space.
    let mut kept = String::new();
    let mut leaves_out = false;
    for line in text.split_inclusive('\n') {
        let goes_on = line.starts_with([' ', '\t']) && !line.trim().is_empty();
        if !goes_on {
            let key = line.split(['=', ':']).next().unwrap_or_default().trim();
            leaves_out = own.contains(&key) || target.roots.is_some() && key == "cert";
        }
        if !leaves_out {
            kept.push_str(line);
        }
    }
    let mut block = format!("{MARK}\nindex-url = {}\n", simple(target));
    if let Some(roots) = &target.roots {
        block.push_str(&format!("cert = {}\n", roots.display()));
    }
    let is_global = |line: &str| line.trim() == "[global]";
    if !kept.lines().any(is_global) {
        if !kept.is_empty() && !kept.ends_with('\n') {
            kept.push('\n');
        }
        return Ok(format!("{kept}[global]\n{block}"));
    }
    let mut text = String::new();
    let mut is_in = false;
    for line in kept.split_inclusive('\n') {
        text.push_str(line);
        if is_global(line) && !is_in {
            is_in = true;
            if !line.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&block);
        }
    }
    Ok(text)
}

fn no_table(text: &str, tables: &[&str]) -> Result<toml::Table, String> {
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| format!("it is no TOML: {}", error.message()))?;
    match tables.iter().find(|name| table.contains_key(**name)) {
        Some(name) => Err(format!(
            "it has {name:?} already, which leads past the gate; take it out first, or leave this \
             client out with --only"
        )),
        None => Ok(table),
    }
}

fn with_end(text: &str) -> String {
    match text.is_empty() || text.ends_with('\n') {
        true => text.to_owned(),
        false => format!("{text}\n"),
    }
}

/// `uv.toml`.
pub fn uv(text: &str, target: &Target) -> Result<String, String> {
    no_table(
        text,
        &["index", "index-url", "extra-index-url", "find-links", "pip"],
    )?;
    let text = with_end(text);
    let url = simple(target);
    Ok(format!(
        "{text}{MARK}\n[[index]]\nname = \"customs\"\nurl = \"{url}\"\ndefault = true\n"
    ))
}

/// cargo's `config.toml`.
pub fn cargo(text: &str, target: &Target) -> Result<String, String> {
    let table = no_table(text, &["source", "registries"])?;
    let has = |name: &str, key: &str| table.get(name).is_some_and(|of| of.get(key).is_some());
    if has("registry", "global-credential-providers") {
        return Err(
            "it has registry.global-credential-providers, which may not ask its file for the \
                    token; leave cargo out with --only"
                .to_owned(),
        );
    }
    if target.roots.is_some() && table.contains_key("http") {
        return Err(
            "it has a table [http]; write cainfo into it, and leave out --roots for cargo"
                .to_owned(),
        );
    }
    let text = with_end(text);
    let url = &target.url;
    let mut text = format!(
        "{text}{MARK}\n[source.crates-io]\nreplace-with = \"customs\"\n[registries.customs]\n\
         index = \"sparse+{url}-/cargo/index/\"\ncredential-provider = [\"cargo:token\"]\n"
    );
    if let Some(roots) = &target.roots {
        let roots = toml::Value::from(roots.display().to_string());
        text.push_str(&format!("[http]\ncainfo = {roots}\n"));
    }
    Ok(text)
}

/// cargo's `credentials.toml`.
pub fn cargo_credentials(text: &str, target: &Target) -> Result<String, String> {
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| format!("it is no TOML: {}", error.message()))?;
    let registries = table.get("registries");
    if registries.is_some_and(|all| all.get("customs").is_some()) {
        return Err("it has a token for a registry named customs already".to_owned());
    }
    let text = with_end(text);
    Ok(format!(
        "{text}{MARK}\n[registries.customs]\ntoken = \"{}\"\n",
        target.token
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target {
            url: "https://gate.example:8443/".parse().unwrap(),
            token: "customs_secret".to_owned(),
            roots: None,
        }
    }

    #[test]
    fn what_leads_past_the_gate_is_left_out_of_npms_file() {
        let before =
            "save-exact=true\nregistry = https://r.example/\n@acme:registry=https://a.example/";
        insta::assert_snapshot!(npmrc(before, &target()).unwrap(), @"
        save-exact=true
        # customs gate setup
        registry=https://gate.example:8443/
        //gate.example:8443/:_authToken=customs_secret
        always-auth=true
        replace-registry-host=always
        ");
    }

    #[test]
    fn pip_has_one_index_and_keeps_the_rest() {
        let before = "[global]\ntimeout = 3\nextra-index-url =\n  https://a.example/\n  https://b.example/\n[install]\nuser = yes\n";
        insta::assert_snapshot!(pip(before, &target()).unwrap(), @"
        [global]
        # customs gate setup
        index-url = https://customs:customs_secret@gate.example:8443/-/pypi/simple/
        timeout = 3
        [install]
        user = yes
        ");
    }

    #[test]
    fn what_cannot_be_left_out_safely_is_said() {
        for (write, text) in [
            (
                uv as fn(&str, &Target) -> _,
                "[[index]]\nurl = \"https://a.example\"\n",
            ),
            (cargo, "[source.x]\n"),
            (cargo, "no toml"),
            (yarnrc, "npmScopes:\n  acme: {}\n"),
        ] {
            assert!(write(text, &target()).is_err(), "{text}");
        }
    }
}
