"""The words of the domain, each once, and its errors: what every room may use, and which uses no other room.

`word` is what a word is, the other files are the enums: whatever code compares or stores is a member of one of them.
"""
