//! What a trust root knows, by the names under which bundles refer to it.

use super::{Bundle, RootError, der, limit};
use customs_model::Timestamp;
use sigstore_verify::trust_root::{SIGSTORE_STAGING_TRUSTED_ROOT, TimeRange, TrustedRoot};
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// The names of a root's logs and authorities.
#[derive(Debug, Default)]
pub(super) struct Material {
    /// Ids of transparency logs and of logs of certificates.
    logs: BTreeSet<Vec<u8>>,
    /// Key identifiers of certificate authorities.
    pub(super) keys: BTreeSet<Vec<u8>>,
    /// Those authorities' certificates.
    pub(super) certificates: BTreeSet<Vec<u8>>,
    /// Issuer and number of the certificates of timestamp authorities.
    timestampers: BTreeSet<Vec<u8>>,
    /// When the newest of them took office; none where the root does not say.
    pub(super) newest: Option<Timestamp>,
}

/// What a bundle rests on and a root does not know.
#[derive(Debug)]
pub(super) struct Stranger {
    pub(super) kind: Kind,
    /// Its id, or the whole token of a timestamp.
    name: Vec<u8>,
    /// The latest time that the bundle claims; nobody has confirmed it.
    pub(super) claimed: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Log,
    Issuer,
    Timestamp,
}

/// Sigstore's test instance. Its root is read only to recognise and refuse it.
pub(super) fn staging() -> &'static Material {
    static STAGING: OnceLock<Material> = OnceLock::new();
    STAGING.get_or_init(|| {
        // A test reads it; were it unreadable, a bundle of that instance would still be refused,
        // as one of an unknown authority.
        TrustedRoot::from_json(SIGSTORE_STAGING_TRUSTED_ROOT)
            .ok()
            .and_then(|root| Material::of(&root).ok())
            .unwrap_or_default()
    })
}

impl Material {
    pub(super) fn of(root: &TrustedRoot) -> Result<Self, RootError> {
        for count in [
            root.tlogs.len(),
            root.ctlogs.len(),
            root.certificate_authorities.len(),
            root.timestamp_authorities.len(),
        ] {
            if count > limit::AUTHORITIES {
                return Err(RootError::TooLarge(format!(
                    "{count} authorities of a kind"
                )));
            }
        }
        let mut all = Self::default();
        for log in &root.tlogs {
            all.log(log.log_id.key_id.as_bytes(), log.public_key.valid_for);
        }
        for log in &root.ctlogs {
            all.log(log.log_id.key_id.as_bytes(), log.public_key.valid_for);
        }
        for authority in &root.certificate_authorities {
            all.began(authority.valid_for);
            let certificates = authority.cert_chain.certificates.iter();
            let whole = certificates.clone();
            all.certificates
                .extend(whole.map(|c| c.raw_bytes.as_bytes().to_vec()));
            all.keys.extend(
                certificates.filter_map(|c| der::own_key(c.raw_bytes.as_bytes()).map(Vec::from)),
            );
        }
        for authority in &root.timestamp_authorities {
            all.began(authority.valid_for);
            let certificates = authority.cert_chain.certificates.iter();
            all.timestampers.extend(
                certificates.filter_map(|c| der::issuer_and_number(c.raw_bytes.as_bytes())),
            );
        }
        Ok(all)
    }

    pub(super) fn shares_a_key_with(&self, other: &Self) -> bool {
        !self.logs.is_disjoint(&other.logs)
            || !self.keys.is_disjoint(&other.keys)
            || !self.timestampers.is_disjoint(&other.timestampers)
    }

    /// Whether what another root did not know is known to this one.
    pub(super) fn knows(&self, stranger: &Stranger) -> bool {
        match stranger.kind {
            Kind::Log => self.logs.contains(&stranger.name),
            Kind::Issuer => self.keys.contains(&stranger.name),
            Kind::Timestamp => self.signed(&stranger.name),
        }
    }

    /// The first thing that a bundle rests on and that is not known here.
    pub(super) fn stranger_in(&self, bundle: &Bundle) -> Option<Stranger> {
        let certificate = bundle.certificate();
        let claimed = claimed(bundle);
        let stranger = |kind, name: &[u8]| {
            Some(Stranger {
                kind,
                name: name.to_vec(),
                claimed,
            })
        };
        for entry in bundle.entries() {
            let id = entry.log_id.key_id.as_bytes();
            if !self.logs.contains(id) {
                return stranger(Kind::Log, id);
            }
        }
        if let Some(key) = certificate.and_then(der::issuer_key)
            && !self.keys.contains(key)
        {
            return stranger(Kind::Issuer, key);
        }
        if let Some(log) = certificate.and_then(der::published_in)
            && !self.logs.contains(log)
        {
            return stranger(Kind::Log, log);
        }
        let token = bundle.timestamps().find(|token| !self.signed(token))?;
        stranger(Kind::Timestamp, token)
    }

    /// Whether a timestamp names one of the authorities as who signed it.
    fn signed(&self, token: &[u8]) -> bool {
        self.timestampers
            .iter()
            .any(|name| der::find(token, name).is_some())
    }

    fn log(&mut self, id: &[u8], window: Option<TimeRange>) {
        self.logs.insert(id.to_vec());
        self.began(window);
    }

    fn began(&mut self, window: Option<TimeRange>) {
        let start = window.and_then(|w| Timestamp::from_second(w.start.as_second()).ok());
        self.newest = self.newest.max(start);
    }
}

impl Stranger {
    pub(super) fn words(&self) -> String {
        let of = |what: &str| {
            let name: String = self
                .name
                .iter()
                .take(32)
                .map(|b| format!("{b:02x}"))
                .collect();
            format!("{what} {name}")
        };
        match self.kind {
            Kind::Log => of("log"),
            Kind::Issuer => of("certificate authority with the key"),
            Kind::Timestamp => "a timestamp authority".to_owned(),
        }
    }
}

/// The latest time that a bundle's entries and certificate claim.
fn claimed(bundle: &Bundle) -> Option<Timestamp> {
    let entries = bundle.entries().iter();
    let times = entries.filter_map(|entry| Some(entry.integrated_time?.as_second()));
    let certificate = bundle.0.signing_certificate().and_then(|certificate| {
        // One that cannot be read has been refused as such.
        let info = sigstore_verify::crypto::parse_certificate_info(certificate).ok()?;
        Some(info.not_before.as_second())
    });
    let latest = times.chain(certificate).max()?;
    Timestamp::from_second(latest).ok()
}
