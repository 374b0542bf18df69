//! Places on a machine, hosts and names that mean something.

use crate::pure::{HOLE_END, HOLE_START};
use customs_model::path_of_owner;

/// Bytes of what can be a path.
const PATH: usize = 1024;

/// A place that holds credentials of somebody else, if a path means one. The path may
/// have holes: `<home>/.ssh/id_rsa`.
pub fn credential_place(path: &str) -> Option<&'static str> {
    const PLACES: [(&str, &str); 85] = [
        (".npmrc", "npm token"),
        ("/_netrc", "network credentials"),
        (".config/git/credentials", "git credentials"),
        (".config/glab-cli/", "GitLab token"),
        (".config/pnpm/auth", "npm token"),
        (".pgpass", "database passwords"),
        (".mylogin.cnf", "database passwords"),
        (".s3cfg", "keys of a store of objects"),
        ("rclone/rclone.conf", "keys of stores of objects"),
        ("netlify/config.json", "Netlify token"),
        ("com.vercel.cli/auth.json", "Vercel token"),
        ("doctl/config.yaml", "DigitalOcean token"),
        (".fly/config.yml", "Fly token"),
        (".railway/config.json", "Railway token"),
        ("github-copilot/apps.json", "GitHub Copilot token"),
        ("github-copilot/hosts.json", "GitHub Copilot token"),
        (".claude/.credentials", "Claude credentials"),
        (".codex/auth.json", "Codex credentials"),
        (".gemini/oauth_creds", "Gemini credentials"),
        ("sops/age/keys", "age keys"),
        (".m2/settings.xml", "Maven passwords"),
        (".composer/auth.json", "Composer token"),
        (".gem/credentials", "RubyGems key"),
        ("helm/registry/config.json", "credentials of registries"),
        (".pulumi/credentials", "Pulumi token"),
        (".snowsql/config", "Snowflake password"),
        (".snowflake/connections", "Snowflake password"),
        (".databrickscfg", "Databricks token"),
        (".kaggle/kaggle.json", "Kaggle key"),
        ("huggingface/token", "HuggingFace token"),
        (".local/share/keyrings/", "key ring"),
        (".password-store/", "passwords"),
        (".kdbx", "passwords"),
        (".psql_history", "shell history"),
        (".python_history", "shell history"),
        (".yarnrc", "yarn token"),
        (".pypirc", "PyPI token"),
        (".cargo/credentials", "cargo token"),
        (".ssh/", "SSH keys"),
        ("/.ssh", "SSH keys"),
        ("id_rsa", "SSH key"),
        ("id_ed25519", "SSH key"),
        (".aws/credentials", "AWS credentials"),
        (".aws/config", "AWS credentials"),
        ("/.aws", "AWS credentials"),
        (".azure/", "Azure credentials"),
        (".config/gcloud", "Google Cloud credentials"),
        (
            "gcloud/application_default_credentials",
            "Google Cloud credentials",
        ),
        (".kube/config", "Kubernetes credentials"),
        (
            "kubernetes.io/serviceaccount/token",
            "Kubernetes service account",
        ),
        // Whatever lies beside the token, by a name that is computed.
        (
            "kubernetes.io/serviceaccount/\u{fdd0}",
            "Kubernetes service account",
        ),
        (".docker/config.json", "Docker credentials"),
        (".git-credentials", "git credentials"),
        (".git/config", "git settings"),
        (".netrc", "network credentials"),
        (".config/gh/hosts", "GitHub token"),
        (".config/gh/\u{fdd0}", "GitHub token"),
        (".config/hub", "GitHub token"),
        (".gnupg", "GPG keys"),
        (".config/solana/id.json", "Solana key"),
        (".config/solana/\u{fdd0}", "Solana key"),
        (".ethereum/keystore", "Ethereum keys"),
        ("/keystore", "wallet keys"),
        (".bitcoin/wallet", "Bitcoin wallet"),
        ("wallet.dat", "wallet"),
        ("Exodus/exodus.wallet", "wallet"),
        (".electrum", "wallet"),
        ("Local Extension Settings", "browser extension data"),
        ("Login Data", "browser passwords"),
        ("/Cookies", "browser cookies"),
        ("logins.json", "browser passwords"),
        ("key4.db", "browser passwords"),
        ("Local State", "browser key"),
        ("Local Storage/leveldb", "application tokens"),
        ("discord/Local", "Discord token"),
        ("Telegram Desktop/tdata", "Telegram session"),
        (".bash_history", "shell history"),
        (".zsh_history", "shell history"),
        ("/etc/shadow", "password hashes"),
        ("/etc/passwd", "accounts"),
        ("/proc/self/environ", "environment"),
        ("login.keychain", "key chain"),
        (".vault-token", "Vault token"),
        (".terraform.d/credentials", "Terraform token"),
        (".config/op/", "password manager"),
    ];
    if path.len() > PATH {
        return None;
    }
    let plain = path.replace('\\', "/");
    // Of any process: whoever reads it walks through all of them.
    if let Some((_, part)) = plain
        .strip_prefix("/proc/")
        .and_then(|rest| rest.split_once('/'))
    {
        match part {
            "environ" => return Some("environment"),
            "mem" => return Some("memory of a process"),
            _ => {}
        }
    }
    PLACES
        .iter()
        .find(|(part, _)| plain.contains(part))
        .map(|(_, what)| *what)
        .or_else(|| {
            let last = plain.rsplit('/').next().unwrap_or(&plain);
            let outside = plain.contains(HOLE_START) && !plain.contains("package/");
            // Without a folder it is looked for where the program is started.
            let beside = (last == plain || plain.strip_prefix("./") == Some(last))
                // A pattern alone may as well say what is left out, and what is deployed is read by
                // whoever deploys it.
                && matches!(last, ".env" | ".env.local");
            (is_env_file(last) && (outside || beside)).then_some("secrets of a project")
        })
}

