"""How the reports' e-mails read."""
