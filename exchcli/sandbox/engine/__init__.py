"""The exchange itself: orders are matched, money moves, time passes.

An order's way, and the file of each step:

    desk         what users may ask: place, cancel, transfer, withdraw; one transaction each
    checks       what a new order must be like            reasons: why it is refused
    matching     what an incoming order takes             pit: one pair at the desk's moment
    core         trades: fills, holds, stops, liquidations, and what is written of them
    rows         orders as the store keeps them; the users' book as lookups
    money        the ledger over the store                margin: positions on borrowed money
    payments     deposits, transfers                      withdrawals
    conduct      orders counted against the rules of fair trading
    passing      what the market did since it was last looked at; before anything else is done
    relisting    a recording takes a market's place

Prices are whole ticks and amounts whole units where orders meet, Decimals where money moves.
Every operation is one transaction, so killing the process leaves a consistent exchange.

The rules: best price first, of one price users before the simulated market, of those the
older first; fills at the resting price. An order never trades with one of its own account:
where it would, the rest of the incoming one is canceled. What users take from the simulated
market is gone from its book and comes back after 16 seconds. A print of the market's own that
goes through a resting order's price fills it, up to the print's amount. Every print, whoever
traded, reaches the stops that wait at or before its price, and the positions that it liquidates.
"""
