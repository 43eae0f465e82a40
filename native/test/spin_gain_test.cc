#include <doctest/doctest.h>

#include "core/spin_gain.h"

using namespace pulsing;

TEST_CASE("Spinning is worth it until it has not paid for a while, then seldom, and again once it pays") {
  SpinGain gain;
  for (uint32_t i = 0; i < SpinGain::kMisses; ++i) {
    CHECK(gain.worth());
    gain.spun(false);
  }
  for (uint32_t round = 0; round < 3; ++round) {
    for (uint32_t i = 1; i < SpinGain::kTryEvery; ++i) CHECK_FALSE(gain.worth());
    CHECK(gain.worth());
    gain.spun(false);
  }
  for (uint32_t i = 1; i < SpinGain::kTryEvery; ++i) CHECK_FALSE(gain.worth());
  CHECK(gain.worth());
  gain.spun(true);
  for (uint32_t i = 0; i < SpinGain::kMisses; ++i) {
    CHECK(gain.worth());
    gain.spun(false);
  }
  CHECK_FALSE(gain.worth());
}
