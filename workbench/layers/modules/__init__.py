"""Modules of our own. Each file imports torch alone, and what a drawing uses of it is printed word for word into exported source."""
