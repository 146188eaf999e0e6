"""Attributes of a batch, the same for each of its codes: report bodies are made of them and the first code's moment."""

from __future__ import annotations

from lined.line.state import Job


def report_attributes(job: Job, business_place_id: int) -> dict[str, object]:
    """The attributes of a utilisation batch: the product as it was when the job began, and the job's own."""
    product = job.product
    return {
        "group": product["group"],
        "release_type": product["release_type"],
        "country": product["country"],
        "shelf_life_days": product["shelf_life_days"],
        "demands": product["demands"],
        "business_place_id": business_place_id,
        **job.attributes,
    }
