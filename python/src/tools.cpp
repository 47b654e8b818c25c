// What programs that test the engine ask of it: the rewrite rules, and another number of threads.
#include "base/thread_pool.h"
#include "bindings.h"
#include "rewrite/rule.h"

namespace croton::python {
namespace {

nb::dict facts_of(const Rule& rule) {
  nb::dict d;
  d["name"] = std::string(rule.name);
  d["kind"] = rule.kind == RuleKind::exact ? "exact" : rule.kind == RuleKind::accurate ? "accurate" : "fast_math";
  d["phase"] = std::string(phase_name(rule.phase));
  return d;
}

}  // namespace

void bind_tools(nb::module_& m) {
  m.def("rules", [] {
    nb::list rules;
    for (const Rule& rule : all_rules()) rules.append(facts_of(rule));
    return rules;
  });
  m.def("thread_count", [] { return default_pool().size(); });
  m.def("set_thread_count", [](int threads) { default_pool().resize(threads); });
}

}  // namespace croton::python
