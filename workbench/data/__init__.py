"""Data: typed fields, formats, splits, preprocessing, tokenisers, batches. A batch is one index gather."""
