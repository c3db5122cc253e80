"""What an operator does with a running stack, on this machine or on AWS: its outputs are all that is known of it."""
