"""Supply of codes: pools of codes that were issued for a product, and the files they come in."""
