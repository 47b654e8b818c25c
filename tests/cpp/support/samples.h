// What the generated tests feed to each row: inputs and attributes. A row without a sample fails a test.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ir/array.h"
#include "ir/node.h"

namespace croton::test {

struct SampleInput {
  DType dtype = DType::f64;
  std::vector<int64_t> shape = {};
  std::vector<double> values = {};  // empty: drawn from the row's domain (floats), or from {0, 1} (bools)
  uint32_t ones = 0;                // axes declared to have size one
  Kind kind = Kind::tensor;
};

struct Sample {
  std::vector<SampleInput> inputs;
  std::vector<int64_t> ints = {};
  std::vector<std::shared_ptr<const Graph>> bodies = {};
  bool declared_gradient = false;  // the row's gradient is by intention not the derivative
};

std::vector<Sample> samples_of(const Op& op);
/// Why a row has no sample ("" when it must have one).
std::string_view no_sample_reason(const Op& op);

/// A sample as a node with values for its inputs. Equal seeds give equal values.
struct Case {
  std::vector<Var> inputs;
  std::vector<Array> values;
  std::vector<Var> outputs;
};
Case make_case(const Op& op, const Sample& sample, unsigned seed = 1);

}  // namespace croton::test
