// The Node-API addon: engines by number, and ports on their slots. Nothing static holds a JavaScript handle.
#include <napi.h>

#include <map>
#include <memory>
#include <mutex>

#include "core/engine.h"
#include "port.h"

namespace pulsing {

namespace {

/// The engines of this process: threads find the one they belong to by its number. A port keeps its engine alive.
class Engines {
 public:
  uint32_t add(std::shared_ptr<Engine> engine) {
    const std::lock_guard lock(mutex_);
    engines_.emplace(++last_, std::move(engine));
    return last_;
  }
  std::shared_ptr<Engine> find(uint32_t id) {
    const std::lock_guard lock(mutex_);
    const auto found = engines_.find(id);
    return found == engines_.end() ? nullptr : found->second;
  }
  void remove(uint32_t id) {
    const std::lock_guard lock(mutex_);
    engines_.erase(id);
  }

 private:
  std::mutex mutex_;
  std::map<uint32_t, std::shared_ptr<Engine>> engines_;  // guarded by mutex_
  uint32_t last_ = 0;                                    // guarded by mutex_
};

Engines& engines() {
  static auto* const all = new Engines;  // never destroyed: a thread may outlive static destruction
  return *all;
}

uint32_t number(const Napi::CallbackInfo& info, size_t i) { return info[i].As<Napi::Number>().Uint32Value(); }

// create(arena: Uint8Array, slots, cores): the engine's number; 0 where the arena is too small
Napi::Value create(const Napi::CallbackInfo& info) {
  auto arena = info[0].As<Napi::Uint8Array>();
  const uint32_t slots = number(info, 1);
  // Each slot may hold a segment open for each other, and twice that is what always drains.
  const size_t least = slots * kControlBytes + size_t{2} * slots * (slots + 4) * kLeastSegmentBytes;
  if (slots == 0 || slots > kMaxSlots || arena.ByteLength() < least)
    return Napi::Number::New(info.Env(), 0);
  return Napi::Number::New(info.Env(), engines().add(std::make_shared<Engine>(arena.Data(), arena.ByteLength(), slots,
                                                                              number(info, 2))));
}

// attach(engine, slot, run): a port; undefined where there is no such engine, or the slot is taken
Napi::Value attach(const Napi::CallbackInfo& info) {
  auto engine = engines().find(number(info, 0));
  const uint32_t slot = number(info, 1);
  if (engine == nullptr || slot >= engine->slot_count()) return info.Env().Undefined();
  return {info.Env(), make_port(info.Env(), std::move(engine), slot, info[2])};
}

// forget(engine): it ends with its last port
Napi::Value forget(const Napi::CallbackInfo& info) {
  engines().remove(number(info, 0));
  return info.Env().Undefined();
}

Napi::Value segment_bytes(const Napi::CallbackInfo& info) {
  const auto engine = engines().find(number(info, 0));
  return Napi::Number::New(info.Env(), engine == nullptr ? 0 : engine->arena().segment_bytes());
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("create", Napi::Function::New<create>(env, "create"));
  exports.Set("attach", Napi::Function::New<attach>(env, "attach"));
  exports.Set("forget", Napi::Function::New<forget>(env, "forget"));
  exports.Set("segmentBytes", Napi::Function::New<segment_bytes>(env, "segmentBytes"));
  // The numbers of frame.h, which lib/engine/frame.ts must have too.
  const uint32_t layout[] = {kSizeBits,   kKindShift,  kBlocksBit,      kMethodShift, kControlBytes, kSegmentHeaderBytes,
                             kMaxFrameBytes, kMaxBatch, kSchedule,      kPoolSlot,    kRouteClose,   kRouteBlocks,
                             kTell,       kCall,       kAsk,            kSignal,      kValue,        kError, kItem, kEnd, kCredit,
                             kCursor,     kBatch,      kNextGeneration, kAskSequence, kUnderWay,     kLocalWork,
                             kTurn,       kNotices,    kActors,         kCurrent,     kMethod,       kYield,
                             kReferenced, kUnmanned,   kLocalWaiting,   kLocalLost,   kLastCurrent,   kLastMethod,
                             kLongestTurn, kTurns,     kTurnBuckets,    kDeadLetters, kUnobserved,    kRestarts,
                             kMaxSlots,   static_cast<uint32_t>(kSame)};
  auto list = Napi::Array::New(env);
  uint32_t at = 0;
  for (const uint32_t value : layout) list.Set(at++, value);
  exports.Set("layout", list);
  return exports;
}

}  // namespace

NODE_API_MODULE(pulsing, init)

}  // namespace pulsing
