"""Outcomes of reports in delivery and by people: values, and the pure functions that decide which it is."""