/// Whether a file of this name, or of this pattern, holds the settings of a project with its
/// secrets.
fn is_env_file(name: &str) -> bool {
    matches!(
        name,
        ".env" | ".env.local" | ".env.production" | ".env*" | ".env.*"
    )
}

/// A secret of the environment that belongs to somebody else, with the vendor's word.
pub fn named_secret(name: &str) -> bool {
    const WORDS: [&str; 9] = [
        "TOKEN",
        "SECRET",
        "PASSWORD",
        "PASSWD",
        "CREDENTIAL",
        "PRIVATE_KEY",
        "API_KEY",
        "APIKEY",
        "ACCESS_KEY",
    ];
    let upper = name.to_ascii_uppercase();
    WORDS.iter().any(|word| upper.contains(word)) && !super::measures::counts_tokens(&upper)
        || matches!(
            upper.as_str(),
            "AWS_SESSION_TOKEN"
                | "DATABASE_URL"
                | "NPM_AUTH"
                | "MNEMONIC"
                | "SEED_PHRASE"
                | "SSH_AUTH_SOCK"
                | "KUBECONFIG"
        )
}

/// Names that only a file about the keys of chains has.
pub const CHAIN_WORDS: [&str; 13] = [
    "Wallet",
    "HDNodeWallet",
    "Keypair",
    "KeyPair",
    "ECPair",
    "mnemonic",
    "bip39",
    "bip32",
    "ethers",
    "@scure/bip39",
    "@scure/bip32",
    "bitcoinjs-lib",
    "ethereumjs-wallet",
];

/// Names that such a file has, and a client of any service as well.
pub const KEY_WORDS: [&str; 5] = [
    "Account",
    "secretKey",
    "privateKey",
    "private_key",
    "secret_key",
];

/// Of [`KEY_FUNCTIONS`] those that clients of any service have: there the key is the service's.
pub const GENERAL_FUNCTIONS: [&str; 5] = [
    "fromSeed",
    "fromSecret",
    "fromEntropy",
    "from_seed",
    "from_key",
];

/// Whether the name of one of [`KEY_FUNCTIONS`] says by itself that it gets the phrase of a wallet:
/// nothing else is called a mnemonic that an account is made of.
pub fn names_a_phrase(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.contains("mnemonic") || lower.contains("seed_phrase") || lower.contains("seedphrase")
}

