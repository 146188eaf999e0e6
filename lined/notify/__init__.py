"""Notifications: alarms to people who are not at the page, through Apprise."""
