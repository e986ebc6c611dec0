"""What people read and act on: the page, its tables and pictures, and the list."""
