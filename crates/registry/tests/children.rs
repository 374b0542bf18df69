//! Records of decisions of before the artifacts of children were written are read as they were.

use customs_model::{Child, Digest};

#[test]
fn a_child_without_an_artifact_is_still_read_and_one_with_it_comes_back() {
    let old = r#"{"name":"dep","version":"1.0.0"}"#;
    let mut child: Child = serde_json::from_str(old).unwrap();
    assert_eq!(child.artifact, None);
    assert_eq!(serde_json::to_string(&child).unwrap(), old);
    child.artifact = Some(Digest::sha256(b"bytes"));
    let text = serde_json::to_string(&child).unwrap();
    assert_eq!(serde_json::from_str::<Child>(&text).unwrap(), child);
}
