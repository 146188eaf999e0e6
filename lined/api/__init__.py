"""The local endpoint: what the line is doing, and what people and the PLC may command (docs/contract.md, HTTP).

Guarantees: nobody but this computer's own pages and programs is answered (`gate`); a command's answer is durable when
it comes; no request holds the event loop for longer than a few milliseconds; check parts of codes appear nowhere. It
decides nothing: it asks the journal and passes commands to the registry.

    ports       what the service hands over: `PlantView`
    server      `StatusServer`, the listening socket and its life; `token` beside the journal
    gate        Host, Origin, token, content type, size; `wrong_tokens` slows down who guesses
    statuses    the HTTP status of each kind of error
    document    the `/status` document, also for MQTT
    reading     questions; `commands` the POSTs, one for each command of `lined.commands`; `metrics`

Importing this package is cheap; `lined.web.server` brings FastAPI and is imported once devices are being connected.
"""
