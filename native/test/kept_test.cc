// Actors that outlive their thread: what waits for them, and who hears of what had begun.
#include <doctest/doctest.h>

#include <array>
#include <map>

#include "harness.h"

using namespace pulsing;
using namespace pulsing::test;

namespace {

std::vector<uint32_t> lost_of(const std::vector<Notice>& notices) {
  std::vector<uint32_t> sequences;
  for (const Notice& notice : notices)
    if (notice.kind == Notice::kAskLost) sequences.push_back(notice.b);
  std::ranges::sort(sequences);
  return sequences;
}

}  // namespace

TEST_CASE("What waits for an actor that is kept is there for the next thread, in order; its neighbours are gone") {
  World world(2);
  Owner sender(world, 0);
  std::vector<uint32_t> begun;
  const auto note = [&](const Seen& seen) { begun.push_back(seen.number); };
  CHECK(world.engine().names().add("kept", {.target = {1, 0, 1}}));
  CHECK(world.engine().names().add("gone", {.target = {1, 1, 2}}));
  {
    Owner first(world, 1);
    open(first, {1, 0, 1});
    open(first, {1, 1, 2});
    first.slot().keep(0, 7);
    for (uint32_t i = 0; i < 50; ++i) REQUIRE(sender.tell({1, 0, 1}, 0, i));
    REQUIRE(sender.tell({1, 1, 2}, 0, 1000));
    sender.flush();
    CHECK(first.slot().drain(1000) == 51);
    CHECK(first.begin_all(note, 10) == 10);
    first.slot().control()[kCurrent] = 0;
    first.slot().control()[kMethod] = 3;
    first.slot().control()[kLocalWaiting] = 5;
    first.die(false);
  }
  for (uint32_t i = 50; i < 60; ++i) REQUIRE(sender.tell({1, 0, 1}, 0, i));
  sender.flush();
  CHECK(count_sent(*world.engine().account({1, 0, 1}), 1, 0, 0) == Room::kYes);
  CHECK(count_sent(*world.engine().account({1, 1, 2}), 2, 0, 0) == Room::kGone);
  NameEntry entry;
  CHECK(world.engine().names().find("kept", entry));
  CHECK_FALSE(world.engine().names().find("gone", entry));

  Owner second(world, 1);
  CHECK(second.slot().control()[kLastCurrent] == 0);
  CHECK(second.slot().control()[kLastMethod] == 3);
  CHECK(second.slot().control()[kLocalLost] == 5);
  const auto kept = second.slot().kept();
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].index == 0);
  CHECK(kept[0].generation == 1);
  CHECK(kept[0].class_id == 7);
  const auto before = second.take_everything();  // paused until it is made again
  REQUIRE(before.size() == 1);
  CHECK(before[0].bounced);
  CHECK(before[0].number == 1000);
  CHECK(second.slot().depth(0) == 50);
  second.slot().resume(0);
  for (const Seen& seen : second.take_everything()) begun.push_back(seen.number);
  std::vector<uint32_t> expected(60);
  for (uint32_t i = 0; i < 60; ++i) expected[i] = i;
  CHECK(begun == expected);
  second.slot().close(0);
  CHECK(second.slot().kept().empty());
  sender.die(false);
  second.die(false);
  CHECK(world.free_segments() == world.engine().arena().segments());
}

TEST_CASE("Who asked an actor that is kept hears what had begun and was not answered, and nothing else") {
  World world(2);
  Owner asker(world, 0);
  const To actor{1, 0, 1};
  const auto ask = [&](uint32_t sequence) {
    REQUIRE(asker.ask(actor, {.slot = 0, .index = sequence, .sequence = sequence}, 0, sequence));
  };
  {
    Owner first(world, 1);
    open(first, actor);
    first.slot().keep(0, 1);
    for (const uint32_t sequence : {1u, 2u, 3u, 4u}) ask(sequence);
    asker.flush();
    first.take([&](const Seen& seen) {  // asynchronous, all four
      first.slot().begun({.slot = 0, .index = seen.number, .sequence = seen.number});
    });
    // 2 is answered and handed over; 3 is answered, but that is not handed over; 1 and 4 are under way.
    REQUIRE(first.express(0, kValue, 0, 2));
    first.slot().ended({.slot = 0, .index = 2, .sequence = 2});
    first.flush();
    first.slot().ended({.slot = 0, .index = 3, .sequence = 3});
    for (const uint32_t sequence : {5u, 6u, 7u}) ask(sequence);
    asker.flush();
    CHECK(first.slot().drain(100) == 3);
    CHECK(first.begin_all([](const Seen&) {}, 1) == 1);  // 5 is in hand, 6 and 7 have not begun
    first.die(false);
  }
  CHECK(lost_of(asker.notices()).empty());  // the answer first
  const auto answers = asker.take_everything();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].number == 2);
  CHECK(lost_of(asker.notices()) == std::vector<uint32_t>{1, 3, 4, 5});
  Owner second(world, 1);
  second.slot().resume(0);
  const auto left = second.take_everything();
  REQUIRE(left.size() == 2);
  CHECK(left[0].number == 6);
  CHECK(left[1].number == 7);
}

