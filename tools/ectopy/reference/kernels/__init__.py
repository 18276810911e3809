"""One plain function per operator kind; one file per family.

Each takes the graph, the operator and its operands, and returns the int8 output. They say what
tflite-micro's reference kernels compute, slowly and legibly; the property tests hold them to it
byte by byte.
"""
