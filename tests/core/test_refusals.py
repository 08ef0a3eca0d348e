"""What an exchange says to an order is a refusal when it can be nothing else."""

from __future__ import annotations

import pytest
from loopback import Answer, loopback, reply
from sending_once import NEW, client, orders

from exchcli.errors import CredentialsError, ExchError, OutcomeUnknown, RateLimited, Rejected
from exchcli.exchanges.dgtmarket import Dgtmarket


def dgt_order(answer: Answer) -> str:
    with loopback(orders(answer)) as server, client(server.url, exchange=Dgtmarket) as one:
        return one.send_once(Dgtmarket().place(NEW._replace(symbol="BTCPLN")))


@pytest.mark.parametrize("status", [402, 406, 408, 409, 410, 422, 425, 444, 451, 499])
def test_a_status_that_need_not_be_a_refusal_is_none(status: int) -> None:
    with pytest.raises(OutcomeUnknown):
        dgt_order(reply('{"detail": "Request timeout"}', f"{status} Somehow"))


@pytest.mark.parametrize(
    "body",
    ["{}", "[]", '["no"]', "null", '"no"', '{"id": 17167, "pair": "BTCPLN"}', '{"status": "no"}',
     '{"detail": 1}', '{"amount": []}', '{"amount": [1]}', '{"detail": "no", "detail": "yes"}'],
)  # fmt: skip
def test_a_400_that_does_not_say_why_is_no_refusal(body: str) -> None:
    with pytest.raises(OutcomeUnknown):
        dgt_order(reply(body, "400 Bad Request"))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, '{"detail": "Too small."}', Rejected),
        (400, '{"amount": ["Too small."], "non_field_errors": ["No."]}', Rejected),
        (401, '{"detail": "no"}', CredentialsError),
        (403, "{}", CredentialsError),
        (404, '{"detail": "Not found."}', Rejected),
        (405, "{}", Rejected),
        (415, "{}", Rejected),
        (429, "slow down", RateLimited),
    ],
)
def test_what_only_can_be_a_refusal_is_one(status: int, body: str, kind: type[ExchError]) -> None:
    with pytest.raises(kind):
        dgt_order(reply(body, f"{status} No"))


@pytest.mark.parametrize("told", ["", "0", "-5", "1.5", "abc", "017167", "1" * 19])
def test_an_id_that_is_none_of_dgtmarkets_is_no_answer(told: str) -> None:
    with pytest.raises(OutcomeUnknown):
        dgt_order(reply(f'{{"id": "{told}"}}', "201 Created"))
