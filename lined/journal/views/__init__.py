"""Questions over several tables, for people and for reports. Read only."""
