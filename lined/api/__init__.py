"""The local endpoint: what the line is doing, and what people and the PLC may command (docs/contract.md, HTTP).

Guarantees: nobody but this computer's own pages and programs is answered (`gate`); a command's answer is durable when
it comes; no request holds the event loop for longer than a few milliseconds; check parts of codes appear nowhere. It
decides nothing: it asks the journal and passes commands to the line and the reports.

    ports       what the service hands over: `PlantView`
    server      `StatusServer`, the listening socket and its life; `token` beside the journal
    gate        Host, Origin, token, content type, size
    document    the `/status` document, also for MQTT
    reading     questions; `commands` and `bodies` the POSTs; `metrics`, `page`

Importing this package is cheap; `lined.web.server` brings FastAPI and is imported once devices are being connected.
"""
