// Kernels of single rows, run by the loop interpreter.
#include "support/row_code.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/error.h"
#include "ops/support.h"
#include "support/evaluate.h"
#include "support/loop_interpreter.h"

namespace croton::test {

using loop::LoopKind;
using loop::Value;
using Values = std::vector<Value>;

// ----------------------------------------------------------------------------------------------------------- sizes

SymbolicSizes::SymbolicSizes(const Node& asked, std::span<const Array> inputs) : inputs_(inputs) { node = &asked; }

SizeId SymbolicSizes::dim(size_t input, int axis) { return table_.input_dim(node->inputs[input], axis); }

SizeId SymbolicSizes::scalar(size_t input) {
  const auto constant = constant_integer(node->inputs[input]);
  return constant ? table_.constant(*constant) : table_.input_scalar(node->inputs[input]);
}

void SymbolicSizes::require_equal(SizeId a, SizeId b, std::string message) {
  if (value(a) != value(b)) throw ValueError(fmt::format(fmt::runtime(message), value(a), value(b)));
}

void SymbolicSizes::require_reshape(std::vector<SizeId> from, std::vector<SizeId> to) {
  int64_t before = 1, after = 1;
  for (const SizeId s : from) before *= value(s);
  for (const SizeId s : to) after *= value(s);
  if (before != after) raise<ValueError>("{} elements cannot be reshaped to {}", before, after);
}

void SymbolicSizes::require_not_negative(SizeId a, std::string message) {
  if (value(a) < 0) throw ValueError(fmt::format(fmt::runtime(message), value(a)));
}

const Array& SymbolicSizes::array_of_leaf(const Var& leaf) const {
  for (size_t k = 0; k < inputs_.size(); ++k) {
    if (node->inputs[k] == leaf) return inputs_[k];
  }
  raise<InternalError>("a size of something that is no input");
}

int64_t SymbolicSizes::value(SizeId id) const {
  const SizeExpr& e = table_[id];
  switch (e.kind) {
    case SizeExpr::Kind::constant:
      return e.value;
    case SizeExpr::Kind::input_dim:
      return array_of_leaf(e.leaf).shape.at(static_cast<size_t>(e.value));
    case SizeExpr::Kind::input_stride: {
      const Array& a = array_of_leaf(e.leaf);
      return a.strides.at(static_cast<size_t>(e.value)) / item_size(a.dtype);
    }
    case SizeExpr::Kind::input_scalar:
      return integer_value(array_of_leaf(e.leaf));
    case SizeExpr::Kind::apply:
      break;
  }
  std::vector<int64_t> args;
  for (const SizeId arg : e.args) args.push_back(value(arg));
  return e.op->elementwise.value_integer(args.data(), DType::i64);
}

std::vector<int64_t> SymbolicSizes::values(std::span<const SizeId> ids) const {
  std::vector<int64_t> result;
  for (const SizeId id : ids) result.push_back(value(id));
  return result;
}

std::vector<SizeId> SymbolicSizes::strides() {
  if (inputs_[0].is_contiguous()) return contiguous_strides(table_, sizes_of_input(*this, 0));
  std::vector<SizeId> result;
  for (int axis = 0; axis < inputs_[0].rank(); ++axis) result.push_back(table_.input_stride(node->inputs[0], axis));
  return result;
}

std::vector<std::vector<int64_t>> symbolic_shapes(const Node& node, std::span<const Array> inputs) {
  SymbolicSizes q(node, inputs);
  std::vector<std::vector<int64_t>> shapes;
  for (const auto& sizes : node.op->sizes(q)) shapes.push_back(q.values(sizes));
  return shapes;
}

// --------------------------------------------------------------------------------------------------------- kernels

namespace {

// A kernel whose buffers are the inputs and then the outputs. Sizes and strides are parameters; equal numbers share
// one.
class RowKernel final : public PullContext {
 public:
  RowKernel(loop::Builder& builder, const Node& asked, std::span<const Array> inputs, std::span<const Array> outputs)
      : PullContext(builder, asked), input_count_(inputs.size()) {
    for (const Array& x : inputs) add(x, false);
    for (const Array& y : outputs) add(y, true);
  }
  Value read(size_t input, std::span<const Value> index) override {
    return b.load(buffers_[input], offset(input, index));
  }
  Value dim(size_t input, int axis) override { return param(arrays_[input].shape.at(static_cast<size_t>(axis))); }
  Value output_dim(int axis) override { return dim(input_count_, axis); }
  Value scalar(size_t input) override { return loop::cast(read(input, {}), DType::i64); }
  Value checked(Value index, Value size) override { return b.checked_index(index, size, b.new_site()); }

