// Symbolic variables: cheap handles of the engine's graph, their operators, and shared variables.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "croton/array.h"

namespace croton {

struct Node;  // the engine's; opaque here
class IndexList;

/// One value of a computation that is not run yet. A default-made handle is empty (false) and stands for nothing.
class Variable {
 public:
  Variable() = default;
  Variable(std::shared_ptr<const Node> node, uint32_t output) : node_(std::move(node)), output_(output) {}

  explicit operator bool() const { return node_ != nullptr; }
  DType dtype() const;
  int rank() const;
  const std::string& name() const;
  void set_name(const std::string& name) const;

  /// The part that `index` selects, as in NumPy: x[0], x[{0, _}], x[slice(1, n)], x[{rows, columns}].
  Variable operator[](const IndexList& index) const;
  /// The sizes, a vector of int64; `x.shape()[0]` asks for one of them.
  Variable shape(std::source_location line = std::source_location::current()) const;
  Variable transposed(std::source_location line = std::source_location::current()) const;

  const std::shared_ptr<const Node>& node() const { return node_; }
  uint32_t output() const { return output_; }

 private:
  std::shared_ptr<const Node> node_;
  uint32_t output_ = 0;
};

/// What a function of variables takes: a variable, or a number that takes the dtype of its neighbour. It notes the line
/// of the caller, which errors then name.
class Argument {
 public:
  Argument(const Variable& variable, std::source_location line = std::source_location::current())  // NOLINT
      : variable_(variable), line_(line) {}
  template <class T>
    requires std::is_arithmetic_v<T>
  Argument(T number, std::source_location line = std::source_location::current())  // NOLINT: numbers mix with variables
      : is_number_(true),
        is_integer_(std::is_integral_v<T>),
        integer_(std::is_integral_v<T> ? static_cast<int64_t>(number) : 0),
        real_(static_cast<double>(number)),
        line_(line) {}

  bool is_number() const { return is_number_; }
  const Variable& variable() const { return variable_; }
  bool is_integer() const { return is_integer_; }
  int64_t integer() const { return integer_; }
  double real() const { return real_; }
  const std::source_location& line() const { return line_; }

 private:
  Variable variable_;
  bool is_number_ = false, is_integer_ = false;
  int64_t integer_ = 0;
  double real_ = 0;
  std::source_location line_;
};

Variable operator+(const Argument& a, const Argument& b);
Variable operator-(const Argument& a, const Argument& b);
Variable operator*(const Argument& a, const Argument& b);
Variable operator/(const Argument& a, const Argument& b);  // true division: integers give floats
Variable operator-(const Argument& a);

// ------------------------------------------------------------------------------------------------------------ indexing

/// A whole axis, as `:` in Python.
struct WholeAxis {};
inline constexpr WholeAxis _{};
/// A new axis of size one, and as many whole axes as are missing.
struct NewAxis {};
inline constexpr NewAxis new_axis{};
struct Ellipsis {};
inline constexpr Ellipsis ellipsis{};

/// start:stop:step; each bound is a number, a variable, or `_` for none.
struct SliceBound {
  SliceBound(WholeAxis) {}  // NOLINT: bounds read as in Python
  template <class T>
    requires std::convertible_to<T, Argument>
  SliceBound(const T& bound) : value{Argument(bound)} {}  // NOLINT
  std::vector<Argument> value;                            // none or one
};
struct Slice {
  SliceBound start = _, stop = _, step = _;
};
inline Slice slice(SliceBound start, SliceBound stop, SliceBound step = _) {
  return {std::move(start), std::move(stop), std::move(step)};
}

/// One entry of an index: an integer, a variable (a scalar or an array of integers), a slice, `_`, new_axis, ellipsis.
struct IndexEntry {
  enum class Kind : uint8_t { value, slice, new_axis, ellipsis };

  IndexEntry(WholeAxis) {}                                              // NOLINT: entries read as in Python
  IndexEntry(Slice range) : range(std::move(range)) {}                  // NOLINT
  IndexEntry(NewAxis) : kind(Kind::new_axis) {}                         // NOLINT
  IndexEntry(Ellipsis) : kind(Kind::ellipsis) {}                        // NOLINT
  IndexEntry(const Variable& v) : kind(Kind::value), range{v, _, _} {}  // NOLINT
  template <std::integral T>
  IndexEntry(T position) : kind(Kind::value), range{position, _, _} {}  // NOLINT

  Kind kind = Kind::slice;
  Slice range;  // a value stands in `start`
};

/// What stands between the brackets, with the line of the caller.
class IndexList {
 public:
  IndexList(std::initializer_list<IndexEntry> entries, std::source_location line = std::source_location::current())
      : entries_(entries), line_(line) {}
  template <class T>
    requires std::convertible_to<T, IndexEntry>
  IndexList(const T& entry, std::source_location line = std::source_location::current())  // NOLINT: x[0]
      : entries_{IndexEntry(entry)}, line_(line) {}

  const std::vector<IndexEntry>& entries() const { return entries_; }
  const std::source_location& line() const { return line_; }

 private:
  std::vector<IndexEntry> entries_;
  std::source_location line_;
};

// ------------------------------------------------------------------------------------------------------------ inputs

/// An input of any rank; axes named in `ones` are known to have size one, and broadcast.
Variable tensor(DType dtype, int rank, const std::string& name = "", const std::vector<int>& ones = {},
                std::source_location line = std::source_location::current());
template <Element T>
Variable tensor(int rank, const std::string& name = "", std::source_location line = std::source_location::current()) {
  return tensor(dtype_of<T>(), rank, name, {}, line);
}
template <Element T>
Variable scalar(const std::string& name = "", std::source_location line = std::source_location::current()) {
  return tensor(dtype_of<T>(), 0, name, {}, line);
}
template <Element T>
Variable vector(const std::string& name = "", std::source_location line = std::source_location::current()) {
  return tensor(dtype_of<T>(), 1, name, {}, line);
}
template <Element T>
Variable matrix(const std::string& name = "", std::source_location line = std::source_location::current()) {
  return tensor(dtype_of<T>(), 2, name, {}, line);
}
/// A constant: a copy of the values.
Variable constant(const ArrayView& value, std::source_location line = std::source_location::current());

/// State that lives in the engine: functions read it and update it.
class SharedVariable : public Variable {
 public:
  explicit SharedVariable(const Variable& variable) : Variable(variable) {}
  OwnedArray get_value() const;  // a copy
  void set_value(const ArrayView& value) const;
};
SharedVariable shared(const ArrayView& value, const std::string& name = "",
                      std::source_location line = std::source_location::current());

}  // namespace croton
