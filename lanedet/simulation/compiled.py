"""The compiler's options for loops over numbers, where NumPy needs many passes.

The first process that calls a compiled function compiles it, all of them within about
15 s; others find them in numba's cache. That cache notices a change in the file of a
function only. So what one compiled function calls of another lies in the same file, and
who changes the options here deletes the files ``*.nbi`` in ``__pycache__``.

A compiler turns a plain loop over one row of numbers into instructions for eight of
them at a time, but no loop with a loop over three channels inside, nor one that reads
where a number says. Hence most functions work row by row: they spread what belongs to
pixels over channels, or write down where to read before they read.
"""

from numba import njit

# No number is rounded otherwise than without these options. They leave out checks: for
# division by zero, and for which of two numbers min and max return if one is not a
# number, or of two zeros. What would not be a number must not arise.
compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"nnan", "nsz"})
