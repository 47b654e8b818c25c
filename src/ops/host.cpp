// The rows of users' own ops: every column asks the handle.
#include "ops/host.h"

#include "base/error.h"
#include "ops/structure_rows.h"

namespace croton {
namespace {

HostOp& host_op_in(const Attributes& attributes) {
  auto* op = dynamic_cast<HostOp*>(attributes.handle.get());
  if (op == nullptr) raise<InternalError>("a host op without a handle");
  return *op;
}

std::vector<Type> host_type(const TypeQuery& q) { return host_op_in(q.attributes).types(q.inputs); }

// An axis whose size is known only after the call has no_size.
Sizes host_sizes(SizeQuery& q) {
  Sizes sizes;
  const HostOp& op = host_op_of(*q.node);
  const bool known = op.infer_sizes(q, sizes);
  sizes.resize(q.node->types.size());
  for (size_t k = 0; k < sizes.size(); ++k) {
    const Type& type = q.node->types[k];
    if (!known) sizes[k].assign(type.is_tensor() ? type.rank : 0, no_size);
    if (sizes[k].size() != (type.is_tensor() ? type.rank : 0u)) {
      raise<ValueError>("{}: infer_shape gives {} sizes for output {}, which is {}", op.text(), sizes[k].size(), k,
                        type_name(type));
    }
    for (int axis = 0; axis < static_cast<int>(sizes[k].size()); ++axis) {
      if (type.broadcasts(axis)) sizes[k][static_cast<size_t>(axis)] = q.table().constant(1);
    }
  }
  return sizes;
}

// What `perform` returns is checked against the types that the op promised.
void host_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  HostOp& op = host_op_of(node);
  outputs.assign(node.types.size(), Array{});
  op.perform(node, inputs, outputs);
  if (outputs.size() != node.types.size()) {
    raise<ValueError>("{} gave {} outputs instead of {}", op.text(), outputs.size(), node.types.size());
  }
  for (size_t k = 0; k < outputs.size(); ++k) {
    const Type& type = node.types[k];
    if (!type.is_tensor()) continue;
    if (outputs[k].data == nullptr) raise<ValueError>("{} gave no value for output {}", op.text(), k);
    if (outputs[k].dtype != type.dtype || outputs[k].rank() != type.rank) {
      raise<TypeError>("{} gave {} with {} axes for output {}, which is {}", op.text(), dtype_name(outputs[k].dtype),
                       outputs[k].rank(), k, type_name(type));
    }
    for (int axis = 0; axis < type.rank; ++axis) {
      const int64_t size = outputs[k].shape[static_cast<size_t>(axis)];
      if (type.broadcasts(axis) && size != 1) {
        raise<ValueError>("{} gave size {} along axis {} of output {}, which must have size 1", op.text(), size, axis,
                          k);
      }
    }
  }
}

std::vector<Expr> host_vjp(const Vjp& v) { return host_op_of(v.node).gradient(v); }
std::vector<Expr> host_jvp(const Jvp& v) { return host_op_of(v.node).tangent(v); }
std::vector<std::vector<bool>> host_connects(const Node& node) { return host_op_of(node).connects(node); }

Op host_row(std::string_view name, std::string_view doc, uint32_t traits) {
  return {.name = name,
          .min_inputs = 0,
          .max_inputs = -1,
          .doc = doc,
          .traits = traits | expensive | may_fail | value_dependent_sizes,
          .attributes_doc = "none; the handle of the attributes is the user's op",
          .type = host_type,
          .sizes = host_sizes,
          .value = host_value,
          .vjp = host_vjp,
          .jvp = host_jvp,
          .connects = host_connects,
          .no_batch = "the user's function takes one item",
          .no_axes = "the user's function is not known to treat the parts of an axis alike"};
}

}  // namespace

std::vector<Expr> HostOp::gradient(const Vjp&) const {
  raise<NotImplementedError>("{} has no gradient: its class does not define grad()", text());
}

std::vector<Expr> HostOp::tangent(const Jvp&) const {
  raise<NotImplementedError>("{} has no tangent: its class does not define R_op()", text());
}

std::vector<std::vector<bool>> HostOp::connects(const Node& node) const {
  return std::vector<std::vector<bool>>(node.inputs.size(), std::vector<bool>(node.types.size(), true));
}

HostOp& host_op_of(const Node& node) { return host_op_in(node.attributes); }

std::vector<Expr> apply_host_op(Builder& builder, std::shared_ptr<HostOp> op, std::vector<Expr> inputs) {
  const Op& row = op_named(op->has_effect() ? "host_effect_op" : "host_op");
  Attributes attributes;
  attributes.handle = std::move(op);
  return builder.apply_all(row, std::move(inputs), std::move(attributes));
}

std::vector<Op> host_rows() {
  return {host_row("host_op", "A user's own op: a function of its inputs, called on the host.", 0),
          host_row("host_effect_op", "A user's own op that does more than compute its outputs: never merged or folded.",
                   effect | opaque)};
}

}  // namespace croton
