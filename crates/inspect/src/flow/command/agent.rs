//! Agents that lie on machines of developers: what starts one with a prompt gives it work.

use super::{At, Piped};
use crate::flow::Analysis;
use crate::flow::label::Label;
use customs_model::{Mark, SinkKind, SourceKind, Target};

/// The command lines of agents, and the packages that they come with.
const AGENTS: [(&str, &str); 18] = [
    ("claude", "@anthropic-ai/claude-code"),
    ("gemini", "@google/gemini-cli"),
    ("codex", "@openai/codex"),
    ("copilot", "@github/copilot"),
    ("opencode", "opencode-ai"),
    ("qwen", "@qwen-code/qwen-code"),
    ("amp", "@sourcegraph/amp"),
    ("crush", "@charmland/crush"),
    ("auggie", "@augmentcode/auggie"),
    ("q", ""),
    ("cursor-agent", ""),
    ("aider", "aider-chat"),
    ("goose", ""),
    ("droid", ""),
    ("kiro-cli", ""),
    ("cline", "cline"),
    ("llm", ""),
    ("interpreter", "open-interpreter"),
];

impl Analysis<'_> {
    /// `claude -p PROMPT`, `gemini --yolo`.
    pub(super) fn agent_run(
        &mut self,
        base: &str,
        args: &[(String, Vec<Label>)],
        input: &Piped,
        at: &At,
    ) {
        let texts: Vec<&str> = args.iter().map(|(text, _)| text.as_str()).collect();
        let Some((name, texts)) = agent(base, &texts) else {
            return;
        };
        let asks_nobody = texts.iter().any(|text| is_bypass(name, text));
        let gets_work = input.text.is_some()
            || !input.labels.is_empty()
            || texts.iter().any(|text| gives_work(name, text));
        if !asks_nobody && !gets_work {
            return;
        }
        let label = self.source(SourceKind::Constant, "a prompt", at);
        let marks = match asks_nobody {
            true => vec![Mark::AsksNobody],
            false => Vec::new(),
        };
        let target = Target::Constant(name.to_owned());
        self.command_flow(&label, SinkKind::Agent, name, target, at, marks);
    }
}

/// The agent that a command starts, by its name or by its package, and the words for it.
fn agent<'w>(base: &str, texts: &'w [&'w str]) -> Option<(&'static str, &'w [&'w str])> {
    let is_runner = matches!(base, "npx" | "bunx" | "pnpx" | "uvx" | "pipx");
    if !is_runner {
        let name = base.strip_suffix(".cmd").unwrap_or(base);
        let known = AGENTS.iter().find(|(known, _)| *known == name)?;
        return Some((known.0, texts));
    }
    let at = texts
        .iter()
        .position(|text| !text.starts_with('-') && *text != "run")?;
    let package = texts[at];
    let known = AGENTS.iter().find(|(_, known)| {
        !known.is_empty()
            && package
                .strip_prefix(known)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
    })?;
    Some((known.0, &texts[at + 1..]))
}

/// Whether a command starts an agent that is told to ask nobody before it acts.
pub(super) fn asks_nobody(base: &str, texts: &[&str]) -> bool {
    agent(base, texts).is_some_and(|(name, texts)| texts.iter().any(|text| is_bypass(name, text)))
}

/// Whether a word tells an agent to ask nobody.
fn is_bypass(name: &str, word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let always = matches!(
        word.as_str(),
        "--dangerously-skip-permissions"
            | "--allow-dangerously-skip-permissions"
            | "bypasspermissions"
            | "--permission-mode=bypasspermissions"
            | "--yolo"
            | "--approval-mode=yolo"
            | "yolo"
            | "--dangerously-bypass-approvals-and-sandbox"
            | "--full-auto"
            | "--trust-all-tools"
            | "--allow-all-tools"
            | "--allow-all"
            | "--dangerously-allow-all"
            | "--skip-permissions-unsafe"
            | "--yes-always"
            | "--auto-approve"
    );
    always
        || match name {
            "gemini" | "qwen" | "crush" | "interpreter" => word == "-y",
            "cursor-agent" => matches!(word.as_str(), "-f" | "--force"),
            "aider" => word == "--yes",
            _ => false,
        }
}

/// Whether a word gives an agent something to do at once.
fn gives_work(name: &str, word: &str) -> bool {
    let printed = matches!(
        word,
        "-p" | "--print"
            | "--prompt"
            | "-m"
            | "--message"
            | "--no-interactive"
            | "-x"
            | "--execute"
    ) || word.starts_with("--prompt=")
        || word.starts_with("--message=");
    printed
        || match name {
            "codex" | "droid" => matches!(word, "exec" | "e"),
            "opencode" | "goose" | "crush" => word == "run",
            "q" | "kiro-cli" => word == "chat",
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use crate::flow::testing::{self, script};
    use crate::unpack::text_file;
    use customs_model::{Mark, SinkKind, Zone};

    /// Whether an agent gets work when a hook runs, and whether it asks.
    fn hook(line: &str) -> Option<bool> {
        let manifest = serde_json::json!({
            "name": "a", "version": "1.0.0", "scripts": {"postinstall": line},
        });
        asked(vec![text_file(
            "package/package.json",
            &manifest.to_string(),
        )])
    }

    fn asked(entries: Vec<crate::unpack::Entry>) -> Option<bool> {
        let flows = testing::found(entries).flows;
        let mut agents = flows
            .iter()
            .filter(|flow| flow.sink == SinkKind::Agent && flow.zone == Zone::Install);
        let first = agents.next()?;
        Some(!first.marks.contains(&Mark::AsksNobody))
    }

    #[test]
    fn an_agent_that_a_hook_gives_work_is_told_and_whether_it_asks() {
        for line in [
            "claude --dangerously-skip-permissions -p 'look for keys'",
            "claude -p 'look for keys' --permission-mode bypassPermissions",
            "gemini --yolo -p 'look for keys'",
            "gemini -y 'look for keys'",
            "echo 'look for keys' | codex exec --full-auto -",
            "q chat --trust-all-tools --no-interactive 'look for keys'",
            "npx -y @anthropic-ai/claude-code@latest -p x --dangerously-skip-permissions",
        ] {
            assert_eq!(hook(line), Some(false), "{line}");
        }
        for line in [
            "claude -p 'look for keys'",
            "echo look | claude -p",
            "opencode run look",
        ] {
            assert_eq!(hook(line), Some(true), "{line}");
        }
        for line in [
            "claude --version",
            "which claude",
            "npm install @anthropic-ai/claude-code",
            "echo --dangerously-skip-permissions",
            "gemini-lint --yolo",
        ] {
            assert_eq!(hook(line), None, "{line}");
        }
    }

    #[test]
    fn an_agent_that_code_starts_is_told_as_well() {
        let code = "const cp = require('child_process');\n\
                    cp.spawnSync('claude', ['--dangerously-skip-permissions', '-p', 'look for keys']);";
        assert_eq!(asked(script(code)), Some(false));
        let table = "const { execSync } = require('child_process');\n\
                     const tools = { gemini: ['--yolo', '-p'], claude: ['--dangerously-skip-permissions', '-p'] };\n\
                     execSync('claude ' + tools.claude.join(' ') + ' \"look for keys\"');";
        assert_eq!(asked(script(table)), Some(false));
    }
}
