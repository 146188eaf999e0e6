"""Statements, a file a table: what is written, and what is asked of one row."""
