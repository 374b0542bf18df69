//! Whose a host is, as far as its name says.

/// Domains below which everybody may have a name of their own: what stands in front is the
/// owner's. Hosting services, and what registries of countries keep for companies.
const SHARED: [&str; 32] = [
    "github.io",
    "gitlab.io",
    "vercel.app",
    "netlify.app",
    "pages.dev",
    "workers.dev",
    "web.app",
    "firebaseapp.com",
    "herokuapp.com",
    "onrender.com",
    "fly.dev",
    "deno.dev",
    "surge.sh",
    "glitch.me",
    "replit.app",
    "repl.co",
    "azurewebsites.net",
    "windows.net",
    "cloudfront.net",
    "amazonaws.com",
    "cloudfunctions.net",
    "run.app",
    "appspot.com",
    "blogspot.com",
    "wordpress.com",
    "readthedocs.io",
    "co.uk",
    "org.uk",
    "co.jp",
    "com.au",
    "com.br",
    "com.cn",
];

/// The part of a host name that somebody registered: its last two parts, and one more where
/// these are shared by many. A port is left out, and an address in numbers has no parts.
///
/// ```
/// # use customs_model::registrable;
/// assert_eq!(registrable("cdn.eu.lk.example:8443"), "lk.example");
/// assert_eq!(registrable("docs.lk.github.io"), "lk.github.io");
/// assert_eq!(registrable("203.0.113.7"), "203.0.113.7");
/// ```
pub fn registrable(host: &str) -> &str {
    let host = host.split(':').next().unwrap_or(host);
    if host.parse::<std::net::Ipv4Addr>().is_ok() {
        return host;
    }
    let mut starts = host
        .rmatch_indices('.')
        .filter_map(|(at, _)| host.get(at + 1..))
        .skip(1);
    let two = starts.next().unwrap_or(host);
    if SHARED.iter().any(|shared| two.eq_ignore_ascii_case(shared)) {
        starts.next().unwrap_or(host)
    } else {
        two
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_shares_a_domain_is_told_apart() {
        assert_eq!(registrable("api.a.vercel.app"), "a.vercel.app");
        assert_eq!(registrable("b.vercel.app"), "b.vercel.app");
        assert_eq!(registrable("shop.lk.co.uk"), "lk.co.uk");
        assert_eq!(registrable("VERCEL.app"), "VERCEL.app");
    }

    #[test]
    fn a_name_without_parts_is_itself() {
        for host in ["localhost", "", ".", "lk.example", "127.0.0.1"] {
            assert_eq!(registrable(host), host);
        }
        assert_eq!(registrable("127.0.0.1:80"), "127.0.0.1");
    }
}
