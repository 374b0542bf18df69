//! The registry firewall: shows a package manager only the releases that policy
//! admits, and delivers only bytes that were verified.
//!
//! It decides nothing itself. Documents and decisions come from `customs_registry`;
//! here they are rendered, delivered and recorded.

mod admit;
mod ahead;
mod answer;
pub mod approve;
mod audit;
mod away;
mod background;
mod cargo;
mod control;
mod controls;
mod credential;
mod deliver;
mod encoding;
mod grants;
mod hot;
mod lately;
mod lists;
mod metrics;
mod naming;
mod npm;
mod origins;
mod page;
mod pieces;
pub mod process;
mod pypi;
mod relay;
mod rendering;
mod report;
mod request;
mod route;
mod run;
mod server;
mod serving;
mod stall;
mod team;
mod tls;
mod traced;
mod under;
#[cfg(target_os = "linux")]
mod wire;

pub use approve::{Ending, Listed, NotApproved, State, Wanted};
pub use control::{
    CheckRequest, Checked, Hello, NamedText, RunEnd, RunReply, RunRequest, StateFile,
};
pub use credential::{Own, fresh as fresh_secret, proof, same};
pub use grants::{grant, grants, kept_policy_key};
pub use metrics::{Metrics, Reloaded};
pub use report::{HeldEntry, NotCheckedEntry, RefusedEntry, RunReport, TakenEntry};
pub use route::{file_url_to_gate, file_url_to_upstream};
pub use server::{CANARY, Gate, GateError, Options, Waits};
pub use serving::{Bounds, Listening, serve, serve_team};
pub use team::{Role, TeamError, TeamSettings, Token, TokenDigest, TokenError};
pub use tls::{LiveTls, TlsError};
pub use under::{advisories, policy_in_force};
