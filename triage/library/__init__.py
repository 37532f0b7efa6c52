"""The knowledge base as people keep it: what there is, how it is used, and every change with who may make it.

`listing` and `article` read; `editing`, `publishing`, `review`, `files`, `suggestions` and `exchange` change, and ask
`access` first; `trial` shows what a search would find.
"""
