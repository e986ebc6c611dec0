"""Numbers in, numbers out: no tables, no files, no state."""
