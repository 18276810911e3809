"""ectopy: ECG beat classifiers on a microcontroller, with proof.

The layers, from the bottom up, are listed in ``tests/contracts/test_layers.py``.
"""

__version__ = "0.1.0"
