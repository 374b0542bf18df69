//! Whose a host is, as far as its name says.

/// Domains below which everybody may have a name of their own: what stands in front is the
/// owner's. Hosting services, and what registries of countries keep for companies.
const SHARED: [&str; 40] = [
    "github.io",
    "gitlab.io",
    "bitbucket.io",
    "codeberg.page",
    "sourceforge.io",
    "hf.space",
    "r2.dev",
    "b-cdn.net",
    "neocities.org",
    "azureedge.net",
    "azurefd.net",
    "supabase.co",
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
    "cloudfront.net",
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
    "com.tw",
];

/// Domains of shared clouds: what stands in front, however many parts it has, is one
/// customer's account, bucket or machine, or one service of the cloud.
const CLOUDS: [&str; 16] = [
    "amazonaws.com",
    "amazonaws.com.cn",
    "elasticbeanstalk.com",
    "windows.net",
    "azurewebsites.net",
    "azurestaticapps.net",
    "cloudapp.net",
    "cloudapp.azure.com",
    "storage.googleapis.com",
    "digitaloceanspaces.com",
    "cloudflarestorage.com",
    "backblazeb2.com",
    "wasabisys.com",
    "linodeobjects.com",
    "aliyuncs.com",
    "myqcloud.com",
];

/// The part of a host name that somebody registered: its last two parts, one more where these
/// are shared by many, and all of it in a shared cloud. A port is left out, and an address in
/// numbers has no parts.
///
/// ```
/// # use customs_model::registrable;
/// assert_eq!(registrable("cdn.eu.lk.example:8443"), "lk.example");
/// assert_eq!(registrable("docs.lk.github.io"), "lk.github.io");
/// assert_eq!(registrable("lk.blob.core.windows.net"), "lk.blob.core.windows.net");
/// assert_eq!(registrable("203.0.113.7"), "203.0.113.7");
/// ```
pub fn registrable(host: &str) -> &str {
    let host = host.split(':').next().unwrap_or(host);
    if host.parse::<std::net::Ipv4Addr>().is_ok() {
        return host;
    }
    if CLOUDS.iter().any(|cloud| is_below(host, cloud)) {
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

/// Whether a host stands below a domain, which is in small letters.
pub(crate) fn is_below(host: &str, domain: &str) -> bool {
    host.len()
        .checked_sub(domain.len() + 1)
        .and_then(|at| host.get(at..))
        .and_then(|end| end.strip_prefix('.'))
        .is_some_and(|end| end.eq_ignore_ascii_case(domain))
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
    fn of_a_shared_cloud_the_whole_host_is_one_owners() {
        for host in [
            "lk.s3.amazonaws.com",
            "lk.s3.eu-west-1.amazonaws.com",
            "lk.blob.core.windows.net",
            "lk.storage.googleapis.com",
        ] {
            assert_eq!(registrable(host), host);
        }
        assert_eq!(registrable("lk.amazonaws.com.example"), "com.example");
        assert_eq!(registrable("evilamazonaws.com"), "evilamazonaws.com");
    }

    #[test]
    fn a_name_without_parts_is_itself() {
        for host in ["localhost", "", ".", "lk.example", "127.0.0.1"] {
            assert_eq!(registrable(host), host);
        }
        assert_eq!(registrable("127.0.0.1:80"), "127.0.0.1");
    }
}
