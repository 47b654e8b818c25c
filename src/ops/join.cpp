// The row that puts tensors behind one another along an axis.
#include "base/error.h"
#include "ops/structure_rows.h"
#include "ops/support.h"

namespace croton {
namespace {

using loop::Value;

int join_axis(const Node& node) { return static_cast<int>(node.attributes.ints[0]); }

std::vector<Type> join_type(const TypeQuery& q) {
  Type result = tensor_input(q, 0);
  if (q.attributes.ints.size() != 1) raise<InternalError>("join needs an axis");
  const int64_t axis = q.attributes.ints[0];
  if (axis < 0 || axis >= result.rank) {
    raise<ValueError>("Join argument \"axis\" is out of range (given input dimensions): axis {} of {}", axis,
                      type_name(result));
  }
  for (size_t k = 1; k < q.inputs.size(); ++k) {
    const Type& part = tensor_input(q, k);
    if (part.rank != result.rank) {
      raise<TypeError>("Join() can only join tensors with the same number of dimensions: {} and {}", type_name(q.in(0)),
                       type_name(part));
    }
    result.dtype = promote(result.dtype, part.dtype);
    result.ones |= part.ones;
  }
  if (q.inputs.size() > 1) result.ones &= ~(1u << axis);
  return {result};
}

std::string join_message(size_t part, int axis) {
  return fmt::format(
      "all the input array dimensions except for the concatenation axis must match exactly, but along dimension {}, "
      "the "
      "array at index 0 has size {{0}} and the array at index {} has size {{1}}",
      axis, part);
}

Sizes join_sizes(SizeQuery& q) {
  std::vector<SizeId> sizes = sizes_of_input(q, 0);
  for (size_t part = 1; part < q.node->inputs.size(); ++part) {
    for (int axis = 0; axis < static_cast<int>(sizes.size()); ++axis) {
      SizeId& size = sizes[static_cast<size_t>(axis)];
      if (axis == join_axis(*q.node)) {
        size = q.table().add(size, q.dim(part, axis));
      } else {
        q.require_equal(size, q.dim(part, axis), join_message(part, axis));
      }
    }
  }
  return {sizes};
}

void join_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const auto along = static_cast<size_t>(join_axis(node));
  std::vector<int64_t> shape = inputs[0].shape;
  for (size_t part = 1; part < inputs.size(); ++part) {
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      if (axis == along) {
        shape[axis] += inputs[part].shape[axis];
      } else if (shape[axis] != inputs[part].shape[axis]) {
        throw ValueError(fmt::format(fmt::runtime(join_message(part, static_cast<int>(axis))), shape[axis],
                                     inputs[part].shape[axis]));
      }
    }
  }
  Array result = new_array(node.types[0].dtype, shape);
  Array place = result;
  for (const Array& part : inputs) {
    place.shape[along] = part.shape[along];
    copy_into(place, converted(part, result.dtype));
    place.data += part.shape[along] * result.strides[along];
  }
  outputs.assign(1, result);
}

// An element of a part at a position that is moved into it where another part is asked for. A part without elements is
// not read: that branch is the same for the whole kernel, so it is allowed in vector loops.
Value element_of_part(PullContext& c, size_t part, std::span<const Value> index, Value begin) {
  const int axis = join_axis(c.node);
  const auto along = static_cast<size_t>(axis);
  const DType dtype = c.node.types[0].dtype;
  std::vector<Value> from = broadcast_index(c, part, index);
  const auto read = [&] { return loop::cast(c.read(part, from), dtype); };
  const bool alone = c.node.inputs.size() == 1, single = c.node.inputs[part].type().broadcasts(axis);
  if (alone || single) return read();
  const Value size = c.dim(part, axis), zero = c.b.integer(0);
  from[along] = loop::max(loop::min(index[along] - begin, size - 1.0), zero);
  return c.b.branch(
      size > zero, [&] { return loop::Builder::Values{read()}; },
      [&] { return loop::Builder::Values{c.b.constant(dtype, 0)}; })[0];
}

// Every part is read and the asked one selected.
Value join_pull(PullContext& c, size_t, std::span<const Value> index) {
  const int axis = join_axis(c.node);
  Value result, begin = c.b.integer(0);
  for (size_t part = 0; part < c.node.inputs.size(); ++part) {
    const Value element = element_of_part(c, part, index, begin);
    result = part == 0 ? element : loop::select(index[static_cast<size_t>(axis)] < begin, result, element);
    begin = begin + c.dim(part, axis);
  }
  return result;
}

// Each part gets its piece back. A part of one position is cut out by position, which keeps what is known of its size.
std::vector<Expr> join_vjp(const Vjp& v) {
  const int axis = join_axis(v.node);
  const auto whole = std::vector<int64_t>(static_cast<size_t>(axis), 0);
  std::vector<Expr> dx;
  Expr begin = v.builder.integer(0);
  for (const Expr& part : v.x) {
    const Expr end = begin + dim(part, axis);
    std::vector<int64_t> entries = whole;
    if (v.x.size() == 1) {
      dx.push_back(v.dy[0]);
    } else if (part.type().broadcasts(axis)) {
      entries.push_back(-1);
      const Expr piece = call("subtensor", {v.dy[0], begin}, std::move(entries));
      std::vector<int64_t> pattern;
      for (int k = 0; k < part.rank(); ++k) pattern.push_back(k == axis ? -1 : k - (k > axis));
      dx.push_back(dimshuffle(piece, std::move(pattern)));
    } else {
      entries.push_back(3);
      dx.push_back(call("subtensor", {v.dy[0], begin, end}, std::move(entries)));
    }
    begin = end;
  }
  return dx;
}

std::vector<Expr> join_jvp(const Jvp& v) {
  std::vector<Expr> parts;
  for (size_t k = 0; k < v.x.size(); ++k) parts.push_back(or_zeros(v.dx[k], v.x[k]));
  return {apply_again(v.builder, v.node, std::move(parts))};
}

std::vector<Expr> join_batch(const Batch& b) {
  std::vector<Expr> parts;
  for (size_t k = 0; k < b.x.size(); ++k) parts.push_back(stacked(b, k));
  return {b.builder.apply("join", std::move(parts), {join_axis(b.node) + 1})};
}

AxisMap join_axes(const Node& node) {
  AxisMap map{no_axis(node.types[0].rank, node.inputs.size())};
  for (int axis = 0; axis < node.types[0].rank; ++axis) {
    for (size_t part = 0; part < node.inputs.size() && axis != join_axis(node); ++part) {
      map[0][static_cast<size_t>(axis)][part] = axis;
    }
  }
  return map;
}

}  // namespace

std::vector<Op> join_rows() {
  return {{.name = "join",
           .max_inputs = -1,
           .doc = "Tensors of one rank behind one another along an axis; the other sizes must agree.",
           .traits = linear | may_fail,
           .attributes_doc = "the axis",
           .theano_name = "Join",
           .type = join_type,
           .sizes = join_sizes,
           .value = join_value,
           .vjp = join_vjp,
           .jvp = join_jvp,
           .batch = join_batch,
           .axes = join_axes,
           .pull = join_pull,
           .pieces = join_axis}};
}

}  // namespace croton
