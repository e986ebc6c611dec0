"""Files and folders: written as a whole or not at all, and not believed when they are read."""
