//! A gate that serves a team: tokens, certificates, settings that change, connections that are none.

#[cfg(unix)]
mod away;
#[cfg(unix)]
mod config;
#[cfg(unix)]
mod connections;
#[cfg(unix)]
mod origins;
#[cfg(unix)]
mod reload;
#[cfg(unix)]
mod setup;
#[cfg(unix)]
mod stops;
#[cfg(all(unix, feature = "postgres"))]
mod store;
mod tokens;
#[cfg(unix)]
mod world;
