"""Under /sandbox/: who may ask, and what is refused there without harm."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from fuzzing import NASTY, VALUES
from hypothesis import given, settings
from hypothesis import strategies as st
from served import Served, served

Serving = Callable[..., Served]
CLOCK = "2026-03-04T05:06:47Z"
POSTS = ["clock", "faults", "fund", "reset"]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_what_changes_something_takes_json_alone(
    shared: Served, path: str, kind: str | None
) -> None:
    headers = {"content-type": kind} if kind else {}
    reply = shared.client.post(f"/sandbox/{path}", content=b"{}", headers=headers)
    assert reply.status_code == 415
    assert shared.get(f"/sandbox/{path}").status_code in (200, 405)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
@pytest.mark.parametrize("path", ["/", "/sandbox/state", "/sandbox/faults"])
def test_other_names_of_this_machine_are_refused(shared: Served, host: str, path: str) -> None:
    assert shared.get(path, headers={"host": host}).status_code == 403


def test_other_names_are_refused_for_posts_too(shared: Served) -> None:
    for path in POSTS:
        reply = shared.client.post(f"/sandbox/{path}", json={}, headers={"host": "evil.example"})
        assert reply.status_code == 403


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:8420", "[::1]:9", "LOCALHOST", "a.localhost"]
)
def test_names_of_loopback_are_welcome(shared: Served, host: str) -> None:
    assert shared.get("/", headers={"host": host}).status_code == 200


def test_no_other_origin_is_let_in(shared: Served) -> None:
    origin = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    replies = [
        shared.client.options("/sandbox/clock", headers=origin),
        shared.get("/sandbox/state", headers=origin),
        shared.get("/", headers=origin),
    ]
    for reply in replies:
        assert reply.status_code == 403
        assert not [name for name in reply.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", POSTS)
def test_what_says_that_it_comes_from_another_origin_changes_nothing(
    shared: Served, path: str, headers: dict[str, str]
) -> None:
    reply = shared.client.post(f"/sandbox/{path}", json={}, headers=headers)
    assert reply.status_code == 403
    assert reply.json()["detail"]


def test_its_own_page_may_change_something(shared: Served) -> None:
    own = {"origin": shared.url, "sec-fetch-site": "same-origin"}
    assert shared.client.post("/sandbox/faults", json={}, headers=own).status_code == 200


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", b'"x"', b'{"time": []}', b'{"advance": 1e999}', b"[" * 9999]
)
def test_a_body_that_makes_no_sense_is_told_so(shared: Served, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    for path in ("clock", "fund"):
        reply = shared.client.post(f"/sandbox/{path}", content=body, headers=headers)
        assert reply.status_code == 400
        assert reply.json()["detail"]


HALF = r'"\ud800"'


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("clock", '{"advance": 1e99999999999999999999}'),
        ("clock", f'{{"time": {HALF}}}'),
        ("fund", '{"exchange": "dgt", "currency": "PLN", "amount": 1E+9999999999999999999999}'),
        ("fund", f'{{"exchange": "dgt", "currency": {HALF}, "amount": 1}}'),
        ("faults", r'{"faults": [], "only": ["/\ud800"]}'),
        ("faults", f'{{"faults": [{HALF}]}}'),
        ("faults", f"{{{HALF}: 1}}"),
        ("reset", f"{{{HALF}: 1}}"),
    ],
)
def test_numbers_without_bound_and_half_characters_are_refused(
    shared: Served, path: str, body: str
) -> None:
    headers = {"content-type": "application/json"}
    before = shared.get("/sandbox/faults").json()
    reply = shared.client.post(f"/sandbox/{path}", content=body.encode(), headers=headers)
    assert (reply.status_code, reply.json()) == (400, {"detail": "The body is no JSON."})
    assert shared.get("/sandbox/faults").json() == before


def _written(values: list[str]) -> st.SearchStrategy[str]:
    """Fields as JSON, each with one of these texts or with something well known for trouble."""
    names = ["time", "advance", "exchange", "account", "currency", "amount", "faults", "only",
             "seed", "no"]  # fmt: skip
    nasty = [json.dumps(each) for each in [*NASTY, *VALUES]]
    raw = ["1e99999999999999999999", "-1E+9999999999999999999999", "1e-9999999999999999999",
           "1e999999999999999999", "NaN", "-Infinity", "-0", "9" * 4000, "9" * 5000,
           r'["/\ud800"]', r'{"\udfff": 1}', "[" * 2000]  # fmt: skip
    told = st.sampled_from([*values, *nasty, *raw])
    fields = st.dictionaries(st.sampled_from(names), told, max_size=4)
    return fields.map(
        lambda given: "{" + ",".join(f"{json.dumps(k)}:{v}" for k, v in given.items()) + "}"
    )


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("standing"), ["--no-limits", "--clock", CLOCK]) as server:
        yield server


@given(
    st.sampled_from(["clock", "faults", "fund"]),
    _written(
        ['"dgt"', '"dfx"', '"PLN"', '"1"', "1", "60", '["delay=1"]', '["POST"]', f'"{CLOCK}"']
    ),
)
@settings(max_examples=300, deadline=None)
def test_no_fields_whatever_are_an_error_of_the_server(
    standing: Served, path: str, body: str
) -> None:
    headers = {"content-type": "application/json"}
    reply = standing.client.post(f"/sandbox/{path}", content=body.encode(), headers=headers)
    assert reply.status_code in (200, 400)
    assert reply.status_code == 200 or reply.json()["detail"]
    for shown in ("clock", "faults"):
        assert standing.get(f"/sandbox/{shown}").status_code == 200


# The client that asks here makes no URL of more than 64 kB.
SHORT = [word for word in NASTY if len(word) < 5000]


@given(st.dictionaries(st.sampled_from(["exchange", "symbol", "period", "after"]),
                       st.sampled_from([*SHORT, "dgt", "dfx", "60", "\udfff"])))  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_no_query_whatever_is_an_error_of_the_server(shared: Served, query: Any) -> None:
    told = urlencode(query, errors="surrogatepass")
    reply = shared.get(f"/sandbox/state?{told}")
    assert reply.status_code in (200, 400, 404)
