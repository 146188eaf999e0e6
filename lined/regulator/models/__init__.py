"""Models of the regulator's OPEN API: what each method is asked and what it answers, a file a section of its text.

Fields are those of the text, in its order, named as it names them by the alias. A model of an answer demands only what
the answer would be of no use without: the text calls more compulsory than its own samples have. Sections are those of
API 1.21.1; where that text lost a page, of API 1.18.2.
"""
