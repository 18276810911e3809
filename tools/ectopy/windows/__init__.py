"""ECG records to labelled windows."""
