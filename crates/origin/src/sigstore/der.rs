//! The little of DER that is needed to tell an authority that a trust root does not know from a
//! signature that is wrong, and a root in a chain. Nothing is trusted by it: it chooses the words of a refusal, and
//! refuses.

/// `2.5.29.35`, the key identifier of who issued a certificate (RFC 5280, 4.2.1.1).
const ISSUER_KEY: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x23];
/// `2.5.29.14`, the key identifier of the certificate itself (RFC 5280, 4.2.1.2).
const OWN_KEY: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x0e];
/// `1.3.6.1.4.1.11129.2.4.2`, the list of SCTs (RFC 6962, 3.3).
const SCTS: &[u8] = &[
    0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02,
];
/// Bytes before the log's id in a list of one SCT: length of the list, length of the SCT, version.
const BEFORE_LOG_ID: usize = 5;

/// One element: its tag, its content, all of its bytes, and what follows it.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
    rest: &'a [u8],
}

fn element(bytes: &[u8]) -> Option<Element<'_>> {
    let (&tag, after) = bytes.split_first()?;
    let (&first, after) = after.split_first()?;
    let (length, after) = match first {
        short @ 0..=0x7f => (usize::from(short), after),
        0x81 => after
            .split_first()
            .map(|(&l, rest)| (usize::from(l), rest))?,
        0x82 => {
            let (high, low) = (*after.first()?, *after.get(1)?);
            (
                usize::from(u16::from_be_bytes([high, low])),
                after.get(2..)?,
            )
        }
        _ => return None,
    };
    let content = after.get(..length)?;
    let rest = after.get(length..)?;
    let whole = bytes.get(..bytes.len() - rest.len())?;
    Some(Element {
        tag,
        content,
        whole,
        rest,
    })
}

/// The content of an extension's octet string, found by its OID.
fn extension<'a>(certificate: &'a [u8], oid: &[u8]) -> Option<&'a [u8]> {
    let at = find(certificate, oid)?;
    let mut next = element(certificate.get(at + oid.len()..)?)?;
    if next.tag == 0x01 {
        next = element(next.rest)?; // it is marked as critical
    }
    (next.tag == 0x04).then_some(next.content)
}

/// Whose key signed a certificate.
pub(super) fn issuer_key(certificate: &[u8]) -> Option<&[u8]> {
    let sequence = element(extension(certificate, ISSUER_KEY)?)?;
    let key = element(sequence.content)?;
    (key.tag == 0x80).then_some(key.content)
}

/// What others call a certificate's key.
pub(super) fn own_key(certificate: &[u8]) -> Option<&[u8]> {
    element(extension(certificate, OWN_KEY)?).map(|key| key.content)
}

/// The log that a certificate was published in: the first one, where there are several.
pub(super) fn published_in(certificate: &[u8]) -> Option<&[u8]> {
    let list = element(extension(certificate, SCTS)?)?;
    list.content.get(BEFORE_LOG_ID..BEFORE_LOG_ID + 32)
}

/// How a signed message names a certificate: its issuer, then its number (RFC 5652, 10.2.4).
pub(super) fn issuer_and_number(certificate: &[u8]) -> Option<Vec<u8>> {
    let body = element(element(certificate)?.content)?;
    let mut number = element(body.content)?;
    if number.tag == 0xa0 {
        number = element(number.rest)?; // the version stood before it
    }
    let algorithm = element(number.rest)?;
    let issuer = element(algorithm.rest)?;
    Some([issuer.whole, number.whole].concat())
}

/// Whether a certificate names itself as who issued it, by its name or by its key. None where it cannot be read.
pub(super) fn is_root(certificate: &[u8]) -> Option<bool> {
    let body = element(element(certificate)?.content)?;
    let mut number = element(body.content)?;
    if number.tag == 0xa0 {
        number = element(number.rest)?; // the version stood before it
    }
    let algorithm = element(number.rest)?;
    let issuer = element(algorithm.rest)?;
    let validity = element(issuer.rest)?;
    let subject = element(validity.rest)?;
    let key = own_key(certificate);
    Some(issuer.whole == subject.whole || key.is_some() && key == issuer_key(certificate))
}

/// Where some bytes stand in others.
pub(super) fn find(all: &[u8], part: &[u8]) -> Option<usize> {
    all.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (issuer_and_number(&bytes), is_root(&bytes));
            for oid in [ISSUER_KEY, OWN_KEY, SCTS] {
                let all = [oid, &bytes].concat();
                prop_assert!(extension(&all, oid).is_none_or(|found| found.len() < all.len()));
                let _ = (issuer_key(&all), own_key(&all), published_in(&all));
            }
        }
    }
}
