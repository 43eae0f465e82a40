#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <set>

#include "harness.h"

using namespace pulsing;
using namespace pulsing::test;

namespace {

std::vector<uint32_t> numbers(const std::vector<Seen>& all) {
  std::vector<uint32_t> result;
  for (const Seen& seen : all) result.push_back(seen.number);
  return result;
}

std::vector<uint32_t> range(uint32_t from, uint32_t to) {
  std::vector<uint32_t> result;
  for (uint32_t i = from; i < to; ++i) result.push_back(i);
  return result;
}

const auto ignore = [](const Seen&) {};

}  // namespace

TEST_CASE("What one thread sends to an actor arrives in the order sent, over many batches and segments") {
  World world(2);
  Owner sender(world, 0), receiver(world, 1);
  const To actor{1, 5, 1};
  open(receiver, actor);
  std::vector<Seen> all;
  for (uint32_t i = 0; i < 20'000; ++i) {
    REQUIRE(sender.tell(actor, 1, i, 6 + i % 7 * 2));
    if (i % 37 == 0) sender.flush();
    if (i % 1000 == 0) receiver.take([&](const Seen& seen) { all.push_back(seen); });
  }
  sender.flush();
  for (const Seen& seen : receiver.take_everything()) all.push_back(seen);
  CHECK(numbers(all) == range(0, 20'000));
  sender.close_segments();
  CHECK(world.free_segments() == world.engine().arena().segments());
}

TEST_CASE("Answers and signals come before messages, and a pause never holds them up") {
  World world(2);
  Owner sender(world, 0), receiver(world, 1);
  const To actor{1, 0, 1};
  open(receiver, actor);
  receiver.slot().pause(0);
  REQUIRE(sender.tell(actor, 1, 0));
  for (const uint32_t kind : {kSignal, kValue, kError}) REQUIRE(sender.express(1, kind, 2, kind));
  sender.flush();
  CHECK(numbers(receiver.take_everything()) == std::vector<uint32_t>{kSignal, kValue, kError});
  receiver.slot().resume(0);
  CHECK(numbers(receiver.take_everything()) == range(0, 1));
}

TEST_CASE("A message to an actor that is gone, was another or never was comes back once") {
  World world(2);
  Owner sender(world, 0), receiver(world, 1);
  open(receiver, {1, 0, 2});
  open(receiver, {1, 1, 1});
  receiver.slot().close(1);
  for (const To to : {To{1, 0, 1}, To{1, 1, 1}, To{1, 2, 1}, To{1, 100'000, 1}, To{1, ~0u, 1}})
    REQUIRE(sender.tell(to, 1, to.index));
  sender.flush();
  const auto all = receiver.take_everything();
  CHECK(numbers(all) == std::vector<uint32_t>{0, 1, 2, 100'000, ~0u});
  for (const Seen& seen : all) {
    CHECK(seen.bounced);
    CHECK(seen.why == kStopped);
  }
  CHECK_FALSE(receiver.slot().open(~0u, {.generation = 1, .capacity = 1, .capacity8 = 1}));
}

TEST_CASE("Actors with messages take turns, so that a busy one does not starve its neighbours") {
  World world(2);
  Owner sender(world, 0), receiver(world, 1);
  for (uint32_t actor = 0; actor < 3; ++actor) open(receiver, {1, actor, 1});
  for (uint32_t i = 0; i < 2000; ++i) REQUIRE(sender.tell({1, 0, 1}, 0, i));
  for (uint32_t i = 0; i < 10; ++i) REQUIRE(sender.tell({1, 1 + i % 2, 1}, 1, i));
  sender.flush();
  uint32_t at = 0, last = 0;
  receiver.take(
      [&](const Seen& seen) {
        ++at;
        if (seen.from == 1) last = at;
      },
      kMaxBatch);
  CHECK(last == Mailbox::kQuota + 10);
}

TEST_CASE("A pause puts what had not begun at the front again, in order") {
  World world(2);
  Owner sender(world, 0), receiver(world, 1);
  for (uint32_t actor = 0; actor < 2; ++actor) open(receiver, {1, actor, 1});
  for (uint32_t i = 0; i < 20; ++i) REQUIRE(sender.tell({1, i % 2, 1}, i % 2, i));
  sender.flush();
  std::vector<uint32_t> begun;
  const auto note = [&](const Seen& seen) { begun.push_back(seen.number); };
  CHECK(receiver.slot().drain(1000) == 20);
  CHECK(receiver.begin_all(note, 3) == 3);
  receiver.slot().pause(0);
  receiver.slot().pause(0);
  CHECK(receiver.slot().depth(0) == 7);
  CHECK(receiver.begin_all(note) == 10);
  for (uint32_t i = 20; i < 24; ++i) REQUIRE(sender.tell({1, i % 2, 1}, i % 2, i));
  sender.flush();
  receiver.take(note);
  CHECK(begun == std::vector<uint32_t>{0, 2, 4, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23});
  CHECK(receiver.slot().has_work());  // a batch that was worked off holds its segments until drain ends it
  CHECK(receiver.slot().drain(1000) == 0);
  CHECK_FALSE(receiver.slot().has_work());
  receiver.slot().resume(0);
  receiver.slot().resume(0);
  CHECK(receiver.slot().has_work());
  CHECK(numbers(receiver.take_everything()) == std::vector<uint32_t>{6, 8, 10, 12, 14, 16, 18, 20, 22});
}

TEST_CASE("An actor that pauses often is handed few messages at a time") {
  World world(2);
  Owner sender(world, 0), receiver(world, 1);
  open(receiver, {1, 0, 1});
  for (uint32_t i = 0; i < 100; ++i) REQUIRE(sender.tell({1, 0, 1}, 0, i));
  sender.flush();
  CHECK(receiver.slot().drain(1000) == 100);
  receiver.begin_all(ignore, 1);
  receiver.slot().pause(0);
  receiver.slot().resume(0);
  for (const uint32_t few : {1u, 2u, 4u, 8u}) {
    CHECK(receiver.slot().drain(few) == few);  // one turn of it
    CHECK(receiver.begin_all(ignore) == few);
  }
}

TEST_CASE("Closing an actor in the middle of a batch bounces all that had not begun, once") {
  World world(2);
  Owner sender(world, 0), receiver(world, 1);
  open(receiver, {1, 0, 1});
  for (uint32_t i = 0; i < 600; ++i) REQUIRE(sender.tell({1, 0, 1}, 0, i));
  sender.flush();
  std::set<uint32_t> begun, bounced;
  CHECK(receiver.slot().drain(500) == 500);
  receiver.begin_all([&](const Seen& seen) { begun.insert(seen.number); }, 100);
  receiver.slot().close(0);
  receiver.slot().close(0);
  CHECK(receiver.slot().depth(0) == 0);
  open(receiver, {1, 0, 2});
  for (uint32_t i = 600; i < 700; ++i) REQUIRE(sender.tell({1, 0, i % 2 + 1}, 0, i));
  sender.flush();
  for (const Seen& seen : receiver.take_everything()) {
    CHECK(seen.bounced == (seen.number < 600 || seen.number % 2 == 0));
    CHECK((seen.bounced ? bounced : begun).insert(seen.number).second);
  }
  CHECK(begun.size() == 150);
  CHECK(bounced.size() == 550);
}

TEST_CASE("Drop-oldest keeps the capacity exactly and gives the oldest back, as dropped") {
  World world(2);
  Owner sender(world, 0), receiver(world, 1);
  const To actor{1, 0, 1};
  open(receiver, actor, 10, Overflow::kDropOldest);
  bool moved = false;
  SUBCASE("while it waits in the arena") {}
  SUBCASE("while it is paused and was moved out of the arena") { moved = true; }
  if (moved) receiver.slot().pause(0);
  for (uint32_t i = 0; i < 8; ++i) REQUIRE(sender.tell(actor, 0, i));
  sender.flush();
  std::vector<uint32_t> taken;
  SegmentCache cache;
  if (moved) {
    while (!world.engine().arena().low()) taken.push_back(world.engine().arena().take(cache, true));
    CHECK(receiver.slot().drain(1000) == 0);
  }
  for (uint32_t i = 8; i < 25; ++i) REQUIRE(sender.tell(actor, 0, i));
  sender.flush();
  std::vector<uint32_t> dropped, kept;
  const auto note = [&](const Seen& seen) {
    if (seen.bounced) CHECK(seen.why == kDropped);
    (seen.bounced ? dropped : kept).push_back(seen.number);
  };
  while (receiver.take(note) != 0) {
  }
  receiver.slot().resume(0);
  while (receiver.take(note) != 0) {
  }
  CHECK(dropped == range(0, 15));
  CHECK(kept == range(15, 25));
  CHECK(half_free(*receiver.slot().account(0)) == true);
  for (const uint32_t segment : taken) world.engine().arena().done(segment, 1, cache);
}

TEST_CASE("Drop-oldest is exact again as soon as the heap's frames find a segment to come back in") {
  World world(2, size_t{1} << 20);
  Arena& arena = world.engine().arena();
  Owner sender(world, 0), receiver(world, 1);
  const To actor{1, 0, 1};
  open(receiver, actor, 10, Overflow::kDropOldest);
  receiver.slot().pause(0);
  for (uint32_t i = 0; i < 10; ++i) REQUIRE(sender.tell(actor, 0, i));
  sender.flush();
  SegmentCache cache;
  std::vector<uint32_t> taken;
  while (!arena.low()) taken.push_back(arena.take(cache, true));
  CHECK(receiver.slot().drain(1000) == 0);  // moved out
  while (const uint32_t segment = arena.take(cache, true)) taken.push_back(segment);
  for (uint32_t i = 10; i < 15; ++i) REQUIRE(sender.tell(actor, 0, i));
  sender.flush();
  CHECK(receiver.slot().drain(1000) == 0);
  CHECK(receiver.slot().depth(0) == 15);
  for (const uint32_t segment : taken) arena.done(segment, 1, cache);
  REQUIRE(sender.tell(actor, 0, 15));
  sender.flush();
  CHECK(numbers(receiver.take_everything()) == range(0, 6));
  CHECK(receiver.slot().depth(0) == 10);
  receiver.slot().resume(0);
  CHECK(numbers(receiver.take_everything()) == range(6, 16));
}

TEST_CASE("An arena that is used up by a paused actor refuses, drains, tells, and keeps the order") {
  World world(2, size_t{1} << 20);
  Owner sender(world, 0), receiver(world, 1);
  const To paused{1, 0, 1}, busy{1, 1, 1};
  open(receiver, paused);
  open(receiver, busy);
  receiver.slot().pause(0);
  uint32_t sent = 0;
  for (uint32_t round = 0; round < 20; ++round) {
    CAPTURE(round);
    while (sender.tell(paused, 0, sent, 200)) ++sent;
    sender.flush();
    CHECK(sender.express(1, kSignal, 0, round));  // the reserve is there for it
    sender.flush();
    CHECK(sender.notices().empty());
    uint32_t signals = 0;
    receiver.take([&](const Seen& seen) {
      CHECK(seen.kind == kSignal);
      ++signals;
    });
    CHECK(signals == 1);
    const auto notices = sender.notices();
    REQUIRE(notices.size() == 1);
    CHECK(notices[0].kind == Notice::kArenaRoom);
    receiver.take(ignore);
  }
  CHECK(receiver.slot().depth(0) == sent);
  // An actor beside it goes on meanwhile.
  REQUIRE(sender.tell(busy, 0, 0));
  sender.flush();
  CHECK(numbers(receiver.take_everything()) == range(0, 1));
  // A pause while it comes back from the heap puts what had not begun before the rest there.
  std::vector<uint32_t> begun;
  const auto note = [&](const Seen& seen) { begun.push_back(seen.number); };
  for (uint32_t i = 0; i < 3; ++i) {
    receiver.slot().resume(0);
    CHECK(receiver.slot().drain(50) != 0);
    receiver.begin_all(note, 7);
    receiver.slot().pause(0);
    receiver.begin_all(note);
  }
  receiver.slot().resume(0);
  while (receiver.take(note) != 0) {
  }
  CHECK(begun == range(0, sent));
  sender.close_segments();
  receiver.die(false);
  CHECK(world.free_segments() == world.engine().arena().segments());
}

TEST_CASE("A sender that waits for segments hears of those that a writer or a death gives back") {
  World world(3, size_t{1} << 20);
  Owner sender(world, 0), other(world, 2);
  std::vector<uint32_t> held;
  while (const uint32_t segment = other.slot().take_segment(false)) held.push_back(segment);
  CHECK(sender.slot().take_segment(false) == 0);
  CHECK(sender.notices().empty());
  SUBCASE("by its death") { other.die(true); }
  SUBCASE("by closing them") {
    for (const uint32_t segment : held) {
      BatchHeader& header = world.engine().arena().batch(world.engine().arena().first(segment));
      header = {.next = 0, .end = 0, .count = 0, .route = kRouteClose};
      CHECK(other.slot().flush(world.engine().arena().first(segment), false, false) == 0);
    }
  }
  const auto notices = sender.notices();
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].kind == Notice::kArenaRoom);
}

TEST_CASE("A batch that was begun in part lives on with the slot: the rest is at the front again") {
  World world(2);
  auto sender = std::make_unique<Owner>(world, 0);
  std::vector<uint32_t> begun;
  const auto note = [&](const Seen& seen) { begun.push_back(seen.number); };
  {
    Owner first(world, 1);
    open(first, {1, 0, 1});
    open(first, {1, 1, 1});
    for (uint32_t i = 0; i < 50; ++i) REQUIRE(sender->tell({1, 0, 1}, 0, i));
    REQUIRE(sender->express(1, kSignal, 1, 1000));
    REQUIRE(sender->express(1, kSignal, 1, 1001));
    REQUIRE(sender->tell({1, 9, 9}, 1, 2000));
    sender->flush();
    CHECK(first.slot().drain(1000) == 53);
    CHECK(first.begin_all(note, 1) == 1);
    CHECK(first.die(true) == 52);
  }
  REQUIRE(sender->tell({1, 0, 1}, 0, 50));
  sender->flush();
  {
    Owner second(world, 1);
    CHECK(second.attached());
    CHECK(second.slot().has_work());
    CHECK(second.slot().drain(1000) == 53);
    CHECK(second.begin_all(note, 12) == 12);
    CHECK(second.die(true) == 41);
  }
  Owner third(world, 1);
  for (const Seen& seen : third.take_everything()) begun.push_back(seen.number);
  std::vector<uint32_t> expected{1000, 1001, 2000};
  for (const uint32_t i : range(0, 51)) expected.push_back(i);
  CHECK(begun == expected);
  sender->die(false);
  CHECK(world.free_segments() == world.engine().arena().segments());
}

TEST_CASE("When a slot is given up, all that had not begun comes back at its next thread as a bounce, once") {
  World world(2);
  Owner sender(world, 0);
  const To actor{1, 0, 1};
  std::set<uint32_t> begun, bounced;
  const auto note = [&](const Seen& seen) { CHECK((seen.bounced ? bounced : begun).insert(seen.number).second); };
  {
    Owner first(world, 1);
    open(first, actor);
    for (uint32_t i = 0; i < 50; ++i) REQUIRE(sender.tell(actor, 0, i));
    sender.flush();
    CHECK(first.slot().drain(30) == 30);
    first.begin_all(note, 10);
    for (uint32_t i = 50; i < 60; ++i) REQUIRE(sender.tell(actor, 0, i));
    sender.flush();
    first.die(false);
  }
  for (uint32_t i = 60; i < 70; ++i) REQUIRE(sender.tell(actor, 0, i));
  sender.flush();
  CHECK(count_sent(*world.engine().account({1, 0, 1}), 1, 1, 1) == Room::kGone);
  const auto notices = sender.notices();
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].kind == Notice::kThreadDied);
  CHECK(notices[0].a == 1);
  Owner second(world, 1);
  while (second.take(note) != 0) {
  }
  CHECK(begun.size() == 10);
  CHECK(bounced.size() == 60);
  sender.die(false);
  CHECK(world.free_segments() == world.engine().arena().segments());
}

TEST_CASE("Blocks that no handed-over frame carries are freed with their thread, and no others") {
  World world(2);
  Blocks& blocks = world.engine().blocks();
  Owner receiver(world, 1);
  open(receiver, {1, 0, 1});
  std::vector<uint32_t> ids;
  {
    Owner sender(world, 0);
    for (int i = 0; i < 5; ++i) {
      ids.push_back(blocks.put({.memory = std::malloc(8), .bytes = 8, .release = std::free, .kind = 0}));
      sender.slot().draft(ids.back());
    }
    REQUIRE(sender.tell_with_blocks({1, 0, 1}, 0, 0, {ids[0], ids[1]}, 2));
    REQUIRE(sender.tell({1, 0, 1}, 0, 1));
    REQUIRE(sender.tell_with_blocks({1, 0, 1}, 0, 2, {ids[2]}, 1));
    sender.flush();
    REQUIRE(sender.tell_with_blocks({1, 0, 1}, 0, 3, {ids[3]}, 1));  // never handed over
    sender.die(true);
  }
  CHECK(blocks.count() == 3);
  const auto all = receiver.take_everything();
  CHECK(numbers(all) == range(0, 3));
  for (const Seen& seen : all) world.engine().drop_blocks(seen.addr);
  CHECK(blocks.count() == 0);
}

TEST_CASE("What the message in hand carries is freed with its thread, read or not, and nobody else's in its place") {
  World world(2);
  Blocks& blocks = world.engine().blocks();
  const auto put = [&] {
    return blocks.put({.memory = std::malloc(8), .bytes = 8, .release = std::free, .kind = 0});
  };
  Owner sender(world, 0);
  for (const bool is_read : {false, true}) {
    Owner receiver(world, 1);
    open(receiver, {1, 0, 1});
    const uint32_t id = put();
    REQUIRE(sender.tell_with_blocks({1, 0, 1}, 0, 0, {id}, 1));
    sender.flush();
    CHECK(receiver.slot().drain(10) == 1);
    receiver.begin_all([](const Seen&) {}, 1);
    uint32_t other = 0;
    if (is_read) {
      blocks.drop(id);
      other = put();
    }
    receiver.die(false);
    CHECK(blocks.count() == (is_read ? 1 : 0));
    blocks.drop(other);
  }
}

TEST_CASE("What carries blocks counts with them against the bound in bytes") {
  World world(2);
  Owner sender(world, 0), receiver(world, 1);
  open(receiver, {1, 0, 1}, 100, Overflow::kWait, 1000);
  Account& account = *receiver.slot().account(0);
  REQUIRE(sender.tell_with_blocks({1, 0, 1}, 0, 0, {1}, 5000));
  sender.flush();
  CHECK(count_sent(account, 1, 1, 5005) == Room::kFull);
  receiver.take_everything();
  CHECK(account.handled == 1);
  CHECK(account.handled8 == 5005);
  CHECK(half_free(account));
}

TEST_CASE("Messages that an actor had begun are not counted as handled by the next actor of its index") {
  World world(2);
  Owner sender(world, 0), receiver(world, 1);
  open(receiver, {1, 0, 1}, 10);
  for (uint32_t i = 0; i < 5; ++i) REQUIRE(sender.tell({1, 0, 1}, 0, i));
  sender.flush();
  CHECK(receiver.slot().drain(1000) == 5);
  receiver.begin_all(ignore);
  receiver.slot().close(0);
  open(receiver, {1, 0, 2}, 10);
  receiver.take_everything();
  CHECK(receiver.slot().account(0)->handled == 0);
  CHECK(receiver.slot().account(0)->handled8 == 0);
}

TEST_CASE("A sender that waits for room is told when half is free, when the actor stops and when its thread dies") {
  World world(2);
  Owner sender(world, 0), receiver(world, 1);
  const To to{1, 3, 1};
  const Target target{1, 3, 1};
  open(receiver, to, 10);
  for (uint32_t i = 0; i < 10; ++i) REQUIRE(sender.tell(to, 0, i));
  sender.flush();
  CHECK(count_sent(*world.engine().account(target), 1, 10, 30) == Room::kFull);
  CHECK(world.engine().await_room(target, 0));
  CHECK(world.engine().await_room(target, 0));
  uint32_t stop = 0;
  SUBCASE("half is free") {
    receiver.take(ignore, 4);
    receiver.take(ignore, 1);
    CHECK(sender.notices().empty());
    receiver.take(ignore, 1);
  }
  SUBCASE("the actor stops") { receiver.slot().close(3); }
  SUBCASE("its thread dies") { stop = 1 + receiver.die(false); }
  const auto notices = sender.notices();
  REQUIRE(!notices.empty());
  CHECK(notices[0].kind == Notice::kRoom);
  CHECK(notices[0].a == 1);
  CHECK(notices[0].b == 3);
  CHECK(notices.size() == (stop == 0 ? 1 : 2));
  CHECK_FALSE(world.engine().await_room(target, 0));
  CHECK_FALSE(world.engine().await_room({1, 3, 9}, 0));
  CHECK_FALSE(world.engine().await_room({77, 3, 9}, 0));
}

TEST_CASE("For any order of sends, drains, pauses, stops and deaths, each message is begun or bounced once, in order") {
  // A plain model: what each actor has been sent and has not begun, in order.
  constexpr uint32_t kActors = 4;
  for (uint64_t seed = 1; seed <= 300 / kSlowdown; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const bool small = seed % 2 == 0;  // so that the arena runs low, and frames move to the heap
    World world(3, small ? size_t{700} << 10 : size_t{4} << 20);
    std::vector<std::unique_ptr<Owner>> senders;
    for (const uint32_t slot : {0u, 2u}) senders.push_back(std::make_unique<Owner>(world, slot));
    auto receiver = std::make_unique<Owner>(world, 1);
    struct Message {
      uint32_t from, number;
      bool operator==(const Message&) const = default;
    };
    struct Actor {
      uint32_t generation = 0;
      bool open = false, paused = false;
      std::deque<Message> waiting;
    };
    std::vector<Actor> actors(kActors);
    std::vector<std::vector<std::pair<uint32_t, Message>>> written(2);  // and not flushed: actor, message
    std::set<std::pair<uint32_t, uint32_t>> returning;                  // has to come back as a bounce
    uint32_t number = 0, generation = 0;
    const auto handed = [&](uint32_t s) {
      for (const auto& [index, message] : written[s]) {
        Actor& actor = actors[index];
        if (actor.open && message.number >> 20 == (actor.generation & 0xfff))
          actor.waiting.push_back(message);
        else
          returning.emplace(message.from, message.number);
      }
      written[s].clear();
    };
    const auto flush = [&](uint32_t s) {
      senders[s]->flush();
      handed(s);
    };
    const auto close = [&](Actor& actor) {
      for (const Message& message : actor.waiting) returning.emplace(message.from, message.number);
      actor.waiting.clear();
      actor.open = false;
    };
    const auto see = [&](const Seen& seen) {
      const Message message{seen.from, seen.number};
      if (seen.bounced) {
        REQUIRE(returning.erase({seen.from, seen.number}) == 1);
        return;
      }
      Actor& actor = actors[seen.target];
      REQUIRE(actor.open);
      REQUIRE_FALSE(actor.paused);
      // Senders are not ordered against each other between two drains: the first of this sender has to be it.
      const auto first = std::ranges::find(actor.waiting, message.from, &Message::from);
      REQUIRE(first != actor.waiting.end());
      REQUIRE(*first == message);
      actor.waiting.erase(first);
    };
    const uint32_t steps = 400;
    for (uint32_t step = 0; step < steps; ++step) {
      const uint32_t index = random.below(kActors);
      const uint32_t s = random.below(2);
      Actor& actor = actors[index];
      switch (random.below(16)) {
        case 0:
        case 1:
        case 2:
        case 3:
        case 4:
          for (uint32_t i = random.below(40); i > 0 && actor.generation != 0; --i) {
            const Message message{s, (actor.generation & 0xfff) << 20 | ++number};
            const bool there = senders[s]->tell({1, index, actor.generation}, s, message.number, 6 + random.below(60) * 2);
            if (senders[s]->pending(1) <= 1) handed(s);  // the segment was full
            if (!there) break;
            written[s].emplace_back(index, message);
          }
          break;
        case 5:
        case 6:
          flush(s);
          break;
        case 7:
        case 8:
          receiver->begin_all(see);
          static_cast<void>(receiver->slot().drain(1 + random.below(200)));
          break;
        case 9:
        case 10:
          receiver->begin_all(see, 1 + random.below(30));
          break;
        case 11:
          if (actor.open) {
            receiver->slot().pause(index);
            actor.paused = true;
          }
          break;
        case 12:
        case 13:
          if (actor.open) {
            receiver->slot().resume(index);
            actor.paused = false;
          }
          break;
        case 14:
          if (actor.open && random.below(3) == 0) {
            receiver->slot().close(index);
            close(actor);
          } else if (!actor.open) {
            actor = {.generation = ++generation, .open = true, .paused = false, .waiting = {}};
            open(*receiver, {1, index, generation});
          }
          break;
        default:
          if (random.below(4) == 0) {
            receiver->die(true);
            receiver = std::make_unique<Owner>(world, 1);
          } else if (random.below(6) == 0) {
            receiver->die(false);
            for (Actor& each : actors) close(each);
            receiver = std::make_unique<Owner>(world, 1);
          } else if (random.below(4) == 0) {
            written[s].clear();  // never handed over
            senders[s]->die(false);
            senders[s] = std::make_unique<Owner>(world, s * 2);
          }
      }
    }
    for (uint32_t s = 0; s < 2; ++s) flush(s);
    for (uint32_t index = 0; index < kActors; ++index) {
      receiver->slot().resume(index);
      actors[index].paused = false;
    }
    receiver->begin_all(see);
    while (receiver->take(see) != 0) {
    }
    for (const Actor& actor : actors) CHECK(actor.waiting.empty());
    CHECK(returning.empty());
    for (auto& sender : senders) sender->die(false);
    receiver->die(false);
    CHECK(world.free_segments() == world.engine().arena().segments());
  }
}
