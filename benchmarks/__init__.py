"""How fast the product is, as ratios to the same work done by hand. See README.md."""
