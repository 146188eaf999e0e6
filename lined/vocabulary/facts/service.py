"""Facts of what is around the line: the disk, the journal's care, the broker, notices, wrong tokens."""

from __future__ import annotations

from lined.vocabulary.facts.fact import FactCode
from lined.vocabulary.word import N_


class ServiceFact(FactCode):
    """`more`: a reason, in its own words. `…_at`: moments."""

    SQLITE_RACE = (
        "sqlite-race",
        N_("SQLite %(version)s can damage a journal in a rare race; install pysqlite3."),
    )
    DISK_LOW = (
        "disk-low",
        "Less than %(n)s bytes are free: everything is rejected until there is room. Free some space.",
        N_("Less than %(n)s bytes are free: everything is rejected until there is room."),
    )
    DISK_FULL = "disk-full", N_("%(more)s: everything is rejected until there is room.")
    STOPPED = "journal-stopped", N_("%(more)s. Everything is rejected until then.")
    NOT_SENT = "notices-not-sent", N_("Alarms cannot be sent: %(more)s")
    CONTRACT_MOVED = "contract-moved", "%(list)s"  # in the regulator's own names
    WRONG_TOKENS = (
        "wrong-tokens",
        N_("%(n)s requests had a wrong token, the last from %(address)s; they are answered slowly."),
    )
    KEY_EXPIRED = (
        "key-expired",
        N_("The API key expired on %(expires_at)s: reports wait until a new one stands in its file."),
    )
    KEY_EXPIRES = (
        "key-expires",
        "The API key expires within %(n:day)s, on %(expires_at)s: put a new one in its file before that.",
        N_("The API key expires on %(expires_at)s (days left: %(n)s): put a new one in its file before that."),
    )


class BrokerFact(FactCode):
    """Of the MQTT broker and what comes by it. `where`: its address; `topic`, `known`: names."""

    AWAY = "broker-away", "%(where)s: %(more)s"
    DENIED = (
        "broker-deaf",
        N_("the broker does not let %(client)s subscribe to %(commands)s: no command is heard until it may"),
    )
    RIVAL = (
        "broker-rival",
        N_(
            "another client of the broker goes by our client id %(client)s, and we take the connection from each "
            "other: is there a second lined, or a cloned PC?"
        ),
    )
    LOST = "broker-lost", N_("the connection was lost: %(more)s")
    UNCONFIRMED = "broker-unconfirmed", N_("the broker does not confirm: %(more)s")
    NOT_PUBLISHED = "not-published", N_("%(topic)s could not be published: %(more)s")
    NOT_SUBSCRIBED = "not-subscribed", N_("%(topic)s could not be subscribed to: %(more)s")
    RETAINED = (
        "command-retained",
        N_("A retained message lies on %(topic)s: it was not carried out. Clear it there."),
    )
    NO_COMMAND = (
        "no-such-command",
        N_("A command came on %(topic)s, which there is not (there are %(known)s)."),
    )

    # why a verdict was not said
    VERDICT_LATE = "broker-verdict-late", N_("the broker could not take the verdict in time")
    VERDICT_UNCONFIRMED = "broker-verdict-unconfirmed", N_("the broker did not confirm the verdict")


class CareFact(FactCode):
    """Of the journal itself: what its care found (`lined/journal/care`)."""

    NO_BACKUP = "no-backup", N_("The journal could not be backed up: %(more)s.")
    DAMAGED = (
        "journal-damaged",
        N_(
            "The journal is damaged (%(more)s). Seal and let everything be reported, then restart: it is set aside "
            "whole, and a new one takes over what the newest backup knows."
        ),
    )
    GAP = (
        "journal-gap",
        N_("%(happened)s. %(known)s. When you have taken note: lined journal confirm."),
    )
    GAP_SERIALS = (
        "journal-gap-serials",
        N_(
            "%(happened)s. %(known)s. If this line issues SSCCs, set [sscc] first above the last one it used: they may "
            "be issued again. When you have taken note: lined journal confirm."
        ),
    )
    KNOWN_SINCE = (
        "journal-known-since",
        N_(
            "Codes applied between %(since_at)s and %(until_at)s are not known to it: such a code would not be seen "
            "to be a duplicate. Reports that were unfinished then are looked for, and wait for a person before they "
            "are sent again."
        ),
    )
    NOTHING_KNOWN = (
        "journal-nothing-known",
        N_("There was no backup: nothing applied before %(until_at)s is known, and no duplicate of it is seen."),
    )
    WAS_DAMAGED = (
        "journal-was-damaged",
        N_("The journal was damaged and is set aside as %(aside)s (lined journal recover reads it)."),
    )
    RESTORED = (
        "journal-restored",
        N_("The journal was restored from %(backup)s. Nothing is sent until a person confirms."),
    )
    GONE = "journal-gone", N_("The journal was gone. Nothing is sent until a person confirms.")
    OTHER = (
        "journal-other",
        N_(
            "The journal is not the one that was here last: it is older, or another's. Nothing is sent until a person "
            "confirms."
        ),
    )
    OTHER_ASIDE = (
        "journal-other-aside",
        N_(
            "The journal is not the one that was here last: it is older, or another's (%(aside)s is what was there, "
            "set aside). Nothing is sent until a person confirms."
        ),
    )
