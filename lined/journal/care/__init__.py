"""Care for the journal's files: backups, archive, damage, salvage, adoption."""
