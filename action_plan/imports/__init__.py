"""How a file becomes actions: plan, show, apply."""
