//! What pip is told to install by its address: that is fetched, built and so run.

use super::At;
use crate::flow::Analysis;
use crate::flow::label::answer::UNKNOWN_ANSWER;
use crate::know;
use customs_model::{SinkKind, SourceKind, Target};

/// Addresses of one command line that are told.
const MOST: usize = 16;

impl Analysis<'_> {
    /// `pip install https://host/a.tar.gz`, `pip install git+https://host/a`, and packages by their
    /// names from an index that the command line names.
    pub(super) fn pip_run(&mut self, words: &[&str], at: &At) {
        let addresses = installed(words).into_iter().map(|address| (address, false));
        let indexes = indexes(words).into_iter().map(|address| (address, true));
        for (address, is_index) in addresses.chain(indexes).take(MOST) {
            let host = know::place_of(address).unwrap_or_default();
            // Some libraries have builds for each kind of hardware in an index of their own: that
            // alone does not say whose the package is.
            let name = match is_index {
                true => UNKNOWN_ANSWER.to_owned(),
                false => format!("the answer of {host}"),
            };
            let label = self.source(SourceKind::Remote, &name, at);
            let target = Target::Constant(host);
            self.command_flow(&label, SinkKind::Process, "pip", target, at, Vec::new());
        }
    }
}

/// The addresses of what is installed; those of indexes and proxies are others.
fn installed<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let mut words = words.iter().copied();
    if !words.by_ref().any(|word| word == "install") {
        return Vec::new();
    }
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        if takes_a_value(word) {
            words.next();
        } else if !word.starts_with('-') {
            // `name @ https://host/name.whl`
            let address = word.rsplit('@').next().unwrap_or(word).trim();
            let address = if address.contains("://") {
                address
            } else {
                word
            };
            if address.contains("://") && !address.starts_with("file:") {
                found.push(address.strip_prefix("git+").unwrap_or(address));
            }
        }
    }
    found
}

/// The indexes and folders of links that a command line has packages fetched from.
fn indexes<'w>(words: &[&'w str]) -> Vec<&'w str> {
    const OPTIONS: [&str; 5] = [
        "-i",
        "--index-url",
        "--extra-index-url",
        "-f",
        "--find-links",
    ];
    if !words.contains(&"install") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let value = match word.split_once('=') {
            Some((option, value)) if OPTIONS.contains(&option) => Some(value),
            _ if OPTIONS.contains(word) => words.get(at + 1).copied(),
            _ => None,
        };
        found.extend(value.filter(|value| value.contains("://") && !value.starts_with("file:")));
    }
    found
}

fn takes_a_value(option: &str) -> bool {
    matches!(
        option,
        "-i" | "--index-url"
            | "--extra-index-url"
            | "-f"
            | "--find-links"
            | "-c"
            | "--constraint"
            | "-r"
            | "--requirement"
            | "--trusted-host"
            | "--proxy"
            | "--cert"
            | "--client-cert"
            | "-t"
            | "--target"
            | "--prefix"
            | "--root"
            | "--cache-dir"
            | "--log"
            | "--python"
    )
}

#[cfg(test)]
mod tests {
    use super::{indexes, installed};

    #[test]
    fn indexes_are_told_from_addresses_and_files() {
        let line = "install -i https://a.invalid/s --extra-index-url=https://b.invalid/s -f ./c d";
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(
            indexes(&words),
            ["https://a.invalid/s", "https://b.invalid/s"]
        );
        assert!(indexes(&["download", "-i", "https://a.invalid/s"]).is_empty());
    }

    #[test]
    fn what_is_installed_by_its_address_is_no_index_and_no_file() {
        for (line, addresses) in [
            (
                "install https://a.invalid/b.tar.gz",
                vec!["https://a.invalid/b.tar.gz"],
            ),
            (
                "install -q git+https://a.invalid/b",
                vec!["https://a.invalid/b"],
            ),
            (
                "-q install x https://a.invalid/b.whl",
                vec!["https://a.invalid/b.whl"],
            ),
            (
                "install b@https://a.invalid/b.whl",
                vec!["https://a.invalid/b.whl"],
            ),
            ("install -i https://a.invalid/simple b", vec![]),
            (
                "install --extra-index-url https://a.invalid/simple b",
                vec![],
            ),
            ("install --index-url=https://a.invalid/simple b", vec![]),
            ("download https://a.invalid/b.whl", vec![]),
            ("install file:///b.whl ./b", vec![]),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(installed(&words), addresses, "{line}");
        }
    }
}
