"""Made rows: kept draws of the augmentation and texts that a run wrote. They stand behind the rows of the source and are only trained on."""
