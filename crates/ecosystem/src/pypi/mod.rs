//! PyPI: the simple repository API, core metadata, version order, facts of a wheel.
//!
//! [`parse_json`] and [`parse_html`] read a project's page into a [`Project`], streaming;
//! [`render_json`] and [`render_html`] write what policy offers of it. Ages, digests and
//! yanks belong to files here, not to versions.

mod applies;
pub mod bytecode;
mod file;
mod filename;
mod format;
mod html;
pub mod installed;
mod marker;
mod metadata;
mod render;
mod requirement;
mod simple;
mod simple_html;
mod simple_json;
pub mod tags;
mod version;
mod wheel;

#[cfg(test)]
mod tests;

pub use applies::MarkerEnvironment;
pub use file::{CoreMetadata, File, Yanked};
pub use filename::{FileKind, version_of};
pub use format::Format;
pub use metadata::{Metadata, MetadataError};
pub use render::{Show, render_html, render_json};
pub use requirement::{Requirement, normal_name};
pub use simple::{ApiVersion, Project, SimpleError, Status};
pub use simple_html::parse_html;
pub use simple_json::parse_json;
pub use version::{canonical, compare, contains, is_prerelease, release_line, satisfies};
pub use wheel::{WheelFacts, facts_from_entries};