/// Names that a file has that signs for a chain.
pub const SIGNING_WORDS: [&str; 12] = [
    "chainId",
    "chain_id",
    "keccak256",
    "secp256k1",
    "ed25519",
    "signTransaction",
    "sign_transaction",
    "sendTransaction",
    "send_transaction",
    "signMessage",
    "sign_message",
    "web3",
];

/// Names of parameters that hold the key or the phrase of a wallet, whatever function has them.
pub const KEY_PARAMETERS: [&str; 10] = [
    "mnemonic",
    "mnemonicPhrase",
    "mnemonic_phrase",
    "seedPhrase",
    "seed_phrase",
    "privateKey",
    "private_key",
    "privKey",
    "priv_key",
    "privkey",
];

/// Functions that make an account of a key, a seed or a phrase.
pub const KEY_FUNCTIONS: [&str; 22] = [
    "fromSecretKey",
    "fromPrivateKey",
    "fromMnemonic",
    "fromPhrase",
    "fromSeedPhrase",
    "fromSeed",
    "fromSecret",
    "fromEntropy",
    "mnemonicToSeed",
    "mnemonicToSeedSync",
    "mnemonicToEntropy",
    "mnemonicToAccount",
    "privateKeyToAccount",
    "from_secret_key",
    "from_private_key",
    "from_mnemonic",
    "from_phrase",
    "from_seed_phrase",
    "from_seed",
    "from_key",
    "mnemonic_to_seed",
    "mnemonic_to_account",
];

/// Whether a host is one of the vendor that the name of a secret names: its domain begins with
/// the vendor's word. What only stands in front of a domain, as in `github.evil.example`, is
/// chosen by whoever has the domain.
pub fn is_of_vendor(host: &str, secret: &str) -> bool {
    const SHORTEST: usize = 3;
    let vendor = vendor_of(secret);
    let host = host_part(host);
    let host = host.split(':').next().unwrap_or(host);
    let domain = host.rsplit('.').nth(1).unwrap_or_default();
    // Anybody can register what only begins with the word of one that everybody knows.
    if let Some((_, domains)) = WELL_KNOWN.iter().find(|(word, _)| *word == vendor) {
        let is_public = host.ends_with(".com") || host.ends_with(".org") || host.ends_with(".io");
        return is_public && domains.contains(&domain);
    }
    vendor.len() >= SHORTEST
        && domain
            .strip_prefix(vendor.as_str())
            .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_alphabetic()))
}

/// Vendors that everybody has tokens of, with the names of their domains.
const WELL_KNOWN: [(&str, &[&str]); 5] = [
    ("github", &["github", "githubusercontent", "ghcr"]),
    ("gitlab", &["gitlab"]),
    ("amazonaws", &["amazonaws"]),
    ("npm", &["npm", "npmjs"]),
    ("docker", &["docker"]),
];

/// The word of the vendor in the name of a secret: `github` of `GITHUB_TOKEN`.
fn vendor_of(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    match lower.split('_').next().unwrap_or(&lower) {
        "gh" | "ghcr" => "github".to_owned(),
        "ci" => "gitlab".to_owned(),
        "aws" => "amazonaws".to_owned(),
        "node" | "npm" => "npm".to_owned(),
        first => first.to_owned(),
    }
}

