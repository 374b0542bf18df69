use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use customs_model::{Digest, printable};

/// Bounds on a RECORD.
pub mod limit {
    /// Bytes.
    pub const BYTES: usize = 64 << 20;
    /// Rows.
    pub const ROWS: usize = 500_000;
    /// Bytes of one field.
    pub const FIELD: usize = 4096;
}

/// Why a RECORD says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Beyond a bound.
    #[error("RECORD has more than {0} {1}, which are not read; install the package again")]
    Limit(usize, &'static str),
    /// Not UTF-8.
    #[error("RECORD is not UTF-8 text; install the package again")]
    NotText,
    /// A row that is none.
    #[error("RECORD, row {row}: {what}; install the package again")]
    Row {
        /// Counted from 1.
        row: usize,
        /// What is wrong. Safe to print.
        what: String,
    },
}

/// One file that an installer says it wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As written, with `/`: relative to the folder that the `*.dist-info` lies in. It may lead
    /// out of it (`../../../bin/x`), or be absolute. Not safe to print.
    pub path: String,
    /// Its digest. None where there is none (RECORD itself, bytecode) or none of a known kind.
    pub digest: Option<Digest>,
    /// Bytes.
    pub size: Option<u64>,
}

/// The list of what an installer wrote. Nobody signs it: who can change a file can change its row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// In the order of the file.
    pub rows: Vec<Row>,
}

impl Record {
    /// Reads it.
    ///
    /// # Errors
    /// Beyond a bound, not text, or with a row that is none: a list that is only half understood
    /// would hide files.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        if bytes.len() > limit::BYTES {
            return Err(RecordError::Limit(limit::BYTES, "bytes"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| RecordError::NotText)?;
        let mut rows = Vec::new();
        let mut fields = Fields { rest: text };
        let mut row = 0;
        while let Some(fields) = fields.row().map_err(|what| refuse(row + 1, what))? {
            row += 1;
            if row > limit::ROWS {
                return Err(RecordError::Limit(limit::ROWS, "rows"));
            }
            if let Some(found) = row_of(&fields).map_err(|what| refuse(row, what))? {
                rows.push(found);
            }
        }
        Ok(Self { rows })
    }
}

fn refuse(row: usize, what: String) -> RecordError {
    RecordError::Row { row, what }
}

fn row_of(fields: &[String]) -> Result<Option<Row>, String> {
    let field = |at: usize| fields.get(at).map(String::as_str).unwrap_or_default();
    // Packers on Windows wrote its separators.
    let path = field(0).trim().replace('\\', "/");
    if path.is_empty() && fields.iter().all(|f| f.trim().is_empty()) {
        return Ok(None);
    }
    if path.is_empty() || path.contains('\0') {
        return Err("it names no file".into());
    }
    let size = match field(2).trim() {
        "" => None,
        text => {
            let size = text
                .parse()
                .map_err(|_| format!("{:?} is no count of bytes", printable(text, 40)))?;
            Some(size)
        }
    };
    Ok(Some(Row {
        path,
        digest: digest_of(field(1).trim())?,
        size,
    }))
}

/// `sha256=<urlsafe base64 without padding>`. An algorithm that is not known promises nothing.
fn digest_of(text: &str) -> Result<Option<Digest>, String> {
    let Some((algorithm, value)) = text.split_once('=') else {
        return match text {
            "" => Ok(None),
            other => Err(format!("{:?} is no digest", printable(other, 80))),
        };
    };
    if !matches!(algorithm, "sha256" | "sha384" | "sha512") {
        return Ok(None);
    }
    let bytes = URL_SAFE_NO_PAD
        .decode(value.trim_end_matches('='))
        .map_err(|_| format!("{:?} is no digest", printable(text, 80)))?;
    Digest::from_sri(&format!("{algorithm}-{}", STANDARD.encode(bytes)))
        .map(Some)
        .map_err(|_| format!("{:?} is no digest", printable(text, 80)))
}

