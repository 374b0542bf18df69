//! Listening: connections come in, are served, and end in order.
//!
//! Whoever stops the gate cuts nobody off: no connection is taken any more, what is being
//! answered is answered, and then it ends, within a bound.

use crate::metrics::Metrics;
use crate::page::Asked;
use crate::server::Gate;
use crate::stall::Stalling;
use crate::tls::LiveTls;
#[cfg(target_os = "linux")]
use crate::wire::{Wire, answering};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

/// How long a client may take for a TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Bytes of the head of a request, and of what waits in one connection.
const HEAD: usize = 64 << 10;
/// Headers of a request.
const HEADERS: usize = 100;

/// What a gate takes upon itself for its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Connections that stand at the same time. More wait in the system's queue.
    pub connections: usize,
    /// How long a client may take for the head of a request, and how long a connection may stand
    /// without one.
    pub head: Duration,
    /// How long a client may take nothing of an answer.
    pub stall: Duration,
    /// How long what is being answered may take when the gate stops.
    pub stop: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 2_048,
            head: Duration::from_secs(30),
            stall: Duration::from_secs(60),
            stop: Duration::from_secs(5),
        }
    }
}

/// Where a team's gate listens.
pub struct Listening {
    /// For everybody.
    pub listener: TcpListener,
    /// With TLS on it.
    pub tls: Option<Arc<LiveTls>>,
    /// For those who look after it: `/metrics`, `/healthz`, `/readyz`, without TLS or credential.
    pub operations: Option<TcpListener>,
    /// What it takes upon itself.
    pub bounds: Bounds,
}

/// Serves until it is told to stop, or nothing was asked for `linger` and no run is open.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    gate: Arc<Gate>,
    listener: TcpListener,
    linger: Option<Duration>,
) -> std::io::Result<()> {
    let listening = Listening {
        listener,
        tls: None,
        operations: None,
        bounds: Bounds::default(),
    };
    serve_until(gate, listening, linger).await
}

/// Serves a team until [`Gate::stop_serving`].
///
/// # Errors
/// The listener fails.
pub async fn serve_team(gate: Arc<Gate>, listening: Listening) -> std::io::Result<()> {
    serve_until(gate, listening, None).await
}

async fn serve_until(
    gate: Arc<Gate>,
    mut listening: Listening,
    linger: Option<Duration>,
) -> std::io::Result<()> {
    gate.metrics.started(gate.registry.clock.now().as_second());
    // Ends with this: a set of tasks that is dropped aborts them.
    let mut background = JoinSet::new();
    background.spawn(gate.clone().read_in_background());
    background.spawn(gate.clone().keep_evidence());
    background.spawn(gate.clone().follow_grants());
    if gate.team.is_some() {
        background.spawn(gate.clone().watch_numbers());
    }
    if let Some(operations) = listening.operations.take() {
        background.spawn(serve_operations(gate.clone(), operations));
    }
    let served = serve_clients(&gate, listening, linger).await;
    background.shutdown().await;
    gate.background.stop();
    gate.origins.stop();
    served
}

