-- The tables of a fresh journal. lined/journal/schema.py makes them, step by step, and says what each holds.

CREATE TABLE account (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    profile TEXT,
    url TEXT,
    tin TEXT,
    business_place_id TEXT
);

CREATE TABLE age (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    journal TEXT NOT NULL,
    commits INTEGER NOT NULL
);

CREATE TABLE alarm (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    place TEXT NOT NULL,
    severity TEXT NOT NULL,
    text TEXT NOT NULL,
    raised_ms INTEGER NOT NULL,
    times INTEGER NOT NULL DEFAULT 1,
    acknowledged_ms INTEGER,
    acknowledged_by TEXT,
    cleared_ms INTEGER
);
CREATE INDEX alarm_place ON alarm (kind, place);
CREATE INDEX alarm_standing ON alarm (id) WHERE cleared_ms IS NULL;

CREATE TABLE asked (
    kind TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE audit (
    no INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    by TEXT NOT NULL,
    role TEXT NOT NULL,
    way TEXT NOT NULL,
    command TEXT NOT NULL,
    subject TEXT NOT NULL,
    said TEXT NOT NULL,
    hash BLOB NOT NULL
);

CREATE TABLE body (
    report_id INTEGER PRIMARY KEY REFERENCES report (id),
    packed BLOB NOT NULL
);

CREATE TABLE clock_setting (
    id INTEGER PRIMARY KEY,
    boot TEXT NOT NULL,
    offset_ms INTEGER NOT NULL,
    from_ms INTEGER NOT NULL,
    step_ms INTEGER,
    first_code INTEGER NOT NULL,
    first_event INTEGER NOT NULL,
    first_closing INTEGER NOT NULL,
    skew_ms INTEGER
);

CREATE TABLE code (
    id INTEGER PRIMARY KEY,
    ident TEXT NOT NULL UNIQUE,
    tail TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    device_no INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    batch_id INTEGER NOT NULL,
    own TEXT,
    package_id INTEGER
);
CREATE INDEX code_package ON code (package_id) WHERE package_id IS NOT NULL;

CREATE TABLE code_event (
    id INTEGER PRIMARY KEY,
    code_id INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    what TEXT NOT NULL,
    detail TEXT,
    report_id INTEGER,
    by TEXT
);
CREATE INDEX code_event_code ON code_event (code_id);

CREATE TABLE code_order (
    id INTEGER PRIMARY KEY,
    marker TEXT NOT NULL UNIQUE,
    product_group TEXT NOT NULL,
    method TEXT NOT NULL,
    state TEXT NOT NULL,
    regulator_id TEXT,
    asked_ms INTEGER NOT NULL,
    asked_by TEXT,
    completes INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    attempt_ms INTEGER,
    attempt_server_ms INTEGER,
    due_ms INTEGER,
    misses INTEGER NOT NULL DEFAULT 0,
    confirmed INTEGER NOT NULL DEFAULT 0,
    placed_ms INTEGER,
    problem TEXT,
    by_itself INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX code_order_regulator ON code_order (regulator_id) WHERE regulator_id IS NOT NULL;
CREATE INDEX code_order_state ON code_order (state);

CREATE TABLE code_order_event (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    before TEXT,
    after TEXT NOT NULL,
    why TEXT NOT NULL,
    evidence TEXT
);
CREATE INDEX code_order_story ON code_order_event (order_id);

CREATE TABLE code_pack (
    no INTEGER PRIMARY KEY,
    sub_order_id INTEGER NOT NULL,
    pack_id TEXT NOT NULL,
    codes INTEGER NOT NULL,
    whole INTEGER NOT NULL DEFAULT 0,
    at_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX code_pack_id ON code_pack (sub_order_id, pack_id);

CREATE TABLE command (
    id TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    name TEXT NOT NULL,
    by TEXT,
    body TEXT NOT NULL,
    answer TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX command_at ON command (at_ms);

CREATE TABLE counter (
    job_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (job_id, name)
) WITHOUT ROWID;

CREATE TABLE device (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE
);

CREATE TABLE freed (
    ident TEXT PRIMARY KEY,
    report_id INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE gap (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    why TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    backup TEXT,
    aside TEXT,
    confirmed_ms INTEGER,
    confirmed_by TEXT,
    serials_known INTEGER NOT NULL
);

CREATE TABLE grade (
    id INTEGER PRIMARY KEY,
    ident TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    device_no INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    class TEXT,
    said TEXT,
    value REAL,
    formal TEXT,
    device_at TEXT,
    verdict TEXT NOT NULL,
    batch_id INTEGER,
    as_class TEXT,
    own TEXT
);
CREATE INDEX grade_ident ON grade (ident);

CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    gtin TEXT NOT NULL,
    product TEXT NOT NULL,
    mode TEXT NOT NULL,
    attributes TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    started_by TEXT,
    stopped_ms INTEGER,
    stopped_by TEXT
);

CREATE TABLE label (
    id INTEGER PRIMARY KEY,
    ident TEXT NOT NULL,
    tail TEXT NOT NULL,
    package INTEGER NOT NULL,
    printer TEXT NOT NULL,
    job_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    why TEXT,
    by TEXT,
    earlier_id INTEGER,
    asked_ms INTEGER NOT NULL,
    given_ms INTEGER,
    ended_ms INTEGER,
    seen_ms INTEGER
);
CREATE INDEX label_aside ON label (id) WHERE state IN ('unsure', 'not-taken');
CREATE INDEX label_ident ON label (ident);
CREATE INDEX label_under_way ON label (printer, state, id) WHERE state IN ('wanted', 'given');
CREATE INDEX label_unseen ON label (id) WHERE seen_ms IS NULL AND package = 0 AND state IN ('printed', 'unsure');

CREATE TABLE let_go (
    document_id TEXT PRIMARY KEY,
    report_id INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE life (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    clean INTEGER,
    backup_ms INTEGER
);

CREATE TABLE member (
    batch_id INTEGER NOT NULL,
    ident TEXT NOT NULL,
    own TEXT,
    own_report INTEGER,
    PRIMARY KEY (batch_id, ident)
) WITHOUT ROWID;
CREATE INDEX member_ident ON member (ident);

CREATE TABLE minute (
    minute INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (minute, job_id, name)
) WITHOUT ROWID;

CREATE TABLE nameless (
    kind TEXT PRIMARY KEY,
    refusals INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE notified (
    address TEXT PRIMARY KEY,
    told TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE package (
    id INTEGER PRIMARY KEY,
    ident TEXT,
    level TEXT NOT NULL,
    station TEXT NOT NULL,
    job_id INTEGER NOT NULL,
    gtin TEXT NOT NULL,
    lot TEXT NOT NULL,
    child_level TEXT NOT NULL,
    capacity INTEGER NOT NULL,
    holds INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'open',
    close_requested INTEGER NOT NULL DEFAULT 0,
    suspect TEXT,
    package_id INTEGER REFERENCES package (id),
    code_id INTEGER,
    opened_ms INTEGER NOT NULL,
    closed_ms INTEGER,
    closed_no INTEGER,
    batch_id INTEGER,
    own TEXT,
    own_report INTEGER,
    after_report INTEGER,
    earlier_id INTEGER,
    tail TEXT NOT NULL DEFAULT ''
);
CREATE INDEX package_batch ON package (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX package_closed ON package (closed_no) WHERE closed_no IS NOT NULL;
CREATE UNIQUE INDEX package_ident ON package (ident) WHERE ident IS NOT NULL AND state <> 'dissolved';
CREATE UNIQUE INDEX package_open ON package (station) WHERE state = 'open';
CREATE INDEX package_parent ON package (package_id) WHERE package_id IS NOT NULL;
CREATE INDEX package_waiting ON package (id) WHERE state = 'closed' AND batch_id IS NULL;

CREATE TABLE person (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    pin BLOB,
    badge BLOB UNIQUE,
    set_ms INTEGER NOT NULL,
    set_by TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE pool (
    no INTEGER PRIMARY KEY,
    gtin TEXT NOT NULL,
    state TEXT NOT NULL,
    codes INTEGER NOT NULL DEFAULT 0,
    applied INTEGER NOT NULL DEFAULT 0,
    began_ms INTEGER NOT NULL,
    began_by TEXT,
    complete_ms INTEGER,
    gone INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX pool_gtin ON pool (gtin) WHERE state <> 'dropped';

CREATE TABLE pool_code (
    pool_no INTEGER NOT NULL,
    serial TEXT NOT NULL,
    tail TEXT NOT NULL DEFAULT '',
    given_ms INTEGER,
    pack_no INTEGER,
    PRIMARY KEY (pool_no, serial)
) WITHOUT ROWID;
CREATE INDEX pool_code_pack ON pool_code (pack_no, serial) WHERE pack_no IS NOT NULL AND given_ms IS NULL;
CREATE INDEX pool_code_stock ON pool_code (pool_no, serial) WHERE given_ms IS NULL;

CREATE TABLE put_by (
    report_id INTEGER PRIMARY KEY,
    document_id TEXT NOT NULL
);

CREATE TABLE read (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    device_no INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    code_id INTEGER,
    raw BLOB
);
CREATE INDEX read_code ON read (code_id) WHERE code_id IS NOT NULL;

CREATE TABLE report (
    id INTEGER PRIMARY KEY,
    batch_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    job_id INTEGER NOT NULL REFERENCES job (id),
    attributes TEXT NOT NULL,
    day TEXT,
    codes INTEGER NOT NULL DEFAULT 0,
    first_code INTEGER,
    last_code INTEGER,
    first_ms INTEGER,
    last_ms INTEGER,
    full INTEGER NOT NULL DEFAULT 0,
    early INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 0,
    opened_ms INTEGER NOT NULL,
    sealed_ms INTEGER,
    seal_reason TEXT,
    frozen_ms INTEGER,
    fingerprint TEXT,
    document_id TEXT UNIQUE,
    document_status TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    attempt_ms INTEGER,
    attempt_server_ms INTEGER,
    misses INTEGER NOT NULL DEFAULT 0,
    missed_ms INTEGER,
    looked_ms INTEGER,
    due_ms INTEGER,
    submitted_ms INTEGER,
    final_ms INTEGER,
    problem TEXT,
    waits_for TEXT,
    evidence TEXT,
    released_as TEXT,
    carried INTEGER,
    unread_status INTEGER,
    unread_times INTEGER NOT NULL DEFAULT 0,
    document_codes INTEGER,
    warnings INTEGER
);
CREATE INDEX report_batch ON report (batch_id);
CREATE INDEX report_state ON report (state);
CREATE INDEX report_unasked ON report (id) WHERE state = 'succeeded' AND warnings IS NULL;

CREATE TABLE report_event (
    id INTEGER PRIMARY KEY,
    report_id INTEGER NOT NULL REFERENCES report (id),
    at_ms INTEGER NOT NULL,
    before TEXT,
    after TEXT NOT NULL,
    why TEXT,
    evidence TEXT
);
CREATE INDEX report_event_report ON report_event (report_id);

CREATE TABLE rescan (
    package_id INTEGER NOT NULL,
    child_id INTEGER NOT NULL,
    PRIMARY KEY (package_id, child_id)
) WITHOUT ROWID;

CREATE TABLE roll (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    gtin TEXT NOT NULL,
    order_id INTEGER,
    state TEXT NOT NULL,
    wanted INTEGER NOT NULL,
    codes INTEGER NOT NULL DEFAULT 0,
    seen INTEGER NOT NULL DEFAULT 0,
    looked_code INTEGER NOT NULL,
    asked_ms INTEGER NOT NULL,
    asked_by TEXT,
    written_ms INTEGER
);
CREATE INDEX roll_unseen ON roll (looked_code) WHERE seen < codes;

CREATE TABLE roll_code (
    roll_id INTEGER NOT NULL,
    n INTEGER NOT NULL,
    ident TEXT NOT NULL UNIQUE,
    tail TEXT NOT NULL,
    seen INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (roll_id, n)
) WITHOUT ROWID;

CREATE TABLE serial_series (
    no INTEGER PRIMARY KEY,
    length INTEGER NOT NULL,
    prefix TEXT NOT NULL,
    step INTEGER NOT NULL,
    journal TEXT NOT NULL,
    next INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX serial_series_prefix ON serial_series (length, prefix);

CREATE TABLE short_frame (
    station TEXT PRIMARY KEY
) WITHOUT ROWID;

CREATE TABLE sscc (
    prefix TEXT PRIMARY KEY,
    next INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE sub_order (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL,
    gtin TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    level TEXT NOT NULL,
    state TEXT NOT NULL,
    series_no INTEGER,
    serial_first INTEGER,
    made INTEGER NOT NULL DEFAULT 0,
    passed INTEGER NOT NULL DEFAULT 0,
    codes INTEGER NOT NULL DEFAULT 0,
    problem TEXT
);
CREATE UNIQUE INDEX sub_order_of ON sub_order (order_id, gtin);

CREATE TABLE task (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    ident TEXT,
    package_id INTEGER,
    report_id INTEGER,
    reason TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    done_ms INTEGER,
    done_by TEXT,
    note TEXT,
    word TEXT NOT NULL DEFAULT '',
    about TEXT
);
CREATE INDEX task_group ON task (report_id, word, kind) WHERE done_ms IS NULL;
CREATE INDEX task_ident ON task (ident) WHERE ident IS NOT NULL;
CREATE INDEX task_open ON task (ident, kind) WHERE done_ms IS NULL;

CREATE TABLE unsaid (
    code_id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    why TEXT NOT NULL
);

CREATE TABLE warning (
    report_id INTEGER NOT NULL REFERENCES report (id),
    ident TEXT NOT NULL,
    result TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (report_id, ident)
) WITHOUT ROWID;
CREATE INDEX warning_ident ON warning (ident);
