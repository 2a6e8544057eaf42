//! A minimal HTTP/1.1 client connection, which parses only as much of a response as needed to find its end.

use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const END: &[u8] = b"\r\n\r\n";
const LENGTH: &[u8] = b"\r\ncontent-length:";

/// A keep-alive connection with one request in flight at a time.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Offset of the length in the last head: most heads are alike.
    hint: usize,
}

/// The status of a response and the positions of its parts.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    length_at: usize,
    body_at: usize,
    length: usize,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; 64 * 1024],
            hint: 0,
        })
    }

    /// Sends a request and returns the status and the body of its response.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<(u16, &[u8])> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            if filled == self.buffer.len() {
                self.buffer.resize(filled * 2, 0);
            }
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the server closed the connection",
                ));
            }
            filled += read;
            let Some(head) = head(&self.buffer[..filled], self.hint)? else {
                continue;
            };
            let end = head.body_at + head.length;
            if filled >= end {
                self.hint = head.length_at;
                return Ok((head.status, &self.buffer[head.body_at..end]));
            }
        }
    }
}

/// Parses the head of a response; `None` while it is incomplete.
fn head(bytes: &[u8], hint: usize) -> io::Result<Option<Head>> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let Some(body_at) = body_at(bytes) else {
        return Ok(None);
    };
    let head = &bytes[..body_at];
    let digits = head.get(9..12).filter(|_| head.starts_with(b"HTTP/1.1 "));
    let status = digits
        .and_then(number)
        .and_then(|status| u16::try_from(status).ok());
    let status = status.ok_or_else(|| invalid("not an answer of HTTP/1.1"))?;
    let (length_at, length) = match length_at(head, hint) {
        Some(at) => {
            let digits = head[at + LENGTH.len()..].split(|byte| *byte == b'\r').next();
            (
                at,
                digits.and_then(number).ok_or_else(|| invalid("not a length"))?,
            )
        }
        None if matches!(status, 204 | 304) => (0, 0),
        None => return Err(invalid("an answer without a length")),
    };
    Ok(Some(Head {
        status,
        length_at,
        body_at,
        length,
    }))
}

/// The end of the first empty line. Testing every fourth byte finds each line end sequence.
fn body_at(bytes: &[u8]) -> Option<usize> {
    (3..bytes.len())
        .step_by(4)
        .filter(|at| matches!(bytes[*at], b'\r' | b'\n'))
        .find_map(|at| {
            let near = &bytes[at - 3..bytes.len().min(at + 4)];
            near.windows(END.len())
                .position(|window| window == END)
                .map(|found| at - 3 + found + END.len())
        })
}

fn length_at(head: &[u8], hint: usize) -> Option<usize> {
    let is_here = |at: usize| {
        head.get(at..at + LENGTH.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(LENGTH))
    };
    if is_here(hint) {
        Some(hint)
    } else {
        (0..head.len()).find(|at| is_here(*at))
    }
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits.trim_ascii()).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 201 Created\r\nx: y\r\nContent-Length: 5\r\n\r\nhello";

    #[test]
    fn finds_status_and_body_whatever_the_hint() {
        for hint in [0, 26, 500] {
            let found = head(ANSWER, hint).unwrap().unwrap();
            assert_eq!((found.status, found.length), (201, 5));
            assert_eq!(&ANSWER[found.body_at..], b"hello");
        }
    }

    #[test]
    fn the_first_empty_line_ends_the_head_at_any_offset() {
        for padding in 0..8 {
            let text = format!(
                "HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 9\r\n\r\n1\r\n\r\n2345",
                "y".repeat(padding)
            );
            let found = head(text.as_bytes(), 0).unwrap().unwrap();
            assert_eq!(&text[found.body_at..], "1\r\n\r\n2345");
        }
    }

    #[test]
    fn waits_for_the_whole_head() {
        let whole = ANSWER.len() - 5;
        assert!((0..whole).all(|length| head(&ANSWER[..length], 0).unwrap().is_none()));
        assert!(head(&ANSWER[..whole], 0).unwrap().is_some());
    }

    #[test]
    fn rejects_a_response_without_a_length() {
        assert!(head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", 0).is_err());
        assert!(head(b"SMTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 0).is_err());
        assert_eq!(
            head(b"HTTP/1.1 204 No Content\r\n\r\n", 0)
                .unwrap()
                .unwrap()
                .length,
            0
        );
    }
}
