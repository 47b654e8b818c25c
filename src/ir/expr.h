// Builders and expression handles: rows, rules and drivers write new graph through these and never know which builder
// it is.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "ir/node.h"

namespace croton {

class Builder;
struct TypeQuery;

/// A variable together with the builder that new nodes made from it go to. Null: no variable.
struct Expr {
  Builder* builder = nullptr;
  Var var;
  explicit operator bool() const { return static_cast<bool>(var); }
  const Type& type() const { return var.type(); }
  DType dtype() const { return var.type().dtype; }
  int rank() const { return var.type().rank; }
};

/// Makes nodes. The user's builder gives every node its own identity; the compiler's interns, folds and hashes.
class Builder {
 public:
  virtual ~Builder() = default;
  /// Applies a row: checks arity, pads the ranks of elementwise operands, asks the type rule, makes (or finds) the
  /// node.
  std::vector<Expr> apply_all(const Op& op, std::vector<Expr> inputs, Attributes attributes = {},
                              std::vector<std::shared_ptr<const Graph>> bodies = {});
  Expr apply(const Op& op, std::vector<Expr> inputs, Attributes attributes = {},
             std::vector<std::shared_ptr<const Graph>> bodies = {});
  Expr apply(std::string_view op_name, std::vector<Expr> inputs, std::vector<int64_t> ints = {});
  Expr wrap(const Var& v) { return {this, v}; }
  Expr constant(DType dtype, double value);  // rank 0
  Expr integer(int64_t value, DType dtype = DType::i64);
  Expr literal(std::shared_ptr<const Literal> literal);
  virtual bool keeps_identity() const { return false; }  // true: existing nodes may be used as they are
  LineId line = 0;                                       // the source line that new nodes get

 protected:
  virtual NodePtr make(const Op& op, std::vector<Var> inputs, std::vector<Type> types, Attributes attributes,
                       std::vector<std::shared_ptr<const Graph>> bodies) = 0;
};

/// Every node is new. Stateless; one may be made wherever one is needed.
class UserBuilder final : public Builder {
 public:
  bool keeps_identity() const override { return true; }

 protected:
  NodePtr make(const Op&, std::vector<Var>, std::vector<Type>, Attributes,
               std::vector<std::shared_ptr<const Graph>>) override;
};

/// Types of the outputs of a row, by its own rule. Checks the arity.
std::vector<Type> infer_types(const TypeQuery& query);

/// Theano's dtypes of number literals: the smallest signed integer that holds it; float32 when exact, else float64.
DType integer_literal_dtype(int64_t value);
DType float_literal_dtype(double value);
/// The dtype that a number takes beside an operand of dtype `other`.
DType literal_dtype(DType other, double value);

// Arithmetic as the user's language has it (Theano's dtype rules). Numbers become constants that do not raise the dtype
// of the other side: of its dtype when that is a float, else the smallest that holds the number.
Expr operator+(const Expr& a, const Expr& b);
Expr operator-(const Expr& a, const Expr& b);
Expr operator*(const Expr& a, const Expr& b);
Expr operator/(const Expr& a, const Expr& b);  // true division
Expr operator-(const Expr& a);
Expr operator+(const Expr& a, double b);
Expr operator+(double a, const Expr& b);
Expr operator-(const Expr& a, double b);
Expr operator-(double a, const Expr& b);
Expr operator*(const Expr& a, double b);
Expr operator*(double a, const Expr& b);
Expr operator/(const Expr& a, double b);
Expr operator/(double a, const Expr& b);

// The few structural helpers that rows, rules and drivers share. All make ordinary nodes of rows.
Expr call(std::string_view op_name, std::initializer_list<Expr> inputs, std::vector<int64_t> ints = {});
Expr cast(const Expr& a, DType dtype);                         // nothing when it has that dtype
Expr dimshuffle(const Expr& a, std::vector<int64_t> pattern);  // -1 is a new axis of size one
Expr pad_left(const Expr& a, int rank);
Expr dim(const Expr& a, int axis);  // int64 scalar: shape_i
Expr zeros_like(const Expr& a);     // of a's dtype (a discrete dtype stays)
Expr ones_like(const Expr& a);
Expr fill_like(const Expr& a, double value);
Expr fill_like(const Expr& a, double value, DType dtype);
Expr float_zeros_like(const Expr& a, DType if_discrete);  // of a's dtype when it is a float
Expr broadcast_like(const Expr& a, const Expr& like);     // same rank; axes of size one take like's size
Expr repeat_leading(const Expr& a, const Expr& size);     // one new leading axis along which a is repeated
Expr sum(const Expr& a, std::vector<int64_t> axes);       // drops them
Expr conjugate(const Expr& a);                            // a itself when it is real
Expr real_part(const Expr& a);                            // a itself when it is real
/// The gradient of a broadcast: sums `g` over the axes along which `to` (same rank) has size one and g has not, keeping
/// them. The real part only where `to` is real.
Expr sum_to(const Expr& g, const Expr& to);

}  // namespace croton
