"""The schema registry as operators see it: which schemas there are, and whether a change to one may be published."""
