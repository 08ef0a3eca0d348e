"""The one way out to the network: httpcore under a total deadline.

httpx bounds each read, so a reply that trickles could go on for ever. Here every connect,
handshake, read and write gets only what is left of one deadline. TLS is always verified,
redirects are not followed, and the reply is bounded before anybody looks at it.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
import zlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

import httpcore
import httpx

from exchcli.config.values import is_loopback
from exchcli.core.deadline import Deadline
from exchcli.core.reply import MAX_BYTES
from exchcli.errors import BadReply, NoAnswer, NotSent, UsageError


class _Sent:
    """Whether a byte of the request may have left: what is said to a proxy, or in a handshake,
    is none of it."""

    def __init__(self) -> None:
        self.begun = False


class _Stream(httpcore.NetworkStream):
    """A connection whose every operation is cut off by the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline, sent: _Sent) -> None:
        self._stream = stream
        self._deadline = deadline
        self._sent = sent
        self._tunnelling: bool | None = None  # not known before the first write

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = self._deadline.left()
        if self._tunnelling is None:
            # What follows the proxy's consent goes through a stream of its own, by start_tls.
            self._tunnelling = buffer.startswith(b"CONNECT ")
        if not self._tunnelling:
            self._sent.begun = True  # before the write: a part of it may leave, and then it fails
        self._stream.write(buffer, left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left())
        return _Stream(secured, self._deadline, self._sent)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Network(httpcore.NetworkBackend):
    """Opens connections within the deadline; looking a name up counts too."""

    def __init__(self, deadline: Deadline, sent: _Sent) -> None:
        self._deadline = deadline
        self._sent = sent
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._addresses(host, port)
        for number, address in enumerate(addresses, 1):
            try:
                stream = self._sockets.connect_tcp(
                    address, port, self._deadline.left(), local_address, socket_options
                )
                return _Stream(stream, self._deadline, self._sent)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise  # from here: elsewhere it would forget what it came of
        raise httpcore.ConnectError(f"{host} has no address")

    def _addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a name. The system's lookup knows no timeout, so a thread asks."""
        answer: list[Any] = []

        def ask() -> None:
            try:
                answer.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except (OSError, UnicodeError) as failed:
                answer.append(failed)

        if host.replace(".", "").isdigit() or ":" in host:
            return [host]
        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(self._deadline.left())
        if not answer:
            raise httpcore.ConnectTimeout(f"looking up {host} took too long")
        if isinstance(answer[0], Exception):
            raise httpcore.ConnectError(f"the name {host} was not found")
        return list(dict.fromkeys(found[4][0] for found in answer[0]))


class NetworkTransport(httpx.BaseTransport):
    """Sends requests to one base URL: verified TLS, or plain HTTP to loopback.

    Raises NotSent when no byte of the request was written, NoAnswer when the time ran out after
    that, and BadReply when the answer broke off, is too large or comes in an encoding that was
    not asked for. A proxy that drops or stalls a CONNECT has been told nothing of the request.
    """

    def __init__(self, url: str, deadline: Deadline) -> None:
        self._deadline = deadline
        self._through = ""
        self._sent = _Sent()
        network = _Network(deadline, self._sent)
        if url.startswith("http://"):
            self._pool = httpcore.ConnectionPool(network_backend=network)
            return
        context = _trusting()
        proxy = _proxy_for(url)
        if proxy is None:
            self._pool = httpcore.ConnectionPool(ssl_context=context, network_backend=network)
        else:
            self._through = "through the proxy of HTTPS_PROXY: "
            self._pool = httpcore.HTTPProxy(
                proxy_url=_without_user(proxy),
                proxy_auth=_user_of(proxy),
                ssl_context=context,
                network_backend=network,
            )

    @property
    def sent(self) -> bool:
        """Whether the last request may have been written, in part at least."""
        return self._sent.begun

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._sent.begun = False
        sent = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.content,
        )
        try:
            return self._exchange(sent)
        except httpcore.ConnectTimeout as error:
            raise NotSent(f"no connection within {self._deadline.seconds:g} s") from error
        except (httpcore.ConnectError, httpcore.ProxyError) as error:
            raise NotSent(f"{self._through}{_reason(error)}") from error
        except httpcore.UnsupportedProtocol as error:
            raise NotSent(str(error)) from error
        except httpcore.TimeoutException as error:
            raise self._late() from error
        except NotSent:
            raise
        except NoAnswer:
            if self.sent:
                raise
            raise self._late() from None  # the deadline was over before a write
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            if not self.sent:
                raise NotSent(f"{self._through}{_reason(error)}") from error
            raise BadReply("a reply that broke off") from error

    def _late(self) -> NoAnswer:
        if self.sent:
            return self._deadline.passed()
        return NotSent(f"{self._through}no connection within {self._deadline.seconds:g} s")

    def _exchange(self, sent: httpcore.Request) -> httpx.Response:
        with_body = self._pool.handle_request(sent)
        try:
            body = bytearray()
            for chunk in with_body.iter_stream():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise BadReply(f"a reply of more than {MAX_BYTES // 1024 // 1024} MiB")
        finally:
            with_body.close()
        headers = httpx.Headers(with_body.headers)
        content = _decoded(bytes(body), headers.pop("content-encoding", "identity"))
        return httpx.Response(with_body.status, headers=headers, content=content)

    def close(self) -> None:
        self._pool.close()


def _trusting() -> ssl.SSLContext:
    """Verification against the usual authorities, or those that the environment names."""
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one too
        raise UsageError(
            f"TLS cannot be set up: {error}.",
            "Check SSL_CERT_FILE, SSL_CERT_DIR and SSLKEYLOGFILE, or unset them.",
        ) from error


def _decoded(body: bytes, encoding: str) -> bytes:
    """The body unpacked, but never to more than MAX_BYTES."""
    encoding = encoding.lower()
    if encoding == "identity":
        return body
    if encoding != "gzip":
        raise BadReply(f"a reply in the encoding {encoding[:20]!r}, which was not asked for")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(body, MAX_BYTES + 1)
    except zlib.error:
        raise BadReply("a reply whose compression is broken") from None
    if len(content) > MAX_BYTES:
        raise BadReply(f"a reply of more than {MAX_BYTES // 1024 // 1024} MiB")
    if not unpacker.eof:
        raise BadReply("a reply that broke off")
    return content


def _reason(error: Exception) -> str:
    """Why a connection failed, in the words of the system, without numbers and brackets."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {cause.reason or 'the handshake broke off'}"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        cause = cause.__cause__ or cause.__context__
    return str(error) or "the connection failed"


def _proxy_for(url: str) -> str | None:
    """The proxy that the environment names for this https URL, if any."""
    host = urlsplit(url).hostname or ""
    if is_loopback(host) or not any(name.lower() == "https_proxy" for name in os.environ):
        return None
    from urllib.request import getproxies_environment, proxy_bypass

    proxies = getproxies_environment()
    proxy = proxies.get("https")
    if not proxy or proxy_bypass(urlsplit(url).netloc):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(proxy)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or not proxy.isascii():
        raise UsageError(
            "HTTPS_PROXY is not the URL of an HTTP proxy.",
            "Write it as http://HOST:PORT, or unset it.",
        )
    return proxy


def _without_user(proxy: str) -> str:
    parts = urlsplit(proxy)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _user_of(proxy: str) -> tuple[str, str] | None:
    parts = urlsplit(proxy)
    if parts.username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")
