//! Generated npm documents: the same bytes for the same parameters, with the fields, in the
//! proportions, that documents of large packages have.

use customs_model::{SignedDuration, Timestamp};
use std::io::{self, Write};

/// What a document is made of.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Its name in tables, and the package's.
    pub name: &'static str,
    /// About so many bytes.
    pub bytes: u64,
    /// Dependencies of each version; large packages have more, not only more versions.
    dependencies: u64,
    /// Development dependencies of each version.
    development: u64,
}

impl Shape {
    /// Megabytes, for tables.
    pub fn megabytes(&self) -> String {
        let tenths = self.bytes / 100_000;
        if tenths.is_multiple_of(10) {
            format!("{} MB", tenths / 10)
        } else {
            format!("{}.{} MB", tenths / 10, tenths % 10)
        }
    }
}

/// The sizes that are measured, smallest first: express, vite as it was, typescript, next,
/// vite today, renovate.
pub const SHAPES: [Shape; 6] = [
    shape("bench-half", 500_000, 6, 6),
    shape("bench-three", 3_000_000, 8, 20),
    shape("bench-ten", 10_000_000, 0, 30),
    shape("bench-twenty", 20_000_000, 12, 60),
    shape("bench-forty", 40_000_000, 10, 70),
    shape("bench-hundred-ten", 110_000_000, 100, 90),
];

/// With `--quick`: the two smallest and the largest.
pub fn shapes(quick: bool) -> Vec<Shape> {
    let all = SHAPES.iter().enumerate();
    all.filter(|(at, _)| !quick || *at < 2 || *at == SHAPES.len() - 1)
        .map(|(_, shape)| *shape)
        .collect()
}

/// A shape.
pub const fn shape(name: &'static str, bytes: u64, dependencies: u64, development: u64) -> Shape {
    Shape {
        name,
        bytes,
        dependencies,
        development,
    }
}

/// What a document says beside its shape.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Where tarballs are, without a slash at the end.
    pub base: &'a str,
    /// The newest version's publish time; the oldest is eight years older.
    pub newest: Timestamp,
    /// The digest of every tarball, as `integrity` writes it.
    pub integrity: &'a str,
}

/// The span of publish times.
const YEARS: i64 = 8;

/// Writes a document.
///
/// # Errors
/// What `out` returns.
pub fn write(shape: &Shape, setting: Setting<'_>, out: impl Write) -> io::Result<()> {
    let mut out = Counted { out, bytes: 0 };
    let mut random = Random(shape.bytes);
    let name = shape.name;
    write!(
        out,
        r#"{{"_id":"{name}","_rev":"{}","name":"{name}","dist-tags":{{"latest":"1.0.0","next":"1.0.0"}},"versions":{{"#,
        random.hex(16)
    )?;
    let mut versions = Vec::new();
    // `time` takes about 44 bytes for each version, the readme and the rest 3 kB.
    while versions.is_empty() || out.bytes + 44 * versions.len() as u64 + 3_000 < shape.bytes {
        if !versions.is_empty() {
            out.write_all(b",")?;
        }
        let version = version_text(versions.len());
        version_object(&mut out, shape, setting, &version, &mut random)?;
        versions.push(version);
    }
    times(&mut out, setting.newest, &versions)?;
    let sentence = r#"A \"benchmark\" document.\n\n```js\nimport it from 'it';\n```\n"#;
    write!(
        out,
        r#","maintainers":[{{"name":"ann","email":"ann@people.example"}}],"description":"Generated for a benchmark","homepage":"https://people.example/{name}","keywords":["generated","benchmark"],"repository":{{"type":"git","url":"git+https://code.example/{name}.git"}},"author":{{"name":"Ann"}},"bugs":{{"url":"https://code.example/{name}/issues"}},"license":"MIT","readme":"{}","readmeFilename":"README.md","users":{{"bob":true}}}}"#,
        sentence.repeat(40)
    )
}

/// Versions as real packages number them, a prerelease now and then.
fn version_text(at: usize) -> String {
    let (major, minor, patch) = (1 + at / 400, at / 10 % 40, at % 10);
    if at % 7 == 6 {
        format!("{major}.{minor}.{patch}-beta.{}", at % 5)
    } else {
        format!("{major}.{minor}.{patch}")
    }
}

