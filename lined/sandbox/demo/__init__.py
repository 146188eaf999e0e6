"""The demo's plant: simulated devices, the regulator's stand-in and the real daemon on one machine."""
