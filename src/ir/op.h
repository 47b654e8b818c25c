// The op row: everything about one operation in one place. Rows stand in src/ops; passes ask rows, they never list ops.
#pragma once

#include <complex>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "ir/array.h"
#include "ir/expr.h"
#include "ir/loop_builder.h"
#include "ir/node.h"
#include "ir/size.h"

namespace croton {

struct Drivers;  // autodiff and cloning of body graphs, offered to rows that have bodies (see Vjp, Jvp)

// ---------------------------------------------------------------------------------------------- contexts of the
// columns

/// Type rule: what a row is asked with. Inputs may be of any kind; rows raise TypeError or ValueError naming
/// themselves.
struct TypeQuery {
  const Op& op;
  std::span<const Var> inputs;
  const Attributes& attributes;
  std::span<const std::shared_ptr<const Graph>> bodies;
  const Type& in(size_t k) const { return inputs[k].type(); }
};

/// Size rule. `dim(k, a)` is the size of axis a of input k; axes known to have size one answer the constant 1.
class SizeQuery {
 public:
  virtual ~SizeQuery() = default;
  virtual SizeTable& table() = 0;
  virtual SizeId dim(size_t input, int axis) = 0;
  virtual SizeId scalar(size_t input) = 0;                                  // value of a rank-0 integer (or bool) input
  virtual void require_equal(SizeId a, SizeId b, std::string message) = 0;  // "...{0}...{1}..."; checked in every call
  virtual void require_reshape(std::vector<SizeId> from, std::vector<SizeId> to) = 0;  // equal products, none negative
  virtual void require_not_negative(SizeId a, std::string message) = 0;
  /// index in [0, size), counted from the end when negative; a call in which it is outside fails (with an IndexError
  /// where the program can tell).
  virtual SizeId checked_index(SizeId index, SizeId size) {
    SizeTable& t = table();
    const SizeId place =
        t.never_negative(index) ? index : t.select(t.less(index, t.constant(0)), t.add(index, size), index);
    require_not_negative(place, "index out of bounds: {0}, counted from the start");
    require_not_negative(t.sub(t.sub(size, t.constant(1)), place), "index out of bounds: {0}, counted from the end");
    return place;
  }
  const Node* node = nullptr;
};
using Sizes = std::vector<std::vector<SizeId>>;  // per output, per axis

/// Reverse mode. Null expressions mean "no gradient flows here".
struct Vjp {
  Builder& builder;
  const Node& node;
  std::vector<Expr> x;   // inputs
  std::vector<Expr> y;   // outputs
  std::vector<Expr> dy;  // gradients of the outputs; null where disconnected, never all null
  const Drivers& drivers;
};
/// Forward mode.
struct Jvp {
  Builder& builder;
  const Node& node;
  std::vector<Expr> x, y;
  std::vector<Expr> dx;  // tangents of the inputs; null is zero
  const Drivers& drivers;
};
/// Batching: some inputs have one new leading axis (all of one size); every output gets it.
struct Batch {
  Builder& builder;
  const Node& node;
  std::vector<Expr> x;  // inputs, batched or not
  std::vector<bool> batched;
  Expr size;  // int64 scalar: the size of the new axis
  const Drivers& drivers;
};
struct Drivers {
  virtual ~Drivers() = default;
  /// Gradients of sum(outputs * seeds) with respect to inputs of a body, as a new body: inputs are (inputs, seeds of
  /// `outputs`).
  virtual Graph gradient(const Graph& body, std::span<const int> outputs, std::span<const int> wrt) const = 0;
  /// Tangents of the outputs (zeros where nothing moves), as a new body: inputs are (inputs, tangents of `wrt`).
  virtual Graph tangent(const Graph& body, std::span<const int> wrt) const = 0;
  virtual Graph batch(const Graph& body, const std::vector<bool>& batched) const = 0;
  /// Copies a body's nodes through `builder` with its inputs replaced.
  virtual std::vector<Expr> inline_body(Builder& builder, const Graph& body, std::span<const Expr> inputs) const = 0;
};

/// Which input axis an output axis follows pointwise: [output][axis][input] = axis of the input, or -1.
using AxisMap = std::vector<std::vector<std::vector<int>>>;

// ---------------------------------------------------------------------------------------------- code columns
// A row has one of: elementwise, pull, reduce, update, library, expand, or only `value` (a host call). A row with pull
// or elementwise code may have `view` besides it: the same result without copying.

/// Meaning of an elementwise row on scalars. Operands are first converted to `compute(dtypes)`; see `kept`.
struct Elementwise {
  DType (*compute)(std::span<const DType>) = nullptr;  // TypeError when the dtypes do not fit
  DType (*result)(DType compute) = nullptr;            // null: the compute dtype
  double (*value)(const double* x) = nullptr;          // reference for floats, in double (rounded once afterwards)
  int64_t (*value_integer)(const int64_t* x, DType compute) = nullptr;  // for bool and integers (u64 as bits), wraps
  Complex (*value_complex)(const Complex* x) = nullptr;  // for complex operands; null: the row refuses them
  /// Absent where every result is complex, which loops do not know: then the value is a host call.
  loop::Value (*code)(loop::Builder& b, std::span<const loop::Value> x, const Attributes& attributes) = nullptr;
  DType first = DType::b1;  // dtype of operand 0 when `first_kept` (switch: b1)
  bool first_kept = false;
};

/// Gives the element of an output at an index by reading elements of the inputs: fused into whatever uses it. A row may
/// read inside a branch (join: a part without elements is not read), so what `read` returns is known in the open region
/// only.
struct PullContext {
  loop::Builder& b;
  const Node& node;
  virtual ~PullContext() = default;
  PullContext(loop::Builder& builder, const Node& n) : b(builder), node(n) {}
  virtual loop::Value read(size_t input, std::span<const loop::Value> index) = 0;  // element of an input, its own dtype
  virtual loop::Value dim(size_t input, int axis) = 0;                             // i64
  virtual loop::Value output_dim(int axis) = 0;
  virtual loop::Value scalar(size_t input) = 0;  // rank-0 integer input as i64
  /// index in [0, size), counted from the end when negative; the call fails with an IndexError when it is outside
  virtual loop::Value checked(loop::Value index, loop::Value size) = 0;
};
using Pull = loop::Value (*)(PullContext& c, size_t output, std::span<const loop::Value> index);

/// A reduction over axes attributes.ints (sorted) of input 0, which the output drops. One or several carried values
/// (argmax carries value and position); outputs are the first `outputs` results.
struct Reduce {
  DType (*accumulator)(const Node& node, int carried) = nullptr;
  int carried = 1;
  std::vector<loop::Value> (*initial)(loop::Builder& b, const Node& node) = nullptr;  // identity of combine
  /// Carried values of one element: its value (already cast to accumulator 0) and its position along the reduced axes
  /// (C order).
  std::vector<loop::Value> (*element)(loop::Builder& b, const Node& node, loop::Value value,
                                      loop::Value position) = nullptr;
  std::vector<loop::Value> (*combine)(loop::Builder& b, const Node& node, std::span<const loop::Value> l,
                                      std::span<const loop::Value> r) = nullptr;
  /// The same where all of r stands behind all of l, when that is cheaper; null: combine.
  std::vector<loop::Value> (*append)(loop::Builder& b, const Node& node, std::span<const loop::Value> l,
                                     std::span<const loop::Value> r) = nullptr;
  std::vector<loop::Value> (*finish)(loop::Builder& b, const Node& node,
                                     std::span<const loop::Value> c) = nullptr;  // outputs
  const char* empty_error =
      nullptr;  // message of the ValueError when there is nothing to reduce (max); null: the identity
};

/// Output 0 is input 0 with a region overwritten or added to. The values (input 1) are cast to the output's dtype and
/// broadcast along their axes of known size one to `space`; `region` maps an index of that space to one of the output.
struct Update {
  bool add = false;                                     // inc: duplicates accumulate, in index order
  bool may_repeat = false;                              // several indices of the space may hit one output element
  uint32_t (*serial_axes)(const Node& node) = nullptr;  // may_repeat: bit a set: axis a of the space must run in order
  std::vector<SizeId> (*space)(SizeQuery& q) = nullptr;
  std::vector<loop::Value> (*region)(PullContext& c, std::span<const loop::Value> index) = nullptr;
};

/// Output 0 is a strided view of input 0: shape by the size rule, this gives offset and strides (elements).
struct ViewResult {
  SizeId offset;
  std::vector<SizeId> strides;
};
using View = ViewResult (*)(SizeQuery& q,
                            std::span<const SizeId> input_strides);  // false (empty strides): not a view now

/// A call of a library implementation (src/library): the problem by name; the inputs are its operands.
struct LibraryCode {
  std::string_view problem;
};

// ---------------------------------------------------------------------------------------------- the row

enum Trait : uint32_t {
  commutative = 1u << 0,
  associative = 1u << 1,
  linear = 1u << 2,
  monotone = 1u << 3,
  random = 1u << 4,
  effect = 1u << 5,
  may_fail = 1u << 6,
  value_dependent_sizes = 1u << 7,
  views = 1u << 8,       // output 0 may share memory with input 0
  leaf = 1u << 9,        // input, shared, constant: has no code
  expensive = 1u << 10,  // costs much more than a load: rather stored than computed twice
  lazy = 1u << 11,  // input 0 chooses, for n outputs, inputs 1 .. n (not zero) or n + 1 .. 2n; only these are computed
  idempotent = 1u << 12,  // f(f(x)) = f(x)
  opaque = 1u << 13,      // never merged or folded (Python ops with state, print)
  inlined = 1u << 14,     // replaced by its body when compiled (OpFromGraph)
};

struct Range {
  double low = -3, high = 3;
};

struct Op {
  std::string_view name;
  int min_inputs = 1, max_inputs = 1;  // max -1: any number
  std::string_view doc;
  uint32_t traits = 0;
  std::string_view attributes_doc = {};  // meaning of attributes.ints, when it has any
  std::string_view theano_name = {};     // class name that .owner.op shows, when not Elemwise{name}

