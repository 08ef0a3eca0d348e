"""The sandbox over HTTP, and a page to watch it. Starlette and uvicorn are imported only here.

    run         the port, uvicorn, signals: from `exch sandbox serve` to its end
    protocol    uvicorn's connection, which can also be cut
    app         which request goes where, and the way back to the wire     bodies
    visitors    who is let in: no other page, no other name
    live        the one thread that asks the sandbox, whose file may be replaced meanwhile
    faults      what can go wrong on demand, how often, and for which requests
    faulty      one request with what goes wrong about it        faults
    log         the last requests, for the page
    control     the endpoints under /sandbox/                    views
    views       a market and the log, as the page shows them
    page        the page itself, page.html

`faults`, `faulty`, `live`, `log` and `views` know nothing of HTTP servers, so that tests can use
them on a sandbox within the process.
"""
