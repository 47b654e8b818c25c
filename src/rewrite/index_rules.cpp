// Rules of indexing: slices of everything, elements of vectors of scalars, updates of zeros and of whole tensors.
#include <algorithm>

#include "rewrite/index_entries.h"

namespace croton {
namespace {

using enum RuleKind;
using enum Phase;

// True when the slice certainly takes the whole axis in its order.
bool takes_all(RuleContext& c, const IndexEntry& entry, const Var& x, int axis) {
  if (entry.is_scalar) return false;
  if (entry.start && !is_number(entry.start, 0)) return false;
  if (entry.step && !is_number(entry.step, 1)) return false;
  return !entry.stop || c.shapes.scalar(entry.stop) == c.shapes.sizes(x)[static_cast<size_t>(axis)];
}

bool takes_all(RuleContext& c, size_t first) {
  const std::vector<IndexEntry> entries = entries_of(*c.node, first);
  for (size_t axis = 0; axis < entries.size(); ++axis) {
    if (!takes_all(c, entries[axis], c.node->inputs[0], static_cast<int>(axis))) return false;
  }
  return true;
}

bool same_index(const Node& a, size_t first_a, const Node& b, size_t first_b) {
  return a.attributes == b.attributes && std::equal(a.inputs.begin() + static_cast<ptrdiff_t>(first_a), a.inputs.end(),
                                                    b.inputs.begin() + static_cast<ptrdiff_t>(first_b), b.inputs.end());
}

// ----------------------------------------------------------------------------------------------------------------
// reads

Exprs useless_subtensor(RuleContext& c) { return takes_all(c, 1) ? replaced_by(c, c.in(0)) : Exprs{}; }

// Positions that a slice of constants takes of an axis of `size`, by Python's rules; false when it is not of constants.
bool positions_of(const IndexEntry& entry, int64_t size, std::vector<size_t>& positions) {
  int64_t step = 1, start = 0, stop = 0;
  if (!integer_of(entry.step, 1, step) || step == 0) return false;
  if (!integer_of(entry.start, step > 0 ? 0 : size - 1, start)) return false;
  if (!integer_of(entry.stop, step > 0 ? size : -size - 1, stop)) return false;
  const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
  const auto bounded = [&](int64_t k) { return std::clamp(k < 0 ? k + size : k, low, high); };
  const int64_t last = bounded(stop);
  for (int64_t k = bounded(start); step > 0 ? k < last : k > last; k += step) {
    positions.push_back(static_cast<size_t>(k));
    if (std::abs(step) > size) break;
  }
  return true;
}

// An element or a slice of a vector that was put together from scalars (a shape), also of one that was cast.
Exprs subtensor_of_make_vector(RuleContext& c) {
  const Node* conversion = node_of(c.node->inputs[0], "cast");
  const Node* vector = node_of(conversion ? conversion->inputs[0] : c.node->inputs[0], "make_vector");
  const std::vector<IndexEntry> entries = entries_of(*c.node, 1);
  if (!vector || entries.size() != 1) return {};
  const auto size = static_cast<int64_t>(vector->inputs.size());
  if (entries[0].is_scalar) {
    int64_t position = 0;
    if (!integer_of(entries[0].position, 0, position) || position < -size || position >= size) return {};
    const Var& element = vector->inputs[static_cast<size_t>(position < 0 ? position + size : position)];
    return replaced_by(c, cast(c.wrap(element), vector->types[0].dtype));
  }
  std::vector<size_t> positions;
  if (!positions_of(entries[0], size, positions) || positions.empty()) return {};
  Exprs elements;
  for (const size_t k : positions) elements.push_back(c.wrap(vector->inputs[k]));
  return replaced_by(c, c.builder.apply("make_vector", std::move(elements)));
}

// The part of a tensor that was just put there.
Exprs subtensor_of_update(RuleContext& c) {
  const Var& x = c.node->inputs[0];
  const Node* set = node_of(x, "set_subtensor");
  const Node* added = node_of(x, "inc_subtensor");
  const Node* update = set ? set : added;
  if (!update || (added && !is_zero(added->inputs[0])) || !same_index(*c.node, 1, *update, 2)) return {};
  const Expr value = conformed(c.wrap(update->inputs[1]), c.type());
  if (!value || !c.shapes.same_shape(value.var, {c.node, 0})) return {};
  return {value};
}

// --------------------------------------------------------------------------------------------------------------
// updates

Exprs set_whole(RuleContext& c) {
  if (!takes_all(c, 2)) return {};
  const Expr value = conformed(c.in(1), c.type());
  return value && c.shapes.same_shape(value.var, c.node->inputs[0]) ? Exprs{value} : Exprs{};
}

Exprs add_to_whole(RuleContext& c) {
  if (!takes_all(c, 2)) return {};
  const Expr value = conformed(c.in(1), c.type());
  return value && c.shapes.same_shape(value.var, c.node->inputs[0]) ? replaced_by(c, c.in(0) + value) : Exprs{};
}

// Zeros that are added somewhere. An index that is out of range still fails: only slices are dropped.
Exprs add_zeros(RuleContext& c) {
  const auto& codes = c.node->attributes.ints;
  const bool slices = std::all_of(codes.begin(), codes.end(), [](int64_t code) { return code >= 0; });
  return slices && is_zero(c.node->inputs[1]) && is_single(c.node->inputs[1]) ? replaced_by(c, c.in(0)) : Exprs{};
}

Exprs add_to_zeros(RuleContext& c) {
  if (!is_zero(c.node->inputs[0])) return {};
  Exprs inputs;
  for (size_t k = 0; k < c.node->inputs.size(); ++k) inputs.push_back(c.in(k));
  return replaced_by(c, c.builder.apply(op_named("set_subtensor"), std::move(inputs), c.node->attributes));
}

// Values that an update would broadcast by itself need not be repeated before, if they certainly fill the region.
Exprs update_with_alloc(RuleContext& c) {
  const Node* made = node_of(c.node->inputs[1], "alloc");
  if (!made) return {};
  const bool advanced = c.node->op->name.starts_with("advanced");
  Exprs read{c.in(0)}, inputs{c.in(0), pad_left(c.wrap(made->inputs[0]), made->types[0].rank)};
  for (size_t k = 2; k < c.node->inputs.size(); ++k) {
    read.push_back(c.in(k));
    inputs.push_back(c.in(k));
  }
  // Reading the region gives its sizes; that node is used for nothing else.
  const Expr region =
      c.builder.apply(op_named(advanced ? "advanced_subtensor" : "subtensor"), read, c.node->attributes);
  if (!c.shapes.same_shape(region.var, c.node->inputs[1])) return {};
  return replaced_by(c, c.builder.apply(*c.node->op, inputs, c.node->attributes));
}

// r + (zeros with v added somewhere) = r with v added there. For the gradients of gathers: no zeros are made and read
// again.
Exprs add_update_of_zeros(RuleContext& c) {
  const bool difference = c.node->op->name == "sub";
  for (size_t k = 0; k < 2; ++k) {
    const Var &part = c.node->inputs[k], &rest = c.node->inputs[1 - k];
    const std::string_view row = part.op().name;
    const bool sets = row == "set_subtensor";  // of zeros: the same as adding
    if (!sets && row != "inc_subtensor" && row != "advanced_inc_subtensor") continue;
    if (!is_zero(part.node->inputs[0]) || !c.only_client(part)) continue;
    if (!(rest.type() == part.type()) || !c.shapes.same_shape(rest, part)) continue;
    Exprs inputs;
    for (const Var& v : part.node->inputs) inputs.push_back(c.wrap(v));
    inputs[0] = difference && k == 0 ? -c.wrap(rest) : c.wrap(rest);
    if (difference && k == 1) inputs[1] = -inputs[1];
    return replaced_by(
        c, c.builder.apply(sets ? op_named("inc_subtensor") : part.op(), std::move(inputs), part.node->attributes));
  }
  return {};
}

// ----------------------------------------------------------------------------------------------------------------
// tests

Expr integer(const Expr& x, int64_t value) { return x.builder->integer(value); }

std::vector<Sample> read_samples() {
  return {sample_of([](const Expr& x) { return call("subtensor", {x}, {0, 0}); }), sample_of([](const Expr& x) {
            return call("subtensor", {x, integer(x, 0), dim(x, 0), integer(x, 1)}, {7});
          })};
}

std::vector<Sample> make_vector_samples() {
  const auto vector = [](const Expr& x) { return call("make_vector", {dim(x, 0), dim(x, 1), integer(x, 5)}); };
  std::vector<Sample> samples;
  for (const int64_t position : {0, 2, -1, -3}) {
    Sampler s;
    samples.push_back(s.sample({call("subtensor", {vector(s.matrix()), s.builder.integer(position)}, {-1})}));
  }
  Sampler s;
  const Expr v = vector(s.matrix());
  samples.push_back(
      s.sample({call("subtensor", {v, s.builder.integer(1)}, {1}), call("subtensor", {v, s.builder.integer(-1)}, {4}),
                call("subtensor", {cast(v, DType::i32), s.builder.integer(1)}, {-1})}));
  return samples;
}

Expr rows_from_one(const Expr& x) { return call("subtensor", {x, integer(x, 1)}, {1}); }
Expr zeros_of_shape(const Expr& x) { return call("alloc", {x.builder->constant(x.dtype(), 0), dim(x, 0), dim(x, 1)}); }

std::vector<Sample> update_samples(std::string_view row) {
  Sampler s;
  const Expr x = s.matrix();
  const Expr zeros = zeros_of_shape(x), part = rows_from_one(x), one = s.builder.integer(1);
  return {s.sample({s.builder.apply(row, {zeros, part, one}, {1})})};
}

std::vector<Rule> read_rules() {
  return {
      {.name = "local_useless_subtensor", .roots = {"subtensor"}, .apply = useless_subtensor, .samples = read_samples},
      {.name = "local_subtensor_make_vector",
       .roots = {"subtensor"},
       .apply = subtensor_of_make_vector,
       .samples = make_vector_samples},
      {.name = "local_subtensor_inc_subtensor",
       .roots = {"subtensor"},
       .apply = subtensor_of_update,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) {
               const Expr updated = call("set_subtensor", {x, call("exp", {rows_from_one(x)}), integer(x, 1)}, {1});
               return call("subtensor", {updated, integer(x, 1)}, {1});
             })};
           }},
  };
}

