//! Where the program and its documentation can be read. The address is the one of `repository`
//! in the program's manifest: without one there is no link, since a wrong one would lead to
//! whoever has that name.

/// The address of the repository, if the program was built with one.
pub(crate) fn home() -> Option<&'static str> {
    known(env!("CARGO_PKG_REPOSITORY"))
}

fn known(address: &str) -> Option<&str> {
    let address = address.trim_end_matches('/');
    (!address.is_empty()).then_some(address)
}

/// The page of a rule of the policy and of code.
pub(crate) fn of_rule(home: &str, id: &str) -> String {
    format!("{home}/blob/main/docs/rules/{id}.md")
}

/// The page of a rule of lockfiles, trees and origins.
pub(crate) fn of_verify(home: &str, id: &str) -> String {
    format!("{home}/blob/main/docs/verify-rules/{id}.md")
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_rules::RuleSet;
    use std::path::Path;

    #[test]
    fn each_rule_has_the_page_that_its_link_names() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let home = "https://code.example/customs";
        let of_releases = RuleSet::standard();
        let of_releases = of_releases.docs().map(|doc| of_rule(home, doc.id));
        let of_verify = crate::verify::rules().map(|doc| of_verify(home, doc.id));
        for link in of_releases.chain(of_verify) {
            let path = link
                .strip_prefix("https://code.example/customs/blob/main/")
                .unwrap();
            assert!(root.join(path).is_file(), "{link}");
        }
    }

    #[test]
    fn without_an_address_there_is_no_link() {
        assert_eq!(known(""), None);
        let address = "https://code.example/customs";
        assert_eq!(known(&format!("{address}/")), Some(address));
    }
}
