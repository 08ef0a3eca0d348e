"""A configuration file as the documentation shows it, and how a wrong one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchcli.config import load
from exchcli.errors import UsageError

CONTRACT = """\
output = "auto"

[dgt]                       # and [dfx]; every key optional
url = "https://dgtmarket.com/api"
profile = "default"
window = 30                 # seconds a signed request can be accepted late
settle_delay = 10           # seconds after the fence until an accepted order must show in lists
limits = { public = "60/60s", private = "100/60s" }

[dgt.guard]
halt = false
max_order_value = { PLN = "5000" }
max_deviation_percent = "5"
max_orders_per_minute = 10
withdrawals = true
withdraw_addresses = []     # empty = any

[dgt.profiles.default]
store = "keyring"           # or "file" (path = ...), "command" (argv = [...])
"""


def refusal(file: Path, env: dict[str, str] | None = None) -> UsageError:
    with pytest.raises(UsageError) as refused:
        load(file, env or {})
    assert refused.value.exit == 2
    assert refused.value.message.isprintable()
    return refused.value