std::vector<Rule> update_rules() {
  return {
      {.name = "local_useless_inc_subtensor",
       .roots = {"set_subtensor"},
       .apply = set_whole,
       .samples =
           [] {
             return std::vector{
                 sample_of([](const Expr& x) { return call("set_subtensor", {x, call("exp", {x})}, {0}); })};
           }},
      {.name = "local_useless_inc_subtensor",
       .roots = {"inc_subtensor"},
       .apply = add_to_whole,
       .samples =
           [] {
             return std::vector{
                 sample_of([](const Expr& x) { return call("inc_subtensor", {x, call("exp", {x})}, {0}); })};
           }},
      {.name = "local_useless_inc_subtensor",
       .kind = accurate,
       .roots = {"inc_subtensor"},
       .apply = add_zeros,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) {
               const Expr zero = pad_left(x.builder->constant(DType::f64, 0), 2);
               return call("inc_subtensor", {x, zero, integer(x, 1)}, {1});
             })};
           }},
      {.name = "local_useless_inc_subtensor_alloc",
       .roots = {"set_subtensor", "inc_subtensor", "advanced_set_subtensor", "advanced_inc_subtensor"},
       .apply = update_with_alloc,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) {
                                  const Expr part = rows_from_one(x), value = x.builder->constant(x.dtype(), 3);
                                  const Expr values = call("alloc", {value, dim(part, 0), dim(part, 1)});
                                  return call("set_subtensor", {x, values, integer(x, 1)}, {1});
                                }),
                                sample_of([](const Expr& x) {
                                  const Expr rows = call("arange", {integer(x, 0), dim(x, 0), integer(x, 2)},
                                                         {static_cast<int64_t>(DType::i64)});
                                  const Expr values =
                                      call("alloc", {x.builder->constant(x.dtype(), 3), dim(rows, 0), dim(x, 1)});
                                  return x.builder->apply("advanced_inc_subtensor", {x, values, rows}, {1, 0});
                                })};
           }},
      {.name = "local_incsubtensor_of_zeros_to_setsubtensor",
       .kind = accurate,
       .roots = {"inc_subtensor"},
       .apply = add_to_zeros,
       .samples = [] { return update_samples("inc_subtensor"); }},
      {.name = "local_add_inc_of_zeros",
       .kind = accurate,
       .phase = specialize,
       .roots = {"add", "sub"},
       .apply = add_update_of_zeros,
       .samples =
           [] {
             return std::vector{
                 sample_of([](const Expr& x) {
                   return x - call("inc_subtensor", {zeros_of_shape(x), rows_from_one(x), integer(x, 1)}, {1});
                 }),
                 sample_of([](const Expr& x) {
                   return call("set_subtensor", {zeros_of_shape(x), rows_from_one(x), integer(x, 1)}, {1}) - x;
                 })};
           }},
  };
}

}  // namespace

std::vector<Rule> index_rules() {
  std::vector<Rule> rules = read_rules();
  for (Rule& rule : update_rules()) rules.push_back(std::move(rule));
  return rules;
}

}  // namespace croton
