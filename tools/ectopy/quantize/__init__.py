"""Float Keras model -> full-integer TFLite, and what that costs."""
