//! Names that say how many tokens there may be, and are no token.

/// Whether a name of the environment, in capitals, is a number of tokens: those of a language model,
/// of a bucket, of a cache.
pub(super) fn counts_tokens(name: &str) -> bool {
    const SECRETS: [&str; 5] = ["SECRET", "PASSW", "CREDENTIAL", "KEY", "AUTH"];
    const BOUNDS: [&str; 4] = ["MAX", "MIN", "MAXIMUM", "MINIMUM"];
    const NUMBERS: [&str; 5] = ["COUNT", "LIMIT", "BUDGET", "LENGTH", "SIZE"];
    if SECRETS.iter().any(|word| name.contains(word)) {
        return false;
    }
    let words: Vec<&str> = name.split('_').collect();
    // One token has an owner whose name may be a word like these: `MAX_BOT_TOKEN`.
    let many = words.contains(&"TOKENS") && words.iter().any(|word| BOUNDS.contains(word));
    let counted = words
        .windows(2)
        .any(|pair| matches!(pair[0], "TOKEN" | "TOKENS") && NUMBERS.contains(&pair[1]));
    many || counted
}

#[cfg(test)]
mod tests {
    use crate::know::named_secret;

    #[test]
    fn how_many_tokens_there_may_be_is_no_secret() {
        for name in [
            "MAX_OUTPUT_TOKENS",
            "A_DEFAULT_MAX_TOKENS",
            "MINIMUM_PROMPT_CACHE_TOKEN_COUNT",
            "token_limit",
        ] {
            assert!(!named_secret(name), "{name}");
        }
    }

    #[test]
    fn a_token_of_somebody_is_one_whatever_the_name() {
        for name in [
            "MAX_BOT_TOKEN",
            "MAX_TOKEN",
            "MIN_IO_TOKEN",
            "TOKENS",
            "COUNT_TOKEN",
            "MAX_TOKENS_API_KEY",
            "TOKEN_LIMIT_SECRET",
            "GITHUB_TOKEN",
        ] {
            assert!(named_secret(name), "{name}");
        }
    }
}
