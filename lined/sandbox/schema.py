"""The tables of the sandbox's books. Times are seconds since 1970 (UTC), as the sandbox's clock gives them.

`effects` is what makes "accepted exactly once" checkable: a row for every change that a document made to a code, and
nothing else writes there. `repeated_attempts` holds what was refused because it had already been applied.
"""

from __future__ import annotations

VERSION = 2

SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE api_keys (
    key TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, label TEXT NOT NULL,
    expires_at REAL NOT NULL, active INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE tokens (
    token TEXT PRIMARY KEY, kind TEXT NOT NULL, expires_at REAL NOT NULL, active INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE cards (gtin TEXT PRIMARY KEY, product_group TEXT NOT NULL, countries TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE codes (
    id INTEGER PRIMARY KEY,
    ident TEXT NOT NULL UNIQUE,                    -- identification code
    tail TEXT NOT NULL,                            -- check part with its leading separator
    gtin TEXT NOT NULL,
    owner TEXT NOT NULL,                           -- TIN
    template TEXT NOT NULL,
    package TEXT NOT NULL,                         -- UNIT, GROUP, BOX_LV_1, ...
    status TEXT NOT NULL,
    issued_at REAL NOT NULL,
    source TEXT NOT NULL,                          -- the order or the batch that issued it, the document that made it
    parent_id INTEGER REFERENCES codes (id),
    capacity INTEGER,                              -- planned capacity of a package
    applied_by INTEGER REFERENCES documents (id)
);
CREATE INDEX codes_by_parent ON codes (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX codes_by_source ON codes (source, id);

CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    tin TEXT NOT NULL,
    type TEXT NOT NULL,
    product_group TEXT,
    created_at REAL NOT NULL,
    visible_at REAL NOT NULL,
    validating_at REAL NOT NULL,
    in_process_at REAL NOT NULL,
    final_at REAL NOT NULL,                        -- when it is decided
    status TEXT,                                   -- the final one; NULL before
    attributes TEXT NOT NULL,                      -- JSON: the body without its codes
    directives TEXT NOT NULL,                      -- JSON: what faults ask to happen to it
    body BLOB NOT NULL,                            -- JSON as it came, base64 taken off
    codes INTEGER NOT NULL,
    refused INTEGER NOT NULL DEFAULT 0,
    unsorted INTEGER NOT NULL DEFAULT 0            -- keys were not sorted A-Z
);
CREATE INDEX documents_pending ON documents (final_at) WHERE status IS NULL;
CREATE INDEX documents_by_time ON documents (created_at, id);

CREATE TABLE document_codes (
    document_id INTEGER NOT NULL REFERENCES documents (id),
    idx INTEGER NOT NULL,                          -- index of the code in the document
    ident TEXT NOT NULL,
    tail TEXT NOT NULL,
    unit INTEGER,                                  -- idx of the package that this row belongs to
    detail TEXT,                                   -- print quality class; JSON of a package
    code_id INTEGER,
    found_status TEXT,                             -- the code's status when it was judged
    state TEXT,                                    -- SUCCESS, WARNING, ERROR; NULL: undecided, or not listed
    result TEXT,
    PRIMARY KEY (document_id, idx)
) WITHOUT ROWID;

CREATE TABLE effects (
    id INTEGER PRIMARY KEY,
    code_id INTEGER NOT NULL REFERENCES codes (id),
    document_id INTEGER NOT NULL REFERENCES documents (id),
    kind TEXT NOT NULL,
    at REAL NOT NULL,
    detail TEXT                                    -- JSON
);
CREATE INDEX effects_by_code ON effects (code_id, kind);

CREATE TABLE repeated_attempts (
    id INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES documents (id),
    ident TEXT NOT NULL,
    at REAL NOT NULL
);

CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    tin TEXT NOT NULL,
    product_group TEXT NOT NULL,
    method TEXT NOT NULL,
    po_number TEXT,
    created_at REAL NOT NULL,
    ready_at REAL NOT NULL,
    closed_at REAL
);
CREATE TABLE sub_orders (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    gtin TEXT NOT NULL,
    cis_type TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    serials TEXT,                                  -- JSON: the participant's own serial numbers
    template TEXT NOT NULL,
    serial_length INTEGER NOT NULL,
    closed_at REAL,
    UNIQUE (order_id, gtin)
);
CREATE TABLE packs (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    sub_order_id INTEGER NOT NULL REFERENCES sub_orders (id),
    quantity INTEGER NOT NULL,
    created_at REAL NOT NULL
);
CREATE INDEX packs_by_sub_order ON packs (sub_order_id, id);

CREATE TABLE lists (                               -- of codes, asked for by a participant
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    tin TEXT NOT NULL,
    asked TEXT NOT NULL,                           -- JSON: the filters
    created_at REAL NOT NULL
);
CREATE TABLE confirmations (                       -- of requests to hand codes over
    request_id INTEGER PRIMARY KEY REFERENCES documents (id),
    resolution TEXT NOT NULL
);
"""
