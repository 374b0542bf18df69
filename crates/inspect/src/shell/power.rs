//! PowerShell: what an encoded command says.

use base64::Engine as _;

/// The text of `powershell -EncodedCommand …`, if there is one in a command line.
pub fn decoded(words: &[&str]) -> Option<String> {
    let at = words.iter().position(|word| {
        let word = word.to_ascii_lowercase();
        // Any beginning of the option's name is understood.
        (word.starts_with("-e") || word.starts_with("/e"))
            && word.len() > 1
            && "encodedcommand".starts_with(&word[1..])
            || word == "-ec"
    })?;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(words.get(at + 1)?.trim_matches(['"', '\'']))
        .ok()?;
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    Some(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_command_is_read() {
        let units: Vec<u8> = "iex 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let text = base64::engine::general_purpose::STANDARD.encode(units);
        assert_eq!(decoded(&["-nop", "-enc", &text]).as_deref(), Some("iex 1"));
        assert_eq!(decoded(&["-File", "a.ps1"]), None);
    }
}
