"""What every exchange that trades has to do: inherited beside `Conformance`, with its fixtures.

Each test runs twice: against the sandbox within the process, and over HTTP.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import pytest

from exchcli.errors import CredentialsError, Rejected
from exchcli.exchanges.base import Exchange
from exchcli.exchanges.sameness import same_order
from exchcli.records import NewOrder, Snapshot

D = Decimal


class TradingConformance:
    """Subclasses name a pair, and prices far below and above its market."""

    pair: ClassVar[str]
    low: ClassVar[Decimal]
    high: ClassVar[Decimal]
    amount: ClassVar[Decimal] = D("0.0125")
    # Its address where withdrawals of this currency go to.
    withdrawn: ClassVar[str]

    def placed(self, ask: Any, subject: Exchange, new: NewOrder) -> tuple[str, Snapshot, int]:
        """Places an order; its id, and the snapshot and the second before that."""
        now = int(ask(subject.server_time()).timestamp())
        before = ask(subject.snapshot(new.symbol, new.market, now))
        return ask(subject.place(new)), before, now

    @pytest.mark.parametrize("kind", ["rests", "is filled", "takes at the market's price"])
    @pytest.mark.parametrize("side", ["buy", "sell"])
    def test_an_order_that_was_placed_is_sighted_as_the_only_one_like_it(
        self, ask: Any, subject: Exchange, side: Any, kind: str
    ) -> None:
        cheap = (side == "buy") == (kind == "rests")
        price = None if "market" in kind else self.low if cheap else self.high
        new = NewOrder(self.pair, side, self.amount, price)
        if price is None and side == "buy" and subject.name == "dfx":
            new = new._replace(amount=None, spend=D("50.25"))
        order_id, before, now = self.placed(ask, subject, new)
        seen = ask(subject.sightings(self.pair, "spot", before, now - 5, now + 5))
        fresh = [
            row
            for row in seen
            if row.id not in before.ids and not (before.newest and int(row.id) <= before.newest)
        ]
        assert [row.id for row in fresh if same_order(new, row)] == [order_id]
        order = ask(subject.order(order_id))
        assert (order.symbol, order.side) == (self.pair, side)
        assert order.status == ("open" if kind == "rests" else "filled")

    def test_a_snapshot_has_what_was_there_and_sightings_have_nothing_new(
        self, ask: Any, subject: Exchange
    ) -> None:
        order_id, _, now = self.placed(ask, subject, self.buy())
        after = ask(subject.snapshot(self.pair, "spot", now))
        assert order_id in after.ids or after.newest == int(order_id)
        seen = ask(subject.sightings(self.pair, "spot", after, now - 5, now + 5))
        assert all(row.id in after.ids or int(row.id) <= (after.newest or 0) for row in seen)

    def test_canceling_frees_what_an_order_holds(self, ask: Any, subject: Exchange) -> None:
        before = ask(subject.balances())
        order_id, *_ = self.placed(ask, subject, self.buy())
        assert ask(subject.balances()) != before
        (canceled,) = ask(subject.cancel([order_id]))
        assert canceled == (order_id, "canceled")
        assert ask(subject.balances()) == before
        assert ask(subject.order(order_id)).status == "canceled"

    def test_what_was_canceled_is_still_sighted(self, ask: Any, subject: Exchange) -> None:
        order_id, before, now = self.placed(ask, subject, self.buy())
        ask(subject.cancel([order_id]))
        seen = ask(subject.sightings(self.pair, "spot", before, now - 5, now + 5))
        assert order_id in {row.id for row in seen}

    def test_more_than_there_is_is_refused(self, ask: Any, subject: Exchange) -> None:
        with pytest.raises(Rejected) as caught:
            ask(subject.place(self.buy()._replace(amount=D(100_000))))
        assert caught.value.exchange == subject.name

    def test_a_withdrawal_is_known_by_its_id(self, ask: Any, subject: Exchange) -> None:
        newest = ask(subject.newest_withdrawal())
        assert ask(subject.withdrawals_since(newest)) == []
        address = self.address(ask, subject)
        told = ask(subject.withdraw(self.withdrawn, D(20), *address))
        (row,) = ask(subject.withdrawals_since(newest))
        assert (row.id, row.kind, row.currency) == (told, "withdrawal", self.withdrawn)
        assert D(20) in (row.amount, row.amount + (row.fee or D(0)))

    def test_a_key_that_is_not_known_places_nothing(self, ask: Any, subject: Exchange) -> None:
        client = ask.__self__
        known, client._credentials = client._credentials, self.stranger
        with pytest.raises(CredentialsError):
            ask(subject.place(self.buy()))
        client._credentials = known

    def stranger(self) -> Any:
        from exchcli.core.credentials import Credentials, Secret

        return Credentials("nobody", Secret("nothing"), "a test")

    def buy(self) -> NewOrder:
        return NewOrder(self.pair, "buy", self.amount, self.low)

    def address(self, ask: Any, subject: Exchange) -> tuple[str, ...]:
        """What a withdrawal has to be told beside currency and amount."""
        if subject.name == "dgt":
            return ()
        own = next(row for row in ask(subject.withdrawals()) if row.currency == self.withdrawn)
        return (own.address, own.chain)
