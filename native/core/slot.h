// One slot of the engine: the place of one thread, and what outlives it.
//
// Calls:    the part marked "owner" by the thread attached to the slot alone; the rest by any thread.
// Bound:    see Mailbox, Arena. Allocates mailboxes in chunks, never a message.
// Shutdown: Engine::detach when its thread ends; all else waits for the next thread, or for the engine's end.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "arena.h"
#include "frame.h"
#include "inbox.h"
#include "mailbox.h"
#include "parker.h"
#include "pool_mailbox.h"
#include "registry.h"
#include "run_queue.h"

namespace pulsing {

class Engine;

/// What wakes the thread of a slot: the only thing that the core knows of an event loop.
class Waker {
 public:
  virtual ~Waker() = default;
  /// Any thread, while the slot's lock is held.
  virtual void wake() = 0;
};

/// A rare event for a slot's JavaScript, outside the arena.
struct Notice {
  enum Kind : uint32_t {
    kRoom = 1,        // a mailbox has room again: slot, index
    kArenaRoom = 2,   // the engine has segments again
    kThreadDied = 3,  // slot; b: generations below it are gone
    kAskLost = 4,     // the ask (index, sequence) had begun on a thread that died; its answer, if any, came before this
    kPoolClosed = 5,  // a pool has no instance left: index
  };
  uint32_t kind = 0;
  uint32_t a = 0;
  uint32_t b = 0;
};

struct OpenOptions {
  uint32_t generation = 0;
  uint32_t capacity = 0;
  uint32_t capacity8 = 0;
  Overflow overflow = Overflow::kWait;
};

/// An actor that outlives its thread.
struct Kept {
  uint32_t index = 0;
  uint32_t generation = 0;
  int32_t class_id = -1;
};

class Slot {
 public:
  Slot(Engine& engine, uint32_t id);
  ~Slot();
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  // --- any thread
  /// A batch whose header is filled in. True where the thread slept, and does no more.
  bool deliver(Addr batch);
  void notify(const Notice& notice);
  /// Tasks of pools for actors of this slot.
  void assign(const std::vector<PoolTask>& tasks);
  bool wake();
  /// The account of an actor, or null where there is none.
  [[nodiscard]] Account* account(uint32_t index) const;
  /// Tells `sender` when the mailbox has half of its room again. False where it has already.
  [[nodiscard]] bool await_room(uint32_t index, uint32_t generation, uint32_t sender);

  // --- owner
  /// Ends the last batch and makes the next: addresses in the control block from kSchedule on. Gives their number. What the
  /// last one's asks were answered has to be handed over before: from here on nobody would tell their callers of a death.
  uint32_t drain(uint32_t most);
  /// Hands the written batch over; gives the next segment where the route says that this one is done, else 0.
  [[nodiscard]] uint32_t flush(Addr batch, bool want_next, bool system);
  [[nodiscard]] uint32_t take_segment(bool system);
  /// False where the index is out of bounds.
  [[nodiscard]] bool open(uint32_t index, const OpenOptions& options);
  /// What waits comes back as bounces.
  void close(uint32_t index);
  void close_pool(uint32_t id);
  /// No more messages for this actor until resume; what the batch still held of it is at the front again.
  void pause(uint32_t index);
  void resume(uint32_t index);
  /// The actor outlives this thread: its mailbox is paused at detach, and the next thread resumes it.
  void keep(uint32_t index, int32_t class_id);
  [[nodiscard]] std::vector<Kept> kept() const;
  /// An asynchronous call of an actor that is kept is under way; it is over. What is not over at the thread's end, or has
  /// not been handed over, its caller is told is lost.
  void begun(const ReplyTo& call);
  void ended(const ReplyTo& call);
  [[nodiscard]] uint32_t depth(uint32_t index) const;
  /// A block was made that no handed-over frame carries yet.
  void draft(uint32_t block) { drafts_.push_back(block); }
  /// Those that came before what the last batch holds of answers and signals: an answer is never overtaken by the news that
  /// whoever gave it has died. kNotices says that there are some.
  [[nodiscard]] std::vector<Notice> take_notices();
  /// Something is there to be done. A batch that was worked off counts: until drain ends it, it holds its segments.
  [[nodiscard]] bool has_work() const;
  /// After Parker::sleep: as has_work, ordered against senders.
  [[nodiscard]] bool has_work_in_order() const;
  [[nodiscard]] volatile int32_t* control() const { return control_; }
  [[nodiscard]] Parker<Threads>& parker() { return parker_; }
  /// Batches that were handed over, of any time; it wraps.
  [[nodiscard]] uint32_t batches() const { return batches_; }
  /// Whether a thread that slept was sent a batch since this was asked last.
  [[nodiscard]] bool take_roused() { return std::exchange(roused_, false); }
  [[nodiscard]] uint32_t id() const { return id_; }
  [[nodiscard]] Engine& engine() const { return engine_; }

 private:
  friend class Engine;

