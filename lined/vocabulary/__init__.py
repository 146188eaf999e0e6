"""The words of the domain and of its errors: what every room may use, and which uses no other."""
