//! Certificates as Fulcio makes them, written by hand (RFC 5280, RFC 6962).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use customs_model::Digest;

/// Ten minutes around the time of signing, in the form that certificates write.
const FROM: &[u8] = b"251231235500Z";
const UNTIL: &[u8] = b"260101000500Z";
const CENTURY: &[u8] = b"490101000000Z";

/// `1.3.6.1.4.1.57264.1.` and the number of a claim.
const CLAIM: &[u8] = &[0x2b, 6, 1, 4, 1, 0x83, 0xbf, 0x30, 1];
/// `ecdsa-with-SHA256`.
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
/// `1.3.6.1.4.1.11129.2.4.2`.
const SCTS: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2];
/// `id-kp-codeSigning`.
const CODE_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 3];
/// `2.5.29.`
const EXTENSION: &[u8] = &[0x55, 0x1d];

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut all = vec![tag];
    match length {
        0..=0x7f => all.push(u8::try_from(length).unwrap()),
        0x80..=0xff => all.extend([0x81, u8::try_from(length).unwrap()]),
        _ => {
            all.push(0x82);
            all.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    all.extend(content);
    all
}

fn seq(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

fn oid(bytes: &[u8]) -> Vec<u8> {
    tlv(0x06, bytes)
}

fn name(text: &str) -> Vec<u8> {
    let common = seq(&[oid(&[0x55, 4, 3]), tlv(0x0c, text.as_bytes())]);
    seq(&[tlv(0x31, &common)])
}

fn extension(id: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical {
        tlv(0x01, &[0xff])
    } else {
        Vec::new()
    };
    seq(&[oid(id), critical, tlv(0x04, value)])
}

fn standard(number: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    extension(&[EXTENSION, &[number]].concat(), critical, value)
}

fn key_id(spki: &[u8]) -> Vec<u8> {
    Digest::sha256(spki).as_bytes()[..20].to_vec()
}

/// A certificate that is not signed yet.
pub(super) struct Certificate {
    subject: Vec<u8>,
    until: &'static [u8],
    from: &'static [u8],
    spki: Vec<u8>,
    extensions: Vec<Vec<u8>>,
}

impl Certificate {
    pub(super) fn authority(spki: &[u8]) -> Self {
        Self {
            subject: name("own"),
            from: b"250101000000Z",
            until: CENTURY,
            spki: spki.to_vec(),
            extensions: vec![
                standard(19, true, &seq(&[tlv(0x01, &[0xff])])),
                standard(15, true, &tlv(0x03, &[1, 0x06])),
                standard(14, false, &tlv(0x04, &key_id(spki))),
            ],
        }
    }

    pub(super) fn leaf(spki: &[u8], issuer: &[u8], subject: &str, claims: &[(u8, String)]) -> Self {
        let kind = if subject.contains("://") { 0x86 } else { 0x81 };
        let mut extensions = vec![
            standard(15, true, &tlv(0x03, &[7, 0x80])),
            standard(37, false, &seq(&[oid(CODE_SIGNING)])),
            standard(35, false, &seq(&[tlv(0x80, &key_id(issuer))])),
            standard(17, true, &seq(&[tlv(kind, subject.as_bytes())])),
        ];
        extensions.extend(claims.iter().map(|(number, value)| {
            extension(
                &[CLAIM, &[*number]].concat(),
                false,
                &tlv(0x0c, value.as_bytes()),
            )
        }));
        Self {
            subject: seq(&[]),
            from: FROM,
            until: UNTIL,
            spki: spki.to_vec(),
            extensions,
        }
    }

    /// Adds the proof that it was published.
    pub(super) fn publish(&mut self, issuer: &[u8], log: &[u8], sign: impl Fn(&[u8]) -> Vec<u8>) {
        let body = self.body();
        let time = [0u8, 0, 0x01, 0x9b, 0x76, 0, 0, 0];
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        let signed = [
            &[0u8, 0][..], // version 1, a timestamp of a certificate
            &time,
            &[0, 1], // of one that is not signed yet
            Digest::sha256(issuer).as_bytes(),
            &length[1..],
            &body,
            &[0, 0],
        ]
        .concat();
        let signature = sign(&signed);
        let length = u16::try_from(signature.len()).unwrap().to_be_bytes();
        let one = [
            &[0u8][..],
            log,
            &time,
            &[0, 0],
            &[4, 3],
            &length,
            &signature,
        ]
        .concat();
        let length = u16::try_from(one.len()).unwrap().to_be_bytes();
        let outer = u16::try_from(one.len() + 2).unwrap().to_be_bytes();
        let list = [&outer[..], &length, &one].concat();
        self.extensions
            .push(extension(SCTS, false, &tlv(0x04, &list)));
    }

    pub(super) fn sign(&self, sign: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
        let body = self.body();
        let signature = [&[0][..], &sign(&body)].concat();
        seq(&[body, seq(&[oid(ECDSA)]), tlv(0x03, &signature)])
    }

    fn body(&self) -> Vec<u8> {
        seq(&[
            tlv(0xa0, &tlv(0x02, &[2])),
            tlv(0x02, &[1]),
            seq(&[oid(ECDSA)]),
            name("own"),
            seq(&[tlv(0x17, self.from), tlv(0x17, self.until)]),
            self.subject.clone(),
            self.spki.clone(),
            tlv(0xa3, &seq(&self.extensions)),
        ])
    }
}

/// In the armour that the log's entries hold.
pub(super) fn pem(kind: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
        lines.join("\n")
    )
}
