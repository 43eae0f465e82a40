#include <doctest/doctest.h>

#include <set>

#include "core/arena.h"
#include "harness.h"

using namespace pulsing;
using namespace pulsing::test;

TEST_CASE("Segments stand behind the control blocks, do not overlap and end with the arena") {
  for (const uint32_t slots : {1u, 2u, 5u, 64u}) {
    CAPTURE(slots);
    const size_t bytes = size_t{32} << 20;
    World world(slots, bytes);
    Arena& arena = world.engine().arena();
    SegmentCache cache;
    std::set<uint32_t> all;
    for (uint32_t i = 0; i < arena.segments(); ++i) {
      const uint32_t segment = arena.take(cache, true);
      REQUIRE(segment != 0);
      CHECK(all.insert(segment).second);
      CHECK(size_t{arena.first(segment)} * 8 >= size_t{slots} * kControlBytes + kSegmentHeaderBytes);
      CHECK(size_t{arena.end(segment)} * 8 <= bytes);
      CHECK(size_t{arena.end(segment) - arena.first(segment)} * 8 == arena.segment_bytes() - kSegmentHeaderBytes);
      CHECK(arena.segment_of(arena.first(segment)) == segment);
      CHECK(arena.segment_of(arena.end(segment) - 1) == segment);
    }
    CHECK(arena.free_count() == 0);
    CHECK(arena.take(cache, true) == 0);
    for (const uint32_t segment : all) arena.done(segment, 1, cache);
    CHECK(arena.free_count() == arena.segments());
  }
}

TEST_CASE("A segment goes back when its frames are done and its writer has given up its share, in any order") {
  World world(2);
  Arena& arena = world.engine().arena();
  SegmentCache cache;
  const uint32_t before = arena.free_count();
  const uint32_t segment = arena.take(cache, false);
  CHECK(arena.free_count() == before - 1);
  arena.add(segment, 3);
  arena.done(segment, 2, cache);
  arena.add(segment, 1);
  arena.done(segment, 1, cache);
  CHECK(arena.free_count() == before - 1);
  SUBCASE("the writer last") {
    arena.done(segment, 1, cache);
    CHECK(arena.free_count() == before - 1);
    arena.done(segment, 1, cache);
  }
  SUBCASE("a frame last") {
    arena.done(segment, 1, cache);
    arena.done(segment, 1, cache);
  }
  CHECK(arena.free_count() == before);
}

TEST_CASE("What is kept for system frames is there when user frames find nothing") {
  for (const uint32_t slots : {1u, 2u, 4u, 16u}) {
    for (const size_t bytes : {size_t{4} << 20, size_t{64} << 20}) {
      CAPTURE(slots);
      CAPTURE(bytes);
      World world(slots, bytes);
      Arena& arena = world.engine().arena();
      // Every slot takes all it can and gives some back, so that caches hold as much as they ever do.
      std::vector<SegmentCache> caches(slots);
      std::vector<uint32_t> held;
      for (uint32_t round = 0; round < 3; ++round) {
        for (bool some = true; some;) {
          some = false;
          for (SegmentCache& cache : caches)
            if (const uint32_t segment = arena.take(cache, false); segment != 0) {
              held.push_back(segment);
              some = true;
            }
        }
        for (SegmentCache& cache : caches)
          for (uint32_t i = 0; i < 16 && held.size() > 32; ++i) {
            arena.done(held.back(), 1, cache);
            held.pop_back();
          }
      }
      while (const uint32_t segment = arena.take(caches[0], false)) held.push_back(segment);
      CHECK(arena.low());  // what waits long is moved out, or user frames would never find a segment again
      const uint32_t first = arena.take(caches[0], true);
      const uint32_t second = arena.take(caches[slots - 1], true);
      CHECK(first != 0);
      CHECK(second != 0);
    }
  }
}

TEST_CASE("Whoever found no segment is told once there are some again") {
  World world(2, size_t{1} << 20);
  Arena& arena = world.engine().arena();
  SegmentCache cache;
  std::vector<uint32_t> held;
  while (const uint32_t segment = arena.take(cache, false)) held.push_back(segment);
  CHECK(arena.want_room(1));
  CHECK(arena.take_room() == 0);
  for (const uint32_t segment : held) arena.done(segment, 1, cache);
  CHECK_FALSE(arena.want_room(1));
  CHECK(arena.take_room() == 2);
  CHECK(arena.take_room() == 0);
}

TEST_CASE("Threads that pass segments around reuse none before it is done, and lose none") {
  constexpr uint32_t kThreads = 4, kRounds = 200'000 / kSlowdown;
  World world(kThreads, size_t{4} << 20);
  Arena& arena = world.engine().arena();
  struct Parcel {
    std::mutex mutex;
    std::vector<uint32_t> segments;  // one frame of each is the receiver's
  };
  std::vector<Parcel> parcels(kThreads);
  std::atomic<uint32_t> wrong{0}, writing{kThreads};
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      SegmentCache cache;
      Random random(t + 1);
      const auto receive = [&] {
        std::vector<uint32_t> mine;
        {
          const std::lock_guard guard(parcels[t].mutex);
          mine.swap(parcels[t].segments);
        }
        for (const uint32_t segment : mine) {
          const uint32_t* const words = arena.words(arena.first(segment));
          if (words[0] != (segment ^ words[1])) ++wrong;  // overwritten while we held a frame of it
          arena.done(segment, 1, cache);
        }
      };
      for (uint32_t i = 0; i < kRounds; ++i) {
        const uint32_t segment = arena.take(cache, false);
        if (segment != 0) {
          uint32_t* const words = arena.words(arena.first(segment));
          words[1] = t << 24 | i;
          words[0] = segment ^ words[1];
          const uint32_t readers = 1 + random.below(3);
          arena.add(segment, readers);
          for (uint32_t r = 0; r < readers; ++r) {
            Parcel& to = parcels[(t + r + 1) % kThreads];
            const std::lock_guard guard(to.mutex);
            to.segments.push_back(segment);
          }
          arena.done(segment, 1, cache);
        }
        receive();
      }
      --writing;
      while (writing.load() != 0) receive();
      receive();
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(arena.free_count() == arena.segments());
}
