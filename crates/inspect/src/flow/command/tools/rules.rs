//! `make`: what a file of rules runs.

/// The lines that some rules run, or the first one: with those of the rules that they need first.
pub(super) fn lines_of_rules(text: &str, wanted: &[&str]) -> Vec<String> {
    /// Rules that are gone through.
    const RULES: usize = 64;
    let mut rules: Vec<(Vec<&str>, Vec<&str>, Vec<String>)> = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix('\t') {
            if let Some((_, _, lines)) = rules.last_mut() {
                let command = command.trim_start_matches(['@', '-', '+', ' ']);
                lines.push(command.replace("$$", "$"));
            }
        } else if let Some((targets, needs)) = line.split_once(':')
            && !needs.starts_with('=')
            && !line.starts_with(['#', ' '])
        {
            let targets = targets.split_whitespace().collect();
            rules.push((targets, needs.split_whitespace().collect(), Vec::new()));
        }
    }
    rules.truncate(RULES);
    let first = rules
        .iter()
        .find(|(targets, ..)| targets.iter().any(|target| !target.starts_with('.')))
        .and_then(|(targets, ..)| targets.first().copied());
    let mut open: Vec<&str> = match (wanted, first) {
        ([], Some(first)) => vec![first],
        (wanted, _) => wanted.to_vec(),
    };
    let mut seen: Vec<&str> = Vec::new();
    let mut lines = Vec::new();
    while let Some(target) = open.pop() {
        if seen.contains(&target) {
            continue;
        }
        seen.push(target);
        for (_, needs, own) in rules
            .iter()
            .filter(|(targets, ..)| targets.contains(&target))
        {
            open.extend(needs.iter().copied());
            lines.splice(0..0, own.iter().cloned());
        }
    }
    lines
}