  Value read_output(size_t output, std::span<const Value> index) { return read(input_count_ + output, index); }
  void store_output(size_t output, std::span<const Value> index, Value value) {
    b.store(buffers_[input_count_ + output], offset(input_count_ + output, index), value);
  }
  Value param(int64_t value) {
    const auto [place, is_new] = params_.emplace(value, 0);
    if (is_new) {
      place->second = b.new_int();
      ints_.push_back(value);
    }
    return b.int_param(place->second);
  }
  // `position` in C order as an index of that shape.
  Values index_at(Value position, const std::vector<int64_t>& shape) {
    Values index(shape.size());
    for (size_t axis = shape.size(); axis-- > 0;) {
      index[axis] = position % param(shape[axis]);
      position = position / param(shape[axis]);
    }
    return index;
  }
  void run(int64_t count) {
    const loop::Kernel kernel = b.finish();
    loop::verify(kernel);
    std::vector<void*> pointers;
    for (const Array& a : arrays_) pointers.push_back(a.data);
    Frame frame;
    const int32_t status = loop::interpret(kernel, pointers.data(), ints_.data(), 0, count, &frame);
    if (status == kernel_index_error) raise<IndexError>("index {} for size {}", frame.error_value, frame.error_size);
    if (status != kernel_done) raise<InternalError>("the kernel returned {}", status);
  }

 private:
  void add(const Array& a, bool written) {
    buffers_.push_back(b.buffer(a.dtype, written, written ? "y" : "x"));
    arrays_.push_back(a);
  }
  Value offset(size_t array, std::span<const Value> index) {
    const Array& a = arrays_[array];
    if (static_cast<int>(index.size()) != a.rank())
      raise<InternalError>("an index of {} for rank {}", index.size(), a.rank());
    Value sum = b.integer(0);
    for (size_t axis = 0; axis < index.size(); ++axis)
      sum = sum + index[axis] * param(a.strides[axis] / item_size(a.dtype));
    return sum;
  }

