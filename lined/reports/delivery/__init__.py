"""Delivery: submitting reports, searching for those in doubt, following documents, applying outcomes."""
