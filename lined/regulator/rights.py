"""The likely causes of a missing right. Roles, business places and product groups of a user cannot be asked for: they
only show as a 403 (API 1.21.1 §3.4), which rarely says which of the three it was.
"""

from __future__ import annotations

from lined.regulator.account import Account
from lined.regulator.profile import Method
from lined.regulator.reply import Reply

FORBIDDEN = 403
WHERE = "an administrator of the participant gives it to the user in the personal account"


def missing(reply: Reply, method: Method, account: Account, product_group: str = "") -> str:
    """`; likely missing: …`, to be put behind the answer's own words; empty for anything but a 403, or a 4xx with
    an error that says so.
    """
    rights = account.profile.errors.rights
    if reply.page or (reply.status != FORBIDDEN and (reply.ok or rights.isdisjoint(reply.codes))):
        return ""
    if method.business and not account.business:
        return "; a technical user cannot do this: it takes a business user's API key"
    text = " ".join(" ".join((note.text, *note.values)) for note in reply.notes).casefold().replace(" ", "")
    place = f"business place {account.business_place_id}"
    group = f"product group {product_group}" if product_group else ""
    if "businessplace" in text:
        found = [place]
    elif group and "productgroup" in text:
        found = [group]
    else:
        found = [part for part in (f"the role «{method.role}»" if method.role else "", place, group) if part]
    return f"; likely missing: {' or '.join(found)}; {WHERE}"
