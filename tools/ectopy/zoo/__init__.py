"""Model bundles in the heartKIT zoo layout."""
