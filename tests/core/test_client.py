"""Reads over a real connection: tried again where that helps, cut off when time is up."""

from __future__ import annotations

import gzip
import re
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from loopback import Answer, loopback, reply, sending, silence, trickling

from exchcli.core.client import Client
from exchcli.core.deadline import Deadline
from exchcli.core.request import gather
from exchcli.core.transport import NetworkTransport
from exchcli.errors import BadReply, NoAnswer, NotSent, RateLimited, Rejected, UsageError
from exchcli.exchanges.dgtmarket import Dgtmarket
from exchcli.exchanges.digifinex import DigiFinex

SELF_SIGNED = Path(__file__).parents[1] / "support" / "self-signed-for-tests.pem"
TIME = reply('{"epoch": 1469386936}')


def read(url: str, seconds: float = 10, **options: Any) -> Any:
    """The server time of Dgtmarket at this URL, without pauses between tries."""
    deadline = Deadline(seconds)
    client = Client(
        Dgtmarket(), url, NetworkTransport(url, deadline), deadline,
        sleep=lambda _seconds: None, **options,
    )  # fmt: skip
    try:
        return client.run(Dgtmarket().server_time())
    finally:
        client.close()


def test_a_read_sends_one_plain_request_and_no_secrets() -> None:
    with loopback(TIME) as server:
        assert read(f"{server.url}/api").timestamp() == 1469386936
    assert len(server.requests) == 1
    lines = server.requests[0].decode().split("\r\n")
    assert lines[0] == "GET /api/public/time/ HTTP/1.1"
    names = {line.partition(":")[0].lower() for line in lines[1:] if line}
    assert names == {"host", "accept", "accept-encoding", "user-agent"}


@pytest.mark.parametrize(
    "first",
    [
        reply("busy", "502 Bad Gateway"),
        reply("<html>busy</html>"),
        reply(""),
        reply('{"epoch": 14693'),
        sending(b""),
        sending(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
        sending(b"SSH-2.0-OpenSSH\r\n"),
    ],
    ids=["502", "html", "empty", "broken json", "reset", "cut off", "no http"],
)
def test_a_read_without_a_good_answer_is_tried_again(first: Answer) -> None:
    with loopback(first, TIME) as server:
        assert read(server.url).timestamp() == 1469386936
    assert len(server.requests) == 2


def test_three_tries_are_all() -> None:
    with loopback(reply("busy", "503 Service Unavailable")) as server:
        with pytest.raises(BadReply, match=r"Dgtmarket gave no answer .*HTTP 503") as caught:
            read(server.url)
    assert len(server.requests) == 3
    assert caught.value.exit == 6
    assert caught.value.exchange == "dgt"


def test_the_pauses_between_tries_grow_and_are_jittered() -> None:
    pauses: list[float] = []
    deadline = Deadline(60)
    with loopback(reply("busy", "503 Service Unavailable")) as server:
        for _ in range(20):
            client = Client(
                Dgtmarket(), server.url, NetworkTransport(server.url, deadline), deadline,
                sleep=pauses.append,
            )  # fmt: skip
            with pytest.raises(BadReply):
                client.run(Dgtmarket().server_time())
            client.close()
    firsts, seconds = pauses[::2], pauses[1::2]
    assert all(0.125 <= pause <= 0.375 for pause in firsts)
    assert all(0.25 <= pause <= 0.75 for pause in seconds)
    assert len(set(pauses)) > 10


def test_a_refusal_is_final_at_once() -> None:
    with loopback(reply('{"detail": "Not found."}', "404 Not Found")) as server:
        with pytest.raises(Rejected, match=r"HTTP 404\): Not found\."):
            read(server.url)
    assert len(server.requests) == 1


def test_a_rate_limit_is_told_with_its_time_and_not_tried_again() -> None:
    limited = reply("slow down", "429 Too Many Requests", "Retry-After: 17\r\n")
    with loopback(limited) as server:
        with pytest.raises(RateLimited) as caught:
            read(server.url)
    assert len(server.requests) == 1
    assert caught.value.exit == 5
    assert caught.value.hint == "Wait 17 s, then run it again."


def test_a_redirect_is_not_followed() -> None:
    with loopback(TIME) as elsewhere:
        moved = reply(
            '{"epoch": 1469386936}', "307 Temporary Redirect", f"Location: {elsewhere.url}/\r\n"
        )
        with loopback(moved) as server, pytest.raises(BadReply, match="HTTP 307"):
            read(server.url)
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        silence,
        trickling(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
        trickling(b"HTTP/1.1 200 OK\r\nX-Long: "),
        trickling(b"HTTP"),
    ],
    ids=["silence", "in the body", "in the headers", "in the status line"],
)
def test_the_timeout_is_total_and_a_trickling_reply_cannot_outlast_it(answer: Answer) -> None:
    started = time.monotonic()
    with loopback(answer) as server, pytest.raises(NoAnswer):
        read(server.url, seconds=0.5)
    assert time.monotonic() - started < 5


