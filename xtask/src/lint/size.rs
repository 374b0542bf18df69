use super::files::Tracked;

/// A file of more lines is asked whether it holds two ideas.
const LONG: usize = 600;

/// How long the Rust files are, and which ones ask for a second look.
pub fn report(tracked: &Tracked) -> String {
    let mut files: Vec<(usize, &str)> = tracked
        .files()
        .filter(|(name, _)| name.ends_with(".rs"))
        .map(|(name, bytes)| (bytes.iter().filter(|byte| **byte == b'\n').count(), name))
        .collect();
    files.sort();
    let lines = |share: usize| {
        files
            .get(files.len() * share / 100)
            .map_or(0, |(lines, _)| *lines)
    };
    let mut report = format!(
        "{} Rust files: median {} lines, 90th percentile {}",
        files.len(),
        lines(50),
        lines(90)
    );
    for (lines, name) in files.iter().rev().take_while(|(lines, _)| *lines > LONG) {
        report += &format!("\n  {name}: {lines} lines; does it hold two ideas?");
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_named_the_longest_first() {
        let (long, longer) = ("x\n".repeat(601), "x\n".repeat(700));
        let tracked = Tracked::of(&[
            ("a.rs", "x\n"),
            ("b.rs", &long),
            ("c.rs", &longer),
            ("d.json", &longer),
            ("e.rs", "x\ny\n"),
        ]);
        insta::assert_snapshot!(report(&tracked), @r"
        4 Rust files: median 601 lines, 90th percentile 700
          c.rs: 700 lines; does it hold two ideas?
          b.rs: 601 lines; does it hold two ideas?
        ");
    }
}
