//! `s3://bucket/prefix?endpoint=https://s3.example&region=eu-1&style=host`. Keys come from the
//! variables that every client of S3 reads, never from the address.

use crate::error::Failure;
use customs_store::Blobs;
use std::sync::Arc;
use url::Url;

/// What an address says.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    bucket: String,
    prefix: String,
    endpoint: Option<String>,
    region: Option<String>,
    bucket_in_host: bool,
}

/// Opens it.
pub fn open(place: &str) -> Result<Arc<dyn Blobs>, Failure> {
    let address = parse(place)?;
    opened(address)
}

#[cfg(feature = "s3")]
fn opened(address: Address) -> Result<Arc<dyn Blobs>, Failure> {
    use crate::error::Doing as _;
    let said = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
    let key = |name| {
        said(name).ok_or_else(|| {
            Failure::usage(format!(
                "--blobs s3://… needs the key in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; {name} is not set"
            ))
        })
    };
    let settings = customs_store::S3Settings {
        endpoint: address.endpoint.or_else(|| said("AWS_ENDPOINT_URL")),
        bucket: address.bucket,
        prefix: address.prefix,
        region: address
            .region
            .or_else(|| said("AWS_REGION"))
            .unwrap_or_else(|| "us-east-1".to_owned()),
        access_key: key("AWS_ACCESS_KEY_ID")?,
        secret_key: key("AWS_SECRET_ACCESS_KEY")?,
        bucket_in_host: address.bucket_in_host,
    };
    let blobs = customs_store::S3Blobs::open(&settings).doing("open the team's artifacts")?;
    Ok(Arc::new(blobs))
}

#[cfg(not(feature = "s3"))]
fn opened(_: Address) -> Result<Arc<dyn Blobs>, Failure> {
    Err(Failure::usage(
        "this customs knows no S3, which --blobs or CUSTOMS_BLOBS asks for: build it with \
         `cargo build --features s3`, or name a folder that the gates have in common",
    ))
}

fn parse(place: &str) -> Result<Address, Failure> {
    let refused = |why: &str| {
        let form = "s3://bucket/prefix?endpoint=https://s3.example&region=eu-1";
        Failure::usage(format!("--blobs is not of the form {form}: {why}"))
    };
    let url = Url::parse(place).map_err(|error| refused(&error.to_string()))?;
    let bucket = url.host_str().filter(|host| !host.is_empty());
    let bucket = bucket.ok_or_else(|| refused("it names no bucket"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused(
            "keys belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ));
    }
    let mut address = Address {
        bucket: bucket.to_owned(),
        prefix: url.path().trim_matches('/').to_owned(),
        endpoint: None,
        region: None,
        bucket_in_host: false,
    };
    for (name, value) in url.query_pairs() {
        match &*name {
            "endpoint" => address.endpoint = Some(value.into_owned()),
            "region" => address.region = Some(value.into_owned()),
            "style" => {
                address.bucket_in_host = match &*value {
                    "host" => true,
                    "path" => false,
                    _ => return Err(refused("style is host or path")),
                };
            }
            _ => return Err(refused("it knows endpoint, region and style")),
        }
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_bucket_prefix_and_server() {
        let full = "s3://artifacts/team/a/?endpoint=https://s3.example:9000&region=eu-1&style=host";
        assert_eq!(
            parse(full).unwrap(),
            Address {
                bucket: "artifacts".to_owned(),
                prefix: "team/a".to_owned(),
                endpoint: Some("https://s3.example:9000".to_owned()),
                region: Some("eu-1".to_owned()),
                bucket_in_host: true,
            }
        );
        let short = parse("s3://artifacts").unwrap();
        assert_eq!((short.prefix.as_str(), short.endpoint), ("", None));
    }

    #[test]
    fn what_is_no_address_is_refused_and_a_key_in_it_is_not_repeated() {
        for place in ["s3:", "s3://", "s3://b?style=maybe", "s3://b?bucket=x"] {
            assert!(parse(place).is_err(), "{place}");
        }
        let error = parse("s3://id:secret@bucket/x").err().unwrap().to_string();
        assert!(error.contains("AWS_SECRET_ACCESS_KEY"), "{error}");
        assert!(!error.contains("id:secret"), "{error}");
    }

    #[cfg(not(feature = "s3"))]
    #[test]
    fn a_program_without_s3_says_so_and_what_to_do() {
        let error = open("s3://artifacts").err().unwrap().to_string();
        assert!(error.contains("--features s3"), "{error}");
    }
}
