//! Which addresses a document may make the gate ask.
//!
//! Tarball and file URLs come from documents, and documents come from strangers. The
//! gate runs inside a network and holds credentials, so a URL in a document must not
//! reach inner addresses (server-side request forgery). The upstream itself may well be
//! an inner address: the user configured it.

use crate::upstream::Upstream;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// Why a URL is not asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not `http` or `https`, or weaker than the upstream itself.
    #[error("it is not https")]
    Scheme,
    /// An address that only this machine or network can reach.
    #[error("it leads to an inner address")]
    Inner,
    /// It carries a user name or password.
    #[error("it carries a credential")]
    Credential,
}

/// Checks a URL that stood in a document of `upstream`, or that it redirected to.
/// Host names are checked again when they are resolved, see [`OuterResolver`].
///
/// # Errors
/// The refusal.
pub fn check(upstream: &Upstream, url: &Url) -> Result<(), Refusal> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::Credential);
    }
    if upstream.owns(url) {
        return Ok(());
    }
    let allowed =
        url.scheme() == "https" || (url.scheme() == "http" && upstream.base.scheme() == "http");
    if !allowed {
        return Err(Refusal::Scheme);
    }
    let inner = match url.host() {
        Some(Host::Ipv4(ip)) => is_inner(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => is_inner(IpAddr::V6(ip)),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost") || name.ends_with(".internal")
        }
        None => true,
    };
    if inner { Err(Refusal::Inner) } else { Ok(()) }
}

/// Loopback, private, link-local (cloud metadata), shared, unspecified and multicast.
/// Documentation ranges are left out: closed networks use them for their mirrors.
pub fn is_inner(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => inner4(ip),
        IpAddr::V6(ip) => {
            if let Some(mapped) = ip.to_ipv4_mapped() {
                return inner4(mapped);
            }
            inner6(ip)
        }
    }
}

fn inner4(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_unspecified()
        || ip.is_multicast()
        || ip.is_broadcast()
        || a == 0
        || (a == 100 && (64..128).contains(&b))
}

fn inner6(ip: Ipv6Addr) -> bool {
    let first = ip.segments()[0];
    ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_multicast()
        || (first & 0xfe00) == 0xfc00
        || (first & 0xffc0) == 0xfe80
        // NAT64 and 6to4 carry an IPv4 address inside.
        || ip.segments()[..2] == [0x64, 0xff9b]
        || first == 0x2002
}

/// Resolves host names of foreign URLs and drops inner addresses, so that a name that
/// resolves to one (or starts to, between check and use) is not asked.
#[derive(Debug, Clone, Copy)]
pub struct OuterResolver;

impl Resolve for OuterResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0))
                .await?
                .filter(|address| !is_inner(address.ip()))
                .collect();
            if found.is_empty() {
                return Err("the name leads to inner addresses only".into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::Route;

    #[test]
    fn a_document_cannot_make_the_gate_ask_inner_addresses() {
        let up = Upstream::parse("https://registry.example/", Route::Public).unwrap();
        for bad in [
            "https://169.254.169.254/latest/meta-data",
            "https://127.0.0.1/x",
            "https://10.1.2.3/x",
            "https://[::1]/x",
            "https://[::ffff:10.0.0.1]/x",
            "https://[fd00::1]/x",
            "https://0/x",
            "https://2130706433/x",
            "https://0x7f.1/x",
            "https://localhost/x",
            "http://files.example/x",
            "https://u:p@files.example/x",
            "file:///etc/passwd",
            "https://metadata.google.internal/x",
            "https://100.64.0.1/",
            "https://[64:ff9b::a00:1]/",
        ] {
            assert!(check(&up, &Url::parse(bad).unwrap()).is_err(), "{bad}");
        }
        assert!(check(&up, &Url::parse("https://files.example/x").unwrap()).is_ok());
    }

    #[test]
    fn the_users_own_inner_registry_may_be_asked() {
        let up = Upstream::parse("http://127.0.0.1:4873/", Route::Private).unwrap();
        assert!(
            check(
                &up,
                &Url::parse("http://127.0.0.1:4873/a/-/a-1.tgz").unwrap()
            )
            .is_ok()
        );
        assert!(check(&up, &Url::parse("http://127.0.0.1:22/").unwrap()).is_err());
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_an_inner_address_is_not_asked() {
        // Whatever the name: what counts is where it leads at that moment.
        let found = OuterResolver.resolve("localhost".parse().unwrap()).await;
        let refused = found.map(|all| all.collect::<Vec<_>>()).unwrap_err();
        assert!(refused.to_string().contains("inner addresses"), "{refused}");
    }
}
