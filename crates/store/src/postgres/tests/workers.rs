use super::*;
use customs_model::Digest;

#[test]
fn who_works_for_gates_writes_leases_and_the_index_and_no_ledger() {
    let Some(server) = Server::new() else { return };
    let url = server.database();
    // It may come before the first gate does.
    let worker = PostgresStore::open_shared(&url).unwrap();
    let blob = &Digest::sha256(b"facts");
    let entry = NewEntry {
        blob: Some(blob),
        note: "",
    };
    let put = worker.put_entry("facts", "a", &entry, None).unwrap();
    assert!(put.is_some());
    let term = Duration::from_secs(60);
    let Taken::Mine(lease) = worker.take_lease("a", "worker", term).unwrap() else {
        panic!("nobody else has it");
    };
    assert!(worker.return_lease(&lease).unwrap());
    let error = worker.append_wait(note("x")).unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly), "{error}");
    assert!(all(&worker).is_empty(), "a chain began");

    let folder = tempfile::tempdir().unwrap();
    let gate = Database::gate(&url, folder.path(), terms());
    let kept = gate.entry("facts", "a").unwrap().unwrap();
    assert_eq!(kept.blob.as_ref(), Some(blob));
    // Who only reads still changes nothing.
    let reader = PostgresStore::open_read_only(&url).unwrap();
    let error = reader.put_entry("facts", "b", &entry, None).unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly), "{error}");
}
