//! Clients of services that take what they are handed over the network: stores, queues,
//! databases, messengers, mail. Where such a client goes was said where it was made.

use crate::ir::Language;

/// Where what a client sends goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The names of settings that say the host. Where it is given by its position, it is told by
    /// what it looks like.
    pub hosts: &'static [&'static str],
    /// The host of all customers of the service, if it has one. Whose account it goes to says the
    /// key that the client was made with.
    pub service: Option<&'static str>,
    /// The names of settings that hold the key, where it is not the first argument.
    pub keys: &'static [&'static str],
}

const fn at(hosts: &'static [&'static str]) -> Client {
    Client {
        hosts,
        service: None,
        keys: &[],
    }
}

const fn of(
    service: &'static str,
    hosts: &'static [&'static str],
    keys: &'static [&'static str],
) -> Client {
    Client {
        hosts,
        service: Some(service),
        keys,
    }
}

const ENDPOINT: &[&str] = &["endpoint", "endPoint", "endpoint_url"];
const QUEUE: &[&str] = &["connection", "redis", "host", "url"];
const SQL: &[&str] = &["host", "hostaddr", "connectionString", "uri", "url", "dsn"];
const BROKER: &[&str] = &[
    "host",
    "hostname",
    "url",
    "servers",
    "server",
    "brokers",
    "bootstrap_servers",
    "socket",
];
/// Services that events, errors and measures are sent to: what they are told of besides is whatever
/// the code puts there.
const EVENTS: &[&str] = &[
    "dsn",
    "host",
    "api_host",
    "apiHost",
    "endpoint",
    "url",
    "serverUrl",
];
const AWS_KEYS: &[&str] = &[
    "accessKeyId",
    "secretAccessKey",
    "credentials",
    "aws_access_key_id",
];

/// The client that a call sends by; none where it sends nothing by one.
pub fn client(language: Language, path: &str) -> Option<Client> {
    match language {
        Language::JavaScript => match path.split_once("()") {
            Some((head, rest)) => of_javascript(head, rest),
            None => function_of_javascript(path),
        },
        Language::Python => match path.split_once("()") {
            Some((head, rest)) => of_python(head, rest),
            None => function_of_python(path),
        },
        Language::Rust => {
            let (head, rest) = path.split_once("()")?;
            of_rust(head, rest)
        }
    }
}

/// Whether a method of a client of JavaScript's hands what others send to the function that it
/// gets: its head is what made the client.
pub fn gives_messages(head: &str, method: &str) -> bool {
    match head {
        "mqtt.connect" | "mqtt.connectAsync" | "mqtt.Client" | "mqtt" => {
            matches!(method, "on" | "once" | "addListener")
        }
        "redis.createClient" | "ioredis" | "ioredis.Redis" => {
            matches!(method, "on" | "once" | "subscribe" | "pSubscribe")
        }
        "nats.connect" => method == "subscribe",
        "amqplib.connect" => method == "consume",
        _ => false,
    }
}

/// The service over which people write to a bot of JavaScript, by what makes it.
pub fn bot(made: &str) -> Option<&'static str> {
    match made {
        "telegraf.Telegraf" | "telegraf" | "grammy.Bot" | "node-telegram-bot-api" => {
            Some("api.telegram.org")
        }
        "discord.js.Client" | "eris" | "eris.Client" => Some("discord.com"),
        _ => None,
    }
}

fn function_of_javascript(path: &str) -> Option<Client> {
    match path {
        "firebase/database.push"
        | "firebase/database.set"
        | "firebase/database.update"
        | "@firebase/database.push"
        | "@firebase/database.set" => Some(at(&["databaseURL"])),
        "firebase/firestore.addDoc"
        | "firebase/firestore.setDoc"
        | "firebase/firestore.updateDoc"
        | "firebase/storage.uploadBytes"
        | "firebase/storage.uploadString" => {
            Some(of("firebaseio.com", &["databaseURL"], &["projectId"]))
        }
        _ => None,
    }
}

