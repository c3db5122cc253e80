"""The demonstration: events of every kind through the deployed local API, and proof of where each ended."""
