//! A project may ask for more than its user and administrator do, never for less:
//! its files come with the code that an attacker may have sent.

use super::{LockedMode, Policy};
use crate::doc::{Amount, Setting, Tighter};
use crate::rule;
use crate::words;

/// Something in a project's policy that has no effect, as it would loosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The key, as written (`rules.version-age.age`).
    pub key: String,
    /// Why, for people.
    pub because: String,
}

impl Policy {
    /// This policy, made stricter by a project's. What would loosen it is not taken
    /// and named; what the project's file does not state changes nothing.
    pub fn tightened_by(&self, project: &Self) -> (Self, Vec<Ignored>) {
        let mut sum = self.clone();
        let mut ignored = Vec::new();
        sum.tighten_top(project, &mut ignored);
        for doc in rule::ALL.iter().map(|rule| rule.doc()) {
            sum.tighten_mode(project, doc.id, &mut ignored);
            for setting in doc.settings {
                sum.tighten_setting(project, setting, &mut ignored);
            }
        }
        sum.denied.extend(&project.denied);
        for pattern in &project.private {
            if !self.private.contains(pattern) {
                let because =
                    format!("a project cannot call {pattern} private; the user's policy can");
                ignored.push(Ignored {
                    key: "private".to_owned(),
                    because,
                });
            }
        }
        for exemption in &project.exemptions {
            let because = format!(
                "a project cannot exempt {}; the user's policy can",
                exemption.about()
            );
            ignored.push(Ignored {
                key: format!("exemption (line {})", exemption.line()),
                because,
            });
        }
        if project.roles.approvers.is_some() {
            ignored.push(Ignored {
                key: "roles".to_owned(),
                because: "a project does not say who grants exemptions; the user's policy can"
                    .to_owned(),
            });
        }
        // What is wrong in a project's exemptions is moot: none of them counts.
        (sum, ignored)
    }

    fn tighten_top(&mut self, project: &Self, ignored: &mut Vec<Ignored>) {
        let mut refuse = |key: &str, because: &str| {
            ignored.push(Ignored {
                key: key.to_owned(),
                because: because.to_owned(),
            });
        };
        if project.stated.contains("observe") {
            if project.observe && !self.observe {
                refuse("observe", "a project cannot switch enforcement off");
            } else {
                self.observe &= project.observe;
            }
        }
        if project.stated.contains("locked") {
            if project.locked < self.locked {
                refuse("locked", "the user's policy is stricter (enforce)");
            } else if project.locked == LockedMode::Enforce {
                self.locked = LockedMode::Enforce;
            }
        }
        if project.stated.contains("urgent-fix") {
            if project.urgent_fix && !self.urgent_fix {
                refuse("urgent-fix", "the user's policy opens no urgent-fix lane");
            } else {
                self.urgent_fix &= project.urgent_fix;
            }
        }
        if project.stated.contains("change-window") {
            if project.change_window < self.change_window {
                let stays = format!(
                    "shorter than the user's {}",
                    words::duration(self.change_window)
                );
                refuse("change-window", &stays);
            } else {
                self.change_window = project.change_window;
            }
        }
    }

    fn tighten_mode(&mut self, project: &Self, rule: &'static str, ignored: &mut Vec<Ignored>) {
        let Some(asked) = project.modes.get(rule).copied() else {
            return;
        };
        let present = self.mode(rule);
        if asked < present {
            ignored.push(Ignored {
                key: format!("rules.{rule}.mode"),
                because: format!(
                    "{} is looser than the user's {}",
                    asked.word(),
                    present.word()
                ),
            });
        } else {
            self.modes.insert(rule, asked);
        }
    }

