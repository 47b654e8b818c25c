// What rows with bodies are offered: gradient, tangent, batch and copy of a body, on the drivers of whole graphs.
#include "autodiff/drivers.h"

#include "autodiff/batch.h"
#include "autodiff/forward.h"
#include "autodiff/reverse.h"
#include "base/error.h"
#include "ir/clone.h"

namespace croton {
namespace {

// A copy of a body on fresh inputs, so that the new body shares no free variable with the old one.
Graph fresh_copy(const Graph& body) { return make_body(body.inputs, body.outputs); }

template <class T>
std::vector<T> picked(const std::vector<T>& from, std::span<const int> indices) {
  std::vector<T> result;
  for (const int k : indices) result.push_back(from.at(static_cast<size_t>(k)));
  return result;
}

class BodyDrivers final : public Drivers {
 public:
  Graph gradient(const Graph& body, std::span<const int> outputs, std::span<const int> wrt) const override {
    Graph copy = fresh_copy(body);
    const std::vector<Var> from = picked(copy.outputs, outputs), to = picked(copy.inputs, wrt);
    std::vector<Var> seeds;
    for (const Var& y : from) seeds.push_back(new_input(y.type()));
    UserBuilder builder;
    GradOptions options;
    options.disconnected = GradOptions::Disconnected::ignore;
    copy.outputs = Lop(from, to, seeds, options, builder);
    copy.inputs.insert(copy.inputs.end(), seeds.begin(), seeds.end());
    return copy;
  }

  Graph tangent(const Graph& body, std::span<const int> wrt) const override {
    Graph copy = fresh_copy(body);
    const std::vector<Var> to = picked(copy.inputs, wrt);
    std::vector<Var> directions;
    for (const Var& x : to) directions.push_back(new_input(x.type()));
    UserBuilder builder;
    copy.outputs = Rop(copy.outputs, to, directions, builder);
    copy.inputs.insert(copy.inputs.end(), directions.begin(), directions.end());
    return copy;
  }

  Graph batch(const Graph& body, const std::vector<bool>& batched) const override {
    if (batched.size() != body.inputs.size()) raise<InternalError>("a flag for each input of the body is needed");
    const Graph copy = fresh_copy(body);
    UserBuilder builder;
    Graph result;
    std::vector<std::pair<Var, Var>> stacked;
    for (size_t k = 0; k < batched.size(); ++k) {
      const Var& item = copy.inputs[k];
      result.inputs.push_back(batched[k] ? new_input(stack_type(item.type()), name_of(item)) : item);
      if (batched[k]) stacked.emplace_back(item, result.inputs[k]);
    }
    if (stacked.empty()) raise<InternalError>("a body is batched over at least one input");
    const Expr size = dim(builder.wrap(stacked[0].second), 0);
    result.outputs = vectorize(copy.outputs, stacked, size.var, builder);
    return result;
  }

  std::vector<Expr> inline_body(Builder& builder, const Graph& body, std::span<const Expr> inputs) const override {
    return croton::inline_body(builder, body, inputs);
  }

 private:
  static Type stack_type(Type item) {
    if (!item.is_tensor()) raise<TypeError>("only tensors can be stacked, not {}", type_name(item));
    ++item.rank;
    item.ones <<= 1;
    return item;
  }
};

}  // namespace

const Drivers& body_drivers() {
  static const BodyDrivers drivers;
  return drivers;
}

}  // namespace croton