async fn serve_clients(
    gate: &Arc<Gate>,
    listening: Listening,
    linger: Option<Duration>,
) -> std::io::Result<()> {
    let Listening {
        listener,
        tls,
        bounds,
        ..
    } = listening;
    let room = Arc::new(Semaphore::new(bounds.connections));
    let mut stopping = gate.stopping.subscribe();
    let mut connections = JoinSet::new();
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            accepted = accept(&listener, &room) => match accepted {
                Ok((stream, address, room)) => {
                    let one = Connection {
                        gate: gate.clone(),
                        address,
                        tls: tls.clone(),
                        bounds,
                        stopping: stopping.clone(),
                        _room: room,
                    };
                    connections.spawn(one.serve(stream));
                }
                // Out of descriptors, or a client that went away: not the end of the gate.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            },
            // The sender lives as long as the gate.
            () = is_over(&mut stopping) => break,
            _ = tick.tick() => {
                gate.forget_abandoned();
                gate.answered.tidy();
                gate.delivered.tidy();
                if linger.is_some_and(|linger| gate.active() == 0 && gate.idle() > linger) {
                    gate.stop_serving();
                }
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
    // Whoever comes now is turned away by the system, and may ask another gate.
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(bounds.stop, all).await.is_err() {
        let left = connections.len();
        tracing::warn!(left, "connections were cut off: they took too long to end");
        connections.shutdown().await;
    }
    Ok(())
}

/// Waits until the gate stops.
async fn is_over(stopping: &mut watch::Receiver<bool>) {
    // The sender lives as long as the gate, and without one it is over, too.
    let _ = stopping.wait_for(|stops| *stops).await;
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, String, OwnedSemaphorePermit)> {
    // Never closed.
    let room = room.clone().acquire_owned().await;
    let room = room.map_err(std::io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    Ok((stream, address.ip().to_string(), room))
}

/// One client's connection.
struct Connection {
    gate: Arc<Gate>,
    address: String,
    tls: Option<Arc<LiveTls>>,
    bounds: Bounds,
    stopping: watch::Receiver<bool>,
    _room: OwnedSemaphorePermit,
}

impl Connection {
    async fn serve(self, stream: TcpStream) {
        let metrics = self.gate.metrics.clone();
        let _standing = metrics.connection();
        // Without it answers are a little later, no more.
        let _ = stream.set_nodelay(true);
        let Some(tls) = self.tls.clone() else {
            return self.serve_plain(stream, metrics.clone()).await;
        };
        let stream = Stalling::new(stream, self.bounds.stall, metrics.clone());
        match tokio::time::timeout(HANDSHAKE, tls.acceptor().accept(stream)).await {
            Ok(Ok(stream)) => self.serve_http(stream).await,
            Ok(Err(error)) => {
                metrics.handshake_failed();
                tracing::debug!(%error, "a client ended the TLS handshake");
            }
            Err(_) => {
                metrics.handshake_failed();
                tracing::debug!("a client took too long for the TLS handshake");
            }
        }
    }

    /// What is not encrypted the system can send by itself.
    #[cfg(target_os = "linux")]
    async fn serve_plain(self, stream: TcpStream, metrics: Arc<Metrics>) {
        let wire = Wire::new(stream);
        let parts = wire.parts();
        let stream = Stalling::new(wire, self.bounds.stall, metrics);
        let (gate, address) = (self.gate.clone(), self.address.clone());
        let service = service_fn(move |request| {
            let (gate, address) = (gate.clone(), address.clone());
            answering(parts.clone(), async move {
                Ok::<_, std::convert::Infallible>(gate.handle(request, address).await)
            })
        });
        let served = http1(self.bounds).serve_connection(TokioIo::new(stream), service);
        end_in_order(served, self.stopping).await;
    }

    #[cfg(not(target_os = "linux"))]
    async fn serve_plain(self, stream: TcpStream, metrics: Arc<Metrics>) {
        let stream = Stalling::new(stream, self.bounds.stall, metrics);
        self.serve_http(stream).await;
    }

    async fn serve_http(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let (gate, address) = (self.gate.clone(), self.address.clone());
        let service = service_fn(move |request| {
            let (gate, address) = (gate.clone(), address.clone());
            async move { Ok::<_, std::convert::Infallible>(gate.handle(request, address).await) }
        });
        let served = http1(self.bounds).serve_connection(TokioIo::new(stream), service);
        end_in_order(served, self.stopping).await;
    }
}

fn http1(bounds: Bounds) -> hyper::server::conn::http1::Builder {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_headers(HEADERS)
        .max_buf_size(HEAD);
    builder
}

/// Serves a connection to its end; when the gate stops, after the answer that is on its way.
async fn end_in_order<I, S, B>(
    served: hyper::server::conn::http1::Connection<I, S>,
    mut stopping: watch::Receiver<bool>,
) where
    S: hyper::service::HttpService<hyper::body::Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: hyper::body::Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut served = std::pin::pin!(served);
    let done = tokio::select! {
        done = served.as_mut() => done,
        () = is_over(&mut stopping) => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = done {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// The page of numbers and whether it is well, for those who look after it.
async fn serve_operations(gate: Arc<Gate>, listener: TcpListener) {
    let bounds = Bounds {
        connections: 16,
        ..Bounds::default()
    };
    let room = Arc::new(Semaphore::new(bounds.connections));
    let is_loopback = listener.local_addr().is_ok_and(|at| at.ip().is_loopback());
    // A set that is dropped aborts what is in it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = accept(&listener, &room) => {
                let (stream, _, room) = match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        tracing::warn!(%error, "a connection of those who look after it could not be taken");
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        continue;
                    }
                };
                let gate = gate.clone();
                let stream = Stalling::new(stream, bounds.stall, Arc::new(Metrics::default()));
                connections.spawn(async move {
                    let _room = room;
                    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                        let gate = gate.clone();
                        async move {
                            let asked = Asked {
                                method: request.method(),
                                path: request.uri().path(),
                                query: request.uri().query(),
                                headers: request.headers(),
                            };
                            let answer = gate.operations(asked, is_loopback).await;
                            Ok::<_, std::convert::Infallible>(answer)
                        }
                    });
                    // It ends with the gate; a scrape that is cut off is asked again.
                    let served = http1(bounds).serve_connection(TokioIo::new(stream), service);
                    if let Err(error) = served.await {
                        tracing::debug!(%error, "a connection ended early");
                    }
                });
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}
