// The reference evaluator of the tests.
#include "support/evaluate.h"

#include "autodiff/drivers.h"
#include "base/error.h"
#include "base/text.h"
#include "ir/clone.h"
#include "ir/expr.h"
#include "ir/op.h"
#include "ir/print.h"
#include "ir/walk.h"

namespace croton::test {
namespace {

// Sizes of arrays that are there: every expression folds to a constant.
class KnownSizes final : public SizeQuery {
 public:
  KnownSizes(const Node& asked, std::span<const Array> inputs) : inputs_(inputs) { node = &asked; }
  SizeTable& table() override { return table_; }
  SizeId dim(size_t input, int axis) override {
    return table_.constant(inputs_[input].shape.at(static_cast<size_t>(axis)));
  }
  SizeId scalar(size_t input) override {
    return table_.constant(element_as_integer(inputs_[input].data, inputs_[input].dtype));
  }
  void require_equal(SizeId a, SizeId b, std::string message) override {
    if (a != b) raise<ValueError>("{} [{} and {}]", message, value(a), value(b));
  }
  void require_reshape(std::vector<SizeId> from, std::vector<SizeId> to) override {
    int64_t before = 1, after = 1;
    for (const SizeId s : from) before *= value(s);
    for (const SizeId s : to) after *= value(s);
    if (before != after) raise<ValueError>("{} elements cannot be reshaped to {}", before, after);
  }
  void require_not_negative(SizeId a, std::string message) override {
    if (value(a) < 0) raise<ValueError>("{} [{}]", message, value(a));
  }
  int64_t value(SizeId id) const {
    int64_t result = 0;
    if (!table_.is_constant(id, result)) raise<InternalError>("size {} did not fold", table_.text(id));
    return result;
  }

 private:
  SizeTable table_;
  std::span<const Array> inputs_;
};

std::vector<Array> expanded(const Node& node, std::span<const Array> inputs) {
  UserBuilder builder;
  std::vector<Expr> x;
  Bindings bindings;
  for (size_t k = 0; k < inputs.size(); ++k) {
    const Var input = new_input(node.inputs[k].type());
    bindings.emplace_back(input, inputs[k]);
    x.push_back(builder.wrap(input));
  }
  std::vector<Var> outputs;
  for (const Expr& y : node.op->expand(builder, node, x, body_drivers())) outputs.push_back(y.var);
  return evaluate(outputs, bindings);
}

void check_result(const Node& node, std::span<const Array> inputs, const std::vector<Array>& outputs) {
  if (outputs.size() != node.types.size()) raise<InternalError>("{} gave {} values", op_text(node), outputs.size());
  const auto shapes = ruled_shapes(node, inputs);
  for (size_t k = 0; k < outputs.size(); ++k) {
    const Type& type = node.types[k];
    const Array& y = outputs[k];
    if (!type.is_array()) continue;
    if (y.dtype != type.dtype || y.rank() != type.rank) {
      raise<InternalError>("{} gave {} of rank {} for {}", op_text(node), dtype_name(y.dtype), y.rank(),
                           type_name(type));
    }
    for (int axis = 0; axis < type.rank; ++axis) {
      const int64_t size = y.shape[static_cast<size_t>(axis)];
      if (type.broadcasts(axis) && size != 1)
        raise<InternalError>("{}: axis {} has size {}", op_text(node), axis, size);
    }
    if (!shapes.empty() && shapes[k] != y.shape) {
      raise<InternalError>("{} gave shape {}, its size rule says {}", op_text(node), tuple_text(y.shape),
                           tuple_text(shapes[k]));
    }
  }
}

// A row that says its value as a size must say the same.
void check_size_value(const Node& node, std::span<const Array> inputs, const Array& output) {
  const Type& type = node.types[0];
  if (!node.op->size_value || !type.is_tensor() || type.rank != 0 || !is_integer(type.dtype)) return;
  KnownSizes query(node, inputs);
  const int64_t ruled = query.value(node.op->size_value(query)), got = element_as_integer(output.data, output.dtype);
  if (ruled != got) raise<InternalError>("{} is {}, as a size it is {}", op_text(node), got, ruled);
}

std::vector<Array> value_of_node(const Node& node, std::span<const Array> inputs) {
  if (node.attributes.literal && node.op->has(leaf)) return {array_of(node.attributes.literal)};
  std::vector<Array> outputs(node.types.size());
  if (node.op->value) {
    node.op->value(node, inputs, outputs);
  } else if (node.op->expand) {
    outputs = expanded(node, inputs);
  } else {
    raise<InternalError>("row '{}' has no reference value", node.op->name);
  }
  check_result(node, inputs, outputs);
  check_size_value(node, inputs, outputs[0]);
  return outputs;
}

}  // namespace

std::vector<std::vector<int64_t>> ruled_shapes(const Node& node, std::span<const Array> inputs) {
  if (!node.op->sizes || node.op->has(value_dependent_sizes)) return {};
  KnownSizes query(node, inputs);
  std::vector<std::vector<int64_t>> shapes;
  for (const auto& sizes : node.op->sizes(query)) {
    shapes.emplace_back();
    for (const SizeId size : sizes) shapes.back().push_back(query.value(size));
  }
  return shapes;
}

std::vector<Array> evaluate(std::span<const Var> outputs, const Bindings& bindings) {
  VarMap<Array> values;
  std::vector<Var> stop;
  for (const auto& [v, array] : bindings) {
    values[v] = array;
    stop.push_back(v);
  }
  for (const NodePtr& node : toposort(outputs, stop)) {
    std::vector<Array> inputs;
    for (const Var& x : node->inputs) inputs.push_back(values.at(x));
    if (node->op->has(leaf) && !node->attributes.literal) {
      raise<MissingInputError>("{} has no value", variable_text({node, 0}));
    }
    const std::vector<Array> results = value_of_node(*node, inputs);
    for (uint32_t k = 0; k < results.size(); ++k) values.emplace(Var{node, k}, results[k]);
  }
  std::vector<Array> result;
  for (const Var& y : outputs) result.push_back(values.at(y));
  return result;
}

Array evaluate(const Var& output, const Bindings& bindings) {
  return evaluate(std::span(&output, 1), bindings).front();
}

Array array_from(DType dtype, std::vector<int64_t> shape, const std::vector<double>& values) {
  Array array = new_array(dtype, std::move(shape));
  const int64_t parts = is_complex(dtype) ? 2 : 1;
  if (parts * array.size() != static_cast<int64_t>(values.size()))
    raise<InternalError>("{} values given", values.size());
  for_each_element(array, [&](int64_t k, std::byte* p) {
    const double* part = &values[static_cast<size_t>(parts * k)];
    if (parts == 2) return store_complex(p, dtype, {part[0], part[1]});
    store_double(p, dtype, part[0]);
  });
  return array;
}

std::vector<double> values_of(const Array& array) {
  std::vector<double> values;
  for_each_element(array, [&](int64_t, const std::byte* p) {
    const Complex value = element_as_complex(p, array.dtype);
    values.push_back(value.real());
    if (is_complex(array.dtype)) values.push_back(value.imag());
  });
  return values;
}

std::string text_of(const Array& array) { return literal_text(*literal_of_array(array, 0)); }

}  // namespace croton::test
