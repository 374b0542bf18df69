//! P7: configuration of editors, agents, shells and start-up is planted.

use super::{FACTS, Proof, Weight, to};
use crate::doc::RuleDoc;
use crate::recognise::hook_starter;
use customs_model::{Flow, Inspection, Mark, RUNS_ANSWER, SinkKind, Target, Zone};

pub(in crate::rule) static RULE: Proof = Proof {
    doc: &DOC,
    weigh,
    says,
};

static DOC: RuleDoc = RuleDoc {
    id: "planted-configuration",
    title: "A package does not settle down outside of itself.",
    what: "A workflow, agent or editor setting, shell start-up file, timed job, service, git hook or package \
           manager setting outside of the package is written at install, start or import.",
    why: "What stands there runs long after the package is gone, with the rights of its user.",
    effect: "block",
    ends: "never by itself; an exemption names the release",
    settings: &[],
    facts: FACTS,
    fires: &[
        "A postinstall script writes a session-start hook into an agent's settings.",
        "A foreign registry is written into the settings of a package manager, or a file that every start loads \
         into those of a shell (`NODE_OPTIONS`, `LD_PRELOAD`).",
        "Code that asks an address is put into another package, or the address that clients of a service ask is \
         set to another host: that is suspicious.",
        "Whoever calls it, a service or a job is set up that runs what a host answers.",
    ],
    silent: &["A command that is called `init` writes a configuration."],
    learnt_from: "keyv and TanStack (2026), PolinRider, LiteLLM.",
};

fn weigh(flow: &Flow, _inspection: &Inspection) -> Weight {
    if flow.sink != SinkKind::Configuration {
        return Weight::None;
    }
    let harmless = flow.marks.contains(&Mark::NoEffect)
        && matches!(&flow.target, Target::Constant(text) if ["(git hook)", "(shell start-up)", "(package manager settings)", "(editor settings)", "(interpreter start-up, held by the archive)"].iter().any(|kind| text.ends_with(kind)));
    let harmless = harmless
        || hook_starter::is_starter(flow)
        || is_somewhere(flow)
        || is_of_another_package(flow)
        || leads_clients(flow);
    match flow.zone {
        Zone::Install | Zone::Start | Zone::Import | Zone::Folder if harmless => Weight::Suspicious,
        Zone::Install | Zone::Start | Zone::Import | Zone::Folder => Weight::Proof,
        // Nobody asks a function for that, whatever it is called.
        Zone::Called | Zone::Command if keeps_running_answers(flow) => {
            match flow.marks.contains(&Mark::OwnHost) {
                true => Weight::Suspicious,
                false => Weight::Proof,
            }
        }
        _ => Weight::Note,
    }
}

/// Whether something that the system starts by itself, again and again, is set up to run what a host
/// answers. Hooks of projects tell people such commands, and echo them.
fn keeps_running_answers(flow: &Flow) -> bool {
    let kinds = ["(service)", "(timed job)", "(start-up)"];
    flow.source_name.starts_with(RUNS_ANSWER)
        && matches!(&flow.target, Target::Constant(text) if kinds.iter().any(|kind| text.ends_with(kind)))
}

/// Whether the settings of a package manager are written into a folder that nobody knows: by their
/// name alone it is not known that anything reads them there. Installers make a `.npmrc` for a folder
/// of their own.
fn is_somewhere(flow: &Flow) -> bool {
    matches!(&flow.target, Target::Constant(text)
        if text.starts_with("<?>") && text.ends_with("(package manager settings)"))
}

/// Whether it only says, for the process that it runs in, where clients of a service go. Libraries for
/// one provider set that, and those who take the keys of others.
fn leads_clients(flow: &Flow) -> bool {
    matches!(&flow.target, Target::Constant(text) if text.ends_with("(where a client of a service goes)"))
}

/// Whether it is a file of another package, which some packages mend when they are installed.
fn is_of_another_package(flow: &Flow) -> bool {
    matches!(&flow.target, Target::Constant(text) if text.ends_with("(code of another package)"))
}

fn says(flow: &Flow) -> String {
    format!("it writes {}", to(&flow.target))
}

#[cfg(test)]
mod tests {
    use super::*;
    use customs_model::SourceKind;

    #[test]
    fn a_service_that_runs_what_a_host_answers_is_proof_whoever_calls() {
        let planted = |name: &str, target: &str, zone| {
            let flow = Flow {
                source: SourceKind::Constant,
                source_name: name.to_owned(),
                sink: SinkKind::Configuration,
                sink_name: "fs.write".to_owned(),
                target: Target::Constant(target.to_owned()),
                zone,
                path: Vec::new(),
                marks: Vec::new(),
            };
            weigh(&flow, &Inspection::default())
        };
        let cradle = format!("{RUNS_ANSWER}a.invalid");
        let unit = "~/.config/systemd/user/a.service (service)";
        assert_eq!(planted(&cradle, unit, Zone::Called), Weight::Proof);
        assert_eq!(planted("service", unit, Zone::Called), Weight::Note);
        assert_eq!(planted(&cradle, unit, Zone::Never), Weight::Note);
        // Hooks echo how something is installed.
        let hook = ".git/hooks/pre-commit (git hook)";
        assert_eq!(planted(&cradle, hook, Zone::Command), Weight::Note);
    }
}
