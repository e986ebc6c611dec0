"""Tables bigger than memory: customers kept on disk, and scored in parts."""
