"""The journal's tables, as migrations: a fresh journal is all of them in turn.

Times are milliseconds since 1970, UTC. `*_no` are small numbers that stand for ids of the configuration.

    job       one row a run of a product, with the product's settings as they were when it began.
    device    ids of devices and the small numbers that stand for them in rows.
    code      one row a code, for ever; it is also the read that applied the code. Its state is `own` where it has one
              of its own (refused, withdrawn, held, reported), else that of the current report of its batch: so a report
              of 30,000 codes changes state in one small write.
    code_event   what happened to single codes afterwards, as far as no other table tells it.
    unsaid    codes whose accept could not be told to their device.
    report    one row a report. A batch is the set of codes that a first report was opened for; a report that takes over
              the codes of a refused one keeps its `batch_id`. Codes of a batch lie in first_code..last_code.
    report_event   every change of a report's state, with why and what came back.
    body      the exact bytes of frozen reports, compressed.
    let_go, put_by   documents that a report has left, and those it may come back to; they stay known as ours.
    nameless  by kind, how many refusals in a row named no code.
    read      every read that did not apply a code: rejects, no-reads, repeats.
    grade     every reading of a print quality. The one row of a code with a `batch_id` is its row in a
              validation report: `as_class` is what will be sent, `own` as in `code`.
    package   a group, box or pallet, with its open time, its parent (`package_id`) and the batch that reported it.
              Units lie in it by `code.package_id`. A package that was re-packed after it was reported is a new row.
    rescan    what was seen again of a package whose content has to be scanned again before it closes.
    short_frame   pack stations whose next frame may hold less than a full package.
    sscc      the next serial number of each range of SSCCs.
    asked     when somebody last asked for what is open to be sealed, by kind of report.
    freed     what left a reported package: it can be reported in another once that disaggregation is accepted.
    member    the codes of disaggregation and correction reports.
    task      what a person has to look at: a refused code, a package that holds one.
    alarm     what went wrong, from when to when, and who has seen it; `place` is the device, station or report.
    notified  what the people at an address were last told of alarms.
    command   commands that were carried out, with their answers: an `id` that comes again is answered again.
    pool, pool_code   the codes that were issued for a product, as far as they were loaded: `pool_code` holds what
              follows the GTIN in their identification codes, and, for the printer, their check parts (`tail`) where
              these came.
    code_order, code_order_event   orders of codes, and how each came to its state.
    sub_order, code_pack   the products of an order, and the packs their codes came in: `pool_code.pack_no` is theirs.
    serial_series   which serial numbers that we make ourselves are used.
    label     what was given to printers, one row each time; `pool_code.given_ms`: when a code was given out, to a
              printer or into a file, never again.
    roll, roll_code   codes given out together into a file, for a printer's own software: what of it is printed, and was
              not applied since, is out there.
    warning   codes that the regulator processed with a remark.
    counter   the sums people see, job by job (job 0: the life of the journal), changed in the transaction they count.
    clock_setting   how the computer's clock was set and since which rows; see tables/clock_settings.py.
    account   whose codes the journal holds: one row.
    life      whether the journal was stopped in order, and of which moment a copy of it is: one row.
    gap       what the journal cannot know since it took over from another: one row.
    age       the journal's own name and the number of its newest commit: one row.
    person    who may sign in at the page, and as what.
    audit     who commanded what, with why: each row's hash is over the row and the hash of the one before it.
    minute    what only a sum knows (items that the PLC saw and ejected, rejects confirmed) by minutes since 1970, for
              the reports of shifts: one row for each sum that changed in that minute.
"""

from __future__ import annotations

from sqlite_utils.db import Database
from sqlite_utils.migrations import Migrations

from lined.journal.database import Connection
from lined.journal.tables import audit, code_orders, labels, people, pool_stock, pools, rolls, serial_series, sub_orders

migrations = Migrations("lined")

