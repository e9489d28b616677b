//! A mail server that takes everything from this program, or nothing.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use zkdkim_relayer::{config::AnswersConfig, post::Post};
use zkdkim_test_vectors::server::connections;

/// What has been handed over, and what recipients are answered with.
#[derive(Clone)]
pub struct Server {
    pub mails: Arc<Mutex<Vec<String>>>,
    pub recipient: Arc<Mutex<&'static str>>,
    port: u16,
}

impl Server {
    pub fn new() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server =
            Server { mails: Arc::default(), recipient: Arc::new(Mutex::new("250 ok")), port };
        let shared = server.clone();
        connections(listener, move |stream| drop(shared.serve(stream)));
        server
    }

    pub fn post(&self) -> Post {
        let from = "Recovery <recovery@relayer.example>".into();
        Post::new(&AnswersConfig { host: "127.0.0.1".into(), port: self.port, from }).unwrap()
    }

    /// What has been handed over since this was asked last.
    pub fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.mails.lock().unwrap())
    }

    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut writer = stream.try_clone()?;
        let mut lines = BufReader::new(stream).lines();
        writer.write_all(b"220 test\r\n")?;
        while let Some(line) = lines.next() {
            let line = line?;
            let answer = match line.get(..4).unwrap_or_default() {
                "DATA" => {
                    writer.write_all(b"354 go on\r\n")?;
                    let mut mail = String::new();
                    for line in lines.by_ref() {
                        match line? {
                            line if line == "." => break,
                            line => mail += &format!("{line}\n"),
                        }
                    }
                    self.mails.lock().unwrap().push(mail);
                    "250 ok"
                }
                "RCPT" => *self.recipient.lock().unwrap(),
                "QUIT" => return writer.write_all(b"221 bye\r\n"),
                _ => "250 ok",
            };
            writer.write_all(format!("{answer}\r\n").as_bytes())?;
        }
        Ok(())
    }
}
