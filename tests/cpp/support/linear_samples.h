// The part of the table of samples that feeds the rows of linear algebra.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "support/samples.h"

namespace croton::test {

void add_linear_samples(std::map<std::string_view, std::vector<Sample>>& table);

}  // namespace croton::test
