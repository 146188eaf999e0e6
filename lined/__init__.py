"""lined: mandatory product marking on a production line, from the scanner's bytes to the regulator's outcome."""

__version__ = "0.1.0"
