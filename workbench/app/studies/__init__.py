"""Questions that take several runs, in the window: what carries them out, and the dialog that asks and answers."""
