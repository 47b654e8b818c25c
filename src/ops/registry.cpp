// Finds op rows by name: one index over the lists of all families.
#include "ops/registry.h"

#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"

namespace croton {
namespace {

struct Registry {
  std::vector<const Op*> rows;
  std::unordered_map<std::string_view, const Op*> by_name;

  Registry() {
    for (const auto family :
         {leaf_ops,          arithmetic_ops, math_ops,          trigonometry_ops, special_ops, complex_ops,
          logic_ops,         reduce_ops,     shape_ops,         index_ops,        order_ops,   linear_ops,
          square_matrix_ops, solving_ops,    least_squares_ops, spectral_ops,     qr_ops,      fourier_ops,
          network_ops,       random_ops,     control_ops}) {
      for (const Op& op : family()) {
        rows.push_back(&op);
        if (!by_name.emplace(op.name, &op).second) raise<InternalError>("two op rows are named '{}'", op.name);
      }
    }
  }
};

const Registry& registry() {
  static const Registry instance;
  return instance;
}

}  // namespace

const Op* find_op(std::string_view name) {
  const auto found = registry().by_name.find(name);
  return found == registry().by_name.end() ? nullptr : found->second;
}

const Op& op_named(std::string_view name) {
  const Op* op = find_op(name);
  if (op == nullptr) raise<InternalError>("there is no op row '{}'", name);
  return *op;
}

std::span<const Op* const> all_ops() { return registry().rows; }

}  // namespace croton
