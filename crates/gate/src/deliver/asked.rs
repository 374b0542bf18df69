//! What a client asks of an artifact besides its bytes: a range, or whether it changed.

use customs_model::Digest;
use hyper::header::{HeaderMap, HeaderName, IF_NONE_MATCH, IF_RANGE, RANGE};

/// The validator of an artifact: its digest, since the digest is its identity.
pub fn etag(digest: &Digest) -> String {
    let hex = digest.to_hex();
    format!("\"{}\"", hex.get(..40).unwrap_or(&hex))
}

/// Whether the client says that it has these bytes already.
pub fn has_it(headers: &HeaderMap, etag: &str) -> bool {
    names(headers, IF_NONE_MATCH, etag)
}

fn names(headers: &HeaderMap, header: HeaderName, etag: &str) -> bool {
    headers
        .get_all(header)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|tags| tags.split(','))
        .any(|tag| {
            let tag = tag.trim();
            tag == "*" || tag.trim_start_matches("W/") == etag
        })
}

/// One byte range; `Ok(None)` where none is asked for, or several are, or the client has
/// a part of something else (then all is sent).
pub fn range(headers: &HeaderMap, etag: &str, length: u64) -> Result<Option<(u64, u64)>, ()> {
    if headers.contains_key(IF_RANGE) && !names(headers, IF_RANGE, etag) {
        return Ok(None);
    }
    let Some(spec) = headers
        .get(RANGE)
        .and_then(|r| r.to_str().ok())
        .and_then(|r| r.strip_prefix("bytes="))
    else {
        return Ok(None);
    };
    let Some((from, to)) = spec.split_once('-').filter(|_| !spec.contains(',')) else {
        return Ok(None);
    };
    let (from, to) = match (from.trim().parse::<u64>(), to.trim().parse::<u64>()) {
        (Ok(from), Ok(to)) => (from, to.min(length.saturating_sub(1))),
        (Ok(from), Err(_)) if to.trim().is_empty() => (from, length.saturating_sub(1)),
        (Err(_), Ok(last)) if from.trim().is_empty() => {
            (length.saturating_sub(last), length.saturating_sub(1))
        }
        _ => return Ok(None),
    };
    if from > to || from >= length {
        Err(())
    } else {
        Ok(Some((from, to - from + 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn ranges_are_read_as_the_specification_says() {
        let of = |text: &str| {
            range(
                &HeaderMap::from_iter([(RANGE, HeaderValue::from_str(text).unwrap())]),
                "\"a\"",
                100,
            )
        };
        assert_eq!(of("bytes=0-9"), Ok(Some((0, 10))));
        assert_eq!(of("bytes=90-"), Ok(Some((90, 10))));
        assert_eq!(of("bytes=-16"), Ok(Some((84, 16))));
        assert_eq!(of("bytes=50-500"), Ok(Some((50, 50))));
        assert_eq!(of("bytes=100-"), Err(()));
        assert_eq!(of("bytes=0-1,5-6"), Ok(None));
        assert_eq!(of("lines=1-2"), Ok(None));
    }

    #[test]
    fn a_part_of_something_else_is_not_continued() {
        let headers = |tag: &str| {
            HeaderMap::from_iter([
                (RANGE, HeaderValue::from_static("bytes=5-")),
                (IF_RANGE, HeaderValue::from_str(tag).unwrap()),
            ])
        };
        assert_eq!(range(&headers("\"a\""), "\"a\"", 10), Ok(Some((5, 5))));
        assert_eq!(range(&headers("\"b\""), "\"a\"", 10), Ok(None));
    }

    #[test]
    fn a_client_that_names_the_digest_has_the_bytes() {
        let headers = |tags: &str| {
            HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_str(tags).unwrap())])
        };
        assert!(has_it(&headers("\"b\", W/\"a\""), "\"a\""));
        assert!(!has_it(&headers("\"b\""), "\"a\""));
    }
}
