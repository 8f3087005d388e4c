"""What scenarios share; no scenario itself."""