def test_a_name_that_is_never_looked_up_cannot_outlast_it_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hanging = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: hanging.wait(30) and [])
    started = time.monotonic()
    with pytest.raises(NoAnswer):
        read("http://localhost:9", seconds=0.3)
    assert time.monotonic() - started < 5
    hanging.set()


def test_why_nobody_was_reached_is_told_in_words_while_another_error_is_handled() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    try:
        raise ValueError("of before")
    except ValueError:
        with pytest.raises(NotSent, match="was not reached: connection refused"):
            read(f"http://127.0.0.1:{port}")


def test_nobody_listening_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(NotSent, match="was not reached: connection refused") as caught:
        read(f"http://127.0.0.1:{port}")
    assert caught.value.exit == 6


def test_a_name_that_does_not_exist_is_not_sent() -> None:
    with pytest.raises(NotSent, match=r"the name exchange\.invalid was not found"):
        read("http://exchange.invalid")


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    with loopback(TIME, certificate=SELF_SIGNED) as server:
        with pytest.raises(NotSent, match="its certificate is not trusted: self-signed"):
            read(server.url)
    assert server.requests == []


def test_a_certificate_that_is_vouched_for_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(SELF_SIGNED))
    with loopback(TIME, certificate=SELF_SIGNED) as server:
        assert read(server.url).timestamp() == 1469386936
        with pytest.raises(NotSent, match="its certificate is not trusted: IP address mismatch"):
            read(server.url.replace("localhost", "127.0.0.1"))


def test_a_compressed_reply_is_unpacked_but_never_beyond_the_bound() -> None:
    packed = gzip.compress(b'{"epoch": 1469386936}')
    with loopback(reply(packed, headers="Content-Encoding: gzip\r\n")) as server:
        assert read(server.url).timestamp() == 1469386936
    bomb = gzip.compress(b" " * (17 * 1024 * 1024))
    with loopback(reply(bomb, headers="Content-Encoding: gzip\r\n")) as server:
        with pytest.raises(BadReply, match="more than 16 MiB"):
            read(server.url)
    for body, encoding in ((b"no gzip", "gzip"), (packed[:-9], "gzip"), (b"{}", "br")):
        with loopback(reply(body, headers=f"Content-Encoding: {encoding}\r\n")) as server:
            with pytest.raises(BadReply):
                read(server.url)


def test_an_endless_reply_is_cut_off_at_the_bound() -> None:
    def endless(connection: socket.socket, _head: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"1" * 1_000_000)

    with loopback(endless) as server, pytest.raises(BadReply, match="more than 16 MiB"):
        read(server.url)


def test_what_was_received_is_seen_byte_for_byte_and_traced() -> None:
    seen: list[bytes] = []
    lines: list[str] = []
    with loopback(reply('{"epoch":  1469386936 }')) as server:
        read(server.url, seen=seen.append, trace=lines.append)
    assert seen == [b'{"epoch":  1469386936 }']
    assert lines[0] == f"GET {server.url}/public/time/"
    assert re.fullmatch(r"200 after [0-9]+ ms, 23 bytes: http://\S+/public/time/", lines[1])


