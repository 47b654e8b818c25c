// Checks a kernel of the loop IR against the rules written beside the codes; a breach is a defect of the lowering.
#include <algorithm>

#include "base/error.h"
#include "ir/loop.h"

namespace croton::loop {
namespace {

class Verifier {
 public:
  explicit Verifier(const Kernel& kernel)
      : kernel_(kernel), visible_(kernel.value_dtypes.size(), false), defined_(kernel.value_dtypes.size(), false) {}

  void run() {
    for (const DType dtype : kernel_.value_dtypes)
      check(!is_complex(dtype), "complex values are split before the loop IR");
    for (const LocalArray& local : kernel_.locals) {
      check(local.in_scratch ? local.scratch_int >= 0 && local.scratch_int < kernel_.int_count : local.count > 0,
            "a local array has no size or place");
    }
    region(kernel_.body, 0, 0);
  }

 private:
  template <class... A>
  void check(bool condition, fmt::format_string<A...> format, A&&... arguments) const {
    if (condition) return;
    raise<InternalError>("loop IR of kernel '{}': {}{}", kernel_.name,
                         fmt::format(format, std::forward<A>(arguments)...),
                         code_ == nullptr ? "" : fmt::format(" (in '{}')", traits(*code_).name));
  }

  DType dtype(ValueId id) const {
    check(id >= 0 && static_cast<size_t>(id) < visible_.size(), "value %{} does not exist", id);
    return kernel_.value_dtypes[static_cast<size_t>(id)];
  }

  void use(const std::vector<ValueId>& ids) const {
    for (const ValueId id : ids) {
      check(id >= 0 && static_cast<size_t>(id) < visible_.size(), "value %{} does not exist", id);
      check(visible_[static_cast<size_t>(id)], "value %{} is not known here", id);
    }
  }

  void define(const std::vector<ValueId>& ids, std::vector<ValueId>& scope) {
    for (const ValueId id : ids) {
      check(id >= 0 && static_cast<size_t>(id) < visible_.size(), "value %{} does not exist", id);
      check(!defined_[static_cast<size_t>(id)], "value %{} is defined twice", id);
      defined_[static_cast<size_t>(id)] = visible_[static_cast<size_t>(id)] = true;
      scope.push_back(id);
    }
  }

  void same_dtypes(const std::vector<ValueId>& a, size_t skip_a, const std::vector<ValueId>& b, size_t skip_b) const {
    check(a.size() - skip_a == b.size() - skip_b, "{} values stand for {}", a.size() - skip_a, b.size() - skip_b);
    for (size_t i = 0; i + skip_a < a.size(); ++i) {
      check(dtype(a[i + skip_a]) == dtype(b[i + skip_b]), "%{} is {} but %{} is {}", a[i + skip_a],
            dtype_name(dtype(a[i + skip_a])), b[i + skip_b], dtype_name(dtype(b[i + skip_b])));
    }
  }

  void region(const Region& r, size_t param_count, size_t yield_count) {
    check(r.params.size() == param_count, "a region has {} parameters instead of {}", r.params.size(), param_count);
    const Code* const owner = code_;
    std::vector<ValueId> scope;
    define(r.params, scope);
    for (const Instruction& i : r.body) {
      code_ = &i.code;
      use(i.operands);
      instruction(i);
      define(i.results, scope);
    }
    code_ = owner;
    use(r.yields);
    check(r.yields.size() == yield_count, "a region yields {} values instead of {}", r.yields.size(), yield_count);
    for (const ValueId id : scope) visible_[static_cast<size_t>(id)] = false;
  }

  void is_index(ValueId id) const {
    check(dtype(id) == DType::i64, "%{} must be an int64, not {}", id, dtype_name(dtype(id)));
  }

