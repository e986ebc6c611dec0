"""One file a problem; every file of this folder is found by its name."""
