// Prints a kernel of the loop IR as indented text, one instruction a line.
#include <iterator>

#include "base/error.h"
#include "ir/loop.h"

namespace croton::loop {
namespace {

class Printer {
 public:
  explicit Printer(const Kernel& kernel) : kernel_(kernel) {}

  std::string run() {
    line("kernel {}({} ints)", kernel_.name, kernel_.int_count);
    for (size_t i = 0; i < kernel_.buffers.size(); ++i) {
      const BufferDecl& buffer = kernel_.buffers[i];
      line("buffer {} {}{}{} \"{}\"", i, dtype_name(buffer.dtype), buffer.read ? " read" : "",
           buffer.written ? " written" : "", buffer.name);
    }
    for (size_t i = 0; i < kernel_.locals.size(); ++i) {
      const LocalArray& local = kernel_.locals[i];
      if (local.in_scratch) {
        line("local {} {} in scratch at ints[{}]", i, dtype_name(local.dtype), local.scratch_int);
      } else {
        line("local {} {}[{}]", i, dtype_name(local.dtype), local.count);
      }
    }
    region(kernel_.body);
    return std::move(text_);
  }

 private:
  template <class... A>
  void line(fmt::format_string<A...> format, A&&... arguments) {
    text_.append(static_cast<size_t>(2 * depth_), ' ');
    fmt::format_to(std::back_inserter(text_), format, std::forward<A>(arguments)...);
    text_ += '\n';
  }

  static std::string values(const std::vector<ValueId>& ids, size_t begin = 0) {
    std::string text;
    for (size_t i = begin; i < ids.size(); ++i)
      fmt::format_to(std::back_inserter(text), "{}%{}", i > begin ? ", " : "", ids[i]);
    return text;
  }

  std::string typed(const std::vector<ValueId>& ids) const {
    std::string text;
    for (size_t i = 0; i < ids.size(); ++i) {
      fmt::format_to(std::back_inserter(text), "{}%{}:{}", i > 0 ? ", " : "", ids[i],
                     dtype_name(kernel_.value_dtypes.at(static_cast<size_t>(ids[i]))));
    }
    return text;
  }

  // What stands between the code's name and the operands.
  std::string detail(const Instruction& instruction) const {
    switch (instruction.code) {
      case Code::constant:
        return is_float(kernel_.value_dtypes.at(static_cast<size_t>(instruction.results.at(0))))
                   ? fmt::format(" {}", instruction.number)
                   : fmt::format(" {}", instruction.immediate);
      case Code::int_param:
      case Code::local_load:
      case Code::local_store:
      case Code::transpose:
      case Code::load:
      case Code::prefetch:
      case Code::store:
        return fmt::format(" [{}]", instruction.immediate);
      case Code::checked_index:
        return fmt::format(" site {}", instruction.immediate);
      case Code::call:
        return fmt::format(" {}", helpers().at(static_cast<size_t>(instruction.immediate)).name);
      case Code::loop: {
        static constexpr const char* kinds[] = {" parallel", " serial", " vector"};
        std::string text = kinds[static_cast<size_t>(instruction.kind)];
        if (instruction.interleave > 1) text += fmt::format(" interleave {}", instruction.interleave);
        if (instruction.immediate == 1) text += " padded";
        return text;
      }
      default:
        return "";
    }
  }

  void instruction(const Instruction& i) {
    const std::string results = i.results.empty() ? "" : typed(i.results) + " = ";
    line("{}{}{} {}", results, traits(i.code).name, detail(i), values(i.operands));
    static constexpr const char* loop_names[] = {"body", "combine"};
    static constexpr const char* branch_names[] = {"then", "else"};
    static constexpr const char* while_names[] = {"while", "do"};
    const char* const* names = i.code == Code::loop ? loop_names : i.code == Code::branch ? branch_names : while_names;
    for (size_t r = 0; r < i.regions.size(); ++r) {
      line("{}({})", names[r], typed(i.regions[r].params));
      region(i.regions[r]);
    }
  }

  void region(const Region& r) {
    ++depth_;
    for (const Instruction& i : r.body) instruction(i);
    if (!r.yields.empty()) line("yield {}", values(r.yields));
    --depth_;
  }

  const Kernel& kernel_;
  std::string text_;
  int depth_ = 0;
};

}  // namespace

std::string print(const Kernel& kernel) { return Printer(kernel).run(); }

}  // namespace croton::loop