TEST_CASE("Who asked an agent hears what it had begun; the rest is the next agent's") {
  World world(2);
  Owner asker(world, 0);
  {
    Owner first(world, 1);
    for (const uint32_t sequence : {1u, 2u, 3u})
      REQUIRE(asker.signal(1, {.slot = 0, .index = sequence, .sequence = sequence}));
    REQUIRE(asker.signal(1, {}));
    asker.flush();
    CHECK(first.slot().drain(10) == 4);
    first.begin_all([](const Seen&) {}, 1);
    first.die(false);
  }
  CHECK(lost_of(asker.notices()) == std::vector<uint32_t>{1});
  {
    Owner second(world, 1);
    CHECK(second.slot().drain(10) == 3);
    CHECK(second.begin_all([](const Seen&) {}) == 3);
    second.die(false);  // 2 and 3; nobody waits for the last one
  }
  CHECK(lost_of(asker.notices()) == std::vector<uint32_t>{2, 3});
}

TEST_CASE("Notices wait for the answers that were sent before them, however many those are") {
  World world(2);
  Owner asker(world, 0);
  {
    Owner doomed(world, 1);
    open(doomed, {1, 0, 1});
    for (uint32_t i = 0; i < 100; ++i) REQUIRE(doomed.express(0, kValue, 0, i));
    doomed.flush();
    doomed.die(false);
  }
  for (uint32_t i = 0; i < 9; ++i) {
    CHECK(asker.take([](const Seen&) {}, 10) == 10);
    CHECK(asker.slot().control()[kNotices] == 0);
  }
  CHECK(asker.take([](const Seen&) {}, 10) == 10);
  CHECK(asker.slot().control()[kNotices] == 1);
  CHECK(asker.slot().has_work());
  CHECK(asker.slot().take_notices().size() == 1);
  CHECK(asker.take([](const Seen&) {}) == 0);
  CHECK_FALSE(asker.slot().has_work());
}

TEST_CASE("A pool whose only instance outlives its thread stays open, and hands out again when that joins") {
  World world(2);
  Owner sender(world, 0);
  const uint32_t pool = world.engine().make_pool(100, 1u << 20, Overflow::kWait);
  const To to{kPoolSlot, pool, pool};
  {
    Owner first(world, 1);
    open(first, {1, 0, 1});
    first.slot().keep(0, 1);
    world.engine().join_pool(pool, {1, 0, 1}, 2);
    for (uint32_t i = 1; i <= 5; ++i) REQUIRE(sender.ask(to, {.slot = 0, .index = i, .sequence = i}, 0, i));
    sender.flush();
    CHECK(first.slot().drain(100) == 2);
    CHECK(first.begin_all([](const Seen&) {}, 1) == 1);
    first.die(false);
  }
  CHECK(lost_of(sender.notices()).front() == 1);
  CHECK(world.engine().pool(pool)->depth() == 4);
  CHECK(world.engine().pool(pool)->instances().size() == 1);
  Owner second(world, 1);
  CHECK(second.take_everything().empty());
  second.slot().resume(0);
  world.engine().join_pool(pool, {1, 0, 1}, 2);
  std::vector<uint32_t> got;
  while (second.take([&](const Seen& seen) {
    got.push_back(seen.number);
    world.engine().pool_done(pool, {1, 0, 1}, {.slot = 0, .index = seen.number, .sequence = seen.number});
  }) != 0) {
  }
  CHECK(got == std::vector<uint32_t>{2, 3, 4, 5});
  CHECK_FALSE(world.engine().leave_pool(pool, {1, 0, 1}));
}

TEST_CASE("What is kept for a thread that never comes is given up, and everybody hears") {
  World world(2);
  Owner sender(world, 0);
  {
    Owner first(world, 1);
    open(first, {1, 0, 1});
    first.slot().keep(0, 1);
    first.die(false);
  }
  REQUIRE(sender.tell({1, 0, 1}, 0, 1));
  sender.flush();
  CHECK(sender.notices().size() == 1);
  world.engine().give_up(1);
  CHECK(count_sent(*world.engine().account({1, 0, 1}), 1, 0, 0) == Room::kGone);
  const auto notices = sender.notices();
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].kind == Notice::kThreadDied);
  Owner late(world, 1);
  CHECK_FALSE(late.attached());
  world.engine().give_up(1);  // once is enough
}

