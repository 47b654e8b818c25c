// A reference evaluator for tests: the rows' `value`, node by node; rows written in other rows are expanded first.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ir/array.h"
#include "ir/node.h"

namespace croton::test {

using Bindings = std::vector<std::pair<Var, Array>>;

/// Values of the outputs. Each node's result is checked against its type and its row's size rule.
std::vector<Array> evaluate(std::span<const Var> outputs, const Bindings& bindings);
Array evaluate(const Var& output, const Bindings& bindings);

/// What the size rule of a node says for inputs of given values; no shapes when it cannot be known before the values.
std::vector<std::vector<int64_t>> ruled_shapes(const Node& node, std::span<const Array> inputs);

Array array_from(DType dtype, std::vector<int64_t> shape, const std::vector<double>& values);
std::vector<double> values_of(const Array& array);
std::string text_of(const Array& array);

}  // namespace croton::test
