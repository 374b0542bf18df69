use super::*;
use crate::shown::tests::steers_nothing;
use crate::testing::{any_record, file, hostile_record, record, shuffled};
use proptest::prelude::*;

#[test]
fn people_see_each_package_what_is_wrong_and_all_three_sums() {
    insta::assert_snapshot!(packages(&record()), @r#"
    What shop contains, seen at 2026-08-26T10:00:00Z, commit 89abcdef0123456789abcdef0123456789abcdef
      from  Cargo.lock         sha256:fafaf5267cc04d3bf900715b87a59a8825b8a1881a3c7e0c47ae2645578cf983
      from  package-lock.json  sha256:0c030586945fe504b604ecc2e875c38ede400cd5cd73da9730302162e6b02c6f

           package                   tree         signature  attestation  verdict      built by                           places
    npm    @acme/tool@1.2.3          yes          yes        yes          clean        acme/tool, release.yml, by GitHub  node_modules/@acme/tool
    npm    left-pad@1.3.0            no           yes        yes          clean        acme/tool, release.yml, by GitHub  node_modules/left-pad, packages/a/node_modules/left-pad
    npm    plain-crypto-js@4.2.1     yes          yes        yes          malicious    acme/tool, release.yml, by GitHub  node_modules/plain-crypto-js
    PyPI   zope-interface@6.0+local  yes          no         not checked  not judged   -                                  lib/zope
    cargo  serde@1.0.0               not checked  yes        yes          not checked  acme/tool, release.yml, by GitHub  (locked, not installed)

    Not so:
      npm left-pad@1.3.0: what lies there is not what the artifact holds
        file unexplained  7  sha256:d67e2e944994496c8d8ec76eed0cf9f09679448d584b532bebf941852a37f5ed  index.js
      npm plain-crypto-js@4.2.1: something was found in its code
      PyPI zope-interface@6.0+local: no signature of the registry holds for it

    Not checked:
      tree of cargo serde@1.0.0, because it is not installed
      attestation of PyPI zope-interface@6.0+local, because the evidence is not here; run customs verify --fetch
      verdict of cargo serde@1.0.0, because its bytes are not here
      verdict of PyPI zope-interface@6.0+local, because its code could not be judged
      of the project: web/: no lockfile

    Exempted:
      npm plain-crypto-js@4.2.1  studied in a sandbox, by ann, until 2026-09-01

                 yes  no  not checked
    tree         3    1   1
    signature    4    1   0
    attestation  4    0   1
    verdict      2    1   2
    5 packages (1 not installed), 4 files, 1 exempted; 1 part of the project not looked at
    "#);
}

#[test]
fn people_see_every_file() {
    insta::assert_snapshot!(files(&record()), @r#"
    What shop contains, seen at 2026-08-26T10:00:00Z, commit 89abcdef0123456789abcdef0123456789abcdef
      from  Cargo.lock         sha256:fafaf5267cc04d3bf900715b87a59a8825b8a1881a3c7e0c47ae2645578cf983
      from  package-lock.json  sha256:0c030586945fe504b604ecc2e875c38ede400cd5cd73da9730302162e6b02c6f

    npm @acme/tool@1.2.3
      at           node_modules/@acme/tool
      artifact     sha512:acfc20fccb3609a6cf51d633546e7cdd408e1e9b2fee6c7e4e1615c1383b2bbe00459273925ff31752d007731791f0d937ea03d55469b5ad1c1b64d65234863e
      bytes from   the gate's store
      built by     acme/tool, release.yml, by GitHub
      source       https://github.com/acme/tool
      commit       0123456789abcdef0123456789abcdef01234567
      tree         yes
      signature    yes
      attestation  yes
      verdict      yes
        file same  19  sha256:6db33a852dd933203e30de8cde8712589d54e2b0bd871219fd79d7de44562b11  index.js
        file same  3   sha256:ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356  package.json

    npm left-pad@1.3.0
      at           node_modules/left-pad
      at           packages/a/node_modules/left-pad
      artifact     sha512:124a910c7a0656a41d5d900e7bcb8b8a73c05e9e2a051df579f3117f7eae0c6febc5a3519cf0e656ab2b717f2848bdc4fbf14f42897b63cf98896150a76ec04d
      built by     acme/tool, release.yml, by GitHub
      source       https://github.com/acme/tool
      commit       0123456789abcdef0123456789abcdef01234567
      tree         no
      signature    yes
      attestation  yes
      verdict      yes
        file unexplained  7  sha256:d67e2e944994496c8d8ec76eed0cf9f09679448d584b532bebf941852a37f5ed  index.js
        file made here    6  sha256:3673014e72b67383be302485694555a57ad393afdebaed6ded110a775bd0556d  node_modules/.cache/x

    npm plain-crypto-js@4.2.1
      at           node_modules/plain-crypto-js
      artifact     sha512:3d9dbe4fbb1025374b271c7605efb4ae1cfaa1aeeeeac5e73c034c84071dbbc3fa9a924a7dd9a49b704c83b3c49aab737cc004a8cc6e00e449ea196e94aa79b0
      built by     acme/tool, release.yml, by GitHub
      source       https://github.com/acme/tool
      commit       0123456789abcdef0123456789abcdef01234567
      tree         yes
      signature    yes
      attestation  yes
      verdict      no: malicious

    PyPI zope-interface@6.0+local
      at           lib/zope
      artifact     sha256:b15a2c9ce7de6dc7cb1117578c3e58a3ed0c4cb8c142d13cc453fd19a1ed8bc9
      artifact     sha256:ce51df934e544330314bb849e47d500515b0be600c401d1a76d0745055e3178b
      tree         yes
      signature    no
      attestation  not checked: the evidence is not here; run customs verify --fetch
      verdict      not checked: its code could not be judged

    cargo serde@1.0.0
      at           (locked, not installed)
      artifact     sha256:f5fe331d2367a7a67ee20bd579c77b929ae49439d8b0d8e9c3b98609797b6b69
      built by     acme/tool, release.yml, by GitHub
      source       https://github.com/acme/tool
      commit       0123456789abcdef0123456789abcdef01234567
      tree         not checked: it is not installed
      signature    yes
      attestation  yes
      verdict      not checked: its bytes are not here

    Not so:
      npm left-pad@1.3.0: what lies there is not what the artifact holds
        file unexplained  7  sha256:d67e2e944994496c8d8ec76eed0cf9f09679448d584b532bebf941852a37f5ed  index.js
      npm plain-crypto-js@4.2.1: something was found in its code
      PyPI zope-interface@6.0+local: no signature of the registry holds for it

    Not checked:
      tree of cargo serde@1.0.0, because it is not installed
      attestation of PyPI zope-interface@6.0+local, because the evidence is not here; run customs verify --fetch
      verdict of cargo serde@1.0.0, because its bytes are not here
      verdict of PyPI zope-interface@6.0+local, because its code could not be judged
      of the project: web/: no lockfile

    Exempted:
      npm plain-crypto-js@4.2.1  studied in a sandbox, by ann, until 2026-09-01

                 yes  no  not checked
    tree         3    1   1
    signature    4    1   0
    attestation  4    0   1
    verdict      2    1   2
    5 packages (1 not installed), 4 files, 1 exempted; 1 part of the project not looked at
    "#);
}

#[test]
fn many_unexplained_files_are_counted_and_the_list_of_files_has_them_all() {
    let mut record = record();
    let paths = (0..limit::FEW + 5).map(|n| format!("many/{n}.js"));
    record.packages[1].files = paths.map(|path| file(&path, "x", "unexplained")).collect();
    let table = packages(&record);
    assert!(
        table.contains("    and 5 more: --files shows every file\n"),
        "{table}"
    );
    assert_eq!(
        files(&record).matches("  many/").count(),
        2 * limit::FEW + 5
    );
}

#[test]
fn no_text_of_a_stranger_steers_a_terminal_or_a_runner() {
    let record = hostile_record();
    steers_nothing(&packages(&record));
    steers_nothing(&files(&record));
}

proptest! {
    #[test]
    fn whatever_is_in_it_the_table_is_lines_of_text_and_always_the_same(record in any_record()) {
        for make in [packages, files] {
            let text = make(&record);
            steers_nothing(&text);
            prop_assert_eq!(make(&shuffled(&record)), text);
        }
    }
}
