//! Real trees: each package manager installs a few packages into a clean home, and what it laid
//! out is held against the artifacts. Untouched, nothing may be wrong; tampered with, exactly what
//! was tampered with is told.
//!
//! Managers are installed and started as in the tests of clients: their own defaults, with this
//! machine's registry addresses and certificates. Each tree is installed once through the gate,
//! whose store then holds the artifacts, and put back before each case.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do: loudly, at once"
)]

mod action;
mod alike;
mod answers;
mod archives;
mod ask;
#[path = "../faults/authority.rs"]
mod authority;
mod bun;
mod cargo;
mod check;
mod counts;
mod false_alarms;
mod fixes;
mod ground;
mod lockfiles;
mod members;
mod npm;
mod pip;
mod pnpm;
mod poetry;
mod programs;
mod sboms;
mod table;
mod tamper;
mod uv;
#[path = "../clients/world.rs"]
#[allow(dead_code, reason = "the tests of clients use more of it")]
mod world;
mod yarn;
