"""Look inside, say why."""
