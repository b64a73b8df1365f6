"""The user's own layers on the Build page: the strip that asks for trust, the editor with the checks, the first file."""
