"""Reports: from a sealed batch to the outcome of each of its codes.

Guarantees: a body is frozen, to the byte, in the transaction that claims its codes; `sending` is on disk before the
first byte leaves; what may have been received is looked for before it is sent again; what a person must decide is held.
It never waits for the line and the line never waits for it: the journal lies between them.

`kinds` is what is particular to each kind of report. `delivery` asks and writes: `freezing` fixes a report's bytes,
`frozen` reads them back, `submit` sends, `search` looks for what is in doubt, `echo` tells a refusal from our own echo,
`follow` asks what became of a document, `applying` writes it down, `loops` takes turns. `outcomes` is what can become
known, and decides which it is. `people` are the decisions only a person may take.
"""
