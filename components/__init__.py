"""What exists: the boxes of the picture, in the order an event passes through them."""
