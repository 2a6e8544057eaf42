//! The start of PostgreSQL's protocol (version 3), enough to check whether a server accepts a connection, so that xtask
//! needs no database driver.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::address::Address;

const TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum length of a message; what claims to be longer is not PostgreSQL.
const MAX_MESSAGE: usize = 64 * 1024;

/// Connects, authenticates and disconnects. Returns the server's version, or why it cannot be used.
pub(crate) fn check(address: &Address) -> Result<String, String> {
    let server = format!("{}:{}", address.host, address.port);
    let unreachable = |cause: std::io::Error| format!("{server} does not answer: {cause}");
    let mut sockets = (address.host.as_str(), address.port)
        .to_socket_addrs()
        .map_err(unreachable)?;
    let socket = sockets
        .next()
        .ok_or_else(|| format!("{server} is not an address"))?;
    let mut stream = TcpStream::connect_timeout(&socket, TIMEOUT).map_err(unreachable)?;
    stream.set_read_timeout(Some(TIMEOUT)).map_err(unreachable)?;
    stream.write_all(&startup(address)).map_err(unreachable)?;
    authenticate(&mut stream, address.has_password).map_err(|cause| format!("{server} {cause}"))
}

/// StartupMessage: length, protocol 3.0, and pairs of zero-terminated names and values.
fn startup(address: &Address) -> Vec<u8> {
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    for text in ["user", &address.user, "database", &address.database] {
        body.extend_from_slice(text.as_bytes());
        body.push(0);
    }
    body.push(0);
    let length = u32::try_from(body.len() + 4).expect("names are shorter than 4 GiB");
    [length.to_be_bytes().as_slice(), &body].concat()
}

/// Reads messages until the server is ready for a query; an error says why it is not.
fn authenticate(stream: &mut impl Read, has_password: bool) -> Result<String, String> {
    let mut version = String::from("of unknown version");
    loop {
        let (kind, body) = message(stream).map_err(|cause| format!("does not speak PostgreSQL: {cause}"))?;
        match kind {
            b'R' if body.starts_with(&[0, 0, 0, 0]) => {}
            // The tests know the password; that the server requests one is sufficient here.
            b'R' if has_password => return Ok("(password not tried yet)".into()),
            b'R' => return Err("asks for a password".into()),
            b'S' => {
                let mut parameter = body.split(|byte| *byte == 0);
                if parameter.next() == Some(b"server_version") {
                    version = String::from_utf8_lossy(parameter.next().unwrap_or_default()).into_owned();
                }
            }
            b'E' => return Err(format!("refuses: {}", error(&body))),
            b'Z' => return Ok(version.split(' ').next().unwrap_or_default().to_owned()),
            _ => {}
        }
    }
}

/// Reads one message: its type, and its body without the length.
fn message(stream: &mut impl Read) -> std::io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    stream.read_exact(&mut head)?;
    let [kind, length @ ..] = head;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if !(4..=MAX_MESSAGE).contains(&length) {
        return Err(std::io::Error::other("a message of impossible length"));
    }
    let mut body = vec![0; length - 4];
    stream.read_exact(&mut body)?;
    Ok((kind, body))
}

/// The readable part (`M`) of an ErrorResponse.
fn error(body: &[u8]) -> String {
    let readable = body
        .split(|byte| *byte == 0)
        .find_map(|field| field.strip_prefix(b"M"));
    String::from_utf8_lossy(readable.unwrap_or(b"no message")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(messages: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (kind, body) in messages {
            bytes.push(*kind);
            bytes.extend_from_slice(&u32::try_from(body.len() + 4).unwrap().to_be_bytes());
            bytes.extend_from_slice(body);
        }
        bytes
    }

    #[test]
    fn the_startup_message_names_user_and_database() {
        let address = Address::parse("postgres://ann@host/shop").unwrap();
        assert_eq!(
            startup(&address),
            b"\x00\x00\x00\x20\x00\x03\x00\x00user\0ann\0database\0shop\0\0"
        );
    }

    #[test]
    fn reads_the_version_after_authentication() {
        let bytes = encoded(&[
            (b'R', &[0, 0, 0, 0]),
            (b'S', b"client_encoding\0UTF8\0"),
            (b'S', b"server_version\x0015.14 (Debian 15.14-0)\0"),
            (b'K', &[0; 8]),
            (b'Z', b"I"),
        ]);
        assert_eq!(authenticate(&mut bytes.as_slice(), false), Ok("15.14".into()));
    }

    #[test]
    fn a_requested_password_must_be_in_the_address() {
        let bytes = encoded(&[(b'R', &[0, 0, 0, 10])]);
        assert!(authenticate(&mut bytes.as_slice(), false).is_err());
        assert!(authenticate(&mut bytes.as_slice(), true).is_ok());
    }

    #[test]
    fn reports_the_error_message_of_the_server() {
        let bytes = encoded(&[(b'E', b"SFATAL\0Mthe database system is starting up\0\0")]);
        assert_eq!(
            authenticate(&mut bytes.as_slice(), false),
            Err("refuses: the database system is starting up".into())
        );
    }

    #[test]
    fn rejects_other_protocols() {
        assert!(authenticate(&mut b"HTTP/1.1 400 Bad Request\r\n".as_slice(), false).is_err());
        assert!(authenticate(&mut b"".as_slice(), false).is_err());
    }
}
