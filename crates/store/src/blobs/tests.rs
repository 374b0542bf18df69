//! What holds in a folder and in an S3 store.

use super::*;
use std::path::PathBuf;
use tempfile::TempDir;

/// A place for blobs.
trait Shelf {
    fn open(&self) -> Box<dyn Blobs>;
    /// The file that a blob lies in.
    fn file(&self, digest: &Digest) -> PathBuf;
}

struct InFolder(TempDir);

impl Shelf for InFolder {
    fn open(&self) -> Box<dyn Blobs> {
        Box::new(FolderBlobs::open(self.0.path()).unwrap())
    }

    fn file(&self, digest: &Digest) -> PathBuf {
        self.0.path().join(name(digest))
    }
}

macro_rules! in_every_store {
    ($($test:ident,)+) => {
        mod folder {
            $(
                #[test]
                fn $test() {
                    super::$test(&super::InFolder(tempfile::tempdir().unwrap()));
                }
            )+
        }
        #[cfg(feature = "s3-server")]
        mod s3 {
            $(
                #[test]
                fn $test() {
                    super::$test(&super::server::Bucket::new());
                }
            )+
        }
    };
}

fn read(blobs: &dyn Blobs, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
    let mut bytes = Vec::new();
    let length = blobs.read(digest, &mut bytes)?;
    assert!(length.is_none_or(|length| length == bytes.len() as u64));
    Ok(length.map(|_| bytes))
}

fn what_was_put_is_read_back(shelf: &dyn Shelf) {
    let blobs = shelf.open();
    for bytes in [&b""[..], b"bytes"] {
        let digest = Digest::sha256(bytes);
        assert_eq!(blobs.length(&digest).unwrap(), None);
        assert_eq!(read(&*blobs, &digest).unwrap(), None);
        assert_eq!(blobs.put(&digest, &mut &*bytes).unwrap(), Put::New);
        assert_eq!(blobs.put(&digest, &mut &*bytes).unwrap(), Put::There);
        let other = shelf.open();
        assert_eq!(other.length(&digest).unwrap(), Some(bytes.len() as u64));
        assert_eq!(read(&*other, &digest).unwrap().unwrap(), bytes);
        assert!(other.remove(&digest).unwrap());
        assert!(!other.remove(&digest).unwrap());
        assert_eq!(read(&*blobs, &digest).unwrap(), None);
    }
}

fn a_long_blob_is_put_in_parts(shelf: &dyn Shelf) {
    let blobs = shelf.open();
    // Two full parts and a rest.
    let bytes: Vec<u8> = (0..(17u32 << 20) / 4).flat_map(u32::to_le_bytes).collect();
    let digest = Digest::sha256(&bytes);
    assert_eq!(blobs.put(&digest, &mut bytes.as_slice()).unwrap(), Put::New);
    assert!(read(&*blobs, &digest).unwrap().unwrap() == bytes);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.tgz");
    assert_eq!(
        fetch_blob(&*blobs, &digest, &file).unwrap(),
        Some(bytes.len() as u64)
    );
    assert!(std::fs::read(&file).unwrap() == bytes);
    // Cut in the second part, it is another blob, and is not stored.
    let other = Digest::sha256(b"other");
    let error = blobs.put(&other, &mut &bytes[..10 << 20]).unwrap_err();
    assert!(matches!(error, StoreError::Spoiled { .. }), "{error}");
    assert_eq!(blobs.length(&other).unwrap(), None);
}

fn other_bytes_are_not_stored_under_a_digest(shelf: &dyn Shelf) {
    let blobs = shelf.open();
    let digest = Digest::sha256(b"right");
    let error = blobs.put(&digest, &mut &b"wrong"[..]).unwrap_err();
    assert!(matches!(error, StoreError::Spoiled { .. }), "{error}");
    assert_eq!(blobs.length(&digest).unwrap(), None);
}

fn a_blob_that_was_changed_in_the_store_is_not_used(shelf: &dyn Shelf) {
    let blobs = shelf.open();
    let digest = Digest::sha256(b"right");
    blobs.put(&digest, &mut &b"right"[..]).unwrap();
    std::fs::write(shelf.file(&digest), b"wrong").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.tgz");
    let error = fetch_blob(&*blobs, &digest, &file).unwrap_err();
    assert!(matches!(error, StoreError::Spoiled { .. }), "{error}");
    // Nothing of it is left.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    // It is put right.
    assert!(blobs.remove(&digest).unwrap());
    assert_eq!(blobs.put(&digest, &mut &b"right"[..]).unwrap(), Put::New);
    assert_eq!(fetch_blob(&*blobs, &digest, &file).unwrap(), Some(5));
}