  void instruction(const Instruction& i) {
    const CodeTraits& t = traits(i.code);
    check(t.operand_count < 0 || i.operands.size() == static_cast<size_t>(t.operand_count), "it has {} operands",
          i.operands.size());
    if (t.pure) check(i.results.size() == 1 && i.regions.empty(), "it has one result and no region");
    operand_dtypes(i, t);
    switch (t.result) {
      case CodeTraits::Result::none:
        check(i.results.empty(), "it has no result");
        break;
      case CodeTraits::Result::same:
        same_dtypes({i.operands.back()}, 0, i.results, 0);
        break;
      case CodeTraits::Result::boolean:
        check(dtype(i.results.at(0)) == DType::b1, "its result is a bool");
        break;
      case CodeTraits::Result::index:
        check(i.results.size() == 1, "it has one result");
        is_index(i.results[0]);
        break;
      case CodeTraits::Result::free:
        break;
    }
    by_code(i);
  }

  void operand_dtypes(const Instruction& i, const CodeTraits& t) const {
    using O = CodeTraits::Operands;
    if (t.operands == O::none) return;
    const DType d = dtype(i.operands[0]);
    for (const ValueId id : i.operands) {
      check(dtype(id) == d, "its operands are {} and {}", dtype_name(d), dtype_name(dtype(id)));
    }
    const bool allowed = t.operands == O::any || (t.operands == O::numbers && !is_bool(d)) ||
                         (t.operands == O::floats && is_float(d)) || (t.operands == O::discrete && is_discrete(d));
    check(allowed, "it does not take {}", dtype_name(d));
  }

  void by_code(const Instruction& i) {
    const size_t number = static_cast<size_t>(i.immediate);
    switch (i.code) {
      case Code::int_param:
        check(i.immediate >= 0 && i.immediate < kernel_.int_count, "no int {}", i.immediate);
        break;
      case Code::select:
        check(dtype(i.operands[0]) == DType::b1, "its condition is a bool");
        same_dtypes({i.operands[1]}, 0, {i.operands[2]}, 0);
        break;
      case Code::bitcast:
        check(item_size(dtype(i.operands[0])) == item_size(dtype(i.results[0])), "the sizes differ");
        break;
      case Code::call:
        check(number < helpers().size(), "no helper {}", i.immediate);
        check(dtype(i.operands[0]) != DType::f16, "helpers take float32 and float64");
        break;
      case Code::shl:
      case Code::shr:
        check(!is_bool(dtype(i.operands[0])), "bools are not shifted");
        break;
      case Code::load:
      case Code::store:
        check(number < kernel_.buffers.size(), "no buffer {}", i.immediate);
        memory(i, kernel_.buffers[number].dtype);
        check(i.code == Code::load || kernel_.buffers[number].written, "buffer {} is not declared as written", number);
        break;
      case Code::local_load:
      case Code::local_store:
        check(number < kernel_.locals.size(), "no local array {}", i.immediate);
        memory(i, kernel_.locals[number].dtype);
        break;
      case Code::prefetch:
        check(number < kernel_.buffers.size(), "no buffer {}", i.immediate);
        is_index(i.operands[0]);
        break;
      case Code::transpose:
        check(number < kernel_.locals.size() && !kernel_.locals[number].in_scratch, "no local array {}", i.immediate);
        check(kernel_.locals[number].count % (transpose_side * transpose_side) == 0, "local {} is not squares", number);
        check(!inside_vector_, "it stands in a vector loop");
        is_index(i.operands[0]);
        break;
      case Code::checked_index:
        is_index(i.operands[0]);
        is_index(i.operands[1]);
        check(i.immediate >= 0 && i.immediate < kernel_.site_count, "no site {}", i.immediate);
        break;
      case Code::loop:
        loop(i);
        break;
      case Code::branch:
        branch(i);
        break;
      case Code::while_loop:
        while_loop(i);
        break;
      default:
        break;
    }
  }

