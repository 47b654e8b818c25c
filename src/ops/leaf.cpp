// Rows of leaves: what a graph starts from. They have no code; builders of faces make `input` and `shared` nodes
// directly.
#include "base/error.h"
#include "ops/registry.h"

namespace croton {
namespace {

std::vector<Type> constant_type(const TypeQuery& q) {
  if (!q.attributes.literal) raise<InternalError>("a constant without a value");
  return {q.attributes.literal->type};
}

// Their types are given, not inferred.
std::vector<Type> given_type(const TypeQuery& q) {
  raise<InternalError>("'{}' nodes are made with their type, not by a builder", q.op.name);
}

Op leaf_row(Op op) {
  op.min_inputs = op.max_inputs = 0;
  op.traits = leaf;
  op.no_gradient = "a leaf has no inputs";
  op.no_batch = "a leaf is the same for every item";
  op.no_axes = "a leaf has no inputs";
  return op;
}

std::vector<Op> make_rows() {
  return {
      leaf_row(
          {.name = "input", .doc = "A variable whose value is given when the function is called.", .type = given_type}),
      leaf_row({.name = "constant",
                .doc = "A fixed value.",
                .attributes_doc = "none; the literal of the attributes is the value",
                .theano_name = "TensorConstant",
                .type = constant_type}),
      leaf_row({.name = "shared",
                .doc = "A variable whose value lives between calls and may be updated by them.",
                .attributes_doc = "none; the handle of the attributes is the cell that holds the value",
                .type = given_type}),
  };
}

}  // namespace

std::span<const Op> leaf_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
