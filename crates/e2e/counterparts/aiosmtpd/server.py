"""A mail server for the end-to-end tests: PyPI `aiosmtpd`.

    python server.py starttls|tls PORT CERTIFICATE KEY USER PASSWORD

It listens on the port (0: a free one) of 127.0.0.1, encrypted by STARTTLS or from the first byte, and takes mail only
over TLS and from the one user. It prints JSON lines: first {"port": ...}, then one for each message, attempt to
authenticate, and connection. It ends when standard input does, so that no killed test leaves it behind.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def report(**event):
    print(json.dumps(event), flush=True)


class Handler:
    """Reports each message, decoded by Python's own parser."""

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        text = message.get_body(("plain",))
        html = message.get_body(("html",))
        report(
            event="message",
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            user=session.auth_data,
            headers={name.lower(): str(value) for name, value in message.items()},
            text=text.get_content() if text else None,
            html=html.get_content() if html else None,
        )
        return "250 taken"


class Server(SMTP):
    def connection_made(self, transport):
        if self.transport is None:
            report(event="connection")
        super().connection_made(transport)


def factory(mode, context, user, password):
    def authenticate(server, session, envelope, mechanism, data):
        good = (data.login, data.password) == (user.encode(), password.encode())
        report(event="authentication", mechanism=mechanism, good=good)
        return AuthResult(success=good, handled=False, auth_data=data.login.decode() if good else None)

    by_command = mode == "starttls"
    return lambda: Server(
        Handler(),
        tls_context=context if by_command else None,
        require_starttls=by_command,
        auth_required=True,
        # Over TLS from the first byte there is no command to require.
        auth_require_tls=by_command,
        authenticator=authenticate,
        enable_SMTPUTF8=True,
    )


async def main(mode, port, certificate, key, user, password):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        factory(mode, context, user, password),
        "127.0.0.1",
        int(port),
        ssl=context if mode == "tls" else None,
    )
    report(port=listening.sockets[0].getsockname()[1])
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
