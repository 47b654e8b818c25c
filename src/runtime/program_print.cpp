// A program as text: registers, slots and the tree of steps, for dumps and tests.
#include "base/text.h"
#include "ir/print.h"
#include "runtime/program.h"

namespace croton {
namespace {

std::string register_text(SizeReg r) { return r == no_reg ? "-" : fmt::format("r{}", r); }

std::string registers_text(const std::vector<SizeReg>& registers) {
  return "(" + join(registers, ", ", register_text) + ")";
}

std::string slots_text(const std::vector<int>& slots) {
  return join(slots, ", ", [](int slot) { return slot < 0 ? std::string("-") : fmt::format("s{}", slot); });
}

std::string instruction_text(const SizeInstruction& i) {
  const std::string target = register_text(i.target);
  switch (i.kind) {
    case SizeInstruction::Kind::dim:
      return fmt::format("{} = dim s{} axis {}", target, i.slot, i.axis);
    case SizeInstruction::Kind::stride:
      return fmt::format("{} = stride s{} axis {}", target, i.slot, i.axis);
    case SizeInstruction::Kind::scalar:
      return fmt::format("{} = value of s{}", target, i.slot);
    case SizeInstruction::Kind::apply:
      break;
  }
  return fmt::format("{} = {}{}", target, i.op->name, registers_text(i.args));
}

std::string guard_text(const Guard& g) {
  switch (g.kind) {
    case Guard::Kind::equal:
      return fmt::format("require {} == {}", register_text(g.left), register_text(g.right));
    case Guard::Kind::not_negative:
      return fmt::format("require {} >= 0", register_text(g.left));
    case Guard::Kind::index:
      return fmt::format("require index {} within {}", register_text(g.left), register_text(g.right));
    case Guard::Kind::reshape:
      break;
  }
  return fmt::format("require product {} == product {}", registers_text(g.many), registers_text(g.others));
}

std::string slot_text(const Program& program, const Slot& slot) {
  std::string text;
  switch (slot.source) {
    case Slot::Source::input:
      text = fmt::format("input {}", slot.index);
      break;
    case Slot::Source::shared:
      text = fmt::format("shared {} '{}'", slot.index, program.shared[static_cast<size_t>(slot.index)]->name);
      break;
    case Slot::Source::constant:
      text = fmt::format("constant {}", slot.index);
      break;
    case Slot::Source::buffer:
      text = fmt::format("buffer {}", slot.index);
      break;
    case Slot::Source::output:
      text = "output";
      break;
    case Slot::Source::view:
      text = fmt::format("view of s{} from {}", slot.index, register_text(slot.offset));
      break;
    case Slot::Source::dynamic:
      text = "dynamic";
      break;
    case Slot::Source::in_place:
      text = fmt::format("in place of shared {}", slot.index);
      break;
  }
  return fmt::format("{} {} shape {} strides {}", text, dtype_name(slot.dtype), registers_text(slot.shape),
                     registers_text(slot.strides));
}

std::string block_text(const Program& program, const Block& block, int depth);

std::string kernel_text(const Program& program, const KernelStep& k) {
  std::string text =
      fmt::format("kernel {}({}) ints {} count {} cost {}", program.kernels[static_cast<size_t>(k.kernel)].loops.name,
                  slots_text(k.buffers), registers_text(k.ints), register_text(k.count), k.cost);
  if (k.cost_items != no_reg) text += " per item, items " + register_text(k.cost_items);
  if (k.copied >= 0) text += fmt::format(" unless s{} is s{}", k.copied, k.copy);
  if (k.scratch != no_reg) text += " scratch " + register_text(k.scratch);
  if (k.minimum_grain != no_reg) text += " grain " + register_text(k.minimum_grain);
  return text + (k.serial ? " serial" : "") + (k.coarse ? " coarse" : "");
}

std::string gemm_text(const GemmStep& g) {
  const std::string alpha = g.alpha_slot < 0 ? fmt::format("{}", g.alpha) : fmt::format("s{}", g.alpha_slot);
  const std::string beta = g.beta_slot < 0 ? fmt::format("{}", g.beta) : fmt::format("s{}", g.beta_slot);
  std::string text = fmt::format("gemm s{} = {} * s{} . s{}", g.out, alpha, g.a, g.b);
  return g.c < 0 ? text : text + fmt::format(" + {} * s{}", beta, g.c);
}

std::string sizes_text(const Program& program, const Step& step, const std::string& indent) {
  std::string text = "sizes";
  for (int k = step.first_instruction; k < step.last_instruction; ++k) {
    text += "\n" + indent + "  " + instruction_text(program.size_instructions[static_cast<size_t>(k)]);
  }
  for (int k = step.first_guard; k < step.last_guard; ++k) {
    text += "\n" + indent + "  " + guard_text(program.guards[static_cast<size_t>(k)]);
  }
  return text;
}

std::string step_text(const Program& program, const Step& step, int depth) {
  const std::string indent(static_cast<size_t>(depth) * 2, ' ');
  std::string text = indent;
  if (!step.prepares.empty()) text += "prepare " + slots_text(step.prepares) + "\n" + indent;
  switch (step.kind) {
    case Step::Kind::sizes:
      text += sizes_text(program, step, indent);
      break;
    case Step::Kind::kernel:
      text += kernel_text(program, step.kernel);
      break;
    case Step::Kind::gemm:
      text += gemm_text(step.gemm);
      break;
    case Step::Kind::host:
      text += fmt::format("host {} ({}) -> {}", op_text(*step.host.node), slots_text(step.host.inputs),
                          slots_text(step.host.outputs));
      break;
    case Step::Kind::loop:
      text += fmt::format("loop {} ({}) -> {}", op_text(*step.host.node), slots_text(step.host.inputs),
                          slots_text(step.host.outputs));
      break;
    case Step::Kind::branch:
      text += fmt::format("if s{} -> {}\n{}", step.branch.condition, slots_text(step.branch.outputs),
                          block_text(program, *step.branch.then_block, depth + 1));
      text += fmt::format("{}  give {}\n{}else\n{}", indent, slots_text(step.branch.then_results), indent,
                          block_text(program, *step.branch.else_block, depth + 1));
      text += fmt::format("{}  give {}", indent, slots_text(step.branch.else_results));
      break;
    case Step::Kind::commit:
      text += "commit";
      break;
  }
  return text + "\n";
}

std::string block_text(const Program& program, const Block& block, int depth) {
  std::string text;
  for (const Step& step : block.steps) text += step_text(program, step, depth);
  return text;
}

}  // namespace

std::string print(const Program& program) {
  std::string text = "registers " + std::to_string(program.register_count) + "\n";
  for (size_t k = 0; k < program.constants.size(); ++k) text += fmt::format("  r{} = {}\n", k, program.constants[k]);
  text += "slots\n";
  for (size_t k = 0; k < program.slots.size(); ++k) {
    text += fmt::format("  s{}: {}\n", k, slot_text(program, program.slots[k]));
  }
  text += "steps\n" + block_text(program, program.body, 1);
  text += "outputs " + slots_text(program.output_slots) + "\n";
  for (const auto& [cell, slot] : program.updates) text += fmt::format("update shared {} = s{}\n", cell, slot);
  return text;
}

}  // namespace croton
