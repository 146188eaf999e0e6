"""Reports: from a sealed batch to the outcome of each of its codes.

Guarantees: a body is frozen, to the byte, in the transaction that claims its codes; `sending` is on disk before the first
byte leaves; what may have been received is looked for before it is sent again; what a person must decide is held. It never
waits for the line and the line never waits for it: the journal lies between them.

`bodies` makes the bytes, `freezing` fixes them, `submission` sends, `doubt` looks for what is in doubt, `following` asks what
became of a document, `outcomes` writes it down code by code, `people` are the decisions only a person may take, `delivery`
is the loop.
"""
