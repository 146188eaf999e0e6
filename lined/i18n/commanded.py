"""Words about commands: what they are called, what their fields are called."""

from __future__ import annotations

from lined.vocabulary.word import N_

COMMANDS = {
    "job-start": N_("Start a job"),
    "job-stop": N_("Stop the job"),
    "job-correct": N_("Correct the job"),
    "seal": N_("Report now"),
    "report-retry": N_("Send again"),
    "report-release": N_("Release the report"),
    "report-correct": N_("Correct reported codes"),
    "package-close": N_("Close a package"),
    "package-dissolve": N_("Dissolve a package"),
    "package-take-out": N_("Take out of a package"),
    "package-replace": N_("Put another in its place"),
    "task-done": N_("Dealt with"),
    "withdraw": N_("Withdraw the code"),
    "read": N_("Type in a read"),
    "count": N_("Counts of the PLC"),
    "reject-confirm": N_("Reject confirmed"),
    "person-set": N_("Somebody who may sign in"),
    "person-remove": N_("Somebody may not sign in any more"),
    "alarm-acknowledge": N_("Alarm seen"),
    "order-new": N_("Codes ordered"),
    "order-close": N_("An order of codes closed"),
    "order-confirm": N_("Decided about an order of codes"),
    "code-ask": N_("Code looked up in the marking system"),
}

FIELDS = {
    "gtin": "GTIN",
    "order": N_("Order"),
    "series": N_("Series (lot)"),
    "production_date": N_("Production date"),
    "expiration_date": N_("Expiry date"),
    "country": N_("Country of production"),
    "code": N_("Code"),
    "with": N_("The code that takes its place"),
    "parent": N_("Code of the package"),
    "reason": N_("Reason"),
    "station": N_("Station"),
    "document_id": N_("Document"),
    "codes": N_("Codes"),
}
