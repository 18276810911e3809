"""A replay as it is looked at: events, counts, the strip of ECG, the page."""