def test_flows_that_are_gathered_are_asked_side_by_side() -> None:
    together = threading.Barrier(3, timeout=10)

    def meet(connection: socket.socket, head: bytes) -> None:
        together.wait()  # all three are here at once, or this breaks
        TIME(connection, head)

    with loopback(meet) as server:
        deadline = Deadline(20)
        client = Client(Dgtmarket(), server.url, NetworkTransport(server.url, deadline), deadline)
        times = client.run(gather(Dgtmarket().server_time() for _ in range(3)))
        client.close()
    assert len(times) == 3


def test_after_an_error_nothing_that_still_waits_is_sent() -> None:
    with loopback(reply('{"detail": "Not found."}', "404 Not Found")) as server:
        deadline = Deadline(20)
        client = Client(Dgtmarket(), server.url, NetworkTransport(server.url, deadline), deadline)
        with pytest.raises(Rejected):
            client.run(gather(Dgtmarket().server_time() for _ in range(300)))
        for thread in threading.enumerate():
            if thread.name.startswith("ThreadPoolExecutor"):
                thread.join()
        client.close()
        assert len(server.requests) < 100


def test_a_success_without_content_is_no_answer() -> None:
    for status in ("202 Accepted", "206 Partial Content"):
        with loopback(reply('{"epoch": 1469386936}', status)) as server:
            with pytest.raises(BadReply, match=f"HTTP {status[:3]}"):
                read(server.url)


def test_the_timeout_holds_over_tls_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(SELF_SIGNED))
    started = time.monotonic()
    slow = trickling(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    with loopback(slow, certificate=SELF_SIGNED) as server, pytest.raises(NoAnswer):
        read(server.url, seconds=0.5)
    assert time.monotonic() - started < 5


def test_a_handshake_that_never_comes_cannot_outlast_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started = time.monotonic()
    with loopback(silence) as server, pytest.raises(NoAnswer):
        read(server.url.replace("http:", "https:"), seconds=0.5)
    assert time.monotonic() - started < 5


def test_an_exchange_that_says_exception_error_is_asked_again() -> None:
    bad, good = reply('{"code": 50000}'), reply('{"code": "0", "server_time": "1589873762"}')
    with loopback(bad, good) as server:
        deadline = Deadline(10)
        client = Client(
            DigiFinex(), server.url, NetworkTransport(server.url, deadline), deadline,
            sleep=lambda _s: None,
        )  # fmt: skip
        assert client.run(DigiFinex().server_time()).timestamp() == 1589873762
        client.close()


def test_a_proxy_of_the_environment_is_used_for_https_and_never_for_loopback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusing = reply("", "407 Proxy Authentication Required")
    with loopback(refusing) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:fake-password@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(NotSent):
            read("https://exchange.invalid/api")
        assert proxy.requests[0].startswith(b"CONNECT exchange.invalid:443 ")
        assert b"\r\nProxy-Authorization: Basic dXNlcjpmYWtlLXBhc3N3b3Jk\r\n" in proxy.requests[0]
        before = len(proxy.requests)
        with loopback(TIME) as server:
            read(server.url)
        monkeypatch.setenv("NO_PROXY", "exchange.invalid")
        with pytest.raises(NotSent, match=r"the name exchange\.invalid was not found"):
            read("https://exchange.invalid/api")
        assert len(proxy.requests) == before


def test_no_proxy_is_asked_for_loopback_over_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(SELF_SIGNED))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with loopback(TIME, certificate=SELF_SIGNED) as server:
        assert read(server.url).timestamp() == 1469386936


def test_a_name_that_cannot_be_one_is_not_sent() -> None:
    with pytest.raises(NotSent, match="was not found"):
        read(f"https://{'a' * 70}.invalid")


@pytest.mark.parametrize(
    "proxy",
    ["socks5://127.0.0.1:1", "http://127.0.0.1:99999", "http://[::1", "http://x:y", "http://ü:1"],
)
def test_a_proxy_that_is_no_url_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(UsageError, match="HTTPS_PROXY"):
        NetworkTransport("https://exchange.invalid", Deadline(1))


def test_tls_is_verified_with_the_host_name() -> None:
    transport = NetworkTransport("https://exchange.invalid", Deadline(1))
    context = transport._pool._ssl_context
    assert context is not None
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    transport.close()
