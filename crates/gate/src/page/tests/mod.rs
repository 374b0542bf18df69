//! The page as a whole: what stands on it, who sees it, and how it looks in a browser.

mod access;
#[cfg(unix)]
mod browser;
#[cfg(unix)]
mod looks;
mod world;
