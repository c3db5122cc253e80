"""What can go wrong while a bundle is named or built, in words for the person who deploys."""


class BundleError(Exception):
    """A bundle cannot be named or built; the message says what to do about it."""
