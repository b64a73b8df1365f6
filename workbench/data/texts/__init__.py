"""What the formats of texts share: reading files of any encoding, packed or not, cutting long texts into rows, XML without traps."""
