// What stands in the arena, word by word. lib/engine/frame.ts is the same table for JavaScript; the addon hands these
// numbers to it at load, and a difference is ERR_PULSING_ADDON_MISMATCH.
//
// Arena:   a control block a slot | segments
// Segment: SegmentHeader (64 bytes) | batches
// Batch:   BatchHeader (16 bytes) | frames
// Frame:   4 words, then what its kind carries
//   word 0  size in 8 bytes (13 bits) | kind (4) | carries blocks (1) | method (14)
//   word 1  index of the target actor; in an answer, index of the ask; in a credit, index of the stream's source
//   word 2  generation of the target; in an answer, sequence number of the ask; in a credit, generation of the source
//   word 3  next frame of a list while native code holds it; why it comes back where it is a bounce
//
// kind     to               carries
// tell     receive()        the message
// call     a method         argument count, 0, the arguments
// ask      a method         reply slot, ask index, ask sequence, argument count | kStreamed | window << 16, the arguments
// signal   the system lane  as ask; method is the operation
// value    an ask           the answer
// error    an ask           the error
// item     an ask           slot of the source | its index << 8, its generation, an item of the stream
// end      an ask           what the stream's generator returned
// credit   a source         how many items its reader took, 0
// A frame that carries blocks ends with their ids, their bytes / 8 and, in the last word, their count.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace pulsing {

/// Offset in the arena in units of 8 bytes. 0 is none: a control block stands there.
using Addr = uint32_t;

enum Kind : uint32_t { kTell = 0, kCall = 1, kAsk = 2, kSignal = 3, kValue = 4, kError = 5, kItem = 6, kEnd = 7, kCredit = 8 };

/// Why a frame comes back to JavaScript as a bounce.
enum Bounce : uint32_t { kStopped = 1, kDropped = 2 };

constexpr uint32_t kSizeBits = 13;
constexpr uint32_t kSizeMask = (1u << kSizeBits) - 1;
constexpr uint32_t kKindShift = 13;
constexpr uint32_t kKindMask = 15;
constexpr uint32_t kBlocksBit = 1u << 17;
constexpr uint32_t kMethodShift = 18;

struct Frame {
  uint32_t head;
  uint32_t target;
  uint32_t generation;
  uint32_t next;

  [[nodiscard]] uint32_t size() const { return head & kSizeMask; }
  [[nodiscard]] uint32_t kind() const { return (head >> kKindShift) & kKindMask; }
  [[nodiscard]] bool has_blocks() const { return (head & kBlocksBit) != 0; }
};
static_assert(sizeof(Frame) == 16);

/// JavaScript writes end, count and route and calls flush; native code puts the sender where the route stood.
struct BatchHeader {
  uint32_t next;   // link in an inbox
  Addr end;        // one past the last frame
  uint32_t count;  // frames
  uint32_t route;  // slot it goes to, | kRouteClose | kRouteBlocks; later: slot it came from
};
static_assert(sizeof(BatchHeader) == 16);

constexpr uint32_t kRouteSlotMask = 0xff;
constexpr uint32_t kRouteClose = 0x100;   // the writer is done with the segment
constexpr uint32_t kRouteBlocks = 0x200;  // a frame of it carries blocks
constexpr uint32_t kPoolSlot = 0xff;      // targets are pools, not actors of one slot
constexpr uint32_t kMaxSlots = 64;

constexpr size_t kLeastSegmentBytes = 16 * 1024;
constexpr size_t kControlBytes = 32 * 1024;
constexpr size_t kSegmentHeaderBytes = 64;
/// The largest frame written in place; a larger message stands in a block.
constexpr size_t kMaxFrameBytes = 4096 + 256;

/// Words of a slot's control block. Owner writes, unless said.
enum Control : uint32_t {
  kCursor = 0,       // frames of the batch that have begun
  kBatch = 1,        // frames of the batch (native code)
  kNextGeneration = 2,  // survives the thread: no two actors of a slot share one
  kAskSequence = 3,  // survives the thread: no answer finds an ask of its successor
  kUnderWay = 4,     // asks, methods and waits that keep the process alive
  kLocalWork = 5,    // the local queue is not empty
  kTurn = 6,         // turns of the event loop (native code)
  kNotices = 7,      // notices wait to be taken (native code)
  kActors = 8,       // live actors
  kCurrent = 9,      // index of the actor whose method runs, -1 for none
  kMethod = 10,      // its method
  kYield = 11,       // the turn's time is up: go back to the event loop (native code)
  kReferenced = 12,  // the host's loop is held alive (native code)
  kUnmanned = 13,    // no thread comes for this slot any more (the host)
  kLocalWaiting = 14,  // messages of this thread's actors to each other that have not begun
  kLocalLost = 15,   // such messages that died with threads of this slot (native code)
  kLastCurrent = 16, // kCurrent and kMethod of the thread before (native code)
  kLastMethod = 17,
  kLongestTurn = 18,  // milliseconds; since the slot's first thread (native code)
  kTurns = 20,       // turns of the event loop by what they took, see turn_bucket (native code)
  kDeadLetters = 52,  // these survive the thread too: messages of it that became dead letters
  kUnobserved = 53,  // failures that nobody waited for
  kRestarts = 54,
  kSchedule = 64,    // the batch: addresses of frames, | kSame; negative for a bounce, 0 for one put back
};
/// Two buckets an octave of milliseconds: 0, 1, 2, 3, 4-5, 6-7, 8-11, 12-15 ...; the last one takes all that is longer.
constexpr uint32_t kTurnBuckets = 32;
static_assert(kTurns + kTurnBuckets <= kDeadLetters && kRestarts < kSchedule);
constexpr uint32_t turn_bucket(uint32_t ms) {
  if (ms < 2) return ms;
  const auto octave = static_cast<uint32_t>(std::bit_width(ms)) - 1;
  const uint32_t bucket = 2 * octave + (ms >> (octave - 1) & 1);
  return bucket < kTurnBuckets ? bucket : kTurnBuckets - 1;
}
/// An entry of the batch: the frame is for the actor of the entry before it, and both are plain tells to its receive.
constexpr int32_t kSame = 1 << 30;
constexpr uint32_t kMaxBatch = 4096;
static_assert((kSchedule + kMaxBatch) * 4 <= kControlBytes);

}  // namespace pulsing
