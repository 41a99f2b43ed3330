"""E-mails: what a message says. Services decide when it goes."""