/// A file of an editor, agent, shell, workflow or start-up configuration, if a path
/// means one outside of the package.
pub fn configuration(path: &str) -> Option<&'static str> {
    const PLACES: [(&str, &str); 52] = [
        ("/discord_desktop_core/", "code of another program"),
        (".cargo/config", "settings of every build"),
        (".github/workflows/", "CI workflow"),
        (".gitlab-ci.yml", "CI workflow"),
        (".circleci/config", "CI workflow"),
        (".git/hooks/", "git hook"),
        (".husky/", "git hook"),
        (".claude/settings", "agent settings"),
        (".claude/hooks", "agent hooks"),
        (".claude/commands", "agent commands"),
        (".claude/skills", "agent skills"),
        (".claude.json", "agent settings"),
        ("CLAUDE.md", "agent instructions"),
        ("AGENTS.md", "agent instructions"),
        ("GEMINI.md", "agent instructions"),
        (".cursorrules", "agent instructions"),
        (".cursor/", "agent settings"),
        (".gemini/", "agent settings"),
        (".codex/", "agent settings"),
        (".windsurf", "agent settings"),
        (".github/copilot-instructions", "agent instructions"),
        (".mcp.json", "agent tools"),
        ("mcp.json", "agent tools"),
        ("claude_desktop_config", "agent tools"),
        (".vscode/tasks.json", "editor task"),
        (".vscode/settings.json", "editor settings"),
        (".vscode/extensions/", "editor extension"),
        (".bashrc", "shell start-up"),
        (".bash_profile", "shell start-up"),
        (".profile", "shell start-up"),
        (".zshrc", "shell start-up"),
        (".zshenv", "shell start-up"),
        (".config/fish/", "shell start-up"),
        ("crontab", "timed job"),
        ("/etc/cron", "timed job"),
        (".config/systemd/", "service"),
        ("/etc/systemd/", "service"),
        ("LaunchAgents/", "service"),
        ("LaunchDaemons/", "service"),
        (".config/autostart", "start-up"),
        ("Start Menu/Programs/Startup", "start-up"),
        ("CurrentVersion\\Run", "start-up"),
        ("sitecustomize.py", "interpreter start-up"),
        ("usercustomize.py", "interpreter start-up"),
        (".ssh/authorized_keys", "login keys"),
        ("/etc/ld.so.preload", "loader"),
        ("/etc/sudoers", "rights of the system"),
        ("/etc/pam.d/", "login"),
        ("/etc/profile", "shell start-up"),
        ("/etc/rc.local", "start-up"),
        ("/etc/init.d/", "start-up"),
        ("/etc/environment", "environment of everybody"),
    ];
    if path.len() > PATH {
        return None;
    }
    let plain = path.replace('\\', "/");
    if inside_package(&plain) {
        return None;
    }
    PLACES
        .iter()
        .find(|(part, _)| plain.contains(&part.replace('\\', "/")))
        .map(|(_, what)| *what)
        .or_else(|| {
            let last = plain.rsplit('/').next().unwrap_or(&plain);
            match last {
                // No manager looks for its settings among what is temporary.
                ".npmrc" | ".pypirc" | "pip.conf" if is_temporary(&plain) => None,
                ".npmrc" | ".pypirc" | "pip.conf" => Some("package manager settings"),
                name if name.ends_with(".pth") => Some("interpreter start-up"),
                name if starts_notebooks(&plain, name) => Some("interpreter start-up"),
                _ => None,
            }
        })
}

/// Whether a path is of what IPython runs at the start of each session of a profile.
fn starts_notebooks(path: &str, name: &str) -> bool {
    let runs = name.ends_with(".py") || name.ends_with(".ipy");
    let folder = &path[..path.len() - name.len()];
    runs && folder.ends_with("/startup/") && folder.contains("ipython/profile_")
}

/// Whether a path lies in the machine's folder for what is temporary.
fn is_temporary(path: &str) -> bool {
    let rest = path.strip_prefix(&format!("{HOLE_START}temp{HOLE_END}/"));
    rest.is_some_and(|rest| !rest.split('/').any(|part| part == ".."))
}

/// Whether a path lies in the package's own folder.
fn inside_package(path: &str) -> bool {
    let mut marks = path
        .match_indices(HOLE_START)
        .map(|(at, mark)| &path[at + mark.len()..]);
    match marks.next() {
        Some(first) if path.starts_with(HOLE_START) => {
            first.starts_with("package/") && !path.contains("/..")
        }
        _ => false,
    }
}

