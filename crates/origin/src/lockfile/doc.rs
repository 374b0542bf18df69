//! What a rule about lockfiles says about itself: the same shape as the rules about releases.

/// A rule, for people.
#[derive(Debug)]
pub struct LockRuleDoc {
    /// The stable id, as written in configuration.
    pub id: &'static str,
    /// One line.
    pub title: &'static str,
    /// What it looks at and when it speaks.
    pub what: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// What follows from it.
    pub effect: &'static str,
    /// What to do when it speaks.
    pub to_do: &'static str,
    /// Examples on which it speaks.
    pub fires: &'static [&'static str],
    /// Examples on which it is silent.
    pub silent: &'static [&'static str],
    /// Where it was learnt.
    pub learnt_from: &'static str,
}

/// The page of one rule.
pub fn page(doc: &LockRuleDoc) -> String {
    let mut out = format!("# {}\n\n{}\n\n{}\n\n", doc.id, doc.title, doc.what);
    out += &format!("**Default:** {}.\n\n", doc.effect);
    out += &format!("## Why\n\n{}\n\n", doc.why);
    out += &format!("## What to do\n\n{}\n\n", doc.to_do);
    for (title, examples) in [("Speaks", doc.fires), ("Is silent", doc.silent)] {
        out += &format!("## {title}\n\n");
        for example in examples {
            out += &format!("- {example}\n");
        }
        out.push('\n');
    }
    out += &format!("## Learnt from\n\n{}\n\n", doc.learnt_from);
    out += "This page is made from the rule's source; edit it there.\n";
    out
}
