"""What accounts need of the store: the second half of its layout.

Amounts and prices are text, plain decimals, exact; times are microseconds since the epoch.
Whoever has an id of its own is numbered for each exchange, from what the demo account has
seen on. Nothing is ever deleted: what is over changes its status.
"""

from __future__ import annotations

ACCOUNTS = """
-- Number 0, 1 ...: the demo accounts. Number -1 is the house, the other side of every entry:
-- its wallets are `outside` (deposits, withdrawals), `market` (all who are simulated) and `fees`.
CREATE TABLE IF NOT EXISTS accounts (
    account  INTEGER PRIMARY KEY,
    exchange TEXT NOT NULL,
    number   INTEGER NOT NULL,
    username TEXT,
    password TEXT,
    UNIQUE (exchange, number),
    UNIQUE (exchange, username)
);

-- The newest row of an account is its current pair.
CREATE TABLE IF NOT EXISTS keys (
    id      INTEGER PRIMARY KEY,
    key     TEXT NOT NULL UNIQUE,
    secret  TEXT NOT NULL,
    account INTEGER NOT NULL REFERENCES accounts,
    state   TEXT NOT NULL DEFAULT 'active' CHECK
        (state IN ('active', 'revoked', 'expired', 'no_permission', 'ip_not_allowed'))
);
CREATE INDEX IF NOT EXISTS keys_of ON keys (account);

-- What there is now: the sum of the entries, and how much of it orders, positions and
-- pending withdrawals hold. Wallets are spot, margin and otc.
CREATE TABLE IF NOT EXISTS balances (
    account  INTEGER NOT NULL REFERENCES accounts,
    wallet   TEXT NOT NULL,
    currency TEXT NOT NULL,
    total    TEXT NOT NULL,
    held     TEXT NOT NULL,
    PRIMARY KEY (account, wallet, currency)
) WITHOUT ROWID;

-- How it came about. The entries of one deed add up to zero in every currency.
CREATE TABLE IF NOT EXISTS entries (
    exchange TEXT NOT NULL,
    id       INTEGER NOT NULL,
    deed     INTEGER NOT NULL,      -- the id of the first entry of the same deed
    account  INTEGER NOT NULL REFERENCES accounts,
    wallet   TEXT NOT NULL,
    currency TEXT NOT NULL,
    kind     TEXT NOT NULL,         -- deposit, withdrawal, transfer, trade, fee, profit
    amount   TEXT NOT NULL,
    balance  TEXT NOT NULL,         -- the wallet's total after it
    time     INTEGER NOT NULL,
    PRIMARY KEY (exchange, id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS orders (
    exchange  TEXT NOT NULL,
    id        INTEGER NOT NULL,
    code      TEXT NOT NULL,        -- the id that users see: the same in digits, or 32 hex digits
    account   INTEGER NOT NULL REFERENCES accounts,
    wallet    TEXT NOT NULL,        -- spot or margin
    symbol    TEXT NOT NULL,
    side      TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    price     TEXT,                 -- NULL in a market order
    stop      TEXT,                 -- the price at which it becomes active, or became so
    amount    TEXT,                 -- in base; NULL in a market order that spends quote
    spend     TEXT,                 -- in quote; NULL in all others
    post_only INTEGER NOT NULL DEFAULT 0,
    status    TEXT NOT NULL CHECK (status IN ('open', 'filled', 'canceled')),
    filled    TEXT NOT NULL,        -- in base
    cost      TEXT NOT NULL,        -- in quote, without fees
    held      TEXT NOT NULL,        -- what it holds now: of a buy quote, of a sell base currency
    created   INTEGER NOT NULL,
    updated   INTEGER NOT NULL,
    -- Where it stands while it is open: in the book (buy, sell), or waiting for the price to
    -- rise or to fall to its stop. `place` is that price in ticks, below zero for buy and fall,
    -- so that what comes first always has the least; of equals the one of the least `rank`.
    stands    TEXT CHECK (stands IN ('buy', 'sell', 'rise', 'fall')),
    place     INTEGER,
    rank      INTEGER,              -- NULL while it waits
    rest      INTEGER,              -- what is not filled, in units; NULL in a market order
    PRIMARY KEY (exchange, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS orders_by_code ON orders (exchange, code);

CREATE TABLE IF NOT EXISTS fills (
    exchange TEXT NOT NULL,
    id       INTEGER NOT NULL,
    "order"  INTEGER NOT NULL,
    account  INTEGER NOT NULL REFERENCES accounts,
    price    TEXT NOT NULL,
    amount   TEXT NOT NULL,
    cost     TEXT NOT NULL,
    fee      TEXT NOT NULL,
    fee_currency TEXT NOT NULL,
    fee_rate TEXT NOT NULL,         -- 0.003 is 0.3 percent
    maker    INTEGER NOT NULL,
    time     INTEGER NOT NULL,
    wallet   TEXT NOT NULL DEFAULT '',  -- this and the next are those of its order
    symbol   TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (exchange, id),
    FOREIGN KEY (exchange, "order") REFERENCES orders
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS fills_of_order ON fills (exchange, "order");

-- Open margin positions. `cost` is what the amount was bought for, or sold short for; `held`
-- the part of it that is the account's own money, held in the margin wallet.
CREATE TABLE IF NOT EXISTS positions (
    account  INTEGER NOT NULL REFERENCES accounts,
    symbol   TEXT NOT NULL,
    side     TEXT NOT NULL CHECK (side IN ('long', 'short')),
    leverage TEXT NOT NULL,
    amount   TEXT NOT NULL,
    cost     TEXT NOT NULL,
    held     TEXT NOT NULL,
    PRIMARY KEY (account, symbol)
) WITHOUT ROWID;

-- Deposits and withdrawals. What a pending withdrawal takes, with its fee, is held.
CREATE TABLE IF NOT EXISTS payments (
    exchange TEXT NOT NULL,
    id       INTEGER NOT NULL,
    account  INTEGER NOT NULL REFERENCES accounts,
    kind     TEXT NOT NULL CHECK (kind IN ('deposit', 'withdrawal')),
    currency TEXT NOT NULL,
    chain    TEXT NOT NULL,
    amount   TEXT NOT NULL,
    fee      TEXT NOT NULL,
    address  TEXT NOT NULL,
    tag      TEXT NOT NULL,
    hash     TEXT NOT NULL,
    status   TEXT NOT NULL CHECK (status IN ('pending', 'confirming', 'done', 'canceled')),
    created  INTEGER NOT NULL,
    updated  INTEGER NOT NULL,
    fee_currency TEXT NOT NULL DEFAULT '',  -- '' is the payment's own currency
    due      INTEGER,               -- when the clock moves it on; NULL when it is over
    PRIMARY KEY (exchange, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS payments_of ON payments (account, kind, id);
CREATE INDEX IF NOT EXISTS payments_of_currency ON payments (account, kind, currency, id);

-- Between wallets of one account.
CREATE TABLE IF NOT EXISTS transfers (
    exchange    TEXT NOT NULL,
    id          INTEGER NOT NULL,
    account     INTEGER NOT NULL REFERENCES accounts,
    currency    TEXT NOT NULL,
    amount      TEXT NOT NULL,
    from_wallet TEXT NOT NULL,
    to_wallet   TEXT NOT NULL,
    time        INTEGER NOT NULL,
    PRIMARY KEY (exchange, id)
) WITHOUT ROWID;

-- Where an account receives (`deposit`), and where it may send (`withdrawal`).
CREATE TABLE IF NOT EXISTS addresses (
    account  INTEGER NOT NULL REFERENCES accounts,
    kind     TEXT NOT NULL CHECK (kind IN ('deposit', 'withdrawal')),
    currency TEXT NOT NULL,
    chain    TEXT NOT NULL,
    address  TEXT NOT NULL,
    tag      TEXT NOT NULL,
    PRIMARY KEY (account, kind, currency, chain, address)
) WITHOUT ROWID;
"""

