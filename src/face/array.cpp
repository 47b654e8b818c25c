// Owned arrays: made of zeros, read as a number.
#include "croton/array.h"

#include "face/bridge.h"

namespace croton {

OwnedArray zero_array(DType dtype, Shape shape) { return face::owned(zeros(dtype, std::move(shape))); }

double OwnedArray::item() const {
  if (size() != 1) raise<ValueError>("an array of {} elements is not one number", size());
  if (is_complex(dtype_)) raise<TypeError>("an array of dtype {} is not one real number", dtype_name(dtype_));
  return element_as_double(static_cast<const std::byte*>(data_.get()), dtype_);
}

}  // namespace croton
