"""Jobs: what is produced, from its start to its end, and the batches it fills."""
