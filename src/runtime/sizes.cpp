// The size program of a call: registers, guards and the messages of those that fail.
#include <array>

#include "base/checked.h"
#include "base/error.h"
#include "base/text.h"
#include "ir/print.h"
#include "runtime/execution_state.h"

namespace croton {
namespace {

// A rank-0 slot that may be a view at an offset of this same step. An offset out of range gives 0: its guard, which is
// checked after all registers, then fails.
int64_t scalar_value(const ExecutionState& state, int slot) {
  int64_t offset = 0;
  const DType dtype = state.slot(slot).dtype;
  for (; state.slot(slot).source == Slot::Source::view; slot = state.slot(slot).index) {
    offset += state.value_or(state.slot(slot).offset, 0);
  }
  const auto [first, last] = state.extent(slot);
  if (offset < first || offset > last) return 0;
  return element_as_integer(state.data[static_cast<size_t>(slot)] + offset * item_size(dtype), dtype);
}

int64_t evaluate(ExecutionState& state, const SizeInstruction& i) {
  switch (i.kind) {
    case SizeInstruction::Kind::dim:
      if (const Slot& s = state.slot(i.slot); s.source == Slot::Source::input) {  // most of them
        return state.inputs[static_cast<size_t>(s.index)].shape[static_cast<size_t>(i.axis)];
      }
      return state.dim(i.slot, i.axis);
    case SizeInstruction::Kind::stride:
      return state.stride(i.slot, i.axis);
    case SizeInstruction::Kind::scalar:
      return scalar_value(state, i.slot);
    case SizeInstruction::Kind::apply:
      break;
  }
  std::array<int64_t, 4> few{};
  if (i.args.size() > few.size()) raise<InternalError>("a size computed from {} others", i.args.size());
  for (size_t k = 0; k < i.args.size(); ++k) few[k] = state.value(i.args[k]);
  return i.op->elementwise.value_integer(few.data(), DType::i64);
}

int64_t product(const ExecutionState& state, const std::vector<SizeReg>& registers) {
  int64_t result = 1;
  bool empty = false;
  for (const SizeReg r : registers) empty |= state.value(r) == 0;
  if (empty) return 0;
  for (const SizeReg r : registers) result = checked_multiply(result, state.value(r));
  return result;
}

bool any_negative(const ExecutionState& state, const std::vector<SizeReg>& registers) {
  for (const SizeReg r : registers) {
    if (state.value(r) < 0) return true;
  }
  return false;
}

// Only {0} and {1} are replaced: the text may hold the user's own braces.
std::string filled(std::string text, int64_t first, int64_t second) {
  const auto replace = [&text](std::string_view mark, int64_t value) {
    const std::string digits = std::to_string(value);
    for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + digits.size())) {
      text.replace(at, mark.size(), digits);
    }
  };
  replace("{0}", first);
  replace("{1}", second);
  return text;
}

[[noreturn, gnu::cold]] void fail(const ExecutionState& state, const Guard& guard, int64_t left, int64_t right) {
  const std::string trailer = error_trailer(state.program, guard.site, {});
  if (guard.kind == Guard::Kind::index) {
    const std::string text = guard.text.empty() ? "index {0} is out of bounds for axis of size {1}" : guard.text;
    throw IndexError(filled(text, left, right) + trailer);
  }
  const std::string text = guard.text.empty() ? "sizes do not fit: {0} and {1}" : guard.text;
  throw ValueError(filled(text, left, right) + trailer);
}

void check(const ExecutionState& state, const Guard& guard) {
  if (guard.kind == Guard::Kind::reshape) {
    const int64_t left = product(state, guard.many), right = product(state, guard.others);
    if (left != right || any_negative(state, guard.many) || any_negative(state, guard.others)) {
      fail(state, guard, left, right);
    }
    return;
  }
  const int64_t left = state.value(guard.left), right = state.value_or(guard.right, 0);
  bool holds = true;
  if (guard.kind == Guard::Kind::equal) holds = left == right;
  if (guard.kind == Guard::Kind::not_negative) holds = left >= 0;
  if (guard.kind == Guard::Kind::index) holds = left < right && left >= -right;
  if (!holds) fail(state, guard, left, right);
}

std::string joined_texts(const std::vector<Var>& variables, std::string (*text)(const Var&)) {
  std::string result;
  for (const Var& v : variables) result += (result.empty() ? "" : ", ") + text(v);
  return result;
}

}  // namespace

// Nothing is computed again whose arguments are what they were when this state last came here: then the guards hold,
// too.
void run_sizes(ExecutionState& state, const Step& step) {
  const Program& program = state.program;
  if (step.first_instruction == step.last_instruction && step.first_guard == step.last_guard) return;
  // No two steps share instructions or guards, so the sum is another one for each.
  int64_t& seen = state.sizes_seen[static_cast<size_t>(step.first_instruction + step.first_guard)];
  bool changed = seen != state.sizes_version;
  for (int k = step.first_instruction; k < step.last_instruction; ++k) {
    const SizeInstruction& i = program.size_instructions[static_cast<size_t>(k)];
    if (i.kind == SizeInstruction::Kind::apply && !changed) continue;
    const int64_t value = evaluate(state, i);
    int64_t& target = state.registers[static_cast<size_t>(i.target)];
    if (target == value) continue;
    target = value;
    changed = true;
    ++state.sizes_version;
  }
  if (!changed) return;
  for (int k = step.first_guard; k < step.last_guard; ++k) check(state, program.guards[static_cast<size_t>(k)]);
  seen = state.sizes_version;
}

// Theano's order: node, position, types, shapes, where the node was made, hint.
std::string error_trailer(const Program& program, int site, const std::vector<std::string>& input_descriptions) {
  if (site < 0 || site >= static_cast<int>(program.sites.size())) return {};
  const Site& where = program.sites[static_cast<size_t>(site)];
  std::string text;
  LineId line = where.line;
  if (where.variable) {
    const Node& node = *where.variable.node;
    if (line == 0) line = node.line;
    text += fmt::format("\nApply node that caused the error: {}({})\nToposort index: {}", op_text(node),
                        joined_texts(node.inputs, variable_text), site);
    text += fmt::format("\nInputs types: [{}]",
                        joined_texts(node.inputs, +[](const Var& v) { return type_name(v.type()); }));
  }
  if (!input_descriptions.empty()) text += fmt::format("\nInputs shapes: [{}]", join(input_descriptions, ", "));
  if (line != 0) {
    const SourceLine& source = line_of(line);
    text += fmt::format("\n\nBacktrace when the node is created:\n  File \"{}\", line {}, in {}", source.file,
                        source.line, source.function.empty() ? "<module>" : source.function);
    if (!source.text.empty()) text += fmt::format("\n    {}", strip(source.text));
  }
  text += "\n\nHINT: Use the flag 'exception_verbosity=high' for a debugprint of this apply node.";
  return text;
}

}  // namespace croton