/// A place of the user's that nobody may delete, if a path means one: home, root, a
/// drive, the folder that a command was started in.
pub fn user_place(path: &str) -> Option<&'static str> {
    if path.len() > PATH {
        return None;
    }
    let shown: String = path
        .chars()
        .map(|c| match c {
            HOLE_START => '<',
            HOLE_END => '>',
            c => c,
        })
        .collect();
    let shown = shown.replace('\\', "/");
    let trimmed = shown.trim_end_matches(['*', '/', '.']);
    match trimmed {
        "" if shown.starts_with('/') => Some("everything"),
        "<home>" | "~" => Some("the home folder"),
        "<cwd>" => Some("the project"),
        // While it is built: the folder of all packages, or of the user's project.
        "<package>" if shown.contains("/..") => Some("what lies around the package"),
        "/home" | "/Users" | "/etc" | "/usr" | "/var" | "/root" => Some("the system"),
        "C:" | "c:" | "D:" => Some("a drive"),
        "<home>/Documents" | "<home>/Desktop" | "<home>/Pictures" | "<home>/Downloads" => {
            Some("the user's documents")
        }
        _ => None,
    }
}

/// The host in a URL or a host name with port.
pub fn host_of(text: &str) -> Option<String> {
    let text = &text[..text.floor_char_boundary(PATH)];
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let end = rest
        .find(['/', '?', '#', ' ', '"', '\''])
        .unwrap_or(rest.len());
    let host = &rest[..end];
    // Some clients take it for a slash and others do not, so that nobody knows the host.
    if host.contains('\\') {
        return None;
    }
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
        _ => host,
    };
    let plain = host.chars().all(|c| {
        c.is_ascii_alphanumeric()
            || matches!(c, '.' | '-' | '_' | '[' | ']' | ':')
            || u32::from(c) > 0x7f
            || c == '?'
    });
    // Between the marks of a hole anything may stand.
    let holes = host.contains(HOLE_START);
    (!host.is_empty() && host.len() < 400 && (plain || holes)).then(|| host.to_ascii_lowercase())
}

/// The host of an address and, where many share it, the beginning of the path up to its owner's
/// name: `raw.githubusercontent.com/owner`.
pub fn place_of(text: &str) -> Option<String> {
    let host = host_of(text)?;
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    // Behind what is read the path may lead back to somebody else.
    let path = rest
        .find(['/', '?', '#'])
        .and_then(|at| rest.get(at..)?.strip_prefix('/'))
        .filter(|_| text.len() <= PATH)
        .unwrap_or_default();
    Some(match path_of_owner(&host, path) {
        Some(owner) => format!("{host}/{owner}"),
        None => host,
    })
}

/// The host of a place.
pub fn host_part(place: &str) -> &str {
    place.split('/').next().unwrap_or(place)
}

/// Whether a host is the machine itself or a private network.
pub fn is_loopback(host: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    matches!(host, "localhost" | "::1" | "[::1]" | "0.0.0.0")
        // What only begins like an address is a name.
        || host.starts_with("127.") && host.split('.').all(is_number)
        || host.ends_with(".localhost")
}

/// Hosts that no vendor serves releases or telemetry from: bare addresses, tunnels,
/// pastes, message services, request catchers.
pub fn unusual_host(host: &str) -> bool {
    const PARTS: [&str; 34] = [
        "webhook.site",
        "requestbin",
        "pipedream",
        "oastify",
        "interact.sh",
        "burpcollaborator",
        "ngrok",
        "trycloudflare",
        "serveo",
        "localtunnel",
        "loca.lt",
        "pastebin",
        "paste.",
        "hastebin",
        "ghostbin",
        "rentry.co",
        "gist.",
        "discord.com",
        "discordapp.com",
        "api.telegram.org",
        "t.me",
        "transfer.sh",
        "file.io",
        "anonfiles",
        "gofile",
        "catbox.moe",
        "bit.ly",
        "tinyurl",
        "is.gd",
        "hooks.slack.com",
        "ipfs",
        "beeceptor",
        "canarytokens",
        "dnslog",
    ];
    // What an owner is called says nothing of the host.
    let host = host_part(host);
    let bare = !host.is_empty()
        && host.split('.').count() == 4
        && host.split('.').all(|part| part.parse::<u8>().is_ok());
    let number = host.parse::<u32>().is_ok() || host.starts_with("0x");
    (bare || number) && !is_loopback(host) || PARTS.iter().any(|part| host.contains(part))
}