fn of_javascript(head: &str, rest: &str) -> Option<Client> {
    let method = last(rest)?;
    if let Some(made) = head.strip_prefix("@aws-sdk/client-") {
        let sends = method == "send" || begins(method, &["put", "upload", "publish", "invoke"]);
        return (sends && made.contains('.')).then_some(of("amazonaws.com", ENDPOINT, AWS_KEYS));
    }
    match head {
        "aws-sdk.S3"
        | "aws-sdk.SQS"
        | "aws-sdk.SNS"
        | "aws-sdk.SES"
        | "aws-sdk.DynamoDB"
        | "aws-sdk.DynamoDB.DocumentClient"
        | "aws-sdk/clients/s3" => begins(
            method,
            &["put", "upload", "send", "publish", "batchWrite"],
        )
        .then_some(of("amazonaws.com", ENDPOINT, AWS_KEYS)),
        "minio.Client" => begins(method, &["put", "fPut"]).then_some(at(ENDPOINT)),
        "@slack/web-api.WebClient" => begins(
            method,
            &["postMessage", "postEphemeral", "upload", "apiCall", "add"],
        )
        .then_some(of("slack.com", &["slackApiUrl"], &[])),
        "telegraf.Telegraf"
        | "telegraf.Telegram"
        | "telegraf"
        | "grammy.Bot"
        | "grammy.Api"
        | "node-telegram-bot-api" => begins(method, &["send", "call"]).then_some(of(
            "api.telegram.org",
            &["apiRoot", "baseApiUrl"],
            &[],
        )),
        "mongodb.MongoClient" | "mongodb.MongoClient.connect" => inserts(method).then_some(at(&[])),
        "pg.Client"
        | "pg.Pool"
        | "mysql.createConnection"
        | "mysql.createPool"
        | "mysql2.createConnection"
        | "mysql2.createPool"
        | "mysql2/promise.createConnection"
        | "mysql2/promise.createPool" => matches!(method, "query" | "execute").then_some(at(SQL)),
        "redis.createClient" | "ioredis" | "ioredis.Redis" => stores(method).then_some(at(BROKER)),
        "bullmq.Queue" | "bull" | "bull.Queue" | "bee-queue" => {
            matches!(method, "add" | "addBulk" | "createJob").then_some(at(QUEUE))
        }
        "@segment/analytics-node.Analytics"
        | "@segment/analytics-node"
        | "analytics-node"
        | "posthog-node.PostHog"
        | "mixpanel.init"
        | "@rudderstack/rudder-sdk-node" => matches!(
            method,
            "track" | "identify" | "page" | "group" | "alias" | "capture"
        )
        .then_some(at(EVENTS)),
        "mqtt.connect" | "mqtt.connectAsync" => begins(method, &["publish"]).then_some(at(BROKER)),
        "amqplib.connect" | "amqp-connection-manager.connect" => {
            matches!(method, "sendToQueue" | "publish").then_some(at(BROKER))
        }
        "kafkajs.Kafka" => matches!(method, "send" | "sendBatch").then_some(at(BROKER)),
        // Where it leads is said when it connects.
        "paho.mqtt.client.Client" => (method == "publish").then_some(at(&[])),
        "nats.connect" => matches!(method, "publish" | "request").then_some(at(BROKER)),
        "@supabase/supabase-js.createClient" => {
            matches!(method, "insert" | "upsert" | "update" | "upload" | "rpc").then_some(at(&[]))
        }
        "@elastic/elasticsearch.Client" | "@opensearch-project/opensearch.Client" => {
            matches!(method, "index" | "bulk" | "create").then_some(at(&["node", "nodes"]))
        }
        "firebase.initializeApp" | "firebase-admin.initializeApp" => {
            matches!(method, "push" | "set" | "update" | "add").then_some(at(&["databaseURL"]))
        }
        _ => None,
    }
}

