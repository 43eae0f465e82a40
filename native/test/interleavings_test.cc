#include <doctest/doctest.h>

// The sanitizers do not follow the simulated threads, and have nothing to see there.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)

#include "scenarios.h"

using namespace pulsing::simulated;

TEST_CASE("No interleaving on a weak memory loses, doubles or reorders a batch, races, or loses a wake-up") {
  for (const Scenario& scenario : kScenarios) {
    CAPTURE(scenario.name);
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
      const std::string error = scenario.run(seed);
      if (error.empty()) continue;
      CAPTURE(seed);
      FAIL_CHECK(error);
      break;
    }
  }
}

TEST_CASE("The simulated memory shows what C++ allows") {
  // Two threads that each write one atomic and read the other: both may read the old value, but not with seq_cst.
  using std::memory_order_acquire, std::memory_order_relaxed, std::memory_order_release, std::memory_order_seq_cst;
  const auto both_old = [](std::memory_order write, std::memory_order look, bool fences) {
    for (uint64_t seed = 1; seed <= 1000; ++seed) {
      Run run(seed);
      Atomic<uint32_t> x{0}, y{0};
      uint32_t saw_x = 9, saw_y = 9;
      run.thread([&] {
        x.store(1, write);
        if (fences) Sync::fence();
        saw_y = y.load(look);
      });
      run.thread([&] {
        y.store(1, write);
        if (fences) Sync::fence();
        saw_x = x.load(look);
      });
      if (!run.go().empty()) return true;
      if (saw_x == 0 && saw_y == 0) return true;
    }
    return false;
  };
  CHECK(both_old(memory_order_release, memory_order_acquire, false));
  CHECK(both_old(memory_order_release, memory_order_seq_cst, false));
  CHECK_FALSE(both_old(memory_order_seq_cst, memory_order_seq_cst, false));
  CHECK_FALSE(both_old(memory_order_relaxed, memory_order_relaxed, true));
  // A flag that publishes plain memory: a race unless released and acquired, also through another's read-modify-write.
  const auto races = [](std::memory_order write, std::memory_order look) {
    for (uint64_t seed = 1; seed <= 1000; ++seed) {
      Run run(seed);
      Atomic<uint32_t> flag{0};
      Plain<uint32_t> memory;
      run.thread([&] {
        memory.set(1);
        flag.fetch_add(1, write);
      });
      run.thread([&] { flag.fetch_add(2, memory_order_relaxed); });
      run.thread([&] {
        if ((flag.load(look) & 1) != 0) static_cast<void>(memory.get());
      });
      if (!run.go().empty()) return true;
    }
    return false;
  };
  CHECK(races(memory_order_relaxed, memory_order_acquire));
  CHECK(races(memory_order_release, memory_order_relaxed));
  CHECK_FALSE(races(memory_order_release, memory_order_acquire));
}

#endif
