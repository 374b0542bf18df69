//! Authorities, logs and a registry's key of a test's own, the same as in the tests of what verifies:
//! what they sign is valid wherever their root is trusted.

#[path = "../../../origin/src/testing/der.rs"]
mod der;
#[path = "key_pair.rs"]
mod key_pair;
#[allow(dead_code, reason = "the tests of what verifies need more of it")]
#[path = "../../../origin/src/testing/synthetic.rs"]
pub mod synthetic;

use customs_origin::{Trust, TrustFiles};
use key_pair::KeyPair;
