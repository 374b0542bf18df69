//! How many files a gate may have open: a connection is one, and what it is sent another.
//! Most systems give a process 1,024 until it asks for more, and what it may ask for is far above.

/// Beside connections and artifacts: the ledger, the log, registries that are asked.
const BESIDE: u64 = 256;
/// For each connection: itself, the registry that is asked for it, and the artifact on its way.
const EACH: u64 = 3;

/// Asks for as many as so many connections need. A sentence where the system does not give them.
#[cfg(unix)]
pub fn provide(connections: usize) -> Option<String> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let needed = needed(connections);
    let limit = getrlimit(Resource::Nofile);
    // No limit is none.
    let soft = limit.current?;
    if soft >= needed {
        return None;
    }
    let granted = limit.maximum.map_or(needed, |most| most.min(needed));
    let more = Rlimit {
        current: Some(granted.max(soft)),
        maximum: limit.maximum,
    };
    match setrlimit(Resource::Nofile, more) {
        Ok(()) if granted >= needed => None,
        Ok(()) => Some(too_few(connections, granted.max(soft))),
        Err(_) => Some(too_few(connections, soft)),
    }
}

/// Windows knows no such limit.
#[cfg(not(unix))]
pub fn provide(_: usize) -> Option<String> {
    None
}

fn needed(connections: usize) -> u64 {
    let connections = u64::try_from(connections).unwrap_or(u64::MAX);
    connections.saturating_mul(EACH).saturating_add(BESIDE)
}

fn too_few(connections: usize, files: u64) -> String {
    format!(
        "this process may have {files} files open, and {connections} connections need {}; raise the \
         limit (LimitNOFILE= of systemd, `ulimit -Hn`), or lower limits.connections",
        needed(connections)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_does_not_give_is_said_with_what_to_do() {
        insta::assert_snapshot!(too_few(2048, 1024), @"this process may have 1024 files open, and 2048 connections need 6400; raise the limit (LimitNOFILE= of systemd, `ulimit -Hn`), or lower limits.connections");
        assert_eq!(provide(1), None);
        assert_eq!(needed(usize::MAX), u64::MAX);
    }
}
