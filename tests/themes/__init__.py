"""How Linban looks and reads, rendered without a database."""
