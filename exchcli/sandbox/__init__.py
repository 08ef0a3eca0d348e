"""Both exchanges inside the tool: a simulated market, a store, one wire adapter for each.

A request's way, and the file of each step:

    transport    httpx's request becomes a WireRequest, as received          wire
    exchange     one state of the store, one request at a time               store
    dgtmarket    path and parameters as the exchange's document has them
    digifinex    likewise; both ask the same markets                         floor
    ..._signed   whose request it is, and whether it may be made  accounts, signature, limits
    ..._private  which endpoint answers: those that read               statement, ledger
    ..._orders, _trading, _payments   those that change something              marks
    engine       where they do: orders are matched, money moves           (its own map)
    engine/      orders, money, time: what signed requests change  (a map of its own)
    market       ticker, book, trades, candles of one moment                 book
    overlaid     users' prints over the market's own tape, their orders in its book
    tape         prints as bars and candles                                  bars
    simulated    the tape that seed and time determine     tree, opening, prints, noise
    recorded     the tape of a recording                            recording, reading
    server       the same over HTTP, with a page and with faults on demand   (its own map)
    clock        its clock, where it stands, is that of every process on the same file

`catalog` and `currencies` hold what is listed. Nothing here knows the client: neither its
parsing nor its signing, so that an error there cannot hide behind the same error here.
"""
