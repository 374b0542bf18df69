//! What installers write beside the files of a wheel: RECORD, `entry_points.txt`,
//! `direct_url.json`, `pyvenv.cfg`, and where the parts of a wheel go.
//!
//! Source: the specifications "Recording installed projects", "Entry points", "Direct URL" and
//! "Binary distribution format" of packaging.python.org.

mod direct_url;
mod entry_points;
mod environment;
mod record;
mod wheel_layout;

pub use direct_url::{DirectUrl, DirectUrlError};
pub use entry_points::{EntryPoint, EntryPointsError, scripts};
pub use environment::VirtualEnvironment;
pub use record::{Record, RecordError, Row, limit::BYTES as RECORD_LIMIT};
pub use wheel_layout::{Scheme, is_site_root, part_of};