TEST_CASE("Through three hundred deaths under load each ask is answered or told lost once, and none is out of order") {
  constexpr uint32_t kAskers = 2, kActors = 4, kDeaths = 300 / kSlowdown, kAtMost = 400'000;
  World world(kAskers + 1, size_t{16} << 20);
  constexpr uint32_t kDoomed = kAskers;
  std::atomic<bool> open_now{false}, over{false};
  std::atomic<uint32_t> wrong{0}, twice{0}, missing{0}, answered{0}, lost{0}, finished{0};
  std::vector<std::thread> askers;
  for (uint32_t me = 0; me < kAskers; ++me) {
    askers.emplace_back([&, me] {
      Owner owner(world, me);
      while (!open_now.load()) std::this_thread::yield();
      std::vector<uint8_t> settled(kAtMost);
      uint32_t asked = 0, done = 0;
      const auto settle = [&](uint32_t number, std::atomic<uint32_t>& how) {
        if (number >= asked || settled[number]++ != 0) {
          if (number >= asked) ++wrong;
          return;  // told lost after its answer: its asker does not mind
        }
        ++done;
        ++how;
      };
      const auto hear = [&] {
        owner.take([&](const Seen& seen) {
          if (seen.kind != kValue || seen.from != me) ++wrong;
          if (seen.number < asked && settled[seen.number] != 0) ++twice;
          settle(seen.number, answered);
        });
        if (owner.slot().control()[kNotices] == 0) return;
        for (const Notice& notice : owner.slot().take_notices())
          if (notice.kind == Notice::kAskLost) settle(notice.a, lost);
      };
      while (!over.load() && asked < kAtMost) {
        if (asked - done < 2000 &&
            owner.ask({kDoomed, asked % kActors, 1}, {.slot = me, .index = asked, .sequence = asked + 1}, me, asked)) {
          ++asked;
          if (asked % 16 == 0) owner.flush();
        } else {
          owner.flush();
          hear();
          std::this_thread::yield();
        }
      }
      owner.flush();
      const auto since = std::chrono::steady_clock::now();
      while (done < asked && std::chrono::steady_clock::now() - since < std::chrono::seconds(20)) {
        hear();
        std::this_thread::yield();
      }
      missing += asked - done;
      ++finished;
      owner.close_segments();
      owner.take_everything();
    });
  }
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> next;  // by asker and actor: the least number that may come
  Random random(5);
  uint32_t deaths = 0;
  for (bool last = false; !last; ++deaths) {
    last = deaths == kDeaths;
    std::thread([&] {
      Owner owner(world, kDoomed);
      if (deaths == 0) {
        for (uint32_t actor = 0; actor < kActors; ++actor) {
          open(owner, {kDoomed, actor, 1});
          owner.slot().keep(actor, 1);
        }
        open_now = true;
      } else {
        if (owner.slot().kept().size() != kActors) ++wrong;
        for (uint32_t actor = 0; actor < kActors; ++actor) owner.slot().resume(actor);
      }
      // Some are answered at once, some later: those are the asynchronous ones.
      std::vector<Seen> under_way;
      const auto answer = [&](const Seen& seen) {
        while (!owner.express(seen.from, kValue, seen.from, seen.number)) owner.flush();
      };
      const auto handle = [&](const Seen& seen) {
        uint32_t& least = next[{seen.from, seen.target}];
        if (seen.bounced || seen.number < least) ++wrong;
        least = seen.number + 1;
        if (random.below(4) != 0) return answer(seen);
        owner.slot().begun({.slot = seen.from, .index = seen.number, .sequence = seen.number + 1});
        under_way.push_back(seen);
      };
      const auto finish = [&](size_t leave) {
        while (under_way.size() > leave) {
          const Seen seen = under_way.back();
          under_way.pop_back();
          answer(seen);
          owner.slot().ended({.slot = seen.from, .index = seen.number, .sequence = seen.number + 1});
        }
      };
      const uint32_t rounds = 1 + random.below(20);
      if (last) over = true;
      for (uint32_t round = 0; last ? finished < kAskers : round < rounds; ++round) {
        owner.take(handle, 500);
        finish(last ? 0 : random.below(30));
        owner.flush();  // before the next drain, as JavaScript does
        if (last) std::this_thread::yield();
      }
      if (!last) {
        static_cast<void>(owner.slot().drain(500));
        owner.begin_all(handle, random.below(100));
        if (random.below(2) != 0) finish(random.below(30));
      } else {
        owner.close_segments();
        for (uint32_t actor = 0; actor < kActors; ++actor) owner.slot().close(actor);
      }
      owner.die(false);
    }).join();
  }
  for (auto& thread : askers) thread.join();
  CHECK(wrong == 0);
  CHECK(twice == 0);
  CHECK(missing == 0);
  CHECK(answered > 0);
  CHECK(lost > 0);
  CHECK(deaths == kDeaths + 1);
  for (uint32_t slot = 0; slot <= kAskers; ++slot) world.engine().detach(slot, false);
  CHECK(world.free_segments() == world.engine().arena().segments());
}
