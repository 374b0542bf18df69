//! What is read of a record that a stranger may have made, and what is shown of a text.
//!
//! A project of 480 packages has some 18,000 files, a record of it some 6 MB.

/// Bytes of a record's text.
pub const BYTES: usize = 256 * 1024 * 1024;
/// Values in it, counted as the commas and opening brackets of the text before it is read:
/// so little text (`[[],[],…`) never becomes much memory.
pub const VALUES: usize = 8_000_000;
/// Packages of a record.
pub const PACKAGES: usize = 200_000;
/// Files of all its packages together.
pub const FILES: usize = 1_000_000;
/// Bytes of one text in it, as it is written: the longest path of Linux has 4,096 bytes, of which
/// each may need six.
pub const TEXT: usize = 64 * 1024;
/// Bytes of a signed summary: a subject for each artifact is some 250 bytes.
pub const ENVELOPE: usize = 64 * 1024 * 1024;

/// Characters of one text that people are shown; more than a path has.
pub const SHOWN: usize = 8_192;
/// Rows of one list in Markdown.
pub const ROWS: usize = 40;
/// Bytes of a page behind which no row is added: code hosts refuse a comment of more than
/// 65,536 characters, and titles and ends come on top.
pub const PAGE: usize = 56_000;
/// Characters of one cell in Markdown.
pub const CELL: usize = 160;
/// Unexplained files of one package in the table for people; the list of files has all.
pub const FEW: usize = 20;
