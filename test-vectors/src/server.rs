//! Servers on this machine that say what a test wants: enough of HTTP/1.1 for what the project's clients send.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use serde_json::{json, Value};

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method, path and version.
    pub line: String,
    /// The fields of the head, a line each.
    pub head: String,
    /// What follows the head.
    pub body: Vec<u8>,
}

impl Request {
    /// Reads a request; none where the client goes away before its end.
    pub fn read(stream: &mut impl Read) -> Option<Request> {
        let mut reader = BufReader::new(stream);
        let (mut line, mut head, mut length) = (String::new(), String::new(), 0);
        reader.read_line(&mut line).ok()?;
        loop {
            let mut field = String::new();
            if reader.read_line(&mut field).ok()? == 0 {
                return None;
            }
            if field == "\r\n" {
                break;
            }
            if let Some(value) = field.to_ascii_lowercase().strip_prefix("content-length: ") {
                length = value.trim().parse().ok()?;
            }
            head += &field;
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        Some(Request { line: line.trim_end().into(), head, body })
    }
}

/// Answers a request and says that no other is taken. A client that has enough may have closed its end. `status` may have
/// more fields of the head behind it.
pub fn answer(stream: &mut impl Write, status: &str, media_type: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(&[head.as_bytes(), body].concat()).and_then(|()| stream.flush());
}

/// Hands every connection to `take`, each on a thread of its own, as long as the test runs.
pub fn connections(listener: TcpListener, take: impl Fn(TcpStream) + Send + Sync + 'static) {
    let take = Arc::new(take);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let take = take.clone();
            thread::spawn(move || take(stream));
        }
    });
}

/// A node of a chain that answers a method and its parameters with a body, an object or text as it is; its URL.
pub fn json_rpc(say: impl Fn(&str, &Value) -> Value + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    connections(listener, move |mut stream| {
        let Some(request) = Request::read(&mut stream) else { return };
        let request: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let body = match say(request["method"].as_str().unwrap_or_default(), &request["params"]) {
            Value::String(text) => text,
            object => object.to_string(),
        };
        answer(&mut stream, "200 OK", "application/json", body.as_bytes());
    });
    url
}

/// JSON-RPC's answer with this result.
pub fn result(value: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "result": value })
}
