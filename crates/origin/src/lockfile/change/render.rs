//! A change in words: for a terminal, for machines, for a comment.

use super::super::finding::{LockFinding, Outcome};
use super::super::limit;
use super::super::settings::SettingChange;
use super::super::words::{count, shown};
use super::{Installed, LockChange, Moved, Rewritten};
use customs_model::{Severity, plain_markdown};

/// The change as a value for machines.
///
/// # Errors
/// None that is known: all parts of a change can be written as JSON.
pub fn value(change: &LockChange) -> Result<serde_json::Value, serde_json::Error> {
    serde_json::to_value(change)
}

/// The change as text for a reviewer, worst first.
pub fn text(change: &LockChange) -> String {
    let mut out = format!("{}: {}\n", shown(&change.file), headline(change));
    let (mut edits, fine): (Vec<&Rewritten>, Vec<&Rewritten>) = change
        .rewritten
        .iter()
        .partition(|r| Outcome::of(r.severity) != Outcome::Notes);
    worst_first(&mut edits, |r| r.severity);
    section(
        &mut out,
        "Changed while the version did not (what an edit by hand looks like)",
        &edits,
        |r| {
            format!(
                "{:<7}  {}, line {}: {}\n           was  {}\n           now  {}",
                Outcome::of(r.severity).word(),
                r.name,
                r.line,
                r.what.word(),
                r.before,
                r.now
            )
        },
    );
    let others = change.findings.iter();
    let mut others: Vec<&LockFinding> = others
        .filter(|f| f.rule.as_str() != super::docs::EDITED.id)
        .collect();
    worst_first(&mut others, |f| f.severity);
    section(&mut out, "To look at", &others, |f| {
        format!("{:<7}  {}", f.outcome().word(), f.message)
    });
    section(&mut out, "Added", &change.added, |added| {
        format!("+ {}", installed(&added.installed))
    });
    section(&mut out, "Moved", &change.moved, moved_line);
    section(&mut out, "Removed", &change.removed, |removed| {
        format!("- {} {}", removed.name, removed.version)
    });
    section(&mut out, "Also changed", &fine, |r| {
        format!("{}: {}", r.name, r.what.word())
    });
    out
}

/// Where not all are shown, the worst are.
fn worst_first<T>(items: &mut [&T], severity: impl Fn(&T) -> Severity) {
    if items.len() > limit::NAMED {
        items.sort_by_key(|item| std::cmp::Reverse(severity(item)));
    }
}

fn section<T>(out: &mut String, title: &str, items: &[T], line: impl Fn(&T) -> String) {
    if items.is_empty() {
        return;
    }
    out.push('\n');
    out.push_str(title);
    out.push('\n');
    for item in items.iter().take(limit::NAMED) {
        out.push_str("  ");
        out.push_str(&line(item));
        out.push('\n');
    }
    if items.len() > limit::NAMED {
        let more = items.len() - limit::NAMED;
        out.push_str(&format!(
            "  and {more} more; the JSON form has all of them\n"
        ));
    }
}

/// The counts.
fn headline(change: &LockChange) -> String {
    let mut parts = Vec::new();
    if !change.added.is_empty() {
        let all = change.added.len();
        parts.push(match change.new_transitive {
            0 => format!("{all} added"),
            some if some == all => format!("{all} added, brought in by other packages"),
            some => format!("{all} added, {some} of them brought in by other packages"),
        });
    }
    for (number, word) in [
        (change.removed.len(), "removed"),
        (change.moved.len(), "moved"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {word}"));
        }
    }
    let edits = change
        .rewritten
        .iter()
        .filter(|r| Outcome::of(r.severity) != Outcome::Notes);
    let edits = edits.count();
    if edits > 0 {
        parts.push(format!(
            "{} while the version did not",
            count(edits, "entry changed", "entries changed")
        ));
    }
    if let Some((was, is)) = &change.format {
        parts.push(format!("format {was} → {is}"));
    }
    match parts.is_empty() {
        true => "nothing that is installed changed".to_owned(),
        false => parts.join(", "),
    }
}

