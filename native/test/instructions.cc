// What paths of the core cost, in instructions: instructions <path> <times>, under a tool that counts them. What it costs once is the
// difference of two counts over that of their times, so that start and end are left out.

#include <cstdio>
#include <cstring>

#include "harness.h"

using namespace pulsing;
using namespace pulsing::test;

namespace {

const auto ignore = [](const Seen&) {};

void require(bool is) {
  if (!is) std::abort();
}

/// Messages to actors of another slot, in rotation, handed over and worked off so many at a time.
void tell(uint32_t times, uint32_t actors, uint32_t batch) {
  World world(2);
  Owner sender(world, 0), receiver(world, 1);
  for (uint32_t i = 0; i < actors; ++i) open(receiver, {1, i, 1});
  for (uint32_t i = 0; i < times; ++i) {
    require(sender.tell({1, i % actors, 1}, 0, i));
    if ((i + 1) % batch != 0) continue;
    sender.flush(1);
    while (receiver.take(ignore) != 0) {
    }
  }
}

/// Calls, each handed over by itself, and their answers.
void ask(uint32_t times) {
  World world(2);
  Owner caller(world, 0), callee(world, 1);
  open(callee, {1, 0, 1});
  for (uint32_t i = 0; i < times; ++i) {
    require(caller.ask({1, 0, 1}, {.slot = 0, .index = 1, .sequence = i + 1}, 0, i));
    caller.flush(1);
    while (callee.take(ignore) != 0) {
    }
    require(callee.express(0, kValue, 1, i, false));
    callee.flush(0);
    while (caller.take(ignore) != 0) {
    }
  }
}

/// Actors that come, are told something, and go.
void actor(uint32_t times) {
  World world(2);
  Owner sender(world, 0), receiver(world, 1);
  for (uint32_t i = 0; i < times; ++i) {
    open(receiver, {1, 0, i + 1});
    require(sender.tell({1, 0, i + 1}, 0, i));
    sender.flush(1);
    while (receiver.take(ignore) != 0) {
    }
    receiver.slot().close(0);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto times = static_cast<uint32_t>(std::atoi(argv[2]));
  const auto is = [&](const char* name) { return std::strcmp(argv[1], name) == 0; };
  if (is("tell")) tell(times, 1, 100);
  else if (is("tell-alone")) tell(times, 1, 1);
  else if (is("tell-many")) tell(times, 64, 100);
  else if (is("ask")) ask(times);
  else if (is("actor")) actor(times);
  else return 2;
  return 0;
}
