//! Whose a place of the network is. On a host that many share, such as one for sources or a
//! store of a cloud, the beginning of the path says so, and the host alone says nothing.

use crate::domain::{is_below, registrable};

/// A host on which the path names an owner.
struct Shared {
    host: &'static str,
    /// What the owner's name belongs to: several hosts of one service have the same owners.
    service: &'static str,
    /// What stands in front of the owner in a path, the longer ones first. Where none of them
    /// does, no owner is named.
    before: &'static [&'static str],
    /// Parts of a path behind which anybody may have put something.
    anybodys: &'static [&'static str],
}

const GITHUB: &str = "github.com";
const GITLAB: &str = "gitlab.com";
const BITBUCKET: &str = "bitbucket.org";
const CODEBERG: &str = "codeberg.org";
const SOURCEFORGE: &str = "sourceforge.net";
const HUGGING_FACE: &str = "huggingface.co";
const S3: &str = "s3.amazonaws.com";
const GOOGLE_STORE: &str = "storage.googleapis.com";

const fn shared(
    host: &'static str,
    service: &'static str,
    before: &'static [&'static str],
    anybodys: &'static [&'static str],
) -> Shared {
    Shared {
        host,
        service,
        before,
        anybodys,
    }
}

/// Files that anybody attaches to somebody's issue lie below the repository.
const ATTACHED: &[&str] = &[
    "files",
    "assets",
    "uploads",
    "attachments",
    "user-attachments",
];

static PATHS: [Shared; 23] = [
    shared(
        GITHUB,
        GITHUB,
        &["sponsors/", "orgs/", "users/", ""],
        ATTACHED,
    ),
    shared(
        "www.github.com",
        GITHUB,
        &["sponsors/", "orgs/", "users/", ""],
        ATTACHED,
    ),
    shared("gist.github.com", GITHUB, &[""], &[]),
    shared("codeload.github.com", GITHUB, &[""], &[]),
    shared("raw.github.com", GITHUB, &[""], &[]),
    shared(
        "api.github.com",
        GITHUB,
        &["repos/", "users/", "orgs/"],
        &[],
    ),
    shared("uploads.github.com", GITHUB, &["repos/"], &[]),
    shared("raw.githubusercontent.com", GITHUB, &[""], &[]),
    shared("gist.githubusercontent.com", GITHUB, &[""], &[]),
    shared("media.githubusercontent.com", GITHUB, &["media/"], &[]),
    shared("ghcr.io", GITHUB, &["v2/", ""], &[]),
    shared(
        GITLAB,
        GITLAB,
        &[
            "api/v4/projects/",
            "api/v4/groups/",
            "groups/",
            "users/",
            "",
        ],
        ATTACHED,
    ),
    shared(BITBUCKET, BITBUCKET, &[""], &[]),
    shared("api.bitbucket.org", BITBUCKET, &["2.0/repositories/"], &[]),
    shared(CODEBERG, CODEBERG, &["api/v1/repos/", ""], ATTACHED),
    shared(
        SOURCEFORGE,
        SOURCEFORGE,
        &["projects/", "project/", "p/"],
        &[],
    ),
    shared(
        "downloads.sourceforge.net",
        SOURCEFORGE,
        &["project/", "projects/"],
        &[],
    ),
    shared(
        HUGGING_FACE,
        HUGGING_FACE,
        &[
            "api/models/",
            "api/datasets/",
            "api/spaces/",
            "datasets/",
            "spaces/",
            "",
        ],
        &[],
    ),
    shared(S3, S3, &[""], &[]),
    shared(
        GOOGLE_STORE,
        GOOGLE_STORE,
        &["download/storage/v1/b/", "storage/v1/b/", ""],
        &[],
    ),
    shared("storage.cloud.google.com", GOOGLE_STORE, &[""], &[]),
    shared(
        "firebasestorage.googleapis.com",
        GOOGLE_STORE,
        &["v0/b/"],
        &[],
    ),
    // What stands here is told by a number, which names nobody.
    shared("docs.google.com", "docs.google.com", &[], &[]),
];

/// Domains with all below them that name no owner but in the ways above.
const NOBODYS: [&str; 11] = [
    GITHUB,
    "githubusercontent.com",
    GITLAB,
    BITBUCKET,
    CODEBERG,
    SOURCEFORGE,
    HUGGING_FACE,
    "hf.co",
    "drive.google.com",
    "sites.google.com",
    "script.google.com",
];

