"""Watching the line: problems, alarms, the mass balance, read rates, rejects that must be confirmed."""
