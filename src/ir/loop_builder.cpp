// Builds loop IR: folds constants, shares equal instructions and puts each in the outermost region that knows its
// operands.
#include "ir/loop_builder.h"

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "base/hash.h"
#include "ir/loop_unused.h"

namespace croton::loop {
namespace {

// What makes two movable instructions equal.
struct Key {
  Code code;
  DType dtype;
  int64_t immediate;
  uint64_t number;
  std::vector<ValueId> operands;
  bool operator==(const Key&) const = default;
};

struct KeyHash {
  size_t operator()(const Key& key) const {
    uint64_t h = hash_combine(static_cast<uint64_t>(key.code) << 8 | static_cast<uint64_t>(key.dtype), key.number);
    h = hash_combine(h, static_cast<uint64_t>(key.immediate));
    for (const ValueId id : key.operands) h = hash_combine(h, static_cast<uint64_t>(id));
    return h;
  }
};

// Operands may change places without changing a bit of the result. (Of two zeros, min and max of floats give the
// second.)
bool commutes(Code code, DType operand) {
  switch (code) {
    case Code::add:
    case Code::mul:
    case Code::bit_and:
    case Code::bit_or:
    case Code::bit_xor:
    case Code::eq:
    case Code::ne:
      return true;
    case Code::min:
    case Code::max:
      return is_discrete(operand);
    default:
      return false;
  }
}

std::vector<ValueId> ids_of(const std::vector<Value>& values) {
  std::vector<ValueId> ids;
  for (const Value& v : values) ids.push_back(v.id);
  return ids;
}

std::vector<DType> dtypes_of(const std::vector<Value>& values) {
  std::vector<DType> dtypes;
  for (const Value& v : values) dtypes.push_back(v.dtype());
  return dtypes;
}

}  // namespace

struct Builder::Scope {
  ScopeKind kind = ScopeKind::loop;
  Region region;
  std::unordered_map<Key, ValueId, KeyHash> known;
};

Builder::Builder(std::string kernel_name) {
  kernel_.name = std::move(kernel_name);
  scopes_.emplace_back();
}

Builder::~Builder() = default;

// Declarations

int Builder::buffer(DType dtype, bool written, std::string name, bool read) {
  kernel_.buffers.push_back({dtype, written, read, std::move(name)});
  return static_cast<int>(kernel_.buffers.size()) - 1;
}

int Builder::new_int() { return kernel_.int_count++; }

int Builder::local(DType dtype, int64_t count) {
  kernel_.locals.push_back({dtype, count, false, -1});
  return static_cast<int>(kernel_.locals.size()) - 1;
}

int Builder::scratch(DType dtype, int scratch_int) {
  kernel_.locals.push_back({dtype, 0, true, scratch_int});
  return static_cast<int>(kernel_.locals.size()) - 1;
}

void Builder::mark_written(int buffer) { kernel_.buffers.at(static_cast<size_t>(buffer)).written = true; }

// Leaves

Value Builder::scalar(const Scalar& constant) {
  Instruction i{.code = Code::constant, .immediate = constant.integer, .number = constant.number};
  const Value v = emit(std::move(i), constant.dtype, true);
  constants_.emplace(v.id, constant);
  return v;
}

Value Builder::constant(DType dtype, double number) {
  if (is_discrete(dtype)) return integer(static_cast<int64_t>(number), dtype);
  return scalar(float_scalar(dtype, number));
}

Value Builder::integer(int64_t value, DType dtype) {
  if (is_float(dtype)) return scalar(float_scalar(dtype, static_cast<double>(value)));
  return scalar(integer_scalar(dtype, value));
}

Value Builder::int_param(int index) { return emit({.code = Code::int_param, .immediate = index}, DType::i64, true); }
Value Builder::range_begin() { return emit({.code = Code::range_begin}, DType::i64, true); }
Value Builder::range_end() { return emit({.code = Code::range_end}, DType::i64, true); }

// Instructions

Value Builder::pure(Code code, DType dtype, std::vector<Value> operands, int64_t immediate) {
  const CodeTraits& t = traits(code);
  check_owner(operands);
  if (!t.pure || static_cast<size_t>(t.operand_count) != operands.size()) {
    raise<InternalError>("'{}' with {} operands is not a pure instruction", t.name, operands.size());
  }
  std::vector<ValueId> ids = ids_of(operands);
  if (ids.empty()) return emit({.code = code, .immediate = immediate}, dtype, true);
  const DType operand = operands[0].dtype();
  const auto constant_of = [&](ValueId id) {
    const auto found = constants_.find(id);
    return found == constants_.end() ? nullptr : &found->second;
  };
  // Constants stand on the right, other operands in the order of their birth.
  if (commutes(code, operand)) {
    const auto rank = [&](ValueId id) { return std::pair(constant_of(id) != nullptr, id); };
    if (rank(ids[0]) > rank(ids[1])) std::swap(ids[0], ids[1]);
  }
  std::vector<const Scalar*> known;
  std::vector<Scalar> scalars;
  for (const ValueId id : ids) {
    known.push_back(constant_of(id));
    if (known.back() != nullptr) scalars.push_back(*known.back());
  }
  if (scalars.size() == ids.size()) {
    if (const auto folded = fold(code, dtype, scalars)) return scalar(*folded);
  }
  const Identity identity = simplify(code, operand, dtype, ids, known);
  if (identity.kind == Identity::Kind::operand) return value(ids[identity.operand]);
  if (identity.kind == Identity::Kind::constant) return scalar(identity.constant);
  if (code == Code::add && is_integer(dtype) && known[1] != nullptr) return add_constants(ids[0], *known[1]);
  return emit({.code = code, .operands = std::move(ids), .immediate = immediate}, dtype, true);
}

// (x + c) + d becomes x + (c + d): offsets of neighbours then share x.
Value Builder::add_constants(ValueId id, const Scalar& addend) {
  Sum sum{id, addend};
  if (const auto inner = sums_.find(id); inner != sums_.end()) {
    sum.value = inner->second.value;
    const uint64_t wrapped =
        static_cast<uint64_t>(inner->second.addend.integer) + static_cast<uint64_t>(addend.integer);
    sum.addend = integer_scalar(addend.dtype, static_cast<int64_t>(wrapped));
    if (sum.addend.integer == 0) return value(sum.value);
  }
  const Value result = emit({.code = Code::add, .operands = {sum.value, scalar(sum.addend).id}}, addend.dtype, true);
  sums_.emplace(result.id, sum);
  return result;
}

Value Builder::call(const char* helper, Value x) { return pure(Code::call, x.dtype(), {x}, helper_index(helper)); }

Value Builder::load(int buffer, Value offset) {
  check_owner({offset});
  const BufferDecl& declared = kernel_.buffers.at(static_cast<size_t>(buffer));
  return emit({.code = Code::load, .operands = {offset.id}, .immediate = buffer}, declared.dtype, !declared.written);
}

void Builder::store(int buffer, Value offset, Value value) {
  check_owner({offset, value});
  effect({.code = Code::store, .operands = {offset.id, value.id}, .immediate = buffer});
}

void Builder::prefetch(int buffer, Value offset) {
  check_owner({offset});
  effect({.code = Code::prefetch, .operands = {offset.id}, .immediate = buffer});
}

Value Builder::local_load(int local, Value offset) {
  check_owner({offset});
  const DType dtype = kernel_.locals.at(static_cast<size_t>(local)).dtype;
  return emit({.code = Code::local_load, .operands = {offset.id}, .immediate = local}, dtype, false);
}

void Builder::local_store(int local, Value offset, Value value) {
  check_owner({offset, value});
  effect({.code = Code::local_store, .operands = {offset.id, value.id}, .immediate = local});
}

void Builder::transpose(int local, Value column) {
  check_owner({column});
  effect({.code = Code::transpose, .operands = {column.id}, .immediate = local});
}

Value Builder::checked_index(Value index, Value size, int site) {
  check_owner({index, size});
  return emit({.code = Code::checked_index, .operands = {index.id, size.id}, .immediate = site}, DType::i64, true);
}

void Builder::check_owner(const std::vector<Value>& values) const {
  for (const Value& v : values) {
    if (v.builder != this || v.id == no_value)
      raise<InternalError>("a value does not belong to kernel '{}'", kernel_.name);
  }
}

int Builder::depth_of(const std::vector<ValueId>& operands) const {
  int depth = 0;
  for (const ValueId id : operands) depth = std::max(depth, value_depth_[static_cast<size_t>(id)]);
  return depth;
}

ValueId Builder::new_value(DType dtype, int depth) {
  kernel_.value_dtypes.push_back(dtype);
  value_depth_.push_back(depth);
  return static_cast<ValueId>(kernel_.value_dtypes.size()) - 1;
}

Value Builder::emit(Instruction instruction, DType dtype, bool movable) {
  const int innermost = static_cast<int>(scopes_.size()) - 1;
  if (!movable) {
    instruction.results = {new_value(dtype, innermost)};
    scopes_.back().region.body.push_back(std::move(instruction));
    return value(scopes_.back().region.body.back().results[0]);
  }
  const int outermost = depth_of(instruction.operands);
  if (outermost > innermost) raise<InternalError>("a value is used outside of its region in kernel '{}'", kernel_.name);
  const Key key{instruction.code, dtype, instruction.immediate, std::bit_cast<uint64_t>(instruction.number),
                instruction.operands};
  for (int depth = outermost; depth <= innermost; ++depth) {
    const auto& known = scopes_[static_cast<size_t>(depth)].known;
    if (const auto found = known.find(key); found != known.end()) return value(found->second);
  }
  int depth = outermost;
  if (!traits(instruction.code).pure) {
    for (int inner = outermost + 1; inner <= innermost; ++inner) {
      if (scopes_[static_cast<size_t>(inner)].kind == ScopeKind::conditional) depth = inner;
    }
  }
  Scope& scope = scopes_[static_cast<size_t>(depth)];
  const ValueId id = new_value(dtype, depth);
  instruction.results = {id};
  scope.region.body.push_back(std::move(instruction));
  scope.known.emplace(key, id);
  return value(id);
}

void Builder::effect(Instruction instruction) { scopes_.back().region.body.push_back(std::move(instruction)); }

// Structure

Builder::Values Builder::open_scope(ScopeKind kind, const std::vector<DType>& params) {
  scopes_.emplace_back();
  Scope& scope = scopes_.back();
  scope.kind = kind;
  Values values;
  for (const DType d : params) {
    scope.region.params.push_back(new_value(d, static_cast<int>(scopes_.size()) - 1));
    values.push_back(value(scope.region.params.back()));
  }
  return values;
}

Region Builder::close_scope(const Values& yields) {
  check_owner(yields);
  Region region = std::move(scopes_.back().region);
  region.yields = ids_of(yields);
  scopes_.pop_back();
  return region;
}

Builder::Values Builder::structure(Instruction instruction, const std::vector<DType>& dtypes) {
  Values results;
  for (const DType d : dtypes) {
    instruction.results.push_back(new_value(d, static_cast<int>(scopes_.size()) - 1));
    results.push_back(value(instruction.results.back()));
  }
  effect(std::move(instruction));
  return results;
}

Builder::Values Builder::loop(LoopKind kind, Value begin, Value end, const Values& initial, const LoopBody& body,
                              const Combine& combine, int interleave) {
  check_owner({begin, end});
  check_owner(initial);
  Instruction i{.code = Code::loop, .operands = {begin.id, end.id}, .kind = kind, .interleave = interleave};
  const std::vector<ValueId> initial_ids = ids_of(initial);
  i.operands.insert(i.operands.end(), initial_ids.begin(), initial_ids.end());
  const std::vector<DType> dtypes = dtypes_of(initial);

  std::vector<DType> params = dtypes;
  params.insert(params.begin(), DType::i64);
  Values values = open_scope(ScopeKind::loop, params);
  const Value index = values.front();
  values.erase(values.begin());
  i.regions.push_back(close_scope(body(index, values)));

  if (kind == LoopKind::vector && !initial.empty()) {
    if (!combine) raise<InternalError>("a vector loop with carried values needs a combination");
    params = dtypes;
    params.insert(params.end(), dtypes.begin(), dtypes.end());
    values = open_scope(ScopeKind::combine, params);
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(dtypes.size());
    i.regions.push_back(close_scope(combine(Values(values.begin(), middle), Values(middle, values.end()))));
  }
  return structure(std::move(i), dtypes);
}

void Builder::for_each(LoopKind kind, Value begin, Value end, const std::function<void(Value index)>& body) {
  loop(kind, begin, end, {}, [&](Value index, const Values&) {
    body(index);
    return Values{};
  });
}

void Builder::for_each_padded(Value end, const std::function<void(Value index)>& body) {
  for_each(LoopKind::vector, integer(0), end, body);
  scopes_.back().region.body.back().immediate = 1;
}

Builder::Values Builder::branch(Value condition, const std::function<Values()>& then,
                                const std::function<Values()>& otherwise) {
  check_owner({condition});
  Instruction i{.code = Code::branch, .operands = {condition.id}};
  open_scope(ScopeKind::conditional, {});
  const Values results = then();
  i.regions.push_back(close_scope(results));
  open_scope(ScopeKind::conditional, {});
  i.regions.push_back(close_scope(otherwise ? otherwise() : Values{}));
  return structure(std::move(i), dtypes_of(results));
}

Builder::Values Builder::while_loop(const Values& initial, const std::function<Value(const Values&)>& condition,
                                    const std::function<Values(const Values&)>& body) {
  check_owner(initial);
  Instruction i{.code = Code::while_loop, .operands = ids_of(initial)};
  const std::vector<DType> dtypes = dtypes_of(initial);
  const Values seen = open_scope(ScopeKind::conditional, dtypes);
  i.regions.push_back(close_scope({condition(seen)}));
  const Values carried = open_scope(ScopeKind::conditional, dtypes);
  i.regions.push_back(close_scope(body(carried)));
  return structure(std::move(i), dtypes);
}

Kernel Builder::finish() {
  if (scopes_.size() != 1) raise<InternalError>("kernel '{}' is finished inside a region", kernel_.name);
  kernel_.body = close_scope({});
  remove_unused(kernel_);
  verify(kernel_);
  Kernel kernel = std::move(kernel_);
  kernel_ = Kernel{};
  scopes_.clear();
  scopes_.emplace_back();
  value_depth_.clear();
  constants_.clear();
  sums_.clear();
  return kernel;
}

}  // namespace croton::loop