/// Domains whose first part is an owner of a service.
const PAGES: [(&str, &str); 4] = [
    ("github.io", GITHUB),
    ("gitlab.io", GITLAB),
    ("bitbucket.io", BITBUCKET),
    ("codeberg.page", CODEBERG),
];

/// Whose a place is, in small letters. A place is a host, with a port or without, and what
/// stands behind it in an address. For a host of its own that is the domain, for one that many
/// share the service and the owner. None where many share it and it does not say whose it is.
///
/// ```
/// # use customs_model::owner_of;
/// let owner = |place: &str| owner_of(place).unwrap_or_default();
/// assert_eq!(owner("cdn.lk.example:8443/a"), "lk.example");
/// assert_eq!(owner("raw.githubusercontent.com/Lk/tool/main/a.sh"), "github.com/lk");
/// assert_eq!(owner("github.com"), "");
/// ```
pub fn owner_of(place: &str) -> Option<String> {
    let place = place.to_ascii_lowercase();
    let (host, path) = place.split_once('/').unwrap_or((place.as_str(), ""));
    let host = without_port(host);
    if let Some((service, owner)) = owner_in_host(host) {
        return Some(format!("{service}/{owner}"));
    }
    if let Some(shared) = shared_by_path(host) {
        let (from, to) = owner_in_path(shared, path)?;
        return Some(format!("{}/{}", shared.service, path.get(from..to)?));
    }
    if NOBODYS
        .iter()
        .any(|domain| host == *domain || is_below(host, domain))
    {
        return None;
    }
    let domain = registrable(host);
    (domain.len() > 3).then(|| domain.to_owned())
}

/// The beginning of a path on a host up to the end of the owner's name, where many share the
/// host and it names one: what [`owner_of`] needs to know of the path.
///
/// ```
/// # use customs_model::path_of_owner;
/// let path = "repos/lk/tool/releases";
/// assert_eq!(path_of_owner("api.github.com", path), Some("repos/lk"));
/// assert_eq!(path_of_owner("lk.example", path), None);
/// ```
pub fn path_of_owner<'p>(host: &str, path: &'p str) -> Option<&'p str> {
    let host = host.to_ascii_lowercase();
    let shared = shared_by_path(without_port(&host))?;
    // Letters of one byte keep their places.
    let (_, to) = owner_in_path(shared, &path.to_ascii_lowercase())?;
    path.get(..to)
}

fn without_port(host: &str) -> &str {
    host.split(':').next().unwrap_or(host).trim_end_matches('.')
}

fn shared_by_path(host: &str) -> Option<&'static Shared> {
    let first = host.split('.').next().unwrap_or_default();
    let host = if is_amazon(host) && (first == "s3" || first.starts_with("s3-")) {
        S3
    } else {
        host
    };
    PATHS.iter().find(|shared| shared.host == host)
}

fn is_amazon(host: &str) -> bool {
    is_below(host, "amazonaws.com") || is_below(host, "amazonaws.com.cn")
}

/// The service and its owner, where the host names one.
fn owner_in_host(host: &str) -> Option<(&'static str, &str)> {
    let store = [".s3.", ".s3-"]
        .iter()
        .filter(|_| is_amazon(host))
        .find_map(|mark| Some((S3, host.split_once(*mark)?.0)));
    let pages = || {
        PAGES.iter().find_map(|(domain, service)| {
            let labels = host.strip_suffix(*domain)?.strip_suffix('.')?;
            Some((*service, labels.rsplit('.').next()?))
        })
    };
    let google = || {
        let bucket = host.strip_suffix(GOOGLE_STORE)?.strip_suffix('.')?;
        Some((GOOGLE_STORE, bucket))
    };
    store
        .or_else(pages)
        .or_else(google)
        .filter(|(_, owner)| is_name(owner))
}

/// Where the owner's name stands in a path in small letters.
fn owner_in_path(shared: &Shared, path: &str) -> Option<(usize, usize)> {
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let whole = path.get(..end)?;
    // Clients make another path of these, or leave them out, so that it leads to somebody else.
    let leads_away = |part: &str| matches!(part, "." | "..") || part.contains("%2e");
    let is_left_out = |c: char| c == '\\' || c.is_ascii_control();
    if whole.contains(is_left_out) || whole.split('/').any(leads_away) {
        return None;
    }
    let before = shared
        .before
        .iter()
        .find(|before| whole.starts_with(**before))?;
    let rest = whole.get(before.len()..)?;
    let owner = rest.split(['/', '%']).next()?;
    // Behind owner and repository; groups of gitlab are in groups.
    let levels = if shared.service == GITLAB { 8 } else { 1 };
    let mut inside = rest.split('/').skip(2).take(levels);
    if shared.anybodys.contains(&owner) || inside.any(|part| shared.anybodys.contains(&part)) {
        return None;
    }
    is_name(owner).then(|| (before.len(), before.len() + owner.len()))
}

