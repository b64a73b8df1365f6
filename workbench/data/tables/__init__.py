"""Tables before they are datasets: cells read from files of any encoding, and what each column seems to hold."""