fn function_of_python(path: &str) -> Option<Client> {
    match path {
        // Of a request that was made before.
        "requests.Session.send" | "requests.sessions.Session.send" => Some(at(&["url"])),
        "paho.mqtt.publish.single" | "paho.mqtt.publish.multiple" => Some(at(&["hostname"])),
        _ => None,
    }
}

fn of_python(head: &str, rest: &str) -> Option<Client> {
    let method = last(rest)?;
    match head {
        "pymongo.MongoClient"
        | "pymongo.mongo_client.MongoClient"
        | "motor.motor_asyncio.AsyncIOMotorClient" => inserts(method).then_some(at(&["host"])),
        "redis.Redis"
        | "redis.StrictRedis"
        | "redis.from_url"
        | "redis.Redis.from_url"
        | "redis.StrictRedis.from_url" => stores(method).then_some(at(BROKER)),
        "psycopg2.connect"
        | "psycopg.connect"
        | "pymysql.connect"
        | "MySQLdb.connect"
        | "mysql.connector.connect" => begins(method, &["execute", "copy"]).then_some(at(SQL)),
        "pika.BlockingConnection" => {
            (method == "basic_publish").then_some(at(&["host", "url", "parameters"]))
        }
        "kafka.KafkaProducer" | "confluent_kafka.Producer" => matches!(method, "send" | "produce")
            .then_some(at(&["bootstrap_servers", "bootstrap.servers"])),
        "firebase_admin.db.reference" => {
            matches!(method, "push" | "set" | "update").then_some(at(&["url"]))
        }
        "pyrebase.initialize_app" => {
            matches!(method, "push" | "set" | "update" | "put").then_some(at(&["databaseURL"]))
        }
        "elasticsearch.Elasticsearch" => {
            matches!(method, "index" | "bulk" | "create").then_some(at(&["hosts", "host"]))
        }
        "ftplib.FTP_TLS" => begins(method, &["stor"]).then_some(at(&["host"])),
        "pysftp.Connection" | "fabric.Connection" => {
            matches!(method, "put" | "putfo").then_some(at(&["host"]))
        }
        "telethon.TelegramClient" | "telethon.sync.TelegramClient" | "pyrogram.Client" => {
            begins(method, &["send"]).then_some(of("api.telegram.org", &[], &["api_hash"]))
        }
        "dropbox.Dropbox" => (method == "files_upload").then_some(of(
            "api.dropboxapi.com",
            &[],
            &["oauth2_access_token"],
        )),
        "google.cloud.storage.Client" | "google.cloud.storage.Client.create_anonymous_client" => {
            begins(method, &["upload_from"]).then_some(at(&["api_endpoint", "client_options"]))
        }
        "azure.storage.blob.BlobServiceClient.from_connection_string"
        | "azure.storage.blob.ContainerClient.from_connection_string"
        | "azure.storage.blob.BlobClient.from_connection_string" => {
            begins(method, &["upload"]).then_some(of("blob.core.windows.net", &[], &[]))
        }
        "azure.storage.blob.BlobServiceClient"
        | "azure.storage.blob.ContainerClient"
        | "azure.storage.blob.ContainerClient.from_container_url"
        | "azure.storage.blob.BlobClient"
        | "azure.storage.blob.BlobClient.from_blob_url" => {
            begins(method, &["upload"]).then_some(at(&["account_url", "container_url", "blob_url"]))
        }
        "supabase.create_client" | "supabase.client.create_client" => {
            matches!(method, "insert" | "upsert" | "update" | "upload" | "rpc")
                .then_some(at(&["supabase_url"]))
        }
        "huggingface_hub.HfApi" => matches!(method, "upload_file" | "upload_folder").then_some(of(
            "huggingface.co",
            &["endpoint"],
            &["token"],
        )),
        "github.Github" => matches!(
            method,
            "create_gist" | "create_file" | "update_file" | "create_issue" | "create_comment"
        )
        .then_some(of("api.github.com", &["base_url"], &["login_or_token"])),
        "yagmail.SMTP" => {
            (method == "send").then_some(of("smtp.gmail.com", &["host"], &["user", "password"]))
        }
        "nats.connect" => matches!(method, "publish" | "request").then_some(at(BROKER)),
        "requests.Session" | "requests.session" => (rest == ".send").then_some(at(&["url"])),
        "minio.Minio" => begins(method, &["put", "fput"]).then_some(at(ENDPOINT)),
        _ if head.ends_with(".wrap_socket") || rest.contains(".wrap_socket()") => {
            let wraps = head.starts_with("ssl.");
            let sends = matches!(method, "send" | "sendall" | "write");
            (wraps && sends).then_some(at(&["server_hostname"]))
        }
        _ => None,
    }
}

