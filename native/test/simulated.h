// Simulated threads on a simulated memory: the same lock-free code as in native/core, run under a seeded scheduler that
// may switch at every atomic operation, on a memory that is as weak as C++20 allows.
//
// - A thread is a fiber; one runs at a time, and the seed decides which goes on after each step.
// - An atomic keeps its history. A load may give any value that coherence and happens-before leave open: each thread has a
//   view, the oldest entry of each history that it may still read, and a vector clock; a release stores both with the
//   value, an acquire takes them over. A read-modify-write reads the latest value and continues a release sequence.
// - seq_cst operations are in the order in which they run; each history has the newest entry that one of them wrote or
//   read, and none of them reads an older one. A seq_cst fence does the same for all histories at once.
// - Plain memory is checked by the clocks: two accesses, one of them a write, that are not ordered are a data race.
// What it does not show: values out of thin air, and a modification order other than the order of execution.
#pragma once

#include <ucontext.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pulsing::simulated {

constexpr uint32_t kMaxThreads = 5;
constexpr uint32_t kMaxAtomics = 10;
constexpr size_t kStackBytes = 64 * 1024;
constexpr uint32_t kMaxSteps = 20'000;

/// What a thread knows: of each thread the time up to which it has seen its work, of each atomic the oldest readable entry.
struct View {
  std::array<uint32_t, kMaxThreads> clock{};
  std::array<uint32_t, kMaxAtomics> oldest{};

  void join(const View& other) {
    for (uint32_t i = 0; i < kMaxThreads; ++i) clock[i] = std::max(clock[i], other.clock[i]);
    for (uint32_t i = 0; i < kMaxAtomics; ++i) oldest[i] = std::max(oldest[i], other.oldest[i]);
  }
};

/// One run of a scenario under one seed.
class Run {
 public:
  explicit Run(uint64_t seed) : random_(seed * 0x9E3779B97F4A7C15ull + 1), eagerness_(1 + below(4)) { current_ = this; }
  ~Run() { current_ = nullptr; }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  static Run& current() { return *current_; }

  void thread(std::function<void()> body) {
    Fiber& fiber = fibers_[count_++];
    fiber.body = std::move(body);
    fiber.view.clock[count_ - 1] = 1;
  }

  /// Empty where all threads have ended and nothing was wrong.
  std::string go() {
    for (uint32_t i = 0; i < count_; ++i) prepare(fibers_[i].context, stack(i));
    while (error_.empty()) {
      std::array<uint32_t, kMaxThreads> ready{};
      uint32_t n = 0;
      bool all_over = true;
      for (uint32_t i = 0; i < count_; ++i) {
        if (fibers_[i].over) continue;
        all_over = false;
        if (fibers_[i].until == nullptr || fibers_[i].until()) ready[n++] = i;
      }
      if (all_over) break;
      if (n == 0) {
        error_ = "all threads sleep for good";
        break;
      }
      at_ = ready[below(n)];
      fibers_[at_].until = nullptr;
      swapcontext(&scheduler_, &fibers_[at_].context);
    }
    return error_;
  }

  // --- called by the simulated threads

  /// Before each step that others may see.
  void step() {
    if (++steps_ > kMaxSteps) fail("it does not come to an end");
    if (below(4) < eagerness_) swapcontext(&me().context, &scheduler_);
  }
  /// What this thread does from here on is later than what it has released.
  void tick() { ++me().view.clock[at_]; }
  void block(std::function<bool()> until) {
    me().until = std::move(until);
    swapcontext(&me().context, &scheduler_);
  }
  /// Ends the run; the fibers are left where they stand.
  void fail(const std::string& why) {
    if (error_.empty()) error_ = why;
    swapcontext(&me().context, &scheduler_);
    std::abort();
  }
  void check(bool holds, const char* what) {
    if (!holds) fail(what);
  }
  void fence() {
    step();
    View& view = me().view;
    for (uint32_t i = 0; i < kMaxAtomics; ++i) view.oldest[i] = ordered_[i] = std::max(view.oldest[i], ordered_[i]);
  }

  [[nodiscard]] uint32_t below(uint32_t bound) {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return static_cast<uint32_t>((random_ >> 33) % bound);
  }
  [[nodiscard]] View& view() { return me().view; }
  [[nodiscard]] uint32_t self() const { return at_; }
  [[nodiscard]] uint32_t& ordered(uint32_t atomic) { return ordered_[atomic]; }
  [[nodiscard]] uint32_t new_atomic() {
    if (atomics_ == kMaxAtomics) std::abort();
    return atomics_++;
  }

 private:
  struct Fiber {
    ucontext_t context{};
    std::function<void()> body;
    std::function<bool()> until;  // where it waits: what for
    View view;
    bool over = false;
  };

  static void prepare(ucontext_t& context, void* stack) {
    getcontext(&context);
    context.uc_stack.ss_sp = stack;
    context.uc_stack.ss_size = kStackBytes;
    context.uc_link = nullptr;
    makecontext(&context, &Run::begin, 0);
  }
  static void begin() {
    Run& run = *current_;
    run.me().body();
    run.me().over = true;
    swapcontext(&run.me().context, &run.scheduler_);
  }
  static void* stack(uint32_t i) {
    static std::array<std::unique_ptr<char[]>, kMaxThreads> stacks;
    if (stacks[i] == nullptr) stacks[i] = std::make_unique<char[]>(kStackBytes);
    return stacks[i].get();
  }
  [[nodiscard]] Fiber& me() { return fibers_[at_]; }

