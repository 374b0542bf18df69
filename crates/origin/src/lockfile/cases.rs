//! The lies that package managers accept, each of which must be a finding of the right rule, and
//! their honest twins, about which nothing louder than a note may be said.

mod asked;
mod changes;
mod commits;
mod faults;
mod folders;
mod honest;
mod lies;
mod links;
mod manifests;
mod matrix;
mod overrides;
mod properties;

/// Digests of the two packages that are swapped, as fixtures have them: not those of real
/// artifacts.
const NUMBER: &str = "sha512-OtkyBNKCEjdGLQCMnbO35Ly8KpBfQZmOZLpPRdIUWp8pcGWdLrLAFyeQITAMXRfgUhP0YUEoOzC7Jad8ZoxI8w==";
const ODD: &str = "sha512-sPSQ7YPIO+S7u2y1o8yW2rOmB6YPWyWWkVJaUPfj8B23hijaE2d3WPcgokr/zDI1TTMCPARp31tt1ILsYUlQAg==";
const KIND: &str = "sha512-3U0nVPdXCP56FERtgnPf8nriYfn/6lbWJR9a1Z8zUH70b3dWtvz0ags7Pk/SdimQmKYo3BjOQoQhTrpMJ5fqjA==";

/// The address of the package that is meant, and of the one in its place.
const OF_NUMBER: &str = "https://registry.example/is-number/-/is-number-7.0.0.tgz";
const OF_ODD: &str = "https://registry.example/is-odd/-/is-odd-3.0.1.tgz";

fn npm() -> String {
    format!(
        r#"{{
  "name": "shop",
  "lockfileVersion": 3,
  "packages": {{
    "": {{
      "name": "shop",
      "dependencies": {{
        "is-number": "^7.0.0",
        "kind-of": "^6.0.3"
      }}
    }},
    "node_modules/is-number": {{
      "version": "7.0.0",
      "resolved": "{OF_NUMBER}",
      "integrity": "{NUMBER}"
    }},
    "node_modules/kind-of": {{
      "version": "6.0.3",
      "resolved": "https://registry.example/kind-of/-/kind-of-6.0.3.tgz",
      "integrity": "{KIND}"
    }}
  }}
}}
"#
    )
}

fn yarn_classic() -> String {
    format!(
        "# yarn lockfile v1\n\n\nis-number@^7.0.0:\n  version \"7.0.0\"\n  resolved \"{OF_NUMBER}#7535345b896734d5f80c4d06c50955527a14f12b\"\n  integrity {NUMBER}\n\nkind-of@^6.0.3:\n  version \"6.0.3\"\n  resolved \"https://registry.example/kind-of/-/kind-of-6.0.3.tgz#07c05034a6c349fa06e24fa35aa76db4580ce4dd\"\n  integrity {KIND}\n"
    )
}

fn yarn_berry() -> String {
    let checksum = "0".repeat(127);
    format!(
        "__metadata:\n  version: 8\n  cacheKey: 10c0\n\n\"is-number@npm:^7.0.0\":\n  version: 7.0.0\n  resolution: \"is-number@npm:7.0.0\"\n  checksum: 10c0/1{checksum}\n  languageName: node\n  linkType: hard\n\n\"kind-of@npm:^6.0.3\":\n  version: 6.0.3\n  resolution: \"kind-of@npm:6.0.3\"\n  checksum: 10c0/2{checksum}\n  languageName: node\n  linkType: hard\n\n\"shop@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"shop@workspace:.\"\n  dependencies:\n    is-number: \"npm:^7.0.0\"\n    kind-of: \"npm:^6.0.3\"\n  languageName: unknown\n  linkType: soft\n"
    )
}

fn bun() -> String {
    format!(
        r#"{{
  "lockfileVersion": 1,
  "workspaces": {{
    "": {{
      "name": "shop",
      "dependencies": {{
        "is-number": "^7.0.0",
        "kind-of": "^6.0.3",
      }},
    }},
  }},
  "packages": {{
    "is-number": ["is-number@7.0.0", "{OF_NUMBER}", {{}}, "{NUMBER}"],

    "kind-of": ["kind-of@6.0.3", "", {{}}, "{KIND}"],
  }}
}}
"#
    )
}

fn pnpm() -> String {
    format!(
        "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      is-number:\n        specifier: ^7.0.0\n        version: 7.0.0\n      kind-of:\n        specifier: ^6.0.3\n        version: 6.0.3\n\npackages:\n\n  is-number@7.0.0:\n    resolution: {{integrity: {NUMBER}, tarball: {OF_NUMBER}}}\n\n  kind-of@6.0.3:\n    resolution: {{integrity: {KIND}}}\n\nsnapshots:\n\n  is-number@7.0.0: {{}}\n\n  kind-of@6.0.3: {{}}\n"
    )
}

fn cargo() -> String {
    let source = concat!("registry+", "https://github.com/rust-lang/crates.io-index");
    format!(
        "version = 4\n\n[[package]]\nname = \"itoa\"\nversion = \"1.0.11\"\nsource = \"{source}\"\nchecksum = \"{}\"\n\n[[package]]\nname = \"ryu\"\nversion = \"1.0.18\"\nsource = \"{source}\"\nchecksum = \"{}\"\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\ndependencies = [\n \"itoa\",\n \"ryu\",\n]\n",
        "0a".repeat(32),
        "0b".repeat(32)
    )
}
