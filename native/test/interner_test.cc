#include <doctest/doctest.h>

#include <string>

#include "core/interner.h"
#include "harness.h"

using namespace pulsing;
using namespace pulsing::test;

namespace {
std::u16string numbered(uint32_t n) {
  std::u16string text = u"text ";
  for (const char c : std::to_string(n)) text += static_cast<char16_t>(c);
  return text;
}
}  // namespace

TEST_CASE("A text has one id, and the id gives the text back") {
  Interner interner;
  const std::u16string odd{u'a', u'\0', char16_t{0xD800}, u'b'};  // a NUL, and half of a pair
  CHECK(interner.put(u"") == 1);
  CHECK(interner.put(odd) == 2);
  CHECK(interner.put(odd) == 2);
  CHECK(interner.put(u"") == 1);
  CHECK(interner.text(2) == odd);
  CHECK(interner.text(0).empty());
  CHECK(interner.text(3).empty());
  CHECK(interner.size() == 3);
}

TEST_CASE("A full table of texts says so, and still finds what it has") {
  Interner interner;
  for (uint32_t i = 1; i < Interner::kMaxEntries; ++i) REQUIRE(interner.put(numbered(i)) == static_cast<int32_t>(i));
  CHECK(interner.put(u"one more") == -1);
  CHECK(interner.put(numbered(12'345)) == 12'345);
  CHECK(interner.size() == Interner::kMaxEntries);
}

TEST_CASE("Threads that intern the same texts agree on the ids, and a text stays where it is") {
  constexpr uint32_t kThreads = 4, kTexts = 4'000 / kSlowdown;
  Interner interner;
  static_cast<void>(interner.put(u"the first"));
  const char16_t* const first = interner.text(1).data();
  std::vector<std::vector<int32_t>> ids(kThreads, std::vector<int32_t>(kTexts));
  std::vector<std::thread> threads;
  std::atomic<uint32_t> wrong{0};
  for (uint32_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (uint32_t i = 0; i < kTexts; ++i) {
        const uint32_t n = (i + t * 97) % kTexts;
        ids[t][n] = interner.put(numbered(n));
        if (interner.text(static_cast<uint32_t>(ids[t][n])) != numbered(n)) ++wrong;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  for (uint32_t t = 1; t < kThreads; ++t) CHECK(ids[t] == ids[0]);
  CHECK(interner.size() == kTexts + 2);
  CHECK(interner.text(1).data() == first);
}
