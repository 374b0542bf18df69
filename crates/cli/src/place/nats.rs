//! `nats://host:4222`: the queue that workers take jobs from.

use crate::error::Failure;
use customs_registry::Queue;
use std::sync::Arc;

/// What a queue alone is good for: nothing.
pub fn without_blobs() -> Failure {
    Failure::usage(
        "--nats needs --blobs (or CUSTOMS_BLOBS): workers get artifacts from the team's store, and \
         put there what they read",
    )
}

/// Where it is.
#[cfg(feature = "nats")]
pub fn address(url: &str) -> Result<customs_registry::NatsAddress, Failure> {
    let address = customs_registry::NatsAddress::parse(url)
        .map_err(|error| Failure::usage(format!("--nats: {error}")))?;
    let checked = address.check();
    checked.map_err(|error| Failure::usage(format!("--nats: {error}")))?;
    Ok(address)
}

/// A gate's side of it; none where nothing is served, and so nothing is read.
#[cfg(feature = "nats")]
pub fn queue(url: &str) -> Result<Option<Arc<dyn Queue>>, Failure> {
    let address = address(url)?;
    if tokio::runtime::Handle::try_current().is_err() {
        return Ok(None);
    }
    customs_registry::http::install_tls();
    let queue = customs_registry::NatsQueue::start(address, "customs gate");
    Ok(Some(queue))
}

/// What a program without the feature says.
#[cfg(not(feature = "nats"))]
pub fn queue(_: &str) -> Result<Option<Arc<dyn Queue>>, Failure> {
    Err(Failure::usage(
        "this customs knows no NATS, which --nats or CUSTOMS_NATS asks for: build it with \
         `cargo build --features nats`, or leave that out (gates then read artifacts themselves)",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "nats")]
    #[test]
    fn an_address_that_is_none_is_refused_without_its_password() {
        let error = queue("http://gate:hidden@queue.example").err().unwrap();
        let error = error.to_string();
        assert!(error.contains("--nats"), "{error}");
        assert!(error.contains("nats://host:4222"), "{error}");
        assert!(!error.contains("hidden"), "{error}");
    }

    #[cfg(not(feature = "nats"))]
    #[test]
    fn a_program_without_nats_says_so_and_what_to_do() {
        let error = queue("nats://queue.example").err().unwrap().to_string();
        assert!(error.contains("--features nats"), "{error}");
    }
}
