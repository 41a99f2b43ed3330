"""How the e-mails of the charter read, and where their links lead."""
