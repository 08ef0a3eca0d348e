from __future__ import annotations

from collections.abc import Iterator

import pytest
from dgt_keys import dgt_keys
from rotating import Rotating
from running import Exch


@pytest.fixture
def dgt(exch: Exch) -> Iterator[Rotating]:
    with dgt_keys() as (keys, url):
        yield Rotating(exch, keys, url)
