"""Alarms: the kinds of problem, how much each matters, and what to do about it."""

from __future__ import annotations

from lined.vocabulary.word import N_, AdvisedWord, Word


class Severity(Word):
    """How much an alarm matters, from the least."""

    WARNING = "warning", N_("Warning")  # product or reports may suffer
    SERIOUS = "serious", N_("Serious")  # product or reports suffer
    CRITICAL = "critical", N_("Critical")  # nothing can be accepted or reported


class AlarmKind(AdvisedWord):
    """A kind of problem.

    `happened`: it is about something that is over; it stands until somebody has acknowledged it.
    """

    severity: Severity
    happened: bool

    def __init__(
        self, value: str, sentence: str, advice: str, severity: Severity = Severity.SERIOUS, happened: bool = False
    ) -> None:
        """`NAME = "value", N_("sentence"), N_("advice")[, severity[, True where it happened]]`."""
        super().__init__(value, sentence, advice)
        self.severity, self.happened = severity, happened

    DISK = (
        "disk",
        N_("The disk is full"),
        N_("Free space on the line's computer. Everything is rejected until then."),
        Severity.CRITICAL,
    )
    JOURNAL = (
        "journal",
        N_("The journal cannot be written"),
        N_("Stop the line and call the engineer. Everything is rejected."),
        Severity.CRITICAL,
    )
    DEFECT = (
        "defect",
        N_("A mistake in the program"),
        N_("The rest goes on. Have the engineer send the log to whoever looks after it."),
        Severity.SERIOUS,
        True,
    )
    DEVICE = ("device", N_("A device is not connected"), N_("Check its cable, its power and its network."))
    DEVICE_SILENT = (
        "device-silent",
        N_("A device is connected and silent"),
        N_("Switch it off and on again; check its heartbeat setting."),
    )
    DEVICE_FAULT = (
        "device-fault",
        N_("A device reports an error"),
        N_("Look at the device; its own words stand below."),
        Severity.WARNING,
        True,
    )
    DEVICE_MISSED = (
        "device-missed",
        N_("Results of a device never came"),
        N_(
            "Items may have passed unseen: read them again. Have the engineer switch on the no-read text, "
            "and see whether the device was away."
        ),
        Severity.WARNING,
        True,
    )
    DEVICE_SET_UP = (
        "device-set-up",
        N_("A scanner sends wrong characters"),
        N_("Set the scanner to raw data; check its code page and keyboard settings."),
    )
    DEVICE_SETTINGS = (
        "device-settings",
        N_("A scanner is not set up as it should be"),
        N_("Its codes are put right where that is certain. Have the engineer set what stands below."),
        Severity.WARNING,
    )
    FLOOD = (
        "flood",
        N_("A device sends far too much"),
        N_("Check its trigger and its settings, or switch it off. The other devices go on."),
    )
    PRINTER = (
        "printer",
        N_("A printer is not connected"),
        N_(
            "Check its cable, its power and its network. "
            "What it had is set aside, and is never printed again by itself."
        ),
    )
    PRINTER_RIBBON = "printer-ribbon", N_("A printer needs ribbon or ink"), N_("Put in a new ribbon or cartridge.")
    PRINTER_HEAD = "printer-head", N_("A printer's head is open"), N_("Close the head and the cover; clean the head.")
    PRINTER_STOPPED = (
        "printer-stopped",
        N_("A printer has stopped"),
        N_("Look for labels that are jammed or used up, or a pause. Its own words stand below."),
    )
    PRINTER_QUEUE = (
        "printer-queue",
        N_("A printer does not print what it has"),
        N_(
            "See whether it waits for a product or hangs. Switched off and on, it loses what it had: that is set aside."
        ),
    )
    LOW_STOCK = (
        "low-stock",
        N_("Codes for labels run low"),
        N_("Have the master order codes, or load them. Labels are printed until the last one."),
        Severity.WARNING,
    )
    CODES_LOW = (
        "codes-low",
        N_("Codes of a product run low"),
        N_("Order codes, or load them. Without codes nothing of that product can be marked."),
        Severity.WARNING,
    )
    REORDER_HELD = (
        "reorder-held",
        N_("Codes are not ordered by themselves"),
        N_("Something of an order is not clear, so nothing is ordered twice. Have the engineer see the text below."),
        Severity.WARNING,
    )
    LABELS_UNSEEN = (
        "labels-unseen",
        N_("Printed labels were seen by no reader"),
        N_("Look for them: each is a code in the open. The place and the time stand below."),
        Severity.WARNING,
    )
    STUCK_CODE = (
        "stuck-code",
        N_("The same code again and again"),
        N_("See whether an item is stuck before the scanner."),
    )
    MANY_REJECTS = (
        "many-rejects",
        N_("Everything is rejected"),
        N_("Stop the conveyor. See why: job, print, the scanner's window, the roll of labels."),
    )
    OTHER_CHECK_PART = (
        "other-check-part",
        N_("A known code with another check part"),
        N_("Keep the item: its code may be copied. Tell the engineer."),
        Severity.SERIOUS,
        True,
    )
    REJECT_NOT_CONFIRMED = (
        "reject-not-confirmed",
        N_("A rejected item may be among good ones"),
        N_("Find the item. Read the open packages' content again."),
        Severity.SERIOUS,
        True,
    )
    NO_GRADE = ("no-grade", N_("The verifier gives no grade"), N_("Check the verifier and its settings."))
    GRADE_CONTRADICTION = (
        "grade-contradiction",
        N_("The verifier contradicts itself"),
        N_("Its letter and number differ. Check its settings."),
        Severity.WARNING,
    )
    PRINT_QUALITY_FALLING = (
        "print-quality-falling",
        N_("Print quality is falling"),
        N_("Clean the print head, check ribbon and ink."),
        Severity.WARNING,
    )
    REGULATOR = (
        "regulator",
        N_("The marking system does not answer"),
        N_("Production goes on; reports wait. Check the internet."),
        Severity.WARNING,
    )
    CREDENTIAL_EXPIRES = (
        "credential-expires",
        N_("The key for the marking system expires"),
        N_("Have a new API key made in the personal account and put in its file before that day."),
        Severity.WARNING,
    )
    KIND_PAUSED = (
        "kind-paused",
        N_("Reports of a kind are paused"),
        N_("Two were refused in a row. See the work list and decide on the held one."),
    )
    HELD = (
        "held",
        N_("A report waits for a person"),
        N_("Nothing happens to it by itself. Open the reports and decide on it."),
    )
    IN_DOUBT = (
        "in-doubt",
        N_("A report's fate is unknown"),
        N_("It is being looked for. Nothing is sent twice. Wait, or see the work list."),
        Severity.WARNING,
    )
    ORDER_HELD = (
        "order-held",
        N_("An order of codes waits for a person"),
        N_("Nothing happens to it by itself, and it is not ordered again. See the orders of codes and decide on it."),
    )
    ORDER_IN_DOUBT = (
        "order-in-doubt",
        N_("The fate of an order of codes is unknown"),
        N_("It is being looked for. Nothing is ordered twice. Wait, or see the orders of codes."),
        Severity.WARNING,
    )
    ORDER_ENDS = (
        "order-ends",
        N_("An order of codes ends before all was fetched"),
        N_("See why its codes are not fetched: what is left when it ends is cancelled."),
    )
    STRANGE_ANSWER = (
        "strange-answer",
        N_("The marking system answers about something else"),
        N_("What it says about a report is not believed, and asked again. Show the engineer the text below."),
        Severity.WARNING,
    )
    CONTRACT_MOVED = (
        "contract-moved",
        N_("The marking system answers otherwise than its description"),
        N_("Nothing is wrong yet. Show the engineer the text below: there may be a newer version of the program."),
        Severity.WARNING,
        True,
    )
    CLOCK = (
        "clock",
        N_("The computer's clock is wrong"),
        N_("Set the clock right. Nothing is reported until then."),
        Severity.CRITICAL,
    )
    CLOCK_SET = (
        "clock-set",
        N_("The computer's clock was set"),
        N_("Check its date and time. Reports wait until the marking system's clock was heard."),
        Severity.WARNING,
    )
    MQTT = (
        "mqtt",
        N_("The broker does not answer"),
        N_("The PLC hears no verdicts by MQTT. Check broker and network."),
        Severity.WARNING,
    )
    MQTT_COMMAND = (
        "mqtt-command",
        N_("A command of the PLC cannot be carried out"),
        N_("Its program names a command that there is not, or retains one. Show the engineer the text below."),
        Severity.WARNING,
        True,
    )
    WRONG_TOKEN = (
        "wrong-token",
        N_("Somebody commands with a wrong token"),
        N_("A program has an old token, or somebody is guessing. See the address below and tell the engineer."),
        Severity.WARNING,
    )
    SQLITE = (
        "sqlite",
        N_("The database library is too old"),
        N_("Have the engineer install the newer one."),
        Severity.WARNING,
    )
    BALANCE = (
        "balance",
        N_("The numbers do not add up"),
        N_("See the balance for the place. Tell the engineer before the shift ends."),
    )
    READ_RATE = (
        "read-rate",
        N_("A device reads worse than usual"),
        N_("Clean its window, check light, focus and print."),
        Severity.WARNING,
    )
    SSCC_USED_UP = (
        "sscc-used-up",
        N_("No package numbers are left"),
        N_("Packages wait for a scanned code. Have the engineer give more numbers."),
    )
    BACKUP = ("backup", N_("No backup could be made"), N_("Check the backup's disk and its free space."))
    JOURNAL_DAMAGED = (
        "journal-damaged",
        N_("The journal is damaged"),
        N_("Call the engineer: do not switch the computer off, keep the backups."),
    )
    JOURNAL_GAP = (
        "journal-gap",
        N_("Codes of a damaged journal are not known"),
        N_("Have the engineer recover and adopt the journal that was set aside."),
    )
    NOTIFY = (
        "notify",
        N_("Alarms cannot be sent to people"),
        N_("Look at this page more often. Check the internet and the address."),
        Severity.WARNING,
    )
    OPEN_PACKAGE = ("open-package", N_("A package of another kind is open"), N_("Close or dissolve it."))
    REWORK = ("rework", N_("Rework was not possible"), N_("Read the text below."), Severity.WARNING, True)
    FORGOTTEN = (
        "forgotten",
        N_("Earlier codes are not known"),
        N_("The journal is new or restored. Tell the engineer before going on."),
    )
