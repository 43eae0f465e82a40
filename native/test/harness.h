// What stands in for JavaScript in these tests: an owner that writes frames into segments, hands them over, and begins
// the frames of each drained batch by moving its slot's cursor.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/engine.h"

namespace pulsing::test {

#if defined(__SANITIZE_THREAD__)
constexpr uint32_t kSlowdown = 4;  // under ThreadSanitizer, loops are that many times shorter
#elif defined(__SANITIZE_ADDRESS__)
constexpr uint32_t kSlowdown = 3;
#else
constexpr uint32_t kSlowdown = 1;
#endif

constexpr uint32_t kMany = ~0u;
constexpr uint32_t kHeaderUnits = sizeof(BatchHeader) / 8;

/// An engine over memory of its own.
class World {
 public:
  explicit World(uint32_t slots, size_t bytes = size_t{8} << 20, uint32_t cores = 2)
      : memory_(static_cast<uint8_t*>(std::calloc(1, bytes + 64))) {
    uint8_t* const aligned = memory_.get() + (64 - reinterpret_cast<uintptr_t>(memory_.get()) % 64);
    engine_ = std::make_unique<Engine>(aligned, bytes, slots, cores);
  }
  Engine& engine() { return *engine_; }
  [[nodiscard]] uint32_t free_segments() { return engine_->arena().free_count(); }

