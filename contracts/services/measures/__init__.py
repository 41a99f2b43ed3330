"""What is done to the library: loading, importing, local priorities."""
