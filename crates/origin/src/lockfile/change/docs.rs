use super::super::doc::LockRuleDoc;

/// What the rules about changes say about themselves.
pub(in crate::lockfile) static DOCS: [&LockRuleDoc; 3] = [&EDITED, &SOURCES, &SCRIPTS];

pub(super) static EDITED: LockRuleDoc = LockRuleDoc {
    id: "lock-edited",
    title: "An entry changed while its version did not.",
    what: "With `--base`: compares digest, checksum, files, address, source and the mark of a script at install of each \
           release that both states lock. Digests of different algorithms are not compared, Yarn 4's checksums only within one \
           `cacheKey`, and addresses by host and path.",
    why: "A package manager has no reason to change what binds a release that stays. It is the tell of an edit by \
          hand.",
    effect: "fails; warns for a mark of a script at install that is new; a note for what got stronger (a digest added, http that became https, further files of a \
             Python release), for another commit of a repository, and for an address that is no longer written",
    to_do: "Ask who wrote the line. Let the package manager write the entry from the base state and compare.",
    fires: &[
        "`integrity` of ms@2.1.2 is another one.",
        "`checksum` of serde 1.0.200 is gone.",
        "`resolved` of is-number@7.0.0 now names is-odd-3.0.1.tgz.",
    ],
    silent: &[
        "SHA-1 that became SHA-512.",
        "All releases that moved from one registry's host to another: said once, by `lock-sources`.",
    ],
    learnt_from: "https://github.com/JSONbored/loopover/pull/2676",
};

pub(super) static SOURCES: LockRuleDoc = LockRuleDoc {
    id: "lock-sources",
    title: "Packages come from somewhere else than before.",
    what: "With `--base`: names each host that the lockfile did not name before, each scope whose registry \
           changed, each new override, and a host that took the place of another one for most releases.",
    why: "Where packages come from is a decision of the project. It should be made in a change of its own.",
    effect: "warns",
    to_do: "Make sure that the new host is meant, and that the client's configuration names it in the same change.",
    fires: &[
        "`@acme/*` came from npm.acme.example and comes from registry.example.",
        "A first release from mirror.example.",
    ],
    silent: &["Another release from a host that is there already."],
    learnt_from: "Dependency confusion (2021): a scope or name that another registry begins to answer for.",
};

pub(super) static SCRIPTS: LockRuleDoc = LockRuleDoc {
    id: "lock-new-install-script",
    title: "A change brings code that runs at install.",
    what: "With `--base`: names each release that runs a script at install, where the version before did not or \
           the package was not there. npm's lockfile and pnpm's of the formats 5 and 6 say it, and wheels run \
           none. Of others the document of npm's registry says it (`--fetch`); where nobody does, how many \
           packages that is about is told as not checked.",
    why: "Code that runs at install needs nobody to call it.",
    effect: "warns",
    to_do: "Read the script before you install, with `customs inspect`.",
    fires: &["ms moves from 2.1.2 to 2.1.3, which has `hasInstallScript`."],
    silent: &[
        "A package that has run one before.",
        "A package of Yarn, bun or pnpm 9 without `--fetch`: it is not checked.",
    ],
    learnt_from: "axios (March 2026): a new dependency with a postinstall script in a patch release.",
};
