"""Parts that drivers are made of: options, framing, fields, checksums. No file here is a driver."""
