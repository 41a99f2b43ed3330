"""Pages about reports by e-mail."""
