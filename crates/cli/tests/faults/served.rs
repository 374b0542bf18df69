//! A gate that serves a team: tokens, certificates, settings that change, connections that are none.

#[cfg(unix)]
mod approve;
#[cfg(unix)]
mod away;
#[cfg(unix)]
mod config;
#[cfg(unix)]
mod connections;
mod decided;
#[cfg(unix)]
mod fair;
#[cfg(unix)]
mod keeping;
#[cfg(target_os = "linux")]
mod no_room;
mod not_modified;
#[cfg(unix)]
mod origins;
#[cfg(unix)]
mod policy;
#[cfg(unix)]
#[cfg(unix)]
mod reload;
#[cfg(unix)]
mod setup;
#[cfg(unix)]
mod stops;
#[cfg(all(unix, feature = "postgres"))]
mod store;
#[cfg(target_os = "linux")]
mod thousand;
mod tokens;
#[cfg(unix)]
mod traced;
#[cfg(unix)]
mod world;