fn of_rust(head: &str, rest: &str) -> Option<Client> {
    let method = last(rest)?;
    let (module, made) = head.rsplit_once('.')?;
    let made_by = module.rsplit('.').next().unwrap_or(module);
    match (made_by, made) {
        ("SmtpTransport", "relay" | "starttls_relay" | "builder_dangerous" | "from_url") => {
            matches!(method, "send" | "send_raw").then_some(at(&[]))
        }
        ("tungstenite", "connect")
        | ("tokio_tungstenite" | "async_tungstenite", "connect_async") => {
            matches!(method, "send" | "write" | "write_message").then_some(at(&[]))
        }
        ("redis" | "Client", "open") if head.starts_with("redis.") => {
            stores(method).then_some(at(&[]))
        }
        ("Client", "with_uri_str") => inserts(method).then_some(at(&[])),
        ("Client", "connect") if head.starts_with("postgres.") => {
            matches!(method, "execute" | "query" | "batch_execute").then_some(at(&[]))
        }
        ("FtpStream", "connect") => begins(method, &["put", "append"]).then_some(at(&[])),
        _ => None,
    }
}

/// The method that a path ends with, where it is not called yet.
fn last(rest: &str) -> Option<&str> {
    rest.rsplit_once('.')
        .map(|(_, method)| method)
        .filter(|method| !method.is_empty() && !method.ends_with(')'))
}

fn begins(method: &str, with: &[&str]) -> bool {
    with.iter().any(|begin| method.starts_with(begin))
}

/// What puts documents into a database.
fn inserts(method: &str) -> bool {
    matches!(
        method,
        "insertOne"
            | "insertMany"
            | "insert"
            | "updateOne"
            | "replaceOne"
            | "findOneAndUpdate"
            | "insert_one"
            | "insert_many"
            | "update_one"
            | "replace_one"
    )
}

/// What puts values into a store of keys and values.
fn stores(method: &str) -> bool {
    matches!(
        method,
        "set"
            | "setex"
            | "mset"
            | "hset"
            | "hSet"
            | "hmset"
            | "lpush"
            | "lPush"
            | "rpush"
            | "rPush"
            | "sadd"
            | "sAdd"
            | "xadd"
            | "xAdd"
            | "publish"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_told_by_what_made_it_and_by_what_is_asked_of_it() {
        let js = |path| client(Language::JavaScript, path);
        assert!(js("@aws-sdk/client-s3.S3Client().send").is_some());
        assert!(js("mongodb.MongoClient.connect().db().collection().insertOne").is_some());
        assert!(js("mongodb.MongoClient.connect().db().collection().findOne").is_none());
        assert!(js("mongodb.MongoClient.connect().db()").is_none());
        assert!(js("ioredis().get").is_none() && js("mine().set").is_none());
        let python = |path| client(Language::Python, path);
        assert!(python("ssl.create_default_context().wrap_socket().sendall").is_some());
        assert!(python("mine.wrap_socket().sendall").is_none());
        let rust = |path| client(Language::Rust, path);
        assert!(rust("lettre.SmtpTransport.relay().credentials().build().send").is_some());
        assert!(rust("mine.Client.open().set").is_none());
    }
}
