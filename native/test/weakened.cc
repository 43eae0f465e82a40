// Built with -DPULSING_WEAKEN=<n>, site n of core/sync.h has its weak form: a seed has to be found that shows it.
//   weakened-<n>                    looks through the seeds; exit code 1 where none is found
//   weakened-<n> <scenario> <seed>  one of them again
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "scenarios.h"

using namespace pulsing::simulated;

int main(int count, char** arguments) {
  const bool again = count == 3;
  const uint64_t first = again ? std::strtoull(arguments[2], nullptr, 10) : 1;
  for (uint64_t seed = first; seed <= (again ? first : kSeeds); ++seed) {
    for (const Scenario& scenario : kScenarios) {
      if (again && std::strcmp(arguments[1], scenario.name) != 0) continue;
      const std::string error = scenario.run(seed);
      if (error.empty()) continue;
      std::printf("site %2d: %s, seed %llu: %s\n", PULSING_WEAKEN, scenario.name,
                  static_cast<unsigned long long>(seed), error.c_str());
      return 0;
    }
  }
  std::printf("site %2d: not found\n", PULSING_WEAKEN);
  return 1;
}
