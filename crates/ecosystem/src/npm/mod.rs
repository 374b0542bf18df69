//! npm: documents, versions, ranges.
//!
//! A document is never held in memory. [`Packument::read`] makes one streaming pass
//! and remembers where each version stands; [`render`] makes another and copies what
//! policy offers.

mod manifest;
mod offers;
mod packument;
mod platform;
pub mod pnp;
mod range;
mod render;
mod tags;
mod version;

pub use manifest::{NpmRelease, is_exotic, resolve_alias};
pub use packument::{Packument, PublisherEntry, VersionEntry, mail_domain};
pub use platform::{Machine, Platforms};
pub use range::Range;
pub use render::{Form, Tarballs, render, tarball_url};
pub use tags::repair as repair_tags;
pub use version::{NpmVersion, release_line};
