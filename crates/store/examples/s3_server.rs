//! An S3 server on a free port of this machine, for gates that share a store while somebody tries
//! them. It prints its address and bucket, then its key, and serves until it is ended.

#![allow(
    clippy::print_stdout,
    reason = "whoever started it reads the address there"
)]

use customs_store::S3Server;
use std::io::{self, Write as _};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = S3Server::start()?;
    let mut out = io::stdout();
    writeln!(out, "{} {}", server.endpoint(), S3Server::BUCKET)?;
    writeln!(out, "{} {}", S3Server::KEY.0, S3Server::KEY.1)?;
    out.flush()?;
    loop {
        std::thread::park();
    }
}
