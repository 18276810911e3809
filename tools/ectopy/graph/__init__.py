"""Int8 graphs: value objects, TFLite reader, verification."""
