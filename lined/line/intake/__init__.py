"""Intake: from a device's frames to the writer's queue, and back as verdicts and acknowledgements."""
