// Checked products of sizes.
#include "base/checked.h"

#include <algorithm>

namespace croton {

int64_t checked_product(std::span<const int64_t> sizes) {
  if (std::find(sizes.begin(), sizes.end(), 0) != sizes.end()) return 0;
  int64_t product = 1;
  for (const int64_t size : sizes) {
    if (__builtin_mul_overflow(product, size, &product)) {
      raise<OverflowError>("array size overflows: {} elements exceed 64 bits", fmt::join(sizes, " * "));
    }
  }
  return product;
}

}  // namespace croton
