"""Orders of codes: placed once, looked for where in doubt, fetched pack by pack, each code into its pool once."""
