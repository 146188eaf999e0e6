"""The line: jobs, stations, packing, verdicts. Decisions, and what the outside sees of them through `ports`."""
