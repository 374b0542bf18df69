//! The body that judges: what the rules say of any inspection is safe to print.

use customs_inspect::{Content, Entry, Tree, inspect_tree, kind_of};
use customs_rules::{RuleSet, judge_code};

/// Reads a package of made-up files and judges it. The bytes are pieces behind NUL: the first
/// is the hook, the others are a name and a content in turn.
///
/// # Panics
/// Where a rule says something that steers a terminal.
pub fn judgement(data: &[u8]) {
    let mut pieces = data.split(|byte| *byte == 0).take(40);
    let hook = String::from_utf8_lossy(pieces.next().unwrap_or_default());
    let hook: String = hook
        .chars()
        .map(|c| {
            if c == '"' || c == '\\' || c < ' ' {
                ' '
            } else {
                c
            }
        })
        .collect();
    let manifest = format!("{{\"scripts\": {{\"install\": \"{hook}\"}}}}");
    let mut entries = vec![entry(
        "package/package.json".to_owned(),
        manifest.as_bytes(),
    )];
    while let (Some(name), Some(bytes)) = (pieces.next(), pieces.next()) {
        let name = String::from_utf8_lossy(name);
        entries.push(entry(format!("package/{name}"), bytes));
    }
    let tree = Tree {
        entries,
        ..Tree::default()
    };
    let inspection = inspect_tree(&tree);
    let rules = RuleSet::standard();
    let verdict = judge_code(&inspection, &rules);
    for finding in &verdict.findings {
        plain(&finding.message);
        finding.evidence.iter().for_each(|line| plain(line));
    }
    verdict.not_checked.iter().for_each(|line| plain(line));
    assert_eq!(verdict, judge_code(&inspection, &rules));
}

fn entry(path: String, bytes: &[u8]) -> Entry {
    Entry {
        path,
        content: Content::Whole(bytes.into()),
        length: bytes.len() as u64,
        kind: kind_of(bytes),
        executable: false,
    }
}

fn plain(text: &str) {
    let shown = customs_model::printable(text, 1 << 20);
    assert_eq!(shown, text, "what a rule says is safe to print");
}
