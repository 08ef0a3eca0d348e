"""The trading floor: every market of both exchanges, simulated or recorded."""

from __future__ import annotations

from exchcli.sandbox.book import Depth
from exchcli.sandbox.catalog import SIMULATIONS, Rules
from exchcli.sandbox.market import Market, simulated_market
from exchcli.sandbox.noise import Noise
from exchcli.sandbox.overlaid import Users
from exchcli.sandbox.recorded import Recorded
from exchcli.sandbox.store import Store


class Floor:
    """Looks markets up by exchange and symbol (upper case). Each is made when first asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._version = -1
        self._markets: dict[tuple[str, str], Market] = {}
        self.refresh()

    def refresh(self) -> None:
        """Take notice of recordings that were loaded meanwhile, also by another process."""
        version = self._store.version()
        if version != self._version:
            self._version = version
            self.reload()

    def reload(self) -> None:
        self._recordings = {
            (rules.exchange, rules.symbol): (market, rules)
            for market, rules in self._store.recordings()
        }
        # What is simulated does not change; what is recorded may have been recorded anew.
        self._markets = {
            name: market
            for name, market in self._markets.items()
            if name not in self._recordings and name in SIMULATIONS and market.simulated
        }

    def rules(self, exchange: str) -> list[Rules]:
        """The pairs of an exchange, the catalog's first."""
        listed = {name: each.rules for name, each in SIMULATIONS.items()}
        listed |= {name: rules for name, (_, rules) in self._recordings.items()}
        return [rules for (where, _), rules in listed.items() if where == exchange]

    def market(self, exchange: str, symbol: str) -> Market | None:
        """A market, or None if the exchange has no such pair."""
        name = exchange, symbol
        if name not in self._markets:
            if name in self._recordings:
                self._markets[name] = self._recorded(*self._recordings[name])
            elif name in SIMULATIONS:
                self._markets[name] = simulated_market(
                    SIMULATIONS[name],
                    self._store.seed,
                    self._store.opened,
                    Users(self._store, *name),
                )
            else:
                return None
        return self._markets[name]

    def _recorded(self, market: int, rules: Rules) -> Market:
        tape = Recorded(self._store, market)
        noise = Noise(self._store.seed, f"{rules.exchange}:{rules.symbol}")
        users = Users(self._store, rules.exchange, rules.symbol)
        return Market(rules, tape, _depth(tape), noise, tape.listed, users=users)


def _depth(tape: Recorded) -> Depth:
    """A book of the recording's own size: around its first trades, and as large as those."""
    first = tape.between(tape.listed, tape.listed + 60)
    price = first[0].price
    usual = sum(each.amount for each in first) // len(first)
    return Depth(max(1, price // 5000), price, max(1, price // 5000), max(1, usual))
