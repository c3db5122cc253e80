"""The emulator as we run it: its own program, with a few of its functions replaced before it starts (ADR 40).

Runs in the emulator's environment, so that it imports nothing of this project but itself.
"""
