//! Replay: attacks and honest releases as data, served to real package managers.
//!
//! A [`Scenario`] is a file: packages, releases at instants, what they declare, and
//! inert contents. [`Upstream`] answers as a registry would have answered at one
//! instant of it, with all instants moved so that this instant is *now*: the gate and
//! the clients see the ages of that day, and no clock is faked. [`Server`] puts an
//! upstream on a loopback port, with faults on demand. [`Report`] says what happened.
//!
//! Nothing of a scenario does harm: whatever would have run the payload appends a line
//! to the file named by the environment variable [`MARKER_VARIABLE`], and does nothing
//! where that is not set.
//!
//! ```
//! use customs_replay::{Request, Scenario, Upstream};
//!
//! let text = r#"
//!     id = "tiny"
//!     title = "One honest release"
//!     what = "Nothing happened."
//!     ecosystem = "npm"
//!     epoch = "2026-01-02T00:00:00Z"
//!     benign = true
//!     admitted-by-hours = 24
//!     [[package]]
//!     name = "left"
//!     releases = [{ version = "1.0.0", published = "2026-01-01T00:00:00Z", tags = ["latest"] }]
//!     [[victim]]
//!     name = "anybody"
//!     project = { left = "^1.0.0" }
//!     good = { left = "1.0.0" }
//! "#;
//! let scenario = Scenario::parse(text).unwrap();
//! let moment = scenario.moment("2026-11-24T12:00:00Z".parse().unwrap());
//! let upstream = Upstream::new(&scenario, moment, "http://registry.example").unwrap();
//! let page = upstream.answer(&Request::get("/left"));
//! assert_eq!(page.status, 200);
//! assert!(page.text().contains(r#""1.0.0":"2026-11-23T12:00:00.000Z""#));
//! ```
//!
//! It hands out:
//! - [`Scenario`], [`Package`], [`Release`], [`Victim`], [`Expect`], …: the format;
//! - [`BUILT_IN`], [`find`]: the scenarios that come with customs;
//! - [`Moment`]: scenario time on the present;
//! - [`Artifact`]: archives with the digests that documents promise;
//! - [`Upstream`], [`Request`], [`Response`], [`Body`], [`Answer`]: the pure registry;
//! - [`Server`], [`Bound`], [`Faults`], [`Fault`]: the same on a port;
//! - [`replay`], [`Setup`], [`Client`], [`Step`]: the trials, with the built program and
//!   the real package managers;
//! - [`Report`], [`Row`], [`Column`], [`Outcome`], [`Expected`]: the table of outcomes.

mod archive;
mod catalogue;
mod http;
mod moment;
mod payload;
mod project;
mod report;
mod run;
mod scenario;
mod server;
mod upstream;

pub use archive::{Artifact, ArtifactKind};
pub use catalogue::{BUILT_IN, find};
pub use http::{Answer, Body, Request, Response};
pub use moment::Moment;
pub use payload::MARKER_VARIABLE;
pub use project::ProjectFile;
pub use report::{Cell, Column, Expected, Outcome, Report, Row};
pub use run::{Client, Setup, Step, replay};
pub use scenario::{
    AdvisoryFile, Expect, Marker, Package, PublishedBy, Release, Scenario, ScenarioError, Trigger,
    Victim,
};
pub use server::{Bound, Fault, Faults, Hit, Server};
pub use upstream::Upstream;
