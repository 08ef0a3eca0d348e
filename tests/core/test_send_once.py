"""What changes something: written down, sent at most once, and unknown once it may have left."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import httpx
import pytest
from loopback import Answer, loopback, reply, sending, silence, trickling, with_time
from sending_once import ID, NEW, PLACED, client, orders, place, sent

from exchcli.core import transport as transports
from exchcli.core.deadline import Deadline
from exchcli.core.machine import SECOND, Reading, read
from exchcli.core.request import Flow
from exchcli.core.transport import NetworkTransport
from exchcli.errors import (
    BadReply,
    CredentialsError,
    ExchError,
    Interrupted,
    NoAnswer,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    StateError,
)
from exchcli.exchanges.dgtmarket import Dgtmarket
from exchcli.exchanges.digifinex import DigiFinex

SELF_SIGNED = Path(__file__).parents[1] / "support" / "self-signed-for-tests.pem"


def test_an_order_is_written_down_with_its_signature_before_a_byte_of_it_is_sent() -> None:
    with loopback(orders(PLACED)) as server, client(server.url) as one:
        at_commit: list[tuple[int, int]] = []
        told = one.send_once(
            DigiFinex().place(NEW), lambda second: at_commit.append((second, len(sent(server))))
        )
        assert told == ID
        ((second, before),) = at_commit
        assert before == 0
        (head,) = sent(server)
        assert f"access-timestamp: {second}".encode() in head.lower()


@pytest.mark.parametrize(
    "answer",
    [
        reply("busy", "502 Bad Gateway"),
        reply('{"code": 20011}', "500 Internal Server Error"),
        reply('{"code": 50000}'),
        reply('{"code": 99999}'),
        reply("<html>busy</html>"),
        reply("<html>no</html>", "403 Forbidden"),
        reply(""),
        reply('{"code": 0, "order_'),
        reply('{"code": 0}'),
        reply('{"code": 0, "order_id": {}}'),
        reply('{"code": 0, "order_id": ""}'),
        reply('{"code": 0, "order_id": "17167"}'),
        reply(f'{{"code": 0, "order_id": "{"0" * 32}"}}'),
        reply(f'{{"code": 20007, "code": 0, "order_id": "{ID}"}}'),
        reply('{"code": 0, "code": 20007}'),
        reply(f'{{"code": 0, "order_id": "{ID}"}}', "429 Too Many Requests"),
        reply("slow down", "429 Too Many Requests"),
        reply('{"code": 0, "order_id": "a"}', "307 Temporary Redirect", "Location: /v3/x\r\n"),
        reply('{"code": 0, "order_id": "a"}', "202 Accepted"),
        sending(b""),
        sending(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
        sending(b"SSH-2.0-OpenSSH\r\n"),
    ],
    ids=["502", "500", "50000", "unlisted code", "html", "html 403", "empty", "broken json",
         "no id", "an id that is none", "an empty id", "an id that is a number", "zero",
         "a success that is a refusal", "a refusal that is a success", "429 and placed",
         "429 without a code", "redirect", "202", "reset", "cut off", "no http"],
)  # fmt: skip
def test_any_answer_that_cannot_be_trusted_is_unknown_and_nothing_is_sent_again(
    answer: Answer,
) -> None:
    with loopback(orders(answer)) as server:
        with pytest.raises(OutcomeUnknown, match="not known whether DigiFinex") as caught:
            place(server.url)
        assert len(sent(server)) == 1
    assert (caught.value.exit, caught.value.exchange) == (7, "dfx")


@pytest.mark.parametrize("answer", [silence, trickling(b"HTTP/1.1 200 OK\r\nX: ")])
def test_an_answer_that_does_not_come_in_time_is_unknown(answer: Answer) -> None:
    started = time.monotonic()
    with loopback(orders(answer)) as server:
        with pytest.raises(OutcomeUnknown, match="within 1 s"):
            place(server.url, seconds=1)
        assert len(sent(server)) == 1
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply('{"code": 20011, "msg": "no"}'), Rejected),
        (reply('{"code": 10003}'), CredentialsError),
        (reply('{"code": 10005}'), RateLimited),
        (reply('{"code": 10005}', "429 Too Many Requests"), RateLimited),
    ],
)
def test_a_complete_refusal_is_final(answer: Answer, kind: type[ExchError]) -> None:
    with loopback(orders(answer)) as server:
        with pytest.raises(kind):
            place(server.url)
        assert len(sent(server)) == 1


def test_a_timestamp_that_was_refused_is_stamped_and_written_down_anew() -> None:
    with loopback(orders(reply('{"code": 10008}'), PLACED)) as server:
        told, signed = place(server.url)
        assert told == ID
        assert len(signed) == len(sent(server)) == 2


def test_a_timestamp_that_is_refused_again_is_a_refusal() -> None:
    with loopback(orders(reply('{"code": 10008}'))) as server:
        with pytest.raises(Rejected):
            place(server.url)
        assert len(sent(server)) == 2


def test_a_key_that_is_refused_for_another_reason_is_not_sent_again() -> None:
    with loopback(orders(reply('{"detail": "no"}', "401 Unauthorized"))) as server:
        with client(server.url, exchange=Dgtmarket) as one, pytest.raises(CredentialsError):
            one.send_once(Dgtmarket().place(NEW._replace(symbol="BTCPLN")))
        assert len(sent(server)) == 1


def test_an_answer_that_never_came_is_unknown_though_an_earlier_one_was_a_refusal() -> None:
    with loopback(orders(reply('{"code": 10008}'), sending(b""))) as server:
        with pytest.raises(OutcomeUnknown):
            place(server.url)


# --- before the first byte -------------------------------------------------------------------


def test_what_cannot_be_written_down_is_not_sent() -> None:
    def full(_second: int) -> None:
        raise StateError("The disk is full.")

    with loopback(orders(PLACED)) as server, client(server.url) as one:
        with pytest.raises(StateError):
            one.send_once(DigiFinex().place(NEW), full)
        assert sent(server) == []


def test_a_commit_that_takes_long_is_signed_anew_and_one_that_always_does_is_not_sent() -> None:
    late = [0]

    def slow() -> Reading:
        now = read()
        return now._replace(steady=now.steady + late[0] * SECOND)

    with loopback(orders(PLACED)) as server, client(server.url, clock=slow) as one:
        signed: list[int] = []

        def first_is_slow(second: int) -> None:
            late[0] += 2 if not signed else 0
            signed.append(second)

        assert one.send_once(DigiFinex().place(NEW), first_is_slow) == ID
        assert signed[1] > signed[0]
        (head,) = sent(server)
        assert f"access-timestamp: {signed[1]}".encode() in head.lower()

        def always_slow(_second: int) -> None:
            late[0] += 2

        with pytest.raises(StateError, match="longer than a second"):
            one.send_once(DigiFinex().place(NEW), always_slow)
        assert len(sent(server)) == 1


def test_nobody_listening_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    with loopback(orders(PLACED)) as server, client(server.url) as one:
        next(one.ready_to_sign(), None)
        one._url = nobody
        with pytest.raises(NotSent, match="connection refused") as caught:
            one.send_once(DigiFinex().place(NEW))
        assert caught.value.exit == 6


@pytest.mark.parametrize("when", ["committed", "sent"])
def test_an_interrupt_is_unknown_only_when_a_byte_may_have_left(
    monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    def interrupt(*_args: object, **_rest: object) -> None:
        raise KeyboardInterrupt

    with loopback(orders(PLACED)) as server, client(server.url) as one:
        next(one.ready_to_sign(), None)
        if when == "committed":
            with pytest.raises(Interrupted) as caught:
                one.send_once(DigiFinex().place(NEW), interrupt)
            assert caught.value.exit == 130
            assert sent(server) == []
        else:
            monkeypatch.setattr(transports._Stream, "read", interrupt)
            with pytest.raises(OutcomeUnknown) as unknown:
                one.send_once(DigiFinex().place(NEW))
            assert unknown.value.exit == 7
            assert isinstance(unknown.value.__cause__, KeyboardInterrupt)


def test_a_write_that_is_broken_off_may_have_sent_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(_stream: object, _buffer: bytes, _timeout: object = None) -> None:
        raise KeyboardInterrupt

    with loopback(orders(PLACED)) as server, client(server.url) as one:
        next(one.ready_to_sign(), None)
        monkeypatch.setattr("httpcore._backends.sync.SyncStream.write", write)
        with pytest.raises(OutcomeUnknown):
            one.send_once(DigiFinex().place(NEW))


def test_a_call_that_would_have_no_time_to_be_answered_is_not_sent() -> None:
    def slow_time(connection: socket.socket, head: bytes) -> None:
        time.sleep(0.8)
        with_time(PLACED)(connection, head)

    with loopback(slow_time) as server:
        with pytest.raises(NoAnswer) as caught:
            place(server.url, seconds=1)
        assert caught.value.exit == 6
        assert sent(server) == []


@pytest.mark.parametrize(
    "proxy_does",
    [silence, sending(b""), reply("no", "502 Bad Gateway"), sending(b"HTTP/1.1 200 OK\r\n\r\n")],
    ids=["stalls", "drops", "refuses", "drops in the handshake"],
)
def test_a_proxy_that_drops_or_stalls_has_been_told_nothing(
    monkeypatch: pytest.MonkeyPatch, proxy_does: Answer
) -> None:
    with loopback(proxy_does) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        transport = NetworkTransport("https://exchange.invalid", Deadline(0.5))
        with pytest.raises(NotSent):
            transport.handle_request(httpx.Request("POST", "https://exchange.invalid/v3/x"))
        assert not transport.sent
        transport.close()
        assert proxy.requests[0].startswith(b"CONNECT ")


def test_what_goes_through_a_proxy_is_sent_when_the_tunnel_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(SELF_SIGNED))
    with loopback(sending(b""), certificate=SELF_SIGNED) as server:

        def tunnel(connection: socket.socket, _head: bytes) -> None:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with socket.create_connection(("127.0.0.1", server.port)) as onward:
                back = threading.Thread(target=_copy, args=(onward, connection), daemon=True)
                back.start()
                _copy(connection, onward)
                back.join(5)

        with loopback(tunnel) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setattr(transports, "is_loopback", lambda _host: False)
            transport = NetworkTransport(server.url, Deadline(5))
            with pytest.raises(BadReply):
                transport.handle_request(httpx.Request("POST", f"{server.url}/v3/x"))
            assert transport.sent
            transport.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


# --- connections, and what is not sent once ----------------------------------------------------


def test_it_is_sent_on_a_connection_that_has_brought_no_answer() -> None:
    """What a connection brings twice would be taken for the answer to the next order."""
    ports: list[int] = []

    def keep(connection: socket.socket, head: bytes) -> None:
        ports.append(connection.getpeername()[1])
        body = b'{"code": 0, "order_id": "%s"}' % ID.encode()
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        connection.sendall(answer)
        connection.recv(1)  # it stays open

    with loopback(orders(keep)) as server, client(server.url) as one:
        one.fresh_time()
        one.send_once(DigiFinex().place(NEW))
        one.send_once(DigiFinex().place(NEW))
        order_new = DigiFinex().endpoint("POST", "/spot/order/new")
        one.run(DigiFinex().any_endpoint(order_new, {}))
        assert len(sent(server)) == 3
    assert len(set(ports)) == 3


def test_a_flow_may_read_before_it_sends() -> None:
    def looking_first() -> Flow[str]:
        yield from DigiFinex().server_time()
        return (yield from DigiFinex().place(NEW))

    with loopback(orders(PLACED)) as server, client(server.url) as one:
        assert one.send_once(looking_first()) == ID
        assert len(sent(server)) == 1


def test_time_to_find_out_what_became_of_it_is_given_anew() -> None:
    with loopback(orders(silence)) as server, client(server.url, seconds=1) as one:
        with pytest.raises(OutcomeUnknown):
            one.send_once(DigiFinex().place(NEW))
        with pytest.raises(NoAnswer):
            one.fresh_time()
        one.renew()
        assert abs(one.fresh_time() - time.time()) < 60