  static inline Run* current_ = nullptr;
  uint64_t random_;
  uint32_t eagerness_;  // of 4: how often a step switches
  std::array<Fiber, kMaxThreads> fibers_;
  std::array<uint32_t, kMaxAtomics> ordered_{};  // the newest entry that a seq_cst operation wrote or read
  ucontext_t scheduler_{};
  uint32_t count_ = 0;
  uint32_t at_ = 0;
  uint32_t atomics_ = 0;
  uint32_t steps_ = 0;
  std::string error_;
};

template <class T>
class Atomic {
 public:
  Atomic() : Atomic(T{}) {}
  Atomic(T value) : id_(Run::current().new_atomic()) { history_.push_back({value, {}}); }
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  [[nodiscard]] T load(std::memory_order order = std::memory_order_seq_cst) const {
    Run& run = Run::current();
    run.step();
    uint32_t from = run.view().oldest[id_];
    if (order == std::memory_order_seq_cst) from = std::max(from, run.ordered(id_));
    return read(from + run.below(newest() - from + 1), order);
  }

  void store(T value, std::memory_order order = std::memory_order_seq_cst) {
    Run::current().step();
    write(value, order, {});
  }

  T exchange(T value, std::memory_order order = std::memory_order_seq_cst) {
    return modify([value](T) { return value; }, order);
  }
  T fetch_add(T value, std::memory_order order = std::memory_order_seq_cst) {
    return modify([value](T was) { return static_cast<T>(was + value); }, order);
  }
  T fetch_sub(T value, std::memory_order order = std::memory_order_seq_cst) {
    return modify([value](T was) { return static_cast<T>(was - value); }, order);
  }
  T fetch_or(T value, std::memory_order order = std::memory_order_seq_cst) {
    return modify([value](T was) { return static_cast<T>(was | value); }, order);
  }

  bool compare_exchange_weak(T& expected, T value, std::memory_order success, std::memory_order failure) {
    Run& run = Run::current();
    run.step();
    const bool spurious = run.below(8) == 0;
    if (history_.back().value == expected && !spurious) {
      const View before = history_.back().view;
      static_cast<void>(read(newest(), success));
      write(value, success, before);
      return true;
    }
    expected = read(newest(), failure);
    return false;
  }

 private:
  struct Entry {
    T value;
    View view;  // what an acquire that reads it takes over
  };

  static bool acquires(std::memory_order order) {
    return order != std::memory_order_relaxed && order != std::memory_order_release;
  }
  static bool releases(std::memory_order order) {
    return order == std::memory_order_release || order == std::memory_order_acq_rel ||
           order == std::memory_order_seq_cst;
  }
  [[nodiscard]] uint32_t newest() const { return static_cast<uint32_t>(history_.size() - 1); }

  T read(uint32_t at, std::memory_order order) const {
    Run& run = Run::current();
    View& view = run.view();
    view.oldest[id_] = std::max(view.oldest[id_], at);
    if (order == std::memory_order_seq_cst) run.ordered(id_) = std::max(run.ordered(id_), at);
    if (acquires(order)) view.join(history_[at].view);
    return history_[at].value;
  }
  /// continued: what the value replaced carried, where this is a read-modify-write.
  void write(T value, std::memory_order order, const View& continued) {
    Run& run = Run::current();
    View& view = run.view();
    history_.push_back({value, continued});
    view.oldest[id_] = newest();
    if (order == std::memory_order_seq_cst) run.ordered(id_) = newest();
    if (releases(order)) history_.back().view.join(view);
    run.tick();
  }
  template <class Change>
  T modify(Change change, std::memory_order order) {
    Run::current().step();
    const View before = history_.back().view;
    const T was = read(newest(), order);
    write(change(was), order, before);
    return was;
  }

  const uint32_t id_;
  std::vector<Entry> history_;
};

/// Memory that is not atomic.
template <class T>
class Plain {
 public:
  [[nodiscard]] T get() const {
    Run& run = Run::current();
    run.check(written_at_ <= run.view().clock[writer_], "a data race: a read beside a write");
    read_at_[run.self()] = run.view().clock[run.self()];
    return value_;
  }
  void set(T value) {
    Run& run = Run::current();
    const View& view = run.view();
    run.check(written_at_ <= view.clock[writer_], "a data race: two writes");
    for (uint32_t i = 0; i < kMaxThreads; ++i)
      run.check(read_at_[i] <= view.clock[i], "a data race: a write beside a read");
    writer_ = run.self();
    written_at_ = view.clock[writer_];
    value_ = value;
  }

 private:
  T value_{};
  uint32_t writer_ = 0;
  uint32_t written_at_ = 0;
  mutable std::array<uint32_t, kMaxThreads> read_at_{};
};

class Mutex {
 public:
  void lock() {
    Run& run = Run::current();
    run.step();
    if (held_) run.block([this] { return !held_; });
    held_ = true;
    run.view().join(view_);
  }
  void unlock() {
    Run& run = Run::current();
    run.step();
    view_.join(run.view());
    run.tick();
    held_ = false;
  }

 private:
  bool held_ = false;
  View view_;
};

/// A thread's poll: set() ends a wait, or the next one.
class Event {
 public:
  void set() {
    Run& run = Run::current();
    run.step();
    view_.join(run.view());
    run.tick();
    set_ = true;
  }
  void wait() {
    Run& run = Run::current();
    run.step();
    if (!set_) run.block([this] { return set_; });
    set_ = false;
    run.view().join(view_);
  }

 private:
  bool set_ = false;
  View view_;
};

/// What core/sync.h's Threads is on real memory.
struct Sync {
  template <class T>
  using Atomic = simulated::Atomic<T>;

  static void fence() { Run::current().fence(); }
  static void pause() { Run::current().step(); }
};

}  // namespace pulsing::simulated