  static constexpr uint32_t kChunk = 1024;
  static constexpr uint32_t kChunks = 4096;

  struct Nodes {
    Arena& arena;
    [[nodiscard]] uint32_t next(uint32_t batch) const { return arena.batch(batch).next; }
    void set_next(uint32_t batch, uint32_t to) const { arena.batch(batch).next = to; }
  };
  struct Links {
    Slot& slot;
    [[nodiscard]] uint32_t& next_ready(uint32_t index) const { return slot.mailbox(index)->next_ready; }
  };
  /// Frames outside mailboxes: answers and signals, or bounces.
  struct Lane {
    Addr head = 0;
    Addr tail = 0;
  };

  [[nodiscard]] Mailbox* mailbox(uint32_t index) const {
    const uint32_t chunk = index / kChunk;
    if (chunk >= kChunks) return nullptr;
    Mailbox* const mailboxes = chunks_[chunk].load(std::memory_order_acquire);  // pairs with open()'s release
    return mailboxes == nullptr ? nullptr : mailboxes + index % kChunk;
  }
  void shut(uint32_t index);
  void append(Lane& lane, Addr frame);
  void bounce(Addr frame, Bounce why);
  void sort(Addr frame);
  void sort_inbox();
  [[nodiscard]] std::vector<PoolTask> take_rare();
  void sort_assigned(const std::vector<PoolTask>& tasks);
  void make_ready(Mailbox& box, uint32_t index);
  void put_front(Addr frame);
  [[nodiscard]] Addr pop(Mailbox& box);
  [[nodiscard]] uint32_t take_messages(Mailbox& box, uint32_t index, uint32_t count, uint32_t most);
  void scheduled(uint32_t segment, uint32_t frames);
  [[nodiscard]] uint32_t take_lane(Lane& lane, uint32_t count, uint32_t most, uint32_t why);
  [[nodiscard]] Addr restore(std::vector<uint32_t>& words);
  void end_batch(uint32_t begun, uint32_t count);
  void end_batch_by_frames(uint32_t begun);
  void left(uint32_t index, uint32_t generation, uint32_t messages, uint32_t bytes8);
  void move_out();
  void tell_room();
  /// The thread has ended: what it had not begun is at the front again, what it left open goes back.
  uint32_t settle();
  /// All its actors are gone, or only those that are not kept.
  void close_all(bool spare_kept);
  void note_lost(uint32_t begun);
  void tell_lost();

  Engine& engine_;
  const uint32_t id_;
  volatile int32_t* const control_;
  Nodes nodes_;
  Inbox<Threads, Nodes> inbox_;
  Parker<Threads> parker_;

  std::mutex lock_;              // wake-ups against the end of the thread; the fields below
  Waker* waker_ = nullptr;       // guarded by lock_
  std::vector<Notice> notices_;                   // guarded by lock_
  std::vector<PoolTask> assigned_;                // guarded by lock_
  std::vector<std::pair<Target, uint32_t>> waiting_senders_;  // guarded by lock_: for room in a mailbox of ours
  std::atomic<bool> rare_{false};                 // notices_ or assigned_ is not empty
  WaitSign<Threads> senders_wait_;                // the slots in waiting_senders_

  // --- owner's
  std::array<std::atomic<Mailbox*>, kChunks> chunks_{};
  uint32_t highest_ = 0;  // one past the highest index ever open
  Links links_{*this};
  RunQueue<Links> run_queue_{links_};
  Lane express_;
  std::array<Lane, 2> bounces_;  // by Bounce - 1
  std::deque<std::vector<uint32_t>> moved_bounces_;  // of closed mailboxes, on the heap
  SegmentCache cache_;
  uint32_t batches_ = 0;
  bool roused_ = false;
  /// What the batch is made of: frames of one segment, and messages of one actor, one after another. Its end is told by
  /// these, without a look at each frame, unless a frame of it was put back meanwhile.
  struct SegmentRun {
    uint32_t segment;
    uint32_t frames;
  };
  struct ActorRun {
    uint32_t index;
    uint32_t generation;
    uint32_t messages;
    uint32_t bytes8;
  };
  std::vector<SegmentRun> segment_runs_;
  std::vector<ActorRun> actor_runs_;
  bool irregular_ = false;
  std::vector<uint32_t> open_segments_;  // the writer's share is ours
  std::vector<uint32_t> drafts_;
  std::vector<Notice> unripe_;                     // notices that wait for the express lane to be worked off
  std::vector<Notice> ripe_;
  std::unordered_map<uint64_t, ReplyTo> calls_;    // of actors that are kept, under way: by key_of
  std::vector<ReplyTo> answered_;                  // of those, whose answer was not handed over yet
  std::vector<ReplyTo> lost_;
  uint32_t restore_segment_ = 0;         // where frames go that come back from the heap
  Addr restore_at_ = 0;
  bool vacant_ = true;                   // guarded by lock_
};

}  // namespace pulsing
