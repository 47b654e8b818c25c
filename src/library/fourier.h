// Fourier transforms of real arrays over their last axes. Complex numbers are pairs along one more, last axis.
#pragma once

#include "ir/array.h"

namespace croton {

/// result[..., k, 2] = sum over x[...] e^(-2 pi i jk/n) over the last `axes` axes of x, the last of which gives its
/// n/2 + 1 first elements; the others follow from them. Both arrays are contiguous, of one float dtype (f32, f64).
void transform_real(const Array& x, const Array& result, int axes);
/// The inverse, without the division by the number of elements. Imaginary parts that a real result excludes are not
/// read. x is overwritten.
void transform_to_real(const Array& x, const Array& result, int axes);

}  // namespace croton
