"""What is learned: loss, metrics, decoding."""
