"""Reports by e-mail, read: who gets what and why not, what falls due, what became of it."""