_BEGINNING = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE device (no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE job (
    id INTEGER PRIMARY KEY, gtin TEXT NOT NULL, product TEXT NOT NULL, mode TEXT NOT NULL, attributes TEXT NOT NULL,
    started_ms INTEGER NOT NULL, started_by TEXT, stopped_ms INTEGER, stopped_by TEXT
);
CREATE TABLE report (
    id INTEGER PRIMARY KEY, batch_id INTEGER NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
    job_id INTEGER NOT NULL REFERENCES job (id), attributes TEXT NOT NULL, day TEXT,
    codes INTEGER NOT NULL DEFAULT 0, first_code INTEGER, last_code INTEGER, first_ms INTEGER, last_ms INTEGER,
    full INTEGER NOT NULL DEFAULT 0, early INTEGER NOT NULL DEFAULT 0, revision INTEGER NOT NULL DEFAULT 0,
    opened_ms INTEGER NOT NULL, sealed_ms INTEGER, seal_reason TEXT, frozen_ms INTEGER, fingerprint TEXT,
    document_id TEXT UNIQUE, document_status TEXT, attempts INTEGER NOT NULL DEFAULT 0,
    attempt_ms INTEGER, attempt_server_ms INTEGER, misses INTEGER NOT NULL DEFAULT 0, missed_ms INTEGER,
    looked_ms INTEGER, due_ms INTEGER, submitted_ms INTEGER, final_ms INTEGER,
    problem TEXT, waits_for TEXT, evidence TEXT, released_as TEXT
);
CREATE INDEX report_state ON report (state);
CREATE INDEX report_batch ON report (batch_id);
CREATE TABLE body (report_id INTEGER PRIMARY KEY REFERENCES report (id), packed BLOB NOT NULL);
CREATE TABLE report_event (
    id INTEGER PRIMARY KEY, report_id INTEGER NOT NULL REFERENCES report (id), at_ms INTEGER NOT NULL,
    before TEXT, after TEXT NOT NULL, why TEXT, evidence TEXT
);
CREATE INDEX report_event_report ON report_event (report_id);
CREATE TABLE code (
    id INTEGER PRIMARY KEY, ident TEXT NOT NULL UNIQUE, tail TEXT NOT NULL, at_ms INTEGER NOT NULL,
    device_no INTEGER NOT NULL, job_id INTEGER NOT NULL, batch_id INTEGER NOT NULL, own TEXT
);
CREATE TABLE code_event (
    id INTEGER PRIMARY KEY, code_id INTEGER NOT NULL, at_ms INTEGER NOT NULL, what TEXT NOT NULL, detail TEXT,
    report_id INTEGER, by TEXT
);
CREATE INDEX code_event_code ON code_event (code_id);
CREATE TABLE unsaid (code_id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, why TEXT NOT NULL);
CREATE TABLE read (
    id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, device_no INTEGER NOT NULL, job_id INTEGER NOT NULL,
    verdict TEXT NOT NULL, code_id INTEGER, raw BLOB
);
CREATE INDEX read_code ON read (code_id) WHERE code_id IS NOT NULL;
CREATE TABLE counter (
    job_id INTEGER NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (job_id, name)
) WITHOUT ROWID;
CREATE TABLE command (
    id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, name TEXT NOT NULL, by TEXT, body TEXT NOT NULL,
    answer TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX command_at ON command (at_ms);
"""


_PACKING = """
ALTER TABLE code ADD COLUMN package_id INTEGER;
CREATE INDEX code_package ON code (package_id) WHERE package_id IS NOT NULL;
CREATE TABLE package (
    id INTEGER PRIMARY KEY, ident TEXT, level TEXT NOT NULL, station TEXT NOT NULL, job_id INTEGER NOT NULL,
    gtin TEXT NOT NULL, lot TEXT NOT NULL, child_level TEXT NOT NULL, capacity INTEGER NOT NULL,
    holds INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'open', close_requested INTEGER NOT NULL DEFAULT 0,
    suspect TEXT, package_id INTEGER REFERENCES package (id), code_id INTEGER, opened_ms INTEGER NOT NULL,
    closed_ms INTEGER, closed_no INTEGER, batch_id INTEGER, own TEXT, own_report INTEGER,
    after_report INTEGER, earlier_id INTEGER,
    tail TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX package_ident ON package (ident) WHERE ident IS NOT NULL AND state <> 'dissolved';
CREATE UNIQUE INDEX package_open ON package (station) WHERE state = 'open';
CREATE INDEX package_parent ON package (package_id) WHERE package_id IS NOT NULL;
CREATE INDEX package_batch ON package (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX package_closed ON package (closed_no) WHERE closed_no IS NOT NULL;
CREATE INDEX package_waiting ON package (id) WHERE state = 'closed' AND batch_id IS NULL;
CREATE TABLE rescan (
    package_id INTEGER NOT NULL, child_id INTEGER NOT NULL, PRIMARY KEY (package_id, child_id)
) WITHOUT ROWID;
CREATE TABLE freed (ident TEXT PRIMARY KEY, report_id INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE grade (
    id INTEGER PRIMARY KEY, ident TEXT NOT NULL, at_ms INTEGER NOT NULL, device_no INTEGER NOT NULL,
    job_id INTEGER NOT NULL, class TEXT, said TEXT, value REAL, formal TEXT, device_at TEXT, verdict TEXT NOT NULL,
    batch_id INTEGER, as_class TEXT, own TEXT
);
CREATE INDEX grade_ident ON grade (ident);
CREATE TABLE member (
    batch_id INTEGER NOT NULL, ident TEXT NOT NULL, own TEXT, own_report INTEGER, PRIMARY KEY (batch_id, ident)
) WITHOUT ROWID;
CREATE INDEX member_ident ON member (ident);
CREATE TABLE task (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, ident TEXT, package_id INTEGER, report_id INTEGER, reason TEXT NOT NULL,
    created_ms INTEGER NOT NULL, done_ms INTEGER, done_by TEXT, note TEXT
);
CREATE INDEX task_open ON task (ident, kind) WHERE done_ms IS NULL;
CREATE INDEX task_ident ON task (ident) WHERE ident IS NOT NULL
"""

# What was counted before stations were told apart stands under a station of no name; `code.applied` is what was counted
# into any state.
_ALARMS = """
CREATE TABLE alarm (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, place TEXT NOT NULL, severity TEXT NOT NULL, text TEXT NOT NULL,
    raised_ms INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 1, acknowledged_ms INTEGER, acknowledged_by TEXT,
    cleared_ms INTEGER
);
CREATE INDEX alarm_place ON alarm (kind, place);
CREATE INDEX alarm_standing ON alarm (id) WHERE cleared_ms IS NULL;
INSERT INTO counter (job_id, name, n) SELECT job_id, 'station..' || name, n FROM counter
    WHERE name GLOB 'read.*' OR name GLOB 'reason.*';
INSERT INTO counter (job_id, name, n) SELECT job_id, 'code.applied', sum(n) FROM counter
    WHERE name GLOB 'code.*' GROUP BY job_id
"""

# How many codes the frozen body holds. `codes` are those without a state of their own, which say the sums.
_CARRIED = "ALTER TABLE report ADD COLUMN carried INTEGER"


# What was counted before has no minute: reports of shifts know nothing of it.
_MINUTES = """
CREATE TABLE minute (
    minute INTEGER NOT NULL, job_id INTEGER NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (minute, job_id, name)
) WITHOUT ROWID
"""

# A refused report puts each of its codes on the work list: they are shown, counted and ended together.
_TASK_GROUPS = """
CREATE INDEX task_group ON task (report_id, substr(reason, 1, instr(reason || ':', ':') - 1), kind)
    WHERE done_ms IS NULL
"""

# What was written before was dated by a clock nothing is known of.
_CLOCK = """
CREATE TABLE clock_setting (
    id INTEGER PRIMARY KEY, boot TEXT NOT NULL, offset_ms INTEGER NOT NULL, from_ms INTEGER NOT NULL, step_ms INTEGER,
    first_code INTEGER NOT NULL, first_event INTEGER NOT NULL, first_closing INTEGER NOT NULL, skew_ms INTEGER
)
"""


# How often in a row a report got the same status of 4xx that was no answer of the regulator's own.
_UNREADABLE = """
ALTER TABLE report ADD COLUMN unread_status INTEGER;
ALTER TABLE report ADD COLUMN unread_times INTEGER NOT NULL DEFAULT 0
"""

# How many codes its document holds, where it was named by a person and may hold others too. `warnings`: how many codes
# were processed with a remark; NULL: the regulator has not been asked.
_WARNINGS = """
ALTER TABLE report ADD COLUMN document_codes INTEGER;
ALTER TABLE report ADD COLUMN warnings INTEGER;
CREATE TABLE warning (
    report_id INTEGER NOT NULL REFERENCES report (id), ident TEXT NOT NULL, result TEXT NOT NULL,
    at_ms INTEGER NOT NULL, PRIMARY KEY (report_id, ident)
) WITHOUT ROWID;
CREATE INDEX warning_ident ON warning (ident);
UPDATE report SET warnings = 0 WHERE state = 'succeeded';
CREATE INDEX report_unasked ON report (id) WHERE state = 'succeeded' AND warnings IS NULL
"""

# The drawer of keys becomes tables. `account`, `life` and `gap` have one row at most.
_NO_DRAWER = """
CREATE TABLE account (
    one INTEGER PRIMARY KEY CHECK (one = 1), profile TEXT, url TEXT, tin TEXT, business_place_id TEXT
);
CREATE TABLE life (one INTEGER PRIMARY KEY CHECK (one = 1), clean INTEGER, backup_ms INTEGER);
CREATE TABLE gap (
    one INTEGER PRIMARY KEY CHECK (one = 1), why TEXT NOT NULL, since_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,
    backup TEXT, aside TEXT, confirmed_ms INTEGER, confirmed_by TEXT, serials_known INTEGER NOT NULL
);
CREATE TABLE sscc (prefix TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE short_frame (station TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE asked (kind TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE nameless (kind TEXT PRIMARY KEY, refusals INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE notified (address TEXT PRIMARY KEY, told TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE let_go (document_id TEXT PRIMARY KEY, report_id INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE put_by (report_id INTEGER PRIMARY KEY, document_id TEXT NOT NULL)
"""
_OUT_OF_DRAWER = """
INSERT OR REPLACE INTO account (one, profile, url, tin, business_place_id)
    SELECT 1, max(value) FILTER (WHERE key = 'profile'), max(value) FILTER (WHERE key = 'url'),
        max(value) FILTER (WHERE key = 'tin'), max(value) FILTER (WHERE key = 'business_place_id')
    FROM meta WHERE key IN ('profile', 'url', 'tin', 'business_place_id') HAVING count(*) > 0;
INSERT OR REPLACE INTO life (one, clean, backup_ms)
    SELECT 1, max(value = 'clean') FILTER (WHERE key = 'stopped'),
        max(CAST(value AS INTEGER)) FILTER (WHERE key = 'backup_at')
    FROM meta WHERE key IN ('stopped', 'backup_at') HAVING count(*) > 0;
INSERT OR REPLACE INTO gap (one, why, since_ms, until_ms, backup, aside, confirmed_ms, confirmed_by, serials_known)
    SELECT 1, value ->> 'why', value ->> 'since_ms', value ->> 'until_ms', value ->> 'backup', value ->> 'aside',
        value ->> 'confirmed_ms', value ->> 'confirmed_by', coalesce(value ->> 'serials_known', 1)
    FROM meta WHERE key = 'gap';
INSERT OR REPLACE INTO sscc SELECT substr(key, 6), CAST(value AS INTEGER) FROM meta WHERE key GLOB 'sscc:*';
INSERT OR REPLACE INTO short_frame SELECT substr(key, 13) FROM meta WHERE key GLOB 'short-frame:*';
INSERT OR REPLACE INTO asked SELECT substr(key, 7), CAST(value AS INTEGER) FROM meta WHERE key GLOB 'asked:*';
INSERT OR REPLACE INTO nameless SELECT substr(key, 10), CAST(value AS INTEGER) FROM meta WHERE key GLOB 'nameless:*';
INSERT OR REPLACE INTO notified SELECT substr(key, 10), value FROM meta WHERE key GLOB 'notified:*';
INSERT OR REPLACE INTO let_go SELECT substr(key, 10), CAST(value AS INTEGER) FROM meta WHERE key GLOB 'document:*';
INSERT OR REPLACE INTO put_by
    SELECT CAST(substr(key, 17) AS INTEGER), value FROM meta WHERE key GLOB 'document-before:*';
DROP TABLE meta
"""


# One row. `commits` rises with every transaction of the writer, so that the mark beside the journal can tell an older
# one from it.
_AGE = """
CREATE TABLE age (one INTEGER PRIMARY KEY CHECK (one = 1), journal TEXT NOT NULL, commits INTEGER NOT NULL);
INSERT INTO age (one, journal, commits) VALUES (1, lower(hex(randomblob(8))), 0)
"""


# What tasks are grouped by, and the code to blame where a task is about what lies around it: both stood in `reason`,
# the code behind the last blank.
_TASK_WORDS = """
ALTER TABLE task ADD COLUMN word TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN about TEXT;
UPDATE task SET about = substr(reason, length(rtrim(reason, replace(reason, ' ', ''))) + 1)
    WHERE kind = 'package-holds-refused' AND instr(reason, ': ') > 0;
UPDATE task SET reason = substr(reason, 1, length(reason) - length(about) - 2) WHERE about IS NOT NULL;
UPDATE task SET word = substr(reason, 1, instr(reason || ':', ':') - 1);
DROP INDEX task_group;
CREATE INDEX task_group ON task (report_id, word, kind) WHERE done_ms IS NULL
"""


@migrations()
def m001_beginning(db: Database) -> None:
    run_script(db, _BEGINNING)


@migrations()
def m002_packing(db: Database) -> None:
    run_script(db, _PACKING)


@migrations()
def m003_alarms(db: Database) -> None:
    run_script(db, _ALARMS)


@migrations()
def m004_pools(db: Database) -> None:
    run_script(db, pools.CREATED)


@migrations()
def m005_carried(db: Database) -> None:
    run_script(db, _CARRIED)


@migrations()
def m006_minutes(db: Database) -> None:
    run_script(db, _MINUTES)


@migrations()
def m007_task_groups(db: Database) -> None:
    run_script(db, _TASK_GROUPS)


@migrations()
def m008_unreadable(db: Database) -> None:
    run_script(db, _UNREADABLE)


@migrations()
def m009_pool_tails(db: Database) -> None:
    run_script(db, pools.TAILS)


@migrations()
def m010_clock(db: Database) -> None:
    run_script(db, _CLOCK)


@migrations()
def m011_warnings(db: Database) -> None:
    run_script(db, _WARNINGS)


@migrations()
def m012_no_drawer(db: Database) -> None:
    run_script(db, _NO_DRAWER + ";" + _OUT_OF_DRAWER)


@migrations()
def m013_age(db: Database) -> None:
    run_script(db, _AGE)


@migrations()
def m014_task_words(db: Database) -> None:
    run_script(db, _TASK_WORDS)


@migrations()
def m015_people(db: Database) -> None:
    run_script(db, people.CREATED + ";" + audit.CREATED)


@migrations()
def m016_labels(db: Database) -> None:
    run_script(db, labels.CREATED + ";" + pool_stock.GIVEN)


@migrations()
def m017_code_orders(db: Database) -> None:
    created = (code_orders.CREATED, sub_orders.CREATED, serial_series.CREATED, pools.PACKED)
    run_script(db, ";".join(created))


@migrations()
def m018_rolls(db: Database) -> None:
    run_script(db, rolls.CREATED + ";" + pool_stock.PACKED)


@migrations()
def m019_stock(db: Database) -> None:
    run_script(db, pools.GONE + ";" + code_orders.BY_ITSELF)


@migrations()
def m020_seen_once(db: Database) -> None:
    run_script(db, rolls.SEEN)


def empty_drawer(connection: Connection) -> None:
    """What lies in the drawer `meta` of an older journal that was put beside the tables goes into them."""
    run_script(Database(connection), _OUT_OF_DRAWER)


def run_script(db: Database, script: str) -> None:
    """Statement by statement: SQLite's own script call would commit the migration's transaction first."""
    for statement in script.split(";"):
        if statement.strip():
            db.execute(statement)
