//! Programs that read and write the clipboard.

/// Whether a command gives what the clipboard holds.
pub(super) fn reads_clipboard(name: &str, args: &[&str]) -> bool {
    match name {
        "pbpaste" | "wl-paste" => true,
        "xclip" => has_option(args, &["-o", "-out"]),
        "xsel" => has_option(args, &["-o", "--output", "-ob", "-bo"]) || args.is_empty(),
        // A longer line is read as PowerShell.
        "powershell" | "pwsh" => args.iter().any(|arg| {
            matches!(
                arg.trim().to_ascii_lowercase().as_str(),
                "get-clipboard" | "get-clipboard -raw"
            )
        }),
        _ => false,
    }
}

/// Whether a command puts its input into the clipboard.
pub(super) fn writes_clipboard(name: &str, args: &[&str]) -> bool {
    match name {
        "pbcopy" | "wl-copy" | "clip" | "clip.exe" => true,
        "xclip" | "xsel" => !args.is_empty() && !reads_clipboard(name, args),
        "powershell" | "pwsh" => args
            .iter()
            .any(|arg| arg.to_ascii_lowercase().starts_with("set-clipboard")),
        _ => false,
    }
}

fn has_option(args: &[&str], options: &[&str]) -> bool {
    args.iter().any(|arg| options.contains(arg))
}
