"""Arrays in, records out: accuracy, agreement, latency."""