fn version_object(
    out: &mut impl Write,
    shape: &Shape,
    setting: Setting<'_>,
    version: &str,
    random: &mut Random,
) -> io::Result<()> {
    let (name, base, integrity) = (shape.name, setting.base, setting.integrity);
    write!(
        out,
        r#""{version}":{{"name":"{name}","version":"{version}","keywords":["generated","benchmark"],"author":{{"name":"Ann"}},"license":"MIT","_id":"{name}@{version}","maintainers":[{{"name":"ann","email":"ann@people.example"}},{{"name":"bob","email":"bob@people.example"}}],"homepage":"https://people.example/{name}","bugs":{{"url":"https://code.example/{name}/issues"}},"bin":{{"{name}":"bin/cli.js"}},"dist":{{"shasum":"{}","tarball":"{base}/{name}/-/{name}-{version}.tgz","fileCount":{},"integrity":"{integrity}","signatures":[{{"sig":"MEUCIQ{}","keyid":"SHA256:{}"}}],"unpackedSize":{}}},"main":"./dist/index.js","type":"module","types":"./dist/index.d.ts","engines":{{"node":"^20.19.0 || >=22.12.0"}},"exports":{{".":{{"import":"./dist/index.js","types":"./dist/index.d.ts"}},"./package.json":"./package.json"}},"gitHead":"{}","#,
        random.hex(40),
        random.below(900),
        random.hex(88),
        random.hex(43),
        random.below(9_000_000),
        random.hex(40),
    )?;
    write!(
        out,
        r#""scripts":{{"build":"tsc -b && node scripts/build.js --out \"dist\"","test":"vitest run","lint":"eslint --cache .","release":"node scripts/release.js"}},"_npmUser":{{"name":"{}","email":"{}@people.example"}},"repository":{{"type":"git","url":"git+https://code.example/{name}.git","directory":"packages/{name}"}},"_npmVersion":"10.{}.0","description":"Generated for a benchmark","directories":{{}},"sideEffects":false,"_nodeVersion":"22.{}.0","#,
        if random.below(4) == 0 { "bob" } else { "ann" },
        if random.below(4) == 0 { "bob" } else { "ann" },
        random.below(10),
        random.below(20),
    )?;
    ranges(out, "dependencies", shape.dependencies, random)?;
    ranges(out, "devDependencies", shape.development, random)?;
    write!(
        out,
        r#""_hasShrinkwrap":false,"peerDependencies":{{"peer-one":">=1"}},"_npmOperationalInternal":{{"tmp":"tmp/{name}_{version}_{}_0.{}","host":"s3://packages"}}}}"#,
        random.below(2_000_000_000_000),
        random.below(10_000_000_000_000_000),
    )
}

/// A table of names and ranges.
fn ranges(out: &mut impl Write, table: &str, count: u64, random: &mut Random) -> io::Result<()> {
    write!(out, r#""{table}":{{"#)?;
    for at in 0..count {
        let comma = if at == 0 { "" } else { "," };
        let minor = random.below(20);
        write!(
            out,
            r#"{comma}"{}-{at}":"^1.{minor}.{}""#,
            &table[..3],
            random.below(10)
        )?;
    }
    out.write_all(b"},")
}

fn times(out: &mut impl Write, newest: Timestamp, versions: &[String]) -> io::Result<()> {
    let step = SignedDuration::from_secs(YEARS * 365 * 86_400 / versions.len().max(1) as i64);
    let ago = |steps: usize| {
        let back = step.saturating_mul(i32::try_from(steps).unwrap_or(i32::MAX));
        newest.checked_sub(back).unwrap_or(newest)
    };
    write!(
        out,
        r#"}},"time":{{"created":"{:.3}","modified":"{newest:.3}""#,
        ago(versions.len())
    )?;
    for (at, version) in versions.iter().enumerate() {
        write!(out, r#","{version}":"{:.3}""#, ago(versions.len() - 1 - at))?;
    }
    out.write_all(b"}")
}

/// Knows how much went through it.
struct Counted<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// SplitMix64: a few lines, and the same numbers on every machine and for ever.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            text += &format!("{:016x}", self.next());
        }
        text.truncate(digits);
        text
    }
}

/// Bytes that do not compress, the same for the same seed.
pub fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut random = Random(seed);
    let mut noise = Vec::with_capacity(bytes + 8);
    while noise.len() < bytes {
        noise.extend(random.next().to_le_bytes());
    }
    noise.truncate(bytes);
    noise
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_ecosystem::npm::Packument;

    fn generated(shape: &Shape) -> Vec<u8> {
        let setting = Setting {
            base: "http://registry.example",
            newest: "2026-01-01T00:00:00Z".parse().unwrap(),
            integrity: "sha512-AA==",
        };
        let mut bytes = Vec::new();
        write(shape, setting, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_document_is_json_of_the_asked_size_and_the_same_each_time() {
        for shape in &SHAPES[..2] {
            let bytes = generated(shape);
            let off = (bytes.len() as f64 / shape.bytes as f64 - 1.0).abs();
            assert!(off < 0.02, "{}: {} bytes", shape.name, bytes.len());
            assert_eq!(bytes, generated(shape));
            let read: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            let index = Packument::read(&bytes[..]).unwrap();
            assert_eq!(
                read["versions"].as_object().unwrap().len(),
                index.versions.len()
            );
            assert_eq!(index.malformed, 0);
            assert_eq!(index.times.len(), index.versions.len());
        }
    }

    #[test]
    fn sizes_are_spoken_as_people_do() {
        let spoken: Vec<_> = SHAPES.iter().map(Shape::megabytes).collect();
        assert_eq!(
            spoken,
            ["0.5 MB", "3 MB", "10 MB", "20 MB", "40 MB", "110 MB"]
        );
        assert_eq!(shapes(true).len(), 3);
    }
}
