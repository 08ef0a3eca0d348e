"""Dgtmarket's token endpoint: a name and a password for a new pair."""

from __future__ import annotations

import json

import pytest

# --- the token --------------------------------------------------------------------------------

JSON_BODY = '{{"username": "{username}", "password": "{password}"}}'
FORM_BODY = "username={username}&password={password}"


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("POST", "/api/public/token/", FORM_BODY),
        ("POST", "/api/public/token/", JSON_BODY),
        ("POST", "/api/public/token", FORM_BODY),
        ("GET", "/api/public/token/?" + FORM_BODY, ""),
        ("GET", "/api/public/token/", JSON_BODY),
    ],
)
def test_a_name_and_a_password_get_a_new_pair_that_ends_the_old_one(
    ask, signed, method, target, body
):
    account = signed("dgt")
    old = account.account
    named = {"username": old.username, "password": old.password}
    pair = ask(target.format(**named), method, body.format(**named).encode())
    assert list(pair) == ["key", "secret"]
    assert [len(text) for text in pair.values()] == [40, 40]
    assert account.reply("/api/private/wallets/").status == 401
    account.account = old._replace(**pair)
    assert account.reply("/api/private/wallets/").status == 200
    assert ask.sandbox.accounts("dgt")[0] == account.account


def test_each_new_pair_is_another_one_and_ends_only_its_own_accounts(ask, signed):
    one, two = signed("dgt"), signed("dgt", 1)
    body = FORM_BODY.format(username=one.account.username, password=one.account.password).encode()
    pairs = [ask("/api/public/token/", "POST", body) for _ in range(3)]
    assert len({pair["key"] for pair in pairs} | {pair["secret"] for pair in pairs}) == 6
    statuses = []
    for pair in pairs:
        one.account = one.account._replace(**pair)
        statuses.append(one.reply("/api/private/wallets/").status)
    assert statuses == [401, 401, 200]
    assert two.reply("/api/private/wallets/").status == 200


def test_a_wrong_password_changes_nothing(ask, signed):
    account = signed("dgt")
    body = FORM_BODY.format(username=account.account.username, password="demo-wrong").encode()
    reply = ask.reply("/api/public/token/", "POST", body)
    assert reply.status == 401
    assert list(json.loads(reply.body)) == ["detail"]
    assert account.reply("/api/private/wallets/").status == 200


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        (b"", "username"),
        (b"username=demo-one", "password"),
        (b'{"password": "demo"}', "username"),
        (b'{"username": "demo-one", "password": 7}', "password"),
    ],
)
def test_a_missing_field_is_named(ask, body, missing):
    reply = ask.reply("/api/public/token/", "POST", body)
    assert reply.status == 400
    assert list(json.loads(reply.body)) == [missing]


@pytest.mark.parametrize("body", [b"{", b"\xff", b"a=%", b'{"a":' * 5000])
def test_a_malformed_body_is_400(ask, body):
    assert ask.reply("/api/public/token/", "POST", body).status == 400


def test_another_method_gets_no_token(ask):
    reply = ask.reply("/api/public/token/", "DELETE")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("name", ['"\\ud800"', '"demo-one\\u0000"', '"\\n"'])
def test_what_nobody_can_be_called_is_401(ask, name):
    body = f'{{"username": {name}, "password": "demo"}}'.encode()
    assert ask.reply("/api/public/token/", "POST", body).status == 401
