"""Handlers of the demonstration: some fail on purpose. They are bundled with the processor like any user's."""
