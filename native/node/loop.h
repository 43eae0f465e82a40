// The event loop of one thread, as a slot's thread: the only file pair that knows libuv.
//
// Calls:    the thread of the loop, but wake(), which any thread calls under the slot's lock.
// Bound:    four handles. Allocates nothing after start.
// Shutdown: stop(), or an async cleanup hook where the environment ends first, however it ends: the slot is left, the
//           handles are closed, and the loop deletes itself with its last close callback and its last user.
#pragma once

#include <node_api.h>
#include <uv.h>

#include <chrono>
#include <memory>

#include "core/engine.h"
#include "core/spin_gain.h"

namespace pulsing {

class Loop final : public Waker {
 public:
  /// Attaches to the slot; null where it is taken. run: a function that is called, without arguments, when there is work.
  /// Holds one use for the caller.
  [[nodiscard]] static Loop* start(napi_env env, std::shared_ptr<Engine> engine, uint32_t slot, napi_value run);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void wake() override { uv_async_send(&async_); }
  /// Leaves the slot and closes the handles. Nothing where that was done.
  void stop();
  /// A host's loop stays alive until nothing is under way, see on_prepare.
  void ref();

  void use() { ++uses_; }
  void unuse();

  [[nodiscard]] bool running() const { return running_; }
  [[nodiscard]] Slot& slot() const { return slot_; }
  [[nodiscard]] Engine& engine() const { return *engine_; }
  /// Ends the last batch and makes the next; sets kYield where the turn's time is up.
  uint32_t drain(uint32_t most);

 private:
  using Clock = std::chrono::steady_clock;

  Loop(napi_env env, std::shared_ptr<Engine> engine, uint32_t slot);
  ~Loop() override = default;
  [[nodiscard]] bool begin(napi_value run);
  void on_prepare();
  void rest();
  void count_turn();
  void on_check();
  void poll_soon();
  [[nodiscard]] bool call();
  /// A socket or a file of the loop is ready.
  [[nodiscard]] bool something_came() const;
  /// gains: of the place, where nothing was sent since the last poll, and where something was.
  [[nodiscard]] bool spin(SpinGain (&gains)[2], Clock::duration how_long);
  [[nodiscard]] bool spin(Clock::duration how_long) const;
  [[nodiscard]] bool alive_without_us();
  void unref();
  void closed();

  napi_env env_;
  const std::shared_ptr<Engine> engine_;
  Slot& slot_;
  const bool host_;
  napi_ref run_ = nullptr;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  uv_loop_t* loop_ = nullptr;
  uv_async_t async_{};
  uv_prepare_t prepare_{};
  uv_check_t check_{};
  uv_idle_t idle_{};
  Clock::time_point worked_{};  // when there was work last
  Clock::time_point turn_{};    // when this turn's work began
  SpinGain in_turn_[2];
  SpinGain before_sleep_[2];
  uint32_t batches_ = 0;        // that the slot had sent at the last poll
  uint64_t polled_ms_ = 0;      // when the poll returned last
  int open_handles_ = 0;
  int uses_ = 1;
  bool running_ = false;
  bool referenced_ = false;
  bool polling_ = false;        // idle_ is active: the poll does not block
};

}  // namespace pulsing
