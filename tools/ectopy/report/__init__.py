"""Run records to Markdown."""
