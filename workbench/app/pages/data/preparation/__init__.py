"""The tab Preparation of the Data page: fields, texts as tokens, splits, balance, augmentation; every change one step of the history."""
