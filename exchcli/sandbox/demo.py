"""The accounts that a sandbox is born with, and what they have done so far.

The first account of each exchange has a history of 40 days, the second has funds.
"""

from __future__ import annotations

from exchcli.sandbox.catalog import DFX, DGT
from exchcli.sandbox.noise import Noise
from exchcli.sandbox.story import Rows

# The house's account of each exchange; the two demo accounts follow it.
HOUSES = {DGT: 100, DFX: 200}
_NAMES = ("demo-one", "demo-two")


def demo(exchange: str, seed: int, opened: int) -> list[tuple[str, Rows]]:
    """Rows for every table, in an order that keeps references whole; the same for the same seed.

    `opened` is in epoch seconds.
    """
    house = HOUSES[exchange]
    if exchange == DGT:
        from exchcli.sandbox.demo_dgt import history
    else:
        from exchcli.sandbox.demo_dfx import history
    accounts: Rows = [(house, exchange, -1, None, None)]
    keys: Rows = []
    for number, name in enumerate(_NAMES):
        account = house + 1 + number
        password = f"demo-password-{_hex(seed, exchange, 'password', number)[:8]}"
        accounts.append((account, exchange, number, name, password))
        pair = [
            f"demo-{exchange}-{what}-{number + 1}-{_hex(seed, exchange, what, number)}"[:40]
            for what in ("key", "secret")
        ]
        keys.append((account, *pair, account, "active"))
    # From the opening on they trade: whatever comes later meets their open orders.
    engine: Rows = [(exchange, opened, 0)]
    return [
        ("accounts", accounts),
        ("keys", keys),
        ("engine", engine),
        *history(house, seed, opened),
    ]


def _hex(seed: int, exchange: str, what: str, number: int) -> str:
    draw = Noise(seed, f"{exchange}:{what}").draw(12, number)
    return "".join(f"{each:04x}" for each in draw)
