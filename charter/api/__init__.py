"""The charter for programs."""
