"""The regulator's room: contract profiles, the HTTP client (the only httpx), credentials, the budget of requests.

What other rooms need stands here; errors are those of lined.vocabulary.errors.
"""

from lined.regulator.account import Account, Secret
from lined.regulator.answers import CodeEvent, CodeHistory, CodeOutcome, Document, DocumentError, Receipt
from lined.regulator.budget import BucketState
from lined.regulator.client import Regulator
from lined.regulator.credentials import NewKey, OnNewSecret
from lined.regulator.profile import Profile
from lined.regulator.profiles import load_profile, profile_names

__all__ = [
    "Account",
    "BucketState",
    "CodeEvent",
    "CodeHistory",
    "CodeOutcome",
    "Document",
    "DocumentError",
    "NewKey",
    "OnNewSecret",
    "Profile",
    "Receipt",
    "Regulator",
    "Secret",
    "load_profile",
    "profile_names",
]