/// Comma-separated values as Python's `csv` writes them: a field in quotation marks may hold
/// commas, line ends and doubled marks.
struct Fields<'a> {
    rest: &'a str,
}

impl Fields<'_> {
    fn row(&mut self) -> Result<Option<Vec<String>>, String> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let mut fields = Vec::new();
        loop {
            fields.push(self.field()?);
            if fields.len() > 8 {
                return Err("it has more than eight fields".into());
            }
            match self.rest.as_bytes().first() {
                Some(b',') => self.skip(1),
                Some(b'\r') if self.rest[1..].starts_with('\n') => {
                    self.skip(2);
                    return Ok(Some(fields));
                }
                Some(b'\n' | b'\r') => {
                    self.skip(1);
                    return Ok(Some(fields));
                }
                None => return Ok(Some(fields)),
                Some(_) => return Err("text stands behind a quotation mark".into()),
            }
        }
    }

    fn field(&mut self) -> Result<String, String> {
        let Some(quoted) = self.rest.strip_prefix('"') else {
            let end = self.rest.find([',', '\n', '\r']).unwrap_or(self.rest.len());
            let (field, rest) = self.rest.split_at(end);
            self.rest = rest;
            return bounded(field.to_owned());
        };
        self.rest = quoted;
        let mut field = String::new();
        loop {
            let (part, behind) = self
                .rest
                .split_once('"')
                .ok_or("a quotation mark is not closed")?;
            field.push_str(part);
            if field.len() > limit::FIELD {
                return bounded(field);
            }
            self.rest = behind;
            match behind.strip_prefix('"') {
                Some(more) => {
                    field.push('"');
                    self.rest = more;
                }
                None => return Ok(field),
            }
        }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }
}

fn bounded(field: String) -> Result<String, String> {
    if field.len() > limit::FIELD {
        return Err(format!("a field has more than {} bytes", limit::FIELD));
    }
    Ok(field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EMPTY: &str = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";

    #[test]
    fn quotes_line_ends_and_missing_digests_are_read() {
        let text = format!(
            "a/b.py,{EMPTY},0\r\n\"a/x,\"\"y\"\".py\",{EMPTY},0\n../../../bin/a,,\na\\c.py,md5=aa,1\n\n"
        );
        let record = Record::parse(text.as_bytes()).unwrap();
        let paths: Vec<&str> = record.rows.iter().map(|r| r.path.as_str()).collect();
        assert_eq!(
            paths,
            ["a/b.py", "a/x,\"y\".py", "../../../bin/a", "a/c.py"]
        );
        assert_eq!(record.rows[0].digest, Some(Digest::sha256(b"")));
        assert_eq!(record.rows[0].size, Some(0));
        assert_eq!(record.rows[2].digest, None);
        assert_eq!(record.rows[3].digest, None);
    }

    #[test]
    fn a_list_that_is_only_half_understood_is_refused() {
        let error = |text: &str| Record::parse(text.as_bytes()).unwrap_err().to_string();
        insta::assert_snapshot!(error("a,sha256=AAAA,1\n"), @r#"RECORD, row 1: "sha256=AAAA" is no digest; install the package again"#);
        insta::assert_snapshot!(error("a,,\nb,,x\n"), @r#"RECORD, row 2: "x" is no count of bytes; install the package again"#);
        insta::assert_snapshot!(error("\"a,,\n"), @"RECORD, row 1: a quotation mark is not closed; install the package again");
        insta::assert_snapshot!(error("\"a\"b,,\n"), @"RECORD, row 1: text stands behind a quotation mark; install the package again");
        insta::assert_snapshot!(error(",sha256=,\n"), @"RECORD, row 1: it names no file; install the package again");
        assert_eq!(Record::parse(b"\xff"), Err(RecordError::NotText));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "[a,\"\\\\\r\n=é]{0,60}") {
            let _ = Record::parse(text.as_bytes());
        }
    }
}
