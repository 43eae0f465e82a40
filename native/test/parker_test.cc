#include <doctest/doctest.h>

#include "core/parker.h"
#include "harness.h"

using namespace pulsing;
using namespace pulsing::test;

TEST_CASE("A parker is vacant at first, asleep in two ways, and says once what a sleep was") {
  Parker<Threads> parker;
  CHECK(parker.state() == Rest::kVacant);
  CHECK_FALSE(parker.asleep());
  CHECK(parker.wake() == Rest::kVacant);
  for (const Rest how : {Rest::kBusy, Rest::kIdle}) {
    CHECK_FALSE(parker.asleep());
    parker.sleep(how);
    CHECK(parker.asleep());
    CHECK(parker.wake() == how);
    CHECK(parker.wake() == Rest::kAwake);
  }
  parker.sleep(Rest::kIdle);
  CHECK(parker.vacate() == Rest::kIdle);
  CHECK_FALSE(parker.asleep());
}

TEST_CASE("Of several wakers one alone claims a sleep") {
  constexpr uint32_t kWakers = 3, kSleeps = 60'000 / kSlowdown;
  Parker<Threads> parker;
  static_cast<void>(parker.wake());
  std::atomic<uint32_t> claims{0};
  std::atomic<bool> over{false};
  std::vector<std::thread> wakers;
  for (uint32_t w = 0; w < kWakers; ++w)
    wakers.emplace_back([&] {
      while (!over.load(std::memory_order_relaxed))
        if (parker.asleep()) {
          const Rest was = parker.wake();
          if (was == Rest::kBusy || was == Rest::kIdle) claims.fetch_add(1);
        } else {
          std::this_thread::yield();
        }
    });
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < kSleeps; ++i) {
    parker.sleep(i % 2 == 0 ? Rest::kBusy : Rest::kIdle);
    while (claims.load() != i + 1) {
      if (claims.load() > i + 1) ++wrong;
      std::this_thread::yield();
    }
    if (parker.state() != Rest::kAwake) ++wrong;
  }
  over = true;
  for (auto& waker : wakers) waker.join();
  CHECK(wrong == 0);
  CHECK(claims == kSleeps);
}

TEST_CASE("Two threads that really sleep pass a ball 100,000 times without losing a wake-up") {
  constexpr uint32_t kRounds = 100'000;
  World world(2);
  std::atomic<bool> started{false};
  bool lost = false;
  const auto play = [&](uint32_t me, bool serve) {
    Owner owner(world, me);
    const To self{me, 0, 1};
    const To other{1 - me, 0, 1};
    open(owner, self);
    if (serve) {
      while (!started.load()) std::this_thread::yield();
      REQUIRE(owner.tell(other, me, 0));
      owner.flush();
    } else {
      started = true;
    }
    uint32_t seen = 0;
    while (seen < kRounds && !lost) {
      owner.take([&](const Seen& ball) {
        if (ball.number != seen) lost = true;
        ++seen;
        // The one who serves answers all but the last, so both see as many.
        const uint32_t number = serve ? seen : ball.number;
        if (serve && seen == kRounds) return;
        if (!owner.tell(other, me, number)) lost = true;
      });
      owner.flush();
      if (seen < kRounds && !owner.slot().has_work() && !owner.sleep(Rest::kBusy)) lost = true;
    }
    owner.close_segments();
  };
  std::thread second(play, 1, false);
  play(0, true);
  second.join();
  CHECK_FALSE(lost);
  CHECK(world.free_segments() == world.engine().arena().segments());
}
