"""People's organisations and places: who, and where."""
