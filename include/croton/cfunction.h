// Compiled functions for C, ctypes, Numba and SciPy: a plain pointer to call and one to hand over with each call.
// C99 and C++ include it.
#ifndef CROTON_CFUNCTION_H
#define CROTON_CFUNCTION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Runs the function. `data` has a pointer for each input, then one for each output, each to elements of the variable's
/// dtype in C order, aligned to their size. `shapes` has the sizes of all their axes, one array after another; scalars
/// have none. Results are written where the output pointers point; their sizes must be those that the function
/// computes. Outputs may overlap inputs. 0: all is written, shared variables have their new values; 1: nothing has
/// changed, and croton_last_error() says why. Any thread may call, with or without Python's lock, also many at once.
typedef int32_t (*croton_array_function)(void* context, void* const* data, const int64_t* shapes);

/// The same for functions of float64 scalars with one such result: `count` values, as SciPy's LowLevelCallable passes
/// them. NaN in case of an error.
typedef double (*croton_scalar_function)(int count, double* values, void* context);

/// What went wrong in the last call on this thread that failed; valid until the next failing one.
const char* croton_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
