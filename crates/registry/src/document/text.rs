//! A kind of document for tests.

use super::Indexed;
use std::fs::File;
use std::io::{BufReader, Read as _};
use url::Url;

/// A document that is nothing but its text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text(pub String);

impl Indexed for Text {
    const ACCEPT: &'static str = "text/plain";

    fn read(mut body: BufReader<File>, _: &str, _: &Url) -> Result<Self, String> {
        let mut text = String::new();
        body.read_to_string(&mut text).map_err(|e| e.to_string())?;
        Ok(Self(text))
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}