  void memory(const Instruction& i, DType element) const {
    is_index(i.operands[0]);
    const bool loads = i.code == Code::load || i.code == Code::local_load;
    if (loads) check(i.results.size() == 1, "it has one result");
    const DType d = dtype(loads ? i.results[0] : i.operands[1]);
    check(d == element, "its value is {} but the memory holds {}", dtype_name(d), dtype_name(element));
  }

  void loop(const Instruction& i) {
    check(i.operands.size() >= 2 && !i.regions.empty() && i.regions.size() <= 2, "it needs bounds and a body");
    is_index(i.operands[0]);
    is_index(i.operands[1]);
    const size_t carried = i.operands.size() - 2;
    const bool is_vector = i.kind == LoopKind::vector;
    check(i.regions.size() == (is_vector && carried > 0 ? 2u : 1u),
          "vector loops with carried values, and only they, combine");
    check(i.interleave == 1 || (is_vector && carried > 0 && (i.interleave == 2 || i.interleave == 4)),
          "it cannot interleave {}", i.interleave);
    check(i.immediate == 0 || (is_vector && carried == 0 && only_locals(i.regions[0])),
          "only vector loops over local arrays run on");
    check(i.kind == LoopKind::serial || !inside_vector_, "a vector loop holds only serial loops");
    check(i.kind != LoopKind::parallel || (carried == 0 && depth_ == 0),
          "the parallel loop is outermost and carries nothing");
    same_dtypes(i.operands, 2, i.results, 0);
    const bool outer = inside_vector_;
    inside_vector_ = outer || is_vector;
    ++depth_;
    region(i.regions[0], carried + 1, carried);
    --depth_;
    inside_vector_ = outer;
    is_index(i.regions[0].params[0]);
    same_dtypes(i.operands, 2, i.regions[0].params, 1);
    same_dtypes(i.operands, 2, i.regions[0].yields, 0);
    if (i.regions.size() == 2) combine(i, carried);
  }

  static bool only_locals(const Region& r) {
    return std::ranges::none_of(r.body, [](const Instruction& i) {
      return i.code == Code::load || i.code == Code::store || i.code == Code::checked_index || !i.regions.empty();
    });
  }

  void combine(const Instruction& i, size_t carried) {
    region(i.regions[1], 2 * carried, carried);
    std::vector<ValueId> twice(i.results);
    twice.insert(twice.end(), i.results.begin(), i.results.end());
    same_dtypes(twice, 0, i.regions[1].params, 0);
    same_dtypes(i.results, 0, i.regions[1].yields, 0);
    for (const Instruction& inner : i.regions[1].body) {
      check(traits(inner.code).pure, "the combine region holds '{}'", traits(inner.code).name);
    }
  }

  void branch(const Instruction& i) {
    check(dtype(i.operands[0]) == DType::b1, "its condition is a bool");
    check(i.regions.size() == 2, "it has two regions");
    ++depth_;
    for (const Region& r : i.regions) {
      region(r, 0, i.results.size());
      same_dtypes(r.yields, 0, i.results, 0);
    }
    --depth_;
  }

  void while_loop(const Instruction& i) {
    check(i.regions.size() == 2, "it has two regions");
    const size_t carried = i.operands.size();
    same_dtypes(i.operands, 0, i.results, 0);
    ++depth_;
    region(i.regions[0], carried, 1);
    region(i.regions[1], carried, carried);
    --depth_;
    check(dtype(i.regions[0].yields[0]) == DType::b1, "its condition is a bool");
    same_dtypes(i.operands, 0, i.regions[0].params, 0);
    same_dtypes(i.operands, 0, i.regions[1].params, 0);
    same_dtypes(i.operands, 0, i.regions[1].yields, 0);
  }

  const Kernel& kernel_;
  std::vector<bool> visible_, defined_;
  const Code* code_ = nullptr;
  bool inside_vector_ = false;
  int depth_ = 0;
};

}  // namespace

void verify(const Kernel& kernel) { Verifier(kernel).run(); }

}  // namespace croton::loop