fn installed(installed: &Installed) -> String {
    let mut out = format!("{} {}", installed.name, installed.version);
    match (installed.direct, installed.way.is_empty()) {
        (true, _) => out += "  the project asks for it",
        (false, true) => out += "  nobody in this file asks for it",
        (false, false) => out += &format!("  by {}", installed.way.join(" ← ")),
    }
    out += &marks(installed);
    out
}

fn marks(installed: &Installed) -> String {
    let mut out = String::new();
    if installed.install_script {
        out += "; runs a script at install";
    }
    if installed.bundled {
        out += "; inside another package's artifact";
    }
    if !installed.commands.is_empty() {
        out += &format!("; brings the commands {}", installed.commands.join(", "));
    }
    out += &published(installed);
    out
}

/// Who published it and how old it is, where a registry said so.
fn published(installed: &Installed) -> String {
    let age = installed.days.map(|days| match days {
        // A clock that is wrong, or the registry's.
        ..0 => "in the future".to_owned(),
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    });
    match (age, &installed.publisher) {
        (None, None) => String::new(),
        (Some(age), None) => format!("; published {age}"),
        (None, Some(who)) => format!("; published by {who}"),
        (Some(age), Some(who)) => format!("; published {age} by {who}"),
    }
}

fn moved_line(moved: &Moved) -> String {
    let sign = match moved.up {
        Some(true) => "↑",
        Some(false) => "↓",
        None => "~",
    };
    format!(
        "{sign} {} {} → {}{}",
        moved.installed.name,
        moved.before,
        moved.installed.version,
        new_marks(moved)
    )
}

/// What the version before did not do.
fn new_marks(moved: &Moved) -> String {
    let mut out = String::new();
    if moved.new_install_script {
        out += match moved.script_before {
            Some(_) => "; runs a script at install, which the version before did not",
            None => "; runs a script at install",
        };
    }
    if moved.newly_bundled {
        out += "; is inside another package's artifact now";
    }
    if !moved.new_commands.is_empty() {
        out += &format!(
            "; brings the new commands {}",
            moved.new_commands.join(", ")
        );
    }
    out += &published(&moved.installed);
    out
}

/// The change, with what changed in the configuration beside it, as one comment in Markdown. The
/// marker in its first line lets a program find the comment again; empty where nothing changed.
pub fn markdown(change: &LockChange, settings: &[SettingChange]) -> String {
    if change.is_empty() && settings.is_empty() {
        return String::new();
    }
    let mut out = format!("<!-- customs:lockfile:{} -->\n", marker(&change.file));
    let findings = change.findings.iter().map(LockFinding::outcome);
    let worst = findings
        .chain(settings.iter().map(SettingChange::outcome))
        .max();
    let word = match worst {
        Some(Outcome::Fails) => "must not pass",
        Some(Outcome::Warns) => "should be looked at",
        // What nobody looked at does not speak for it.
        Some(Outcome::Notes) | None if change.scripts_unknown().is_some() => {
            "nothing that was looked at speaks against it"
        }
        Some(Outcome::Notes) | None => "nothing in the change itself speaks against it",
    };
    out += &format!(
        "**{}**: {}. {}\n\n",
        code(&change.file),
        escaped(&headline(change)),
        sentence(word)
    );
    findings_of(&mut out, change, settings);
    if let Some(unknown) = change.scripts_unknown() {
        out += &format!("- not checked: {}\n\n", escaped(&unknown));
    }
    table(&mut out, change);
    folded(&mut out, change);
    out
}

