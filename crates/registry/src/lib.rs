//! Upstream registries: discovery's result, the HTTP client, verified downloads, the
//! cache, and the gathering of dossiers.
//!
//! Upstreams belong to the user; none is built in. Documents are streamed to disk and
//! indexed in one pass; artifacts are hashed while they arrive and kept by digest.

pub mod artifact;
mod audit;
mod cache;
pub mod document;
pub mod evidence;
mod flights;
pub mod guard;
mod held;
pub mod http;
mod inspections;
mod judge;
mod queue;
mod shared;
pub mod trace;
mod turns;
mod upstream;
#[cfg(feature = "nats")]
mod worker;

pub use cache::clear_half_written;
pub use flights::Flights;
pub use held::Held;
pub use inspections::kept_facts;
pub use judge::{
    ArtifactFacts, CargoConfig, CargoDocument, Context, Counterpart, CrateAsks, Judged,
    JudgedDocument, Judgement, Located, NoPromise, PackageStands, Predecessor, PypiPage, Read,
    Registry, Stands, Unseen, Wish, npm_document_path, npm_facts, npm_needs,
    order as version_order, origin_key,
};
pub use queue::{Asking, Job, Queue, QueueError, Word, Words};
#[cfg(feature = "nats")]
pub use queue::{NatsAddress, NatsQueue};
pub use reqwest;
pub use shared::{JobCounts, Jobs, Shared};
pub use turns::{ONLY_ONE, Turn, Turns, on_behalf};
pub use upstream::{Credential, Secret, Upstream, UpstreamError, Upstreams};
#[cfg(feature = "nats")]
pub use worker::{Came, Finished, Worker};
