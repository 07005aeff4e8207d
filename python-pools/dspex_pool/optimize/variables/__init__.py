"""Searches for better values of variables: trials are ordinary requests with those values overridden."""