PAYMENTS_DUE = """
CREATE INDEX IF NOT EXISTS payments_due ON payments (exchange, due) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS transfers_of ON transfers (account, time);
"""

# The users' side of the markets.
MARKETS = """
CREATE INDEX IF NOT EXISTS orders_standing ON orders (exchange, symbol, stands, place, rank)
    WHERE stands IS NOT NULL;
-- What an account has, in the order of its times, and so of its ids: all of it, and that of one
-- pair. Who asks for open orders gets all of them, so those of all pairs are sorted. Entries are
-- the most: they are found by currency only, see statement.entries(), and nobody lists the house's.
CREATE INDEX IF NOT EXISTS entries_of ON entries (account, wallet, currency, time, id)
    WHERE wallet IN ('spot', 'margin', 'otc');
CREATE INDEX IF NOT EXISTS orders_of ON orders (account, wallet, created, id);
CREATE INDEX IF NOT EXISTS orders_of_pair ON orders (account, wallet, symbol, created, id);
CREATE INDEX IF NOT EXISTS orders_open_of ON orders (account, wallet, symbol, created, id)
    WHERE status = 'open';
CREATE INDEX IF NOT EXISTS fills_of ON fills (account, wallet, time, id);
CREATE INDEX IF NOT EXISTS fills_of_pair ON fills (account, wallet, symbol, time, id);

-- How far an exchange with accounts has come: the epoch second up to which its users' orders
-- have met the market, and how many stops have become active.
CREATE TABLE IF NOT EXISTS engine (
    exchange    TEXT PRIMARY KEY,
    advanced    INTEGER NOT NULL,
    activations INTEGER NOT NULL
) WITHOUT ROWID;

-- What users have taken from the simulated orders of late, by second; `stands` and `place` as
-- in `orders`, amounts in units.
CREATE TABLE IF NOT EXISTS eaten (
    exchange TEXT NOT NULL,
    symbol   TEXT NOT NULL,
    time     INTEGER NOT NULL,
    stands   TEXT NOT NULL,
    place    INTEGER NOT NULL,
    amount   INTEGER NOT NULL,
    PRIMARY KEY (exchange, symbol, time, stands, place)
) WITHOUT ROWID;

-- Trades of users, with each other and with the simulated orders, as everybody sees them:
-- see bars.Print; and what those of each minute, quarter of an hour and four hours amount to,
-- so that a day or a year of them is read in a few rows. `period` is in seconds; `first` and
-- `last` are the epoch seconds of the first and last trade. Sums are text: they may exceed 64 bits.
CREATE TABLE IF NOT EXISTS prints (
    exchange TEXT NOT NULL,
    symbol   TEXT NOT NULL,
    time     INTEGER NOT NULL,
    id       INTEGER NOT NULL,
    buy      INTEGER NOT NULL,
    price    INTEGER NOT NULL,
    amount   INTEGER NOT NULL,
    PRIMARY KEY (exchange, symbol, time, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS print_bars (
    exchange TEXT NOT NULL,
    symbol   TEXT NOT NULL,
    period   INTEGER NOT NULL,
    time     INTEGER NOT NULL,
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    open     INTEGER NOT NULL,
    high     INTEGER NOT NULL,
    low      INTEGER NOT NULL,
    close    INTEGER NOT NULL,
    volume   TEXT NOT NULL,
    quote    TEXT NOT NULL,
    PRIMARY KEY (exchange, symbol, period, time)
) WITHOUT ROWID;
"""

