"""Kinds of reports: what a body of each holds and how it is encoded."""