/// Whether it is a name as services give them. What is made of something that only the machine
/// knows is none.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(place: &str) -> String {
        owner_of(place).unwrap_or_else(|| "nobody".to_owned())
    }

    #[test]
    fn the_hosts_of_a_service_have_the_same_owners() {
        for place in [
            "github.com/Lk/tool/releases/download/v1/tool.tgz",
            "www.github.com/lk",
            "github.com/sponsors/lk",
            "raw.githubusercontent.com/lk/tool/main/install.sh",
            "gist.githubusercontent.com/lk/0123/raw",
            "codeload.github.com/lk/tool/tar.gz/main",
            "api.github.com/repos/lk/tool/releases?per_page=1",
            "media.githubusercontent.com/media/lk/tool/main/a.bin",
            "lk.github.io/tool/a.js",
            "GITHUB.com:443/lk#top",
        ] {
            assert_eq!(owner(place), "github.com/lk", "{place}");
        }
        assert_eq!(owner("gitlab.com/lk/sub/tool"), "gitlab.com/lk");
        let by_api = "gitlab.com/api/v4/projects/lk%2Ftool/packages";
        assert_eq!(owner(by_api), "gitlab.com/lk");
        assert_eq!(owner("lk.codeberg.page"), "codeberg.org/lk");
        let named_like_it = "github.com/lk/assets/raw/main/files/a.sh";
        assert_eq!(owner(named_like_it), "github.com/lk");
    }

    #[test]
    fn a_bucket_is_its_owners_by_host_and_by_path() {
        for place in [
            "lk.s3.amazonaws.com/a",
            "lk.s3.eu-west-1.amazonaws.com/a",
            "s3.amazonaws.com/lk/a",
            "s3-us-west-2.amazonaws.com/lk",
        ] {
            assert_eq!(owner(place), "s3.amazonaws.com/lk", "{place}");
        }
        assert_eq!(
            owner("storage.googleapis.com/lk/a"),
            owner("lk.storage.googleapis.com/a")
        );
        assert_ne!(
            owner("a.blob.core.windows.net"),
            owner("b.blob.core.windows.net")
        );
        assert_eq!(owner("lk.s3.evil.example/a"), "evil.example");
    }

    #[test]
    fn what_a_shared_host_does_not_say_is_nobodys() {
        for place in [
            "github.com",
            "github.com/",
            "api.github.com/gists",
            "objects.githubusercontent.com/github-production-release-asset/1/a",
            "github.com/lk/../evil/tool/raw/main/a.sh",
            "github.com/lk/%2E%2e/evil",
            "github.com//lk/tool",
            "github.com/lk\\..\\evil",
            "github.com/<?>/tool",
            "github.com/lk/.\t./evil",
            "github.com/lk/tool/files/123/a.zip",
            "github.com/user-attachments/files/1/a.zip",
            "gitlab.com/lk/tool/uploads/0123/a.zip",
            "s3.amazonaws.com",
            "docs.google.com/forms/d/1",
        ] {
            assert_eq!(owner(place), "nobody", "{place}");
        }
    }

    #[test]
    fn a_host_of_its_own_is_its_domain() {
        assert_eq!(owner("Cdn.lk.example/a/../b"), "lk.example");
        assert_eq!(owner("github.com.evil.example/lk"), "evil.example");
        assert_eq!(owner("evilgithub.com/lk"), "evilgithub.com");
        assert_eq!(owner("203.0.113.7:80/a"), "203.0.113.7");
        assert_eq!(owner("a"), "nobody");
    }

    #[test]
    fn the_path_of_an_owner_says_whose_it_is_as_the_whole_path_does() {
        for (host, path) in [
            ("github.com", "Lk/tool/raw"),
            ("api.github.com", "repos/lk/tool"),
            ("gitlab.com", "api/v4/projects/lk%2ftool"),
            ("s3.amazonaws.com", "lk/a"),
        ] {
            let short = path_of_owner(host, path).unwrap_or_default();
            assert!(!short.is_empty(), "{host}/{path}");
            let whole = owner_of(&format!("{host}/{path}"));
            assert_eq!(owner_of(&format!("{host}/{short}")), whole);
        }
    }
}