  size_t input_count_;
  std::vector<int> buffers_;
  std::vector<Array> arrays_;
  std::map<int64_t, int> params_;
  std::vector<int64_t> ints_;
};

std::vector<Array> empty_outputs(const Node& node, std::span<const Array> inputs) {
  std::vector<Array> outputs;
  const auto shapes = symbolic_shapes(node, inputs);
  for (size_t k = 0; k < shapes.size(); ++k) outputs.push_back(new_array(node.types[k].dtype, shapes[k]));
  return outputs;
}

void for_range(loop::Builder& b, const std::function<void(Value)>& body) {
  b.for_each(LoopKind::parallel, b.range_begin(), b.range_end(), body);
}

}  // namespace

Array pulled(const Node& node, std::span<const Array> inputs, size_t output) {
  const std::vector<Array> y = {empty_outputs(node, inputs).at(output)};
  loop::Builder b("pull");
  RowKernel kernel(b, node, inputs, y);
  for_range(b, [&](Value position) {
    const Values index = kernel.index_at(position, y[0].shape);
    kernel.store_output(0, index, node.op->pull(kernel, output, index));
  });
  kernel.run(y[0].size());
  return y[0];
}

std::vector<Array> reduced(const Node& node, std::span<const Array> inputs, bool swapped) {
  const std::vector<Array> outputs = empty_outputs(node, inputs);
  const Reduce& row = node.op->reduce;
  const Array& x = inputs[0];
  std::vector<bool> dropped(x.shape.size(), false);
  std::vector<int64_t> along, kept;
  for (const int64_t axis : node.attributes.ints) dropped[static_cast<size_t>(axis)] = true;
  for (size_t axis = 0; axis < x.shape.size(); ++axis) (dropped[axis] ? along : kept).push_back(x.shape[axis]);
  int64_t count = 1;
  for (const int64_t n : along) count *= n;

  loop::Builder b("reduce");
  RowKernel kernel(b, node, inputs, outputs);
  for_range(b, [&](Value place) {
    const Values to = kernel.index_at(place, kept);
    const auto piece = [&](Value begin, Value end) {
      return b.loop(LoopKind::serial, begin, end, row.initial(b, node), [&](Value position, const Values& carried) {
        const Values inner = kernel.index_at(position, along);
        Values index;
        for (size_t axis = 0, k = 0, d = 0; axis < dropped.size(); ++axis)
          index.push_back(dropped[axis] ? inner[d++] : to[k++]);
        const Value value = loop::cast(kernel.read(0, index), row.accumulator(node, 0));
        return row.combine(b, node, carried, row.element(b, node, value, position));
      });
    };
    const Values left = piece(b.integer(0), kernel.param(count / 2)),
                 right = piece(kernel.param(count / 2), kernel.param(count));
    const Values results =
        row.finish(b, node, swapped ? row.combine(b, node, right, left) : row.combine(b, node, left, right));
    for (size_t k = 0; k < outputs.size(); ++k) kernel.store_output(k, to, results.at(k));
  });
  kernel.run(outputs[0].size());
  return outputs;
}

Array updated(const Node& node, std::span<const Array> inputs) {
  SymbolicSizes q(node, inputs);
  node.op->sizes(q);
  const std::vector<int64_t> space = q.values(node.op->update.space(q));
  const std::vector<Array> y = {new_array(node.types[0].dtype, inputs[0].shape)};
  copy_into(y[0], inputs[0]);
  int64_t count = 1;
  for (const int64_t n : space) count *= n;
  loop::Builder b("update");
  RowKernel kernel(b, node, inputs, y);
  for_range(b, [&](Value position) {
    const Values index = kernel.index_at(position, space);
    Value value = loop::cast(kernel.read(1, broadcast_index(kernel, 1, index)), y[0].dtype);
    const Values place = node.op->update.region(kernel, index);
    if (node.op->update.add) value = kernel.read_output(0, place) + value;
    kernel.store_output(0, place, value);
  });
  kernel.run(count);
  return y[0];
}

std::optional<Array> viewed(const Node& node, std::span<const Array> inputs) {
  SymbolicSizes q(node, inputs);
  const std::vector<int64_t> shape = q.values(node.op->sizes(q).at(0));
  const ViewResult view = node.op->view(q, q.strides());
  if (view.strides.size() != shape.size()) return std::nullopt;
  if (view.offset == no_size) return std::nullopt;
  Array result = inputs[0];
  const int64_t item = item_size(result.dtype);
  result.shape = shape;
  result.strides.clear();
  for (const int64_t stride : q.values(view.strides)) result.strides.push_back(stride * item);
  result.data += q.value(view.offset) * item;
  return result;
}

void expect_same(const Array& got, const Array& expected, double tolerance) {
  ASSERT_EQ(got.dtype, expected.dtype);
  ASSERT_EQ(got.shape, expected.shape);
  const std::vector<double> x = values_of(got), y = values_of(expected);
  for (size_t k = 0; k < x.size(); ++k) {
    const bool same = x[k] == y[k] || (std::isnan(x[k]) && std::isnan(y[k])) ||
                      std::fabs(x[k] - y[k]) <= tolerance * (1 + std::fabs(y[k]));
    EXPECT_TRUE(same) << text_of(got) << " instead of " << text_of(expected);
  }
}

Array scattered(const Array& array) {
  std::vector<int64_t> shape(array.shape.rbegin(), array.shape.rend());
  for (int64_t& size : shape) size *= 2;
  const Array memory = zeros(array.dtype, shape);
  Array result = memory;
  result.shape = array.shape;
  result.strides.assign(memory.strides.rbegin(), memory.strides.rend());
  for (int64_t& stride : result.strides) stride *= 2;
  copy_into(result, array);
  return result;
}

}  // namespace croton::test
