"""Programs that measure the engine and the shop and print tables: ``python -m bench``."""

import os

# Before NumPy is first imported: BLAS threads that wait for each other make small products many times slower, so the
# shop pins every process to one, and what is measured here is measured in the same surroundings.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