 private:
  struct Free {
    void operator()(uint8_t* memory) const { std::free(memory); }
  };
  std::unique_ptr<uint8_t, Free> memory_;
  std::unique_ptr<Engine> engine_;
};

/// A thread's poll: wake() ends a wait, or the next one.
class Bell : public Waker {
 public:
  void wake() override {
    const std::lock_guard guard(mutex_);
    rung_ = true;
    ++count_;
    bell_.notify_one();
  }
  void wait() {
    std::unique_lock guard(mutex_);
    bell_.wait(guard, [this] { return rung_; });
    rung_ = false;
  }
  /// False where it was not rung: what a test calls a lost wake-up.
  [[nodiscard]] bool wait_for(std::chrono::milliseconds most) {
    std::unique_lock guard(mutex_);
    const bool rung = bell_.wait_for(guard, most, [this] { return rung_; });
    rung_ = false;
    return rung;
  }
  [[nodiscard]] uint64_t count() {
    const std::lock_guard guard(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable bell_;
  bool rung_ = false;
  uint64_t count_ = 0;
};

/// A frame as a test looks at it.
struct Seen {
  Addr addr = 0;
  bool bounced = false;
  uint32_t why = 0;         // of a bounce
  uint32_t kind = 0;
  uint32_t target = 0;
  uint32_t generation = 0;
  uint32_t from = 0;        // the producer
  uint32_t number = 0;      // its count
  bool operator==(const Seen&) const = default;
};

struct To {
  uint32_t slot = 0;
  uint32_t index = 0;
  uint32_t generation = 0;
};

/// One thread of an engine. Constructed and used by one thread at a time.
class Owner {
 public:
  Owner(World& world, uint32_t slot, Waker* waker = nullptr)
      : engine_(world.engine()), slot_(engine_.slot(slot)), waker_(waker == nullptr ? &bell_ : waker), out_(256) {
    attached_ = engine_.attach(slot, waker_);
  }
  ~Owner() {
    if (attached_) die(true);
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

  [[nodiscard]] bool attached() const { return attached_; }
  /// The thread ends, wherever it stands: what it wrote and did not flush is lost.
  uint32_t die(bool keep) {
    attached_ = false;
    return engine_.detach(slot_.id(), keep);
  }

  // --- sending

  /// A tell of producer `from`, `words` long in all (even, at least 6). False where there is no segment.
  [[nodiscard]] bool tell(const To& to, uint32_t from, uint32_t number, uint32_t words = 6) {
    uint32_t* const frame = begin(to, kTell, words, false);
    if (frame == nullptr) return false;
    frame[4] = from;
    frame[5] = number;
    for (uint32_t i = 6; i < words; ++i) frame[i] = number ^ i;
    return true;
  }
  /// An ask, whose answer would go to `reply`.
  [[nodiscard]] bool ask(const To& to, const ReplyTo& reply, uint32_t from, uint32_t number) {
    uint32_t* const frame = begin(to, kAsk, 10, false);
    if (frame == nullptr) return false;
    frame[4] = reply.slot;
    frame[5] = reply.index;
    frame[6] = reply.sequence;
    frame[7] = 0;
    frame[8] = from;
    frame[9] = number;
    return true;
  }
  /// A signal or an answer: a frame of the system lane.
  [[nodiscard]] bool express(uint32_t slot, uint32_t kind, uint32_t from, uint32_t number, bool system = true) {
    uint32_t* const frame = begin({slot, 0, 0}, kind, 6, system);
    if (frame == nullptr) return false;
    frame[4] = from;
    frame[5] = number;
    return true;
  }
  /// A signal whose answer goes to `reply`.
  [[nodiscard]] bool signal(uint32_t slot, const ReplyTo& reply) {
    uint32_t* const frame = begin({slot, 0, 0}, kSignal, 10, true);
    if (frame == nullptr) return false;
    frame[4] = reply.slot;
    frame[5] = reply.index;
    frame[6] = reply.sequence;
    return true;
  }
  /// A tell that carries blocks of `bytes8` in all.
  [[nodiscard]] bool tell_with_blocks(const To& to, uint32_t from, uint32_t number, const std::vector<uint32_t>& blocks,
                                      uint32_t bytes8) {
    const auto trailer = static_cast<uint32_t>(blocks.size() + 2);
    const uint32_t words = (6 + trailer + 1) & ~1u;
    uint32_t* const frame = begin(to, kTell | kBlocksBit >> kKindShift, words, false);
    if (frame == nullptr) return false;
    frame[4] = from;
    frame[5] = number;
    frame[words - 1] = static_cast<uint32_t>(blocks.size());
    frame[words - 2] = bytes8;
    for (uint32_t i = 0; i < blocks.size(); ++i) frame[words - 3 - i] = blocks[i];
    out_[to.slot].blocks = kRouteBlocks;
    return true;
  }
  void flush(uint32_t slot) {
    Outbox& out = out_[slot];
    if (out.count == 0) return;
    hand(slot, 0, false, false);
    out.batch = out.at;
    out.at += kHeaderUnits;
  }
  void flush() {
    for (uint32_t slot = 0; slot < out_.size(); ++slot) flush(slot);
  }
  /// Frames written for `slot` and not handed over; a full segment is handed over by itself.
  [[nodiscard]] uint32_t pending(uint32_t slot) const { return out_[slot].count; }
  /// Gives all open segments back.
  void close_segments() {
    for (uint32_t slot = 0; slot < out_.size(); ++slot) {
      if (out_[slot].batch == 0) continue;
      hand(slot, kRouteClose, false, false);
      out_[slot] = {};
    }
  }

  // --- receiving

  /// Drains and begins all frames of the batch.
  template <class Each>
  uint32_t take(Each&& each, uint32_t most = 1000) {
    const uint32_t count = slot_.drain(most);
    begin_all(each);
    return count;
  }
  /// Begins the next frames of the batch, at most `most`.
  template <class Each>
  uint32_t begin_all(Each&& each, uint32_t most = kMany) {
    volatile int32_t* const control = slot_.control();
    uint32_t begun = 0;
    while (begun < most && control[kCursor] < control[kBatch]) {
      const int32_t entry = control[kSchedule + static_cast<uint32_t>(control[kCursor])];
      control[kCursor] = control[kCursor] + 1;  // begun, whatever it does
      if (entry == 0) continue;                 // put back
      each(look(entry));
      ++begun;
    }
    return begun;
  }
  /// All that is there, drained until nothing comes.
  std::vector<Seen> take_everything(uint32_t most = 1000) {
    std::vector<Seen> all;
    while (take([&](const Seen& seen) { all.push_back(seen); }, most) != 0) {
    }
    return all;
  }
  [[nodiscard]] Seen look(int32_t entry) const {
    const auto addr = static_cast<Addr>(entry < 0 ? -entry : entry & ~kSame);
    const Frame& frame = engine_.arena().frame(addr);
    const uint32_t* const words = engine_.arena().words(addr);
    Seen seen{.addr = addr,
              .bounced = entry < 0,
              .why = entry < 0 ? frame.next : 0,
              .kind = frame.kind(),
              .target = frame.target,
              .generation = frame.generation,
              .from = words[4],
              .number = words[5]};
    if (frame.kind() == kAsk) {
      seen.from = words[8];
      seen.number = words[9];
    } else if (frame.kind() == kTell && !frame.has_blocks()) {
      for (uint32_t i = 6; i < frame.size() * 2; ++i)
        if (words[i] != (seen.number ^ i)) std::abort();  // somebody wrote into a frame that was under way
    }
    return seen;
  }
  /// What came so far, once all answers and signals before it are begun. A batch has to be worked off.
  [[nodiscard]] std::vector<Notice> notices() {
    static_cast<void>(slot_.drain(0));
    return slot_.take_notices();
  }
  /// Sleeps until a notice of this kind has come; `each` gets what arrives meanwhile. False where nothing wakes it.
  template <class Each>
  [[nodiscard]] bool await_notice(Notice::Kind kind, Each&& each) {
    for (;;) {
      take(each);
      for (const Notice& notice : notices())
        if (notice.kind == kind) return true;
      if (!slot_.has_work() && !sleep(Rest::kBusy)) return false;
    }
  }

  // --- sleeping, as native/node's loop does

  /// Sleeps until there is work. False where nothing woke it in time.
  [[nodiscard]] bool sleep(Rest how, std::chrono::milliseconds most = std::chrono::seconds(20)) {
    const bool rung = !engine_.sleep(slot_, how) || bell_.wait_for(most);
    if (slot_.parker().state() != Rest::kAwake) engine_.woke(slot_, slot_.parker().wake());
    return rung;
  }

  [[nodiscard]] Slot& slot() { return slot_; }
  [[nodiscard]] Engine& engine() { return engine_; }
  [[nodiscard]] Bell& bell() { return bell_; }

 private:
  struct Outbox {
    Addr batch = 0;
    Addr at = 0;
    Addr end = 0;
    uint32_t count = 0;
    uint32_t blocks = 0;
  };

  [[nodiscard]] uint32_t* begin(const To& to, uint32_t kind, uint32_t words, bool system) {
    Outbox& out = out_[to.slot];
    const uint32_t size = words / 2;
    // The header of the batch after this one has to fit too: a segment is closed by a batch of no frames.
    if (out.batch == 0 || out.at + size + kHeaderUnits > out.end) {
      const uint32_t segment =
          out.batch == 0 ? slot_.take_segment(system) : hand(to.slot, kRouteClose, true, system);
      out = {};
      if (segment == 0) return nullptr;
      out.batch = engine_.arena().first(segment);
      out.at = out.batch + kHeaderUnits;
      out.end = engine_.arena().end(segment);
    }
    uint32_t* const frame = engine_.arena().words(out.at);
    frame[0] = size | kind << kKindShift;
    frame[1] = to.index;
    frame[2] = to.generation;
    frame[3] = 0;
    out.at += size;
    ++out.count;
    return frame;
  }
  uint32_t hand(uint32_t slot, uint32_t route, bool want_next, bool system) {
    Outbox& out = out_[slot];
    BatchHeader& header = engine_.arena().batch(out.batch);
    header.end = out.at;
    header.count = out.count;
    header.route = slot | route | out.blocks;
    out.count = 0;
    out.blocks = 0;
    return slot_.flush(out.batch, want_next, system);
  }

  Engine& engine_;
  Slot& slot_;
  Bell bell_;
  Waker* const waker_;
  std::vector<Outbox> out_;
  bool attached_ = false;
};

/// Opens an actor with plenty of room.
inline void open(Owner& owner, const To& actor, uint32_t capacity = 1u << 20, Overflow overflow = Overflow::kWait,
                 uint32_t capacity8 = 1u << 28) {
  if (!owner.slot().open(actor.index, {.generation = actor.generation,
                                       .capacity = capacity,
                                       .capacity8 = capacity8,
                                       .overflow = overflow}))
    std::abort();
}

/// A small source of pseudo-random numbers (xorshift), the same everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ull + 0x1234567ull) {
    if (state_ == 0) state_ = 1;
    for (int i = 0; i < 4; ++i) static_cast<void>(below(2));
  }
  [[nodiscard]] uint32_t below(uint32_t bound) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<uint32_t>((state_ >> 32) % bound);
  }

 private:
  uint64_t state_;
};

}  // namespace pulsing::test