  std::vector<Type> (*type)(const TypeQuery&) = nullptr;  // null for elementwise rows: from `elementwise`
  Sizes (*sizes)(SizeQuery&) = nullptr;                   // null: only known when it has run (value_dependent_sizes)
  SizeId (*size_value)(SizeQuery&) = nullptr;             // the value itself as a size (shape_i); rank-0 integer output
  /// Reference. An output may come with memory for the result, in C order and uninitialised, to be used or replaced.
  void (*value)(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) = nullptr;
  std::vector<Expr> (*vjp)(const Vjp&) = nullptr;
  std::vector<Expr> (*jvp)(const Jvp&) = nullptr;                     // one tangent per output; null = zero
  std::string_view no_gradient = {};                                  // the reason, when vjp and jvp cannot exist
  std::vector<std::vector<bool>> (*connects)(const Node&) = nullptr;  // [input][output]; null: all connected
  std::vector<Expr> (*batch)(const Batch&) = nullptr;
  std::string_view no_batch = {};
  AxisMap (*axes)(const Node&) = nullptr;  // null for elementwise: pointwise; else `no_axes`
  std::string_view no_axes = {};

  Elementwise elementwise = {};
  Pull pull = nullptr;
  /// Output 0 is the inputs behind one another along this axis (their other sizes are its own), besides `pull`: a
  /// kernel that makes only this computes each part where it lies.
  int (*pieces)(const Node&) = nullptr;
  Reduce reduce = {};
  Update update = {};
  View view = nullptr;
  LibraryCode library = {};
  /// Written in terms of other rows; the compiler puts it in after the stability rules have seen the whole node. A row
  /// with `expand` needs no other code column and no `value` (the interpreter expands it too). softmax, OpFromGraph.
  std::vector<Expr> (*expand)(Builder& b, const Node& node, std::span<const Expr> x, const Drivers& drivers) = nullptr;

  Range domain = {};  // where generated tests sample floats
  double ulp = 0.5;   // of the code against the exact result (float32 and float64)

  bool has(Trait t) const { return (traits & t) != 0; }
  bool is_elementwise() const { return elementwise.compute != nullptr; }
  bool is_reduce() const { return reduce.combine != nullptr; }
  bool is_update() const { return update.region != nullptr; }
};

/// The row of a name; InternalError (C++ callers) when there is none. Pointers stay valid for the process.
const Op& op_named(std::string_view name);
const Op* find_op(std::string_view name);
std::span<const Op* const> all_ops();  // in the order of the families' lists

}  // namespace croton