/// Whether a text names the address from which a cloud hands out credentials.
pub fn is_metadata(text: &str) -> bool {
    [
        "169.254.169.254",
        "169.254.170.2",
        "2852039166",
        "0xa9fea9fe",
        "metadata.google.internal",
        "100.100.100.200",
        "fd00:ec2::254",
        "0251.0376.0251.0376",
    ]
    .iter()
    .any(|address| text.contains(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_managers_count_where_a_manager_looks_for_them() {
        let hole = |name: &str| format!("{HOLE_START}{name}{HOLE_END}");
        let settings = Some("package manager settings");
        assert_eq!(configuration(&format!("{}/.npmrc", hole("home"))), settings);
        assert_eq!(configuration(&format!("{}/.npmrc", hole("?"))), settings);
        assert_eq!(configuration(&format!("{}/.npmrc", hole("temp"))), None);
        let out = format!("{}/../home/me/.npmrc", hole("temp"));
        assert_eq!(configuration(&out), settings);
        // Others are looked for by those who are told where.
        let start = format!("{}/a/sitecustomize.py", hole("temp"));
        assert_eq!(configuration(&start), Some("interpreter start-up"));
    }

    #[test]
    fn what_notebooks_run_first_is_their_start_up() {
        let start = Some("interpreter start-up");
        let at = |path: &str| configuration(path);
        assert_eq!(at("/home/a/.ipython/profile_default/startup/0.py"), start);
        assert_eq!(at("/home/a/.ipython/profile_default/startup/README"), None);
        assert_eq!(at("/home/a/.ipython/profile_default/db/0.py"), None);
        assert_eq!(at("/home/a/startup/0.py"), None);
        let token = "/var/run/secrets/kubernetes.io/serviceaccount/token";
        assert_eq!(credential_place(token), Some("Kubernetes service account"));
        let namespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
        assert_eq!(credential_place(namespace), None);
    }

    #[test]
    fn a_vendor_is_told_by_the_domain_and_not_by_what_stands_in_front() {
        assert!(is_of_vendor("api.github.com", "GITHUB_TOKEN"));
        assert!(is_of_vendor(
            "sts.amazonaws.com:443",
            "AWS_SECRET_ACCESS_KEY"
        ));
        assert!(is_of_vendor("api.lkmail.example", "LKMAIL_API_KEY"));
        for (host, secret) in [
            ("github.evil.example", "GITHUB_TOKEN"),
            ("github-stats.example", "GITHUB_TOKEN"),
            ("githubstats.com", "GITHUB_TOKEN"),
            ("github.example", "GITHUB_TOKEN"),
            ("npmstats.com", "NPM_TOKEN"),
            ("special.example", "CI_JOB_TOKEN"),
            ("evil.example", "_TOKEN"),
            ("github", "GITHUB_TOKEN"),
        ] {
            assert!(!is_of_vendor(host, secret), "{host} {secret}");
        }
    }

    #[test]
    fn a_host_is_read_as_clients_read_it_or_not_at_all() {
        assert_eq!(
            host_of("https://a.example:8443/x").as_deref(),
            Some("a.example")
        );
        assert_eq!(
            host_of("https://u:p@a.example").as_deref(),
            Some("a.example")
        );
        assert_eq!(host_of(r"https://evil.invalid\@a.example/"), None);
        let of_owner = "https://u@Raw.githubusercontent.com:443/lk/tool/main/a.sh";
        assert_eq!(
            place_of(of_owner).as_deref(),
            Some("raw.githubusercontent.com/lk")
        );
        assert_eq!(
            place_of("https://a.example/lk").as_deref(),
            Some("a.example")
        );
        let nobodys = "https://github.com?a=/lk/tool";
        assert_eq!(place_of(nobodys).as_deref(), Some("github.com"));
        let back = format!("https://github.com/lk/{}/../../evil", "a".repeat(PATH));
        assert_eq!(place_of(&back).as_deref(), Some("github.com"));
        assert!(is_loopback("127.0.0.1") && !is_loopback("127.0.0.1.evil.example"));
    }
}