    fn tighten_setting(
        &mut self,
        project: &Self,
        setting: &'static Setting,
        ignored: &mut Vec<Ignored>,
    ) {
        let key = (setting.rule, setting.key);
        let Some(asked) = project.settings.get(&key).copied() else {
            return;
        };
        let present = self.amount(setting);
        if is_looser(asked, present, setting.tighter) {
            ignored.push(Ignored {
                key: format!("rules.{}.{}", setting.rule, setting.key),
                because: format!(
                    "{} is looser than the user's {}",
                    asked.written(),
                    present.written()
                ),
            });
        } else {
            self.settings.insert(key, asked);
        }
    }
}

/// Whether a policy is looser than another one in a setting.
pub(crate) fn is_looser_in(policy: &Policy, than: &Policy, setting: &'static Setting) -> bool {
    is_looser(
        policy.amount(setting),
        than.amount(setting),
        setting.tighter,
    )
}

fn is_looser(asked: Amount, present: Amount, tighter: Tighter) -> bool {
    match tighter {
        Tighter::More => asked < present,
        Tighter::Less => asked > present,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Policy {
        Policy::parse(&format!("version = 1\n{text}"), "customs.toml").unwrap()
    }

    fn ignored(user: &str, project: &str) -> Vec<String> {
        policy(user)
            .tightened_by(&policy(project))
            .1
            .into_iter()
            .map(|i| format!("{}: {}", i.key, i.because))
            .collect()
    }

    #[test]
    fn a_project_lengthens_ages_and_denies_more() {
        let (sum, ignored) = Policy::default().tightened_by(&policy(
            "locked = \"enforce\"\ndeny = [\"pkg:npm/evil\"]\n[rules.version-age]\nage = \"7d\"\n[rules.dormant-name]\nafter = \"180d\"\n",
        ));
        assert_eq!(ignored, []);
        assert_eq!(sum.digest(), policy(
            "locked = \"enforce\"\ndeny = [\"pkg:npm/evil\"]\n[rules.version-age]\nage = \"168h\"\n[rules.dormant-name]\nafter = \"180d\"\n",
        ).digest());
    }

    #[test]
    fn a_project_never_loosens() {
        let loose = "observe = true\nlocked = \"check-content\"\nurgent-fix = true\nchange-window = \"1d\"\n\
            private = [\"pkg:npm/@evil/*\"]\n\
            [rules.version-age]\nage = \"1h\"\nmode = \"off\"\n[rules.dormant-name]\nafter = \"999d\"\n\
            [rules.release-burst]\nlines = 50\n\
            [roles]\napprovers = [\"user:evil\"]\n\
            [[exemption]]\nmatch = \"pkg:npm/evil\"\nrules = [\"version-age\"]\nreason = \"x\"\nowner = \"y\"\nuntil = \"never\"\n";
        let user = "locked = \"enforce\"\nurgent-fix = false\n";
        let (sum, _) = policy(user).tightened_by(&policy(loose));
        assert_eq!(sum, policy(user));
        insta::assert_snapshot!(ignored(user, loose).join("\n"), @r#"
    observe: a project cannot switch enforcement off
    locked: the user's policy is stricter (enforce)
    urgent-fix: the user's policy opens no urgent-fix lane
    change-window: shorter than the user's 30 d
    rules.version-age.mode: off is looser than the user's enforce
    rules.version-age.age: 1h is looser than the user's 72h
    rules.release-burst.lines: 50 is looser than the user's 2
    rules.dormant-name.after: 999d is looser than the user's 365d
    private: a project cannot call pkg:npm/@evil/* private; the user's policy can
    exemption (line 16): a project cannot exempt pkg:npm/evil; the user's policy can
    roles: a project does not say who grants exemptions; the user's policy can
    "#);
    }

    #[test]
    fn what_a_project_does_not_state_leaves_the_users_choice() {
        let user = "[rules.version-age]\nage = \"24h\"\nmode = \"warn\"\n";
        let (sum, ignored) = policy(user).tightened_by(&policy("[rules.name-age]\nage = \"9d\"\n"));
        assert_eq!(ignored, []);
        assert_eq!(
            sum.digest(),
            policy(&format!("{user}[rules.name-age]\nage = \"9d\"\n")).digest()
        );
    }
}