fn of_many_who_put_a_blob_at_once_one_does(shelf: &dyn Shelf) {
    let bytes = vec![7u8; 300_000];
    let digest = Digest::sha256(&bytes);
    let stores: Vec<_> = (0..6).map(|_| shelf.open()).collect();
    let new = std::thread::scope(|scope| {
        let threads: Vec<_> = stores
            .iter()
            .map(|blobs| scope.spawn(|| blobs.put(&digest, &mut bytes.as_slice()).unwrap()))
            .collect();
        let put = threads.into_iter().map(|thread| thread.join().unwrap());
        put.filter(|put| *put == Put::New).count()
    });
    // The test's S3 server looks and then writes, so more than one may find nothing there.
    assert!((1..=6).contains(&new));
    assert!(read(&*shelf.open(), &digest).unwrap().unwrap() == bytes);
}

fn blobs_are_listed_page_by_page_in_the_order_of_their_names(shelf: &dyn Shelf) {
    let blobs = shelf.open();
    let mut all: Vec<Digest> = (0..25u8).map(|n| Digest::sha256(&[n])).collect();
    for (n, digest) in (0..25u8).zip(&all) {
        blobs.put(digest, &mut &[n][..]).unwrap();
    }
    all.sort_by_key(name);
    let mut found = Vec::new();
    loop {
        let after = found.last().map(|blob: &Blob| blob.digest.clone());
        let page = blobs.list(after.as_ref(), 7).unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 7);
        found.extend(page);
    }
    assert!(
        found
            .iter()
            .all(|blob| blob.length == 1 && blob.at.is_some())
    );
    let names: Vec<Digest> = found.into_iter().map(|blob| blob.digest).collect();
    assert_eq!(names, all);
}

in_every_store!(
    what_was_put_is_read_back,
    a_long_blob_is_put_in_parts,
    other_bytes_are_not_stored_under_a_digest,
    a_blob_that_was_changed_in_the_store_is_not_used,
    of_many_who_put_a_blob_at_once_one_does,
    blobs_are_listed_page_by_page_in_the_order_of_their_names,
);

#[test]
fn a_name_is_a_digest_and_nothing_else_is() {
    let digest = Digest::sha256(b"x");
    assert_eq!(digest_of(&name(&digest)), Some(digest.clone()));
    let hex = digest.to_hex();
    for other in [
        "sha256/2d/.tmp-x".to_owned(),
        format!("sha256/{hex}"),
        format!("sha256/{}/{}", &hex[..3], &hex[3..]),
        format!("{}/x", name(&digest)),
        name(&digest).to_uppercase(),
        String::new(),
    ] {
        assert_eq!(digest_of(&other), None, "{other}");
    }
}

#[cfg(feature = "s3")]
mod addresses {
    use super::*;

    fn settings(endpoint: &str) -> S3Settings {
        S3Settings {
            endpoint: Some(endpoint.to_owned()),
            bucket: "artifacts".to_owned(),
            prefix: String::new(),
            region: "us-east-1".to_owned(),
            access_key: "key".to_owned(),
            secret_key: "hidden".to_owned(),
            bucket_in_host: false,
        }
    }

    #[test]
    fn an_s3_store_elsewhere_is_spoken_to_by_tls_alone() {
        assert!(S3Blobs::open(&settings("https://s3.example")).is_ok());
        assert!(S3Blobs::open(&settings("http://127.0.0.1:9000")).is_ok());
        let error = S3Blobs::open(&settings("http://s3.example")).unwrap_err();
        assert!(error.to_string().contains("https://"), "{error}");
        assert!(!format!("{:?}", settings("https://s3.example")).contains("hidden"));
    }

    #[test]
    fn an_s3_store_that_is_away_is_an_error_with_a_sentence() {
        // A port that was free a moment ago.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let blobs = S3Blobs::open(&settings(&format!("http://{address}"))).unwrap();
        let begun = std::time::Instant::now();
        let error = blobs.length(&Digest::sha256(b"x")).unwrap_err();
        assert!(error.to_string().contains("look for sha256:"), "{error}");
        assert!(begun.elapsed() < std::time::Duration::from_secs(60));
    }
}

#[cfg(feature = "s3-server")]
mod server {
    use super::*;

    pub(super) struct Bucket(S3Server);

    impl Bucket {
        pub(super) fn new() -> Self {
            Self(S3Server::start().unwrap())
        }
    }

    impl Shelf for Bucket {
        fn open(&self) -> Box<dyn Blobs> {
            let (access_key, secret_key) = S3Server::KEY;
            let settings = S3Settings {
                endpoint: Some(self.0.endpoint()),
                bucket: S3Server::BUCKET.to_owned(),
                prefix: "gate/one".to_owned(),
                region: "us-east-1".to_owned(),
                access_key: access_key.to_owned(),
                secret_key: secret_key.to_owned(),
                bucket_in_host: false,
            };
            Box::new(S3Blobs::open(&settings).unwrap())
        }

        fn file(&self, digest: &Digest) -> PathBuf {
            self.0.file("gate/one", digest)
        }
    }
}
