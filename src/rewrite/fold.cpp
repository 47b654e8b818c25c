// Constant folding through the rows' reference values; sizes come from the size rules before anything is allocated.
#include "rewrite/fold.h"

#include <vector>

#include "base/checked.h"
#include "base/error.h"
#include "ir/array.h"
#include "ir/op.h"
#include "rewrite/shapes.h"

namespace croton {
namespace {

bool may_fold(const Node& node) {
  const Op& op = *node.op;
  if (!op.value || !node.bodies.empty() || node.inputs.empty() || node.types.size() != 1) return false;
  if (op.has(opaque) || op.has(effect) || op.has(random) || op.has(leaf) || op.has(lazy)) return false;
  if (!node.types[0].is_tensor()) return false;
  for (const Var& input : node.inputs) {
    if (!literal_of(input)) return false;
  }
  return true;
}

// A copy of the node whose inputs keep it alive: size rules answer for variables, and the node itself has no handle
// yet.
int64_t result_elements(const Node& node) {
  ShapeFacts facts;
  const NodePtr copy = new_node(*node.op, node.inputs, node.types, node.attributes);
  std::vector<int64_t> shape;
  for (const SizeId id : facts.sizes({copy, 0})) {
    int64_t size = 0;
    if (!facts.is_constant(id, size) || size < 0) return -1;
    shape.push_back(size);
  }
  return checked_product(shape);
}

int64_t input_elements(const Node& node) {
  int64_t total = 0;
  for (const Var& input : node.inputs) total += checked_product(literal_of(input)->shape);
  return total;
}

// Output axes that really have size one are known to be so afterwards only if the type said so: types do not change by
// folding.
std::shared_ptr<const Literal> evaluated(const Node& node) {
  std::vector<Array> inputs, outputs;
  for (const Var& input : node.inputs) inputs.push_back(array_of(input.node->attributes.literal));
  node.op->value(node, inputs, outputs);
  if (outputs.size() != 1 || outputs[0].dtype != node.types[0].dtype) return nullptr;
  return literal_of_array(outputs[0], node.types[0].ones);
}

}  // namespace

std::shared_ptr<const Literal> folded(const Node& node, size_t limit) {
  if (!may_fold(node)) return nullptr;
  try {
    const int64_t elements = result_elements(node);
    if (elements < 0) return nullptr;
    const int64_t bytes = checked_multiply(elements, item_size(node.types[0].dtype));
    if (bytes > static_cast<int64_t>(limit)) return nullptr;
    if (!node.op->is_elementwise() && node.op->pull && elements > input_elements(node)) return nullptr;
    return evaluated(node);
  } catch (const Error&) {
    return nullptr;
  }
}

}  // namespace croton