fn sentence(word: &str) -> String {
    let mut letters = word.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

fn findings_of(out: &mut String, change: &LockChange, settings: &[SettingChange]) {
    let mut lines: Vec<(Outcome, String)> = change
        .findings
        .iter()
        .filter(|finding| finding.outcome() != Outcome::Notes)
        .map(|finding| {
            let evidence = finding.evidence.iter().take(2).map(|line| code(line));
            let evidence: Vec<String> = evidence.collect();
            let tail = match evidence.is_empty() {
                true => String::new(),
                false => format!(" ({})", evidence.join(", ")),
            };
            (
                finding.outcome(),
                format!("{}{tail}", escaped(&finding.message)),
            )
        })
        .collect();
    lines.extend(
        settings
            .iter()
            .map(|s| (s.outcome(), escaped(&s.message()))),
    );
    lines.sort_by_key(|(outcome, _)| std::cmp::Reverse(*outcome));
    for (outcome, line) in lines.iter().take(limit::NAMED / 2) {
        out.push_str(&format!("- **{}**: {line}\n", outcome.word()));
    }
    if lines.len() > limit::NAMED / 2 {
        out.push_str(&format!("- and {} more\n", lines.len() - limit::NAMED / 2));
    }
    if !lines.is_empty() {
        out.push('\n');
    }
}

/// What is newly included: the part that a reviewer reads.
fn table(out: &mut String, change: &LockChange) {
    if change.added.is_empty() {
        return;
    }
    out.push_str("| Newly included | Version | From | Brought in by | |\n|---|---|---|---|---|\n");
    for added in change.added.iter().take(limit::NAMED / 2) {
        let it = &added.installed;
        let by = match (it.direct, it.way.is_empty()) {
            (true, _) => "the project".to_owned(),
            (false, true) => "nobody".to_owned(),
            (false, false) => it
                .way
                .iter()
                .map(|name| code(name))
                .collect::<Vec<_>>()
                .join(" ← "),
        };
        out.push_str(&format!(
            "| {} | {} | {} | {by} | {} |\n",
            code(&it.name),
            code(&it.version),
            it.from.as_deref().map(code).unwrap_or_default(),
            escaped(marks(it).trim_start_matches("; "))
        ));
    }
    if change.added.len() > limit::NAMED / 2 {
        let more = change.added.len() - limit::NAMED / 2;
        out.push_str(&format!("\nand {more} more.\n"));
    }
    out.push('\n');
}

fn folded(out: &mut String, change: &LockChange) {
    let moved = change.moved.iter().map(|moved| {
        let it = &moved.installed;
        format!(
            "{} {} → {}{}",
            code(&it.name),
            code(&moved.before),
            code(&it.version),
            escaped(&published(it))
        )
    });
    let removed = change
        .removed
        .iter()
        .map(|gone| format!("{} {} removed", code(&gone.name), code(&gone.version)));
    let lines: Vec<String> = moved.chain(removed).collect();
    if lines.is_empty() {
        return;
    }
    let title = format!(
        "{} moved, {} removed",
        change.moved.len(),
        change.removed.len()
    );
    out.push_str(&format!("<details><summary>{title}</summary>\n\n"));
    for line in lines.iter().take(limit::NAMED) {
        out.push_str(&format!("- {line}\n"));
    }
    if lines.len() > limit::NAMED {
        out.push_str(&format!("- and {} more\n", lines.len() - limit::NAMED));
    }
    out.push_str("\n</details>\n");
}

/// Text of strangers as code: no mention, no link, no table bar.
fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| match c {
            '`' => '\'',
            '|' => '¦',
            '\n' | '\r' => ' ',
            c => c,
        })
        .collect();
    match text.trim().is_empty() {
        true => String::new(),
        false => format!("`{text}`"),
    }
}

/// Our own sentence, whose parts are bounded.
fn escaped(text: &str) -> String {
    plain_markdown(text, usize::MAX)
}

/// A path that cannot end the HTML comment that it stands in: no two `-` in a row, no brackets.
fn marker(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        match c {
            '-' if out.ends_with('-') => out.push('_'),
            c if c.is_ascii_alphanumeric() || "/._-".contains(c) => out.push(c),
            _ => out.push('_'),
        }
    }
    out
}
