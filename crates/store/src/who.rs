use customs_model::printable;
use serde::{Deserialize, Serialize};

/// Who asked, as far as a gate can tell. Never a secret: a credential is named by its
/// id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Who {
    /// The id of the credential that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// The address that the connection came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What the client calls itself (`User-Agent`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The coding agent that it says it works for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The `customs run` that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

impl Who {
    /// Makes every part printable and short.
    pub(crate) fn clean(&mut self) {
        let parts = [
            (&mut self.credential, 128),
            (&mut self.address, 64),
            (&mut self.client, 200),
            (&mut self.agent, 128),
            (&mut self.run, 64),
        ];
        for (part, limit) in parts {
            *part = part
                .as_deref()
                .filter(|text| !text.is_empty())
                .map(|text| printable(text, limit));
        }
    }
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [
            ("credential", &self.credential),
            ("address", &self.address),
            ("client", &self.client),
            ("agent", &self.agent),
            ("run", &self.run),
        ];
        let mut first = true;
        for (name, part) in parts {
            let Some(part) = part else { continue };
            if !first {
                f.write_str(", ")?;
            }
            first = false;
            write!(f, "{name} {part}")?;
        }
        if first {
            f.write_str("somebody who gave no name")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_name_is_cut_and_made_printable() {
        let mut who = Who {
            client: Some(format!("npm\u{1b}[31m{}", "x".repeat(500))),
            agent: Some(String::new()),
            ..Who::default()
        };
        who.clean();
        assert_eq!(who.agent, None);
        let client = who.client.unwrap();
        assert!(client.starts_with("npm\\u{1b}[31m"), "{client}");
        assert!(client.chars().count() <= 210);
    }

    #[test]
    fn who_is_said_in_words() {
        assert_eq!(Who::default().to_string(), "somebody who gave no name");
        let who = Who {
            credential: Some("run-7".to_owned()),
            client: Some("npm/12.0".to_owned()),
            ..Who::default()
        };
        assert_eq!(who.to_string(), "credential run-7, client npm/12.0");
    }
}
