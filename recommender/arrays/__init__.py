"""Plain array helpers: the best of a vector, sparse tables, nearest vectors, scores of a source, BLAS threads."""
