"""One function per arrow of the way of the data."""
