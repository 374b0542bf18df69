//! A root certificate that a bundle brings along.
//!
//! A root has to come from the trust root. Who signs must not put one into a bundle, so that no reader takes a
//! stranger's root for his own; the chain is never built from it here. The rule came in April 2023
//! (<https://github.com/sigstore/protobuf-specs/pull/77>); clients of before wrote the whole chain, npm up to 9.6.6
//! (May 2023), and the format tells readers to pass over what such old bundles bring. What is passed over is
//! therefore the trust root's own certificate, in a bundle that was signed while those clients were current.

use super::{Authority, Bundle, Proof, der};
use crate::why::{Refusal, Why};
use customs_model::Timestamp;

/// 2023-07-01T00:00:00Z, in seconds since 1970: the clients of before the rule were replaced by then.
const COMPLIANT_SINCE: i64 = 1_688_169_600;

/// Whether the chain is free of roots that the trust root does not have. Asked before anything else of the
/// certificates: nothing under such a root can hold.
pub(super) fn check(bundle: &Bundle, authority: &Authority) -> Result<(), Refusal> {
    for certificate in bundle.chain() {
        let Some(is_root) = der::is_root(certificate) else {
            let detail = "one of its chain";
            return Err(Refusal::new(Why::CertificateMalformed, detail));
        };
        if is_root && !authority.material.certificates.contains(certificate) {
            let detail = "whoever signs cannot say whom to trust";
            return Err(Refusal::new(Why::ForeignRoot, detail));
        }
    }
    Ok(())
}

/// Whether what brings the trust root's own certificate is as old as that makes it. Asked of what holds, since only
/// then somebody has confirmed its times.
pub(super) fn check_time(bundle: &Bundle, proof: &Proof) -> Result<(), Refusal> {
    let brings = bundle
        .chain()
        .any(|certificate| der::is_root(certificate) == Some(true));
    let is_old = |time: &Timestamp| time.as_second() < COMPLIANT_SINCE;
    if !brings || proof.times.first().is_some_and(is_old) {
        return Ok(());
    }
    let detail = "clients leave it out since May 2023; whoever published it used an older one";
    Err(Refusal::new(Why::RootInChain, detail))
}
