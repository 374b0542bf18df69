use super::*;
#[test]
fn real() {
    let Ok(list) = std::env::var("PYC_LIST") else {
        return;
    };
    let (mut ok, mut bad) = (0, 0);
    for line in std::fs::read_to_string(list).unwrap().lines() {
        let (pyc, py) = line.split_once('\t').unwrap();
        let (Ok(p), Ok(s)) = (std::fs::read(pyc), std::fs::read(py)) else {
            continue;
        };
        let file = py.rsplit('/').next().unwrap();
        let compiled = pyc.rsplit('/').next().unwrap();
        let origin = Origin {
            file,
            bytes: &s,
            modified: None,
            compiled,
        };
        match agreement(&p, &origin) {
            Agreement::Agrees => ok += 1,
            other => {
                bad += 1;
                if bad < 60 {
                    println!("{pyc} {other:?}");
                }
            }
        }
    }
    println!("ok {ok} bad {bad}");
}
