"""Texts for people in Uzbek, Russian and English: catalogues, sentences, numbers and times as people read them."""
