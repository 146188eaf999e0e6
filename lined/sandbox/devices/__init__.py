"""Devices in simulation: scanners that play codes over TCP, serial ports and pseudo terminals."""
