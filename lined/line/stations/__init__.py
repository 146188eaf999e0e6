"""Stations: the rules by which a read is judged, in the writer's transaction."""
