//! DNS over HTTPS on loopback: one resolver a port, each with its own idea of the records; and one over UDP.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    sync::{Arc, OnceLock},
    thread,
    time::Duration,
};

use hickory_proto::{
    op::{Message, MessageType, ResponseCode},
    rr::{rdata::TXT, RData, Record},
};
use rustls::{
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    ServerConfig, ServerConnection, StreamOwned,
};
use zkdkim_dns::{LiveDns, Resolver, Resolvers};
use zkdkim_net::{Endpoint, Http, HttpSettings, PlainHttp};
use zkdkim_test_vectors::server;

/// What a resolver does with a question.
#[derive(Clone)]
pub enum Says {
    /// These records for every name, none for `NXDOMAIN`.
    Records(Vec<String>),
    /// Records by a function of the name.
    ByName(fn(&str) -> Vec<String>),
    /// `SERVFAIL`.
    Fails,
    /// Bytes that are no DNS message, under the right media type.
    Garbage(Vec<u8>),
    /// A page.
    Html,
    /// Another place to ask.
    Redirect,
    /// Nothing, ever.
    Nothing,
}

pub fn records(texts: &[&str]) -> Says {
    Says::Records(texts.iter().map(|text| text.to_string()).collect())
}

fn answer(question: &[u8], says: &Says) -> Vec<u8> {
    let mut message = Message::from_vec(question).unwrap();
    message.metadata.message_type = MessageType::Response;
    let name = message.queries[0].name().clone();
    let texts = match says {
        Says::Records(texts) => texts.clone(),
        Says::ByName(texts) => texts(name.to_ascii().trim_end_matches('.')),
        _ => vec![],
    };
    message.metadata.response_code = match (says, texts.is_empty()) {
        (Says::Fails, _) => ResponseCode::ServFail,
        (_, true) => ResponseCode::NXDomain,
        _ => ResponseCode::NoError,
    };
    for text in texts {
        // Pieces of 255 bytes, as DNS has them.
        let pieces =
            text.as_bytes().chunks(255).map(|piece| String::from_utf8(piece.to_vec()).unwrap());
        let data = RData::TXT(TXT::new(pieces.collect()));
        message.add_answer(Record::from_rdata(name.clone(), 60, data));
    }
    message.to_vec().unwrap()
}

/// One request of HTTP/1.1, answered; enough of HTTP for what the client sends.
fn serve(mut stream: impl Read + Write, says: &Says) {
    let Some(server::Request { body: question, .. }) = server::Request::read(&mut stream) else {
        return;
    };
    let (status, media_type, body) = match says {
        Says::Nothing => return thread::sleep(Duration::from_secs(60)),
        Says::Html => ("200 OK", "text/html", b"<html>".to_vec()),
        Says::Redirect => ("302 Found\r\nlocation: /other", "text/html", vec![]),
        Says::Garbage(bytes) => ("200 OK", "application/dns-message", bytes.clone()),
        _ => ("200 OK", "application/dns-message", answer(&question, says)),
    };
    server::answer(&mut stream, status, media_type, &body);
}

/// A certificate for `localhost` and the root that a client has to trust for it.
pub fn certificate() -> &'static (Arc<ServerConfig>, String) {
    static CERTIFICATE: OnceLock<(Arc<ServerConfig>, String)> = OnceLock::new();
    CERTIFICATE.get_or_init(|| {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        (Arc::new(config), made.cert.pem())
    })
}

fn listen(handle: impl Fn(TcpStream) + Send + Clone + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let handle = handle.clone();
            thread::spawn(move || handle(stream));
        }
    });
    port
}

/// A resolver without TLS; its URL.
pub fn plain(says: Says) -> String {
    let port = listen(move |stream| serve(stream, &says));
    format!("http://127.0.0.1:{port}/dns-query")
}

/// A resolver with TLS; its URL.
pub fn tls(says: Says) -> String {
    let port = listen(move |stream| {
        let connection = ServerConnection::new(certificate().0.clone()).unwrap();
        serve(StreamOwned::new(connection, stream), &says);
    });
    format!("https://localhost:{port}/dns-query")
}

/// A server over UDP.
pub fn udp(says: Says) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((len, from)) = socket.recv_from(&mut buffer) {
            if !matches!(says, Says::Nothing) {
                let _ = socket.send_to(&answer(&buffer[..len], &says), from);
            }
        }
    });
    address
}

pub fn http(extra_roots: &str) -> Http {
    let settings = HttpSettings {
        timeout: Duration::from_secs(3),
        extra_roots: extra_roots.as_bytes().to_vec(),
    };
    Http::new(&settings).unwrap()
}

/// Resolvers at these URLs, called `r1`, `r2`, …, of which `quorum` have to agree.
pub fn live(urls: &[String], quorum: usize) -> LiveDns {
    let resolver = |(at, url): (usize, &String)| Resolver {
        name: format!("r{}", at + 1),
        endpoint: Endpoint::parse(url, PlainHttp::AllowedInsecurely).unwrap(),
    };
    let list = urls.iter().enumerate().map(resolver).collect();
    let roots = if urls[0].starts_with("https") { &certificate().1 } else { "" };
    LiveDns::https(http(roots), Resolvers::new(list, quorum).unwrap())
}