# What tables of earlier layouts lack: a table, a column, its kind.
ADDED_COLUMNS = (
    ("payments", "fee_currency", "TEXT NOT NULL DEFAULT ''"),
    ("payments", "due", "INTEGER"),
    ("orders", "stands", "TEXT CHECK (stands IN ('buy', 'sell', 'rise', 'fall'))"),
    ("orders", "place", "INTEGER"),
    ("orders", "rank", "INTEGER"),
    ("orders", "rest", "INTEGER"),
    ("fills", "wallet", "TEXT NOT NULL DEFAULT ''"),
    ("fills", "symbol", "TEXT NOT NULL DEFAULT ''"),
)
# What they have that is gone, or means something else by now.
OUTDATED = """
DROP INDEX IF EXISTS orders_open;
DROP INDEX IF EXISTS orders_of;
DROP INDEX IF EXISTS orders_open_of;
DROP INDEX IF EXISTS fills_of;
DROP INDEX IF EXISTS entries_of;
DROP TABLE IF EXISTS print_minutes;
"""

# Who behaves how, and what the keeper of the sandbox has decreed.
CONDUCT = """
-- DigiFinex's indicators: what became of the orders that an account placed on a pair, by the
-- minute in which they were placed. Minutes that no longer count are deleted.
CREATE TABLE IF NOT EXISTS conduct (
    account  INTEGER NOT NULL REFERENCES accounts,
    wallet   TEXT NOT NULL,
    symbol   TEXT NOT NULL,
    minute   INTEGER NOT NULL,      -- since the epoch
    orders   INTEGER NOT NULL,
    filled   INTEGER NOT NULL,      -- completely
    canceled INTEGER NOT NULL,      -- within 5 seconds, with nothing filled
    ordered  TEXT NOT NULL,         -- the sum of their amounts in base, and what of it is filled
    done     TEXT NOT NULL,
    PRIMARY KEY (account, wallet, symbol, minute)
) WITHOUT ROWID;

-- Bans from placing orders that followed. Times are microseconds.
CREATE TABLE IF NOT EXISTS bans (
    account INTEGER NOT NULL REFERENCES accounts,
    begun   INTEGER NOT NULL,
    ends    INTEGER NOT NULL,
    why     TEXT NOT NULL,          -- FR, FW or CR, with its pair
    PRIMARY KEY (account, begun)
) WITHOUT ROWID;

-- Pairs and currencies in upper case and accounts by their number, with a word of marks.py.
CREATE TABLE IF NOT EXISTS marks (
    exchange TEXT NOT NULL,
    name     TEXT NOT NULL,
    mark     TEXT NOT NULL,
    PRIMARY KEY (exchange, name, mark)
) WITHOUT ROWID;
"""

# What SQLite believes of the tables when it plans a query: as if there were a million orders
# already. Left to itself it takes each for small, and reads all of an exchange's fills.
STATISTICS = """
ANALYZE sqlite_master;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('orders', 'orders', '1000000 500000 1'),
    ('orders', 'orders_by_code', '1000000 500000 1 1'),
    ('orders', 'orders_of', '1000000 200000 100000 2 1 1'),
    ('orders', 'orders_of_pair', '1000000 200000 100000 20000 2 1 1'),
    ('orders', 'orders_standing', '1000 500 100 50 2 1 1'),
    ('orders', 'orders_open_of', '1000 200 100 50 2 1 1'),
    ('fills', 'fills', '1000000 500000 1'),
    ('fills', 'fills_of', '1000000 200000 100000 2 1 1'),
    ('fills', 'fills_of_pair', '1000000 200000 100000 20000 2 1 1'),
    ('fills', 'fills_of_order', '1000000 500000 2 1'),
    ('entries', 'entries', '1000000 500000 1'),
    ('entries', 'entries_of', '1000000 200000 100000 20000 2 1 1');
"""
