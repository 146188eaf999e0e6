"""The registry of commands: a command, the types of its fields, and the carrying out."""
