"""The shipped profile, read once for all tests."""

from lined.regulator.profiles import load_profile

PROFILE = load_profile("asl-belgisi")
