"""What every layer promises, as checks that say in a sentence what is broken: for the catalogue's tests and for a user's own layers."""
