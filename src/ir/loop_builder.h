// Builds loop IR: values with operators, folding, common subexpressions, and hoisting of what a loop does not change.
#pragma once

#include <functional>
#include <span>
#include <unordered_map>
#include <vector>

#include "ir/loop.h"
#include "ir/loop_fold.h"

namespace croton::loop {

class Builder;

/// One scalar value of the kernel being built. Operators append instructions to its builder.
struct Value {
  Builder* builder = nullptr;
  ValueId id = no_value;
  explicit operator bool() const { return id != no_value; }
  DType dtype() const;
};

/// Pure instructions (and loads of buffers that the kernel never writes, and index checks) are put in the outermost
/// open region in which all their operands are known, once for equal ones: so loop-invariant code leaves loops without
/// a pass of its own. Loads and index checks leave loops but not branches and while loops, whose conditions may guard
/// them. A loop that runs zero times does not keep them in either: what an index check finds there is an error in NumPy
/// too.
class Builder {
 public:
  explicit Builder(std::string kernel_name);

  // Declarations
  int buffer(DType dtype, bool written, std::string name, bool read = true);
  int new_int();  // index of a new int parameter
  int local(DType dtype, int64_t count);
  int scratch(DType dtype, int scratch_int);
  int new_site() { return kernel_.site_count++; }
  void mark_written(int buffer);  // later loads of it stay in place

  // Leaves
  Value constant(DType dtype, double number);  // integers: exactly representable numbers
  Value integer(int64_t value, DType dtype = DType::i64);
  Value int_param(int index);
  Value range_begin();
  Value range_end();

  // Any pure instruction; dtype is the result's
  Value pure(Code code, DType dtype, std::vector<Value> operands, int64_t immediate = 0);
  Value call(const char* helper, Value x);

  Value load(int buffer, Value offset);
  void store(int buffer, Value offset, Value value);
  void prefetch(int buffer, Value offset);
  Value local_load(int local, Value offset);
  void local_store(int local, Value offset, Value value);
  void transpose(int local, Value column);
  Value checked_index(Value index, Value size, int site);

  // Structure. `body` gets the index and the carried values and returns the next ones.
  using Values = std::vector<Value>;
  using LoopBody = std::function<Values(Value index, const Values& carried)>;
  using Combine = std::function<Values(const Values& left, const Values& right)>;
  Values loop(LoopKind kind, Value begin, Value end, const Values& initial, const LoopBody& body,
              const Combine& combine = nullptr, int interleave = 1);
  void for_each(LoopKind kind, Value begin, Value end, const std::function<void(Value index)>& body);
  /// A vector loop over elements of local arrays, which may run on to the next multiple of `padding`.
  void for_each_padded(Value end, const std::function<void(Value index)>& body);
  Values branch(Value condition, const std::function<Values()>& then, const std::function<Values()>& otherwise);
  Values while_loop(const Values& initial, const std::function<Value(const Values&)>& condition,
                    const std::function<Values(const Values&)>& body);

  Kernel finish();  // the builder is empty after it
  const Kernel& kernel() const { return kernel_; }

 private:
  struct Scope;
  enum class ScopeKind : uint8_t { loop, conditional, combine };
  DType dtype(ValueId id) const { return kernel_.value_dtypes[static_cast<size_t>(id)]; }
  Value value(ValueId id) { return {this, id}; }
  void check_owner(const std::vector<Value>& values) const;
  int depth_of(const std::vector<ValueId>& operands) const;
  ValueId new_value(DType dtype, int depth);
  Value scalar(const Scalar& constant);
  Value add_constants(ValueId id, const Scalar& addend);
  Value emit(Instruction instruction, DType dtype, bool movable);
  void effect(Instruction instruction);
  Values structure(Instruction instruction, const std::vector<DType>& dtypes);
  Values open_scope(ScopeKind kind, const std::vector<DType>& params);
  Region close_scope(const Values& yields);

  Kernel kernel_;
  std::vector<Scope> scopes_;     // open regions, outermost first
  std::vector<int> value_depth_;  // by value id: the region that defines it
  std::unordered_map<ValueId, Scalar> constants_;
  struct Sum {
    ValueId value;
    Scalar addend;
  };
  std::unordered_map<ValueId, Sum> sums_;  // integer values that are another one plus a constant

 public:
  ~Builder();
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;
};

// Arithmetic. Both sides must have one dtype; a C++ number on one side takes the other side's dtype.
Value operator+(Value a, Value b);
Value operator-(Value a, Value b);
Value operator*(Value a, Value b);
Value operator/(Value a, Value b);  // integers: truncated
Value operator%(Value a, Value b);
Value operator-(Value a);
Value operator+(Value a, double b);
Value operator+(double a, Value b);
Value operator-(Value a, double b);
Value operator-(double a, Value b);
Value operator*(Value a, double b);
Value operator*(double a, Value b);
Value operator/(Value a, double b);
Value operator/(double a, Value b);
Value operator&(Value a, Value b);
Value operator|(Value a, Value b);
Value operator^(Value a, Value b);
Value operator~(Value a);
Value operator<<(Value a, int bits);
Value operator>>(Value a, int bits);
Value operator==(Value a, Value b);
Value operator!=(Value a, Value b);
Value operator<(Value a, Value b);
Value operator<=(Value a, Value b);
Value operator>(Value a, Value b);
Value operator>=(Value a, Value b);
Value operator<(Value a, double b);
Value operator<=(Value a, double b);
Value operator>(Value a, double b);
Value operator>=(Value a, double b);
Value operator==(Value a, double b);
Value operator!=(Value a, double b);
Value like(Value a, double number);  // constant of a's dtype
Value fma(Value a, Value b, Value c);
Value fma(Value a, Value b, double c);
Value min(Value a, Value b);  // NaN if either is NaN
Value max(Value a, Value b);
Value abs(Value a);
Value sqrt(Value a);
Value floor(Value a);
Value ceil(Value a);
Value trunc(Value a);
Value rint(Value a);
Value scale2(Value a, Value power);
Value scale2_near_one(Value a, Value power);  // cheaper; for what values see Code::scale2
Value copysign(Value magnitude, Value sign);
Value select(Value condition, Value then, Value otherwise);
Value cast(Value a, DType dtype);  // nothing when it has that dtype already
Value bitcast(Value a, DType dtype);
Value is_nan(Value a);

}  // namespace croton::loop
