// What the rows that draw from a random state share: their types, the parts of a call, arguments that are broadcast.
#pragma once

#include <algorithm>
#include <functional>
#include <numeric>
#include <type_traits>

#include "base/error.h"
#include "base/text.h"
#include "ops/mersenne.h"
#include "ops/random_rows.h"
#include "ops/support.h"

namespace croton {

// Inputs of such a row: the state, its arguments, and the sizes. attributes.ints: the dtype of the draws.
inline size_t first_size(const Node& node) { return static_cast<size_t>(node.op->min_inputs); }
std::vector<Type> draw_type(const TypeQuery& q);
std::vector<Type> line_draw_type(const TypeQuery& q);  // of a row that gives a vector for each place
Sizes draw_sizes(SizeQuery& q);                        // without the axis of such a vector
/// The row with all that these rows share.
Op draw_row(int arguments, Op op);

/// An argument that is broadcast to the places of the draws, as numbers of one type.
template <class T>
struct Argument {
  Argument(const Array& array, const std::vector<int64_t>& shape) {
    constexpr bool is_real = std::is_same_v<T, double>;
    values = converted(array, is_real ? DType::f64 : DType::i64);
    const int lead = static_cast<int>(shape.size()) - array.rank();
    bool fits = lead >= 0;
    for (int axis = 0; fits && axis < array.rank(); ++axis) {
      const int64_t size = array.shape[static_cast<size_t>(axis)];
      fits = size == 1 || size == shape[static_cast<size_t>(axis + lead)];
    }
    if (!fits) {
      raise<ValueError>("an argument of shape {} cannot be broadcast to the size {}", tuple_text(array.shape),
                        tuple_text(shape));
    }
    is_scalar = values.size() == 1;
    strides.assign(shape.size(), 0);
    for (int axis = 0; axis < array.rank(); ++axis) {
      const auto from = static_cast<size_t>(axis);
      if (values.shape[from] != 1) strides[static_cast<size_t>(axis + lead)] = values.strides[from] / 8;
    }
  }
  T at(std::span<const int64_t> index) const {
    int64_t offset = 0;
    for (size_t axis = 0; axis < index.size(); ++axis) offset += index[axis] * strides[axis];
    return values.template as<T>()[offset];
  }
  T first() const { return *values.template as<T>(); }
  bool all(bool (*holds)(T)) const { return std::all_of(values.as<T>(), values.as<T>() + values.size(), holds); }

  Array values;
  bool is_scalar = false;
  std::vector<int64_t> strides;
};

/// The parts of a call: the state after it, the shape, and the result.
struct Draw {
  Draw(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs)
      : state(result_array(outputs, 0, DType::u32, {state_words})),
        shape(given_shape(inputs.subspan(first_size(node)))),
        generator(prepared(inputs[0])) {}

  uint32_t* prepared(const Array& before) const {
    if (before.size() != state_words)
      raise<ValueError>("a random state has {} words, not {}", state_words, before.size());
    copy_into(state, before);
    if (state.as<uint32_t>()[twister_words] > twister_words) raise<ValueError>("a random state without a valid place");
    return state.as<uint32_t>();
  }
  /// Numbers drawn one after the other in C order, with their index.
  template <class F>
  std::vector<double> each(F&& draw) const {
    std::vector<double> numbers;
    numbers.reserve(static_cast<size_t>(count()));
    for_each_index(shape, [&](const Index& index) { numbers.push_back(static_cast<double>(draw(index))); });
    return numbers;
  }
  template <class F>
  std::vector<int64_t> each_integer(F&& draw) const {
    std::vector<int64_t> numbers;
    numbers.reserve(static_cast<size_t>(count()));
    for_each_index(shape, [&](const Index& index) { numbers.push_back(draw(index)); });
    return numbers;
  }
  int64_t count() const { return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>()); }

  Array state;
  std::vector<int64_t> shape;
  Mersenne generator;
};

template <class T>
void give(const Node& node, const Draw& draw, const T* numbers, std::vector<int64_t> shape,
          std::vector<Array>& outputs) {
  constexpr DType own = std::is_same_v<T, double> ? DType::f64 : DType::i64;
  const Array result = result_array(outputs, 1, node.types[1].dtype, shape);
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 8;
  for (size_t axis = shape.size(); axis-- > 0; stride *= shape[axis]) strides[axis] = stride;
  const Array given = view_memory(const_cast<T*>(numbers), own, shape, strides, nullptr, true);
  copy_into(result, converted(given, result.dtype));
  outputs.assign({draw.state, result});
}

}  // namespace croton
