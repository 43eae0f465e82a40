#include <doctest/doctest.h>

#include "core/mailbox.h"
#include "harness.h"

using namespace pulsing;
using namespace pulsing::test;

namespace {
void open_account(Account& account, uint32_t generation, uint32_t capacity, uint32_t capacity8) {
  account.open(generation, capacity, capacity8, Overflow::kWait);
}
}  // namespace

TEST_CASE("A mailbox is full at its capacity in messages, and has room again when half of it is free") {
  Account account;
  open_account(account, 7, 10, 1000);
  CHECK(count_sent(account, 7, 9, 9) == Room::kYes);
  CHECK_FALSE(half_free(account));
  CHECK(count_sent(account, 7, 1, 1) == Room::kFull);
  account.handled = 4;
  CHECK_FALSE(half_free(account));
  account.handled = 5;
  account.handled8 = 5;
  CHECK(half_free(account));
  CHECK(count_sent(account, 7, 0, 0) == Room::kYes);
}

TEST_CASE("A mailbox is full at its capacity in bytes, but an empty one takes any message") {
  Account account;
  open_account(account, 7, 10, 100);
  CHECK(count_sent(account, 7, 0, 0) == Room::kYes);
  CHECK(count_sent(account, 7, 1, 5000) == Room::kFull);
  CHECK_FALSE(half_free(account));
  account.handled = 1;
  account.handled8 = 5000;
  CHECK(half_free(account));
  CHECK(count_sent(account, 7, 0, 0) == Room::kYes);
}

TEST_CASE("Counts go on past 32 bits") {
  Account account;
  open_account(account, 7, 10, 1000);
  CHECK(count_sent(account, 7, ~0u - 2, ~0u - 2) == Room::kYes);
  account.handled = account.handled8 = ~0u - 2;
  CHECK(count_sent(account, 7, 9, 9) == Room::kYes);
  CHECK(count_sent(account, 7, 1, 1) == Room::kFull);
  account.handled += 10;
  account.handled8 += 10;
  CHECK(half_free(account));
}

TEST_CASE("Whoever counts against an actor that is gone is told so, and nothing is counted") {
  Account account;
  CHECK(count_sent(account, 7, 1, 1) == Room::kGone);
  open_account(account, 8, 10, 1000);
  CHECK(count_sent(account, 7, 1, 1) == Room::kGone);
  CHECK(account.sent.count() == 0);
  CHECK(account.sent8.count() == 0);
}

TEST_CASE("A late count of a sender never stays with the next actor of an index") {
  constexpr uint32_t kRounds = 100'000 / kSlowdown;
  World world(2);
  Owner owner(world, 1);
  Account* account = nullptr;
  std::atomic<uint32_t> opened{0}, counted{0};
  open(owner, {1, 0, 1});
  account = owner.slot().account(0);
  std::thread sender([&] {
    for (uint32_t round = 1; round <= kRounds; ++round) {
      while (opened.load() < round) std::this_thread::yield();
      for (int i = 0; i < 3; ++i) static_cast<void>(count_sent(*account, round, 1000, 1000));
      counted = round;
    }
  });
  uint32_t most = 0;
  for (uint32_t round = 1; round <= kRounds; ++round) {
    opened = round;
    for (uint32_t i = 0; i < round % 64; ++i) Threads::pause();
    owner.slot().close(0);
    open(owner, {1, 0, round + 1});
    while (counted.load() < round) std::this_thread::yield();
    most = std::max(most, account->sent.count() + account->sent8.count());
  }
  sender.join();
  CHECK(most == 0);
}
