"""The `fluxa` command and the local platform: what operators and developers type."""
