"""Preprocessing per kind of field: fitted on the training split, the same for batches and for single values."""
